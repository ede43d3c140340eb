"""A recording on the screen: the transport bar, its keys and its mouse, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache

import pytest
from textual.pilot import Pilot

from dashboard.call.events import Event
from dashboard.call.ports import Stop
from dashboard.clock import ManualClock
from dashboard.simulator.scenario import load_scenario
from dashboard.storage.replay import Replay
from dashboard.ui.draw.transport import position_at
from dashboard.ui.screens.help import HelpScreen
from dashboard.ui.screens.replay import ReplayScreen
from dashboard.ui.screens.turns import TurnsScreen
from dashboard.ui.widgets.transcript import TranscriptPanel
from dashboard.ui.widgets.transport import TransportBar
from tests.recorded import length_of, replay_of
from tests.ui.stage import StagedApp, screen_text
from tests.virtual import facts_of


@cache
def bad_day(seconds: float = 75.0) -> Sequence[Event]:
    return facts_of(load_scenario("bad-day"), seconds=seconds)


@pytest.fixture(autouse=True, scope="module")
def played_before() -> None:
    """Made-up time has a loop of its own, which cannot run within a test's."""
    bad_day()
    bad_day(150.0)


class Player:
    """A replay on a screen. It stands still unless `clock` is moved."""

    def __init__(self, facts: Sequence[Event] | None = None, *, read: bool = True) -> None:
        self.clock = ManualClock()
        self.facts = bad_day() if facts is None else facts
        self.replay: Replay = replay_of(self.facts, self.clock, read=read)
        self.app = StagedApp(
            self.replay.snapshot, self.replay.command, self.replay.run, player=self.replay, title="bad-day.callscope"
        )

    @asynccontextmanager
    async def opened(self, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Pilot[None]]:
        async with self.app.run_test(size=size, notifications=True) as pilot:
            await self.settled(pilot)
            yield pilot

    async def settled(self, pilot: Pilot[None]) -> None:
        """Wait until what is shown has followed."""
        for _ in range(3):
            await pilot.pause(0.02)

    async def press(self, pilot: Pilot[None], *keys: str) -> None:
        await pilot.press(*keys)
        await self.settled(pilot)

    @property
    def position_s(self) -> float:
        return self.replay.playback.position_s

    @property
    def text(self) -> str:
        return screen_text(self.app)

    @property
    def bar(self) -> list[str]:
        """The rows of the transport bar, cell by cell."""
        bar = self.app.screen_stack[0].query_one(TransportBar)
        return [bar.render_line(y).text for y in range(bar.size.height)]

    @property
    def toasts(self) -> list[str]:
        return [note.message for note in self.app._notifications]


async def test_a_recording_cannot_be_taken_for_a_live_call() -> None:
    player = Player()
    async with player.opened():
        rows = player.text.splitlines()
        assert rows[0].startswith(" REPLAY callscope")
        assert "bad-day.callscope" in rows[0]
        assert rows[-3].startswith("▸ playing 1×"), "the bar stands there before anything moves"
        assert rows[-2].startswith("●")


async def test_what_needs_a_live_call_is_neither_offered_nor_done() -> None:
    player = Player()
    async with player.opened() as pilot:
        await player.press(pilot, "space", *["greater_than_sign"] * 3)
        assert "Down: " in player.text
        await player.press(pilot, "r", "u", "m", "d", "x")
        assert isinstance(player.app.screen, ReplayScreen)
        assert "r tries" not in player.text
        footer = player.text.splitlines()[-1]
        assert "reconnect" not in footer
        assert footer.index("quit") < footer.index("help")  # as on every screen
        await player.press(pilot, "question_mark")
        assert isinstance(player.app.screen, HelpScreen)
        assert "reconnect now" not in player.text
        assert "the next outage, finding, spike, turn or mark" in player.text


async def test_space_holds_the_recording_and_lets_it_go_on() -> None:
    player = Player()
    async with player.opened() as pilot:
        player.clock.advance(3)
        await player.settled(pilot)
        assert player.bar[0].startswith("▸ playing 1×")
        await player.press(pilot, "space")
        player.clock.advance(10)
        await player.settled(pilot)
        assert player.bar[0].startswith("‖ paused 1×")
        assert "00:03 / 01:15" in player.bar[0]
        assert player.text.splitlines()[-1].startswith("space play")
        await player.press(pilot, "space")
        player.clock.advance(1)
        await player.settled(pilot)
        assert "00:04 / 01:15" in player.bar[0]


async def test_plus_and_minus_change_the_speed() -> None:
    player = Player()
    async with player.opened() as pilot:
        await player.press(pilot, *["plus"] * 9)
        assert "playing 60×" in player.bar[0]
        await player.press(pilot, "minus")
        player.clock.advance(1)
        await player.settled(pilot)
        assert "playing 30×" in player.bar[0]
        assert player.position_s == pytest.approx(30)


async def test_arrows_go_five_seconds_and_with_shift_a_minute() -> None:
    player = Player()
    async with player.opened() as pilot:
        await player.press(pilot, "shift+right", "right", "left", "left")
        assert player.position_s == pytest.approx(55)
        await player.press(pilot, "shift+left")
        assert player.position_s == 0


async def test_zero_and_dollar_go_to_the_ends_and_the_end_is_the_whole_call() -> None:
    player = Player()
    async with player.opened() as pilot:
        await player.press(pilot, "dollar_sign")
        assert player.position_s == length_of(player.facts)
        assert "▪ at the end" in player.bar[0]
        await player.press(pilot, "0")
        assert player.position_s == 0


async def test_comma_and_dot_step_through_the_moments_and_say_which() -> None:
    player = Player()
    async with player.opened() as pilot:
        await player.press(pilot, "space")
        outages = [moment for moment in player.replay.playback.moments if moment.kind == "outage"]
        while player.position_s < outages[0].at - player.facts[0].at:
            await player.press(pilot, "full_stop")
        assert "█ outage 1: dropped, no close frame  00:00 ago" in player.bar[0]
        there = player.position_s
        await player.press(pilot, "full_stop", "comma")
        assert player.position_s == there
        await player.press(pilot, "less_than_sign")
        assert player.position_s < there


async def test_where_there_is_no_other_moment_it_says_so() -> None:
    player = Player()
    async with player.opened() as pilot:
        await player.press(pilot, "dollar_sign", "full_stop")
        assert player.toasts == ["no later moment of interest"]


async def test_a_place_is_named_after_a_colon_and_a_wrong_one_is_explained() -> None:
    player = Player()
    async with player.opened() as pilot:
        await player.press(pilot, "colon", *"99:00", "enter")
        assert "17:46:40 to 17:47:55" in player.toasts[0]
        assert player.position_s == 0
        await player.press(pilot, *["backspace"] * 5, *"1:02", "enter")
        assert player.position_s == pytest.approx(62)
        await player.press(pilot, "colon", *"17:46:50", "enter")
        assert player.position_s == pytest.approx(10)
        await player.press(pilot, "colon", *"9", "escape")
        assert player.position_s == pytest.approx(10)
        assert isinstance(player.app.focused, TranscriptPanel)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_click_on_the_track_goes_there(size: tuple[int, int]) -> None:
    player = Player()
    async with player.opened(size) as pilot:
        bar = player.app.screen.query_one(TransportBar)
        track = player.bar[-1]
        start = track.index("●")
        end = max(track.rindex(char) for char in "─█▲╵" if char in track)
        middle, row = (start + end) // 2, bar.content_region.bottom - 1
        await pilot.click(offset=(bar.content_region.x + middle, row))
        await player.settled(pilot)
        assert player.position_s == pytest.approx(position_at(middle - start, player.replay.length_s, end - start + 1))
        assert player.bar[-1].index("●") == pytest.approx(middle, abs=1)
        await pilot.click(offset=(bar.content_region.x + end, row))
        assert player.position_s == player.replay.length_s


async def test_the_thumb_can_be_dragged() -> None:
    player = Player()
    async with player.opened() as pilot:
        bar = player.app.screen.query_one(TransportBar)
        row = bar.region.y + 1
        await pilot.mouse_down(offset=(1, row))
        await pilot.hover(offset=(60, row))
        await pilot.mouse_up(offset=(60, row))
        await pilot.hover(offset=(90, row))
        assert player.position_s == pytest.approx(position_at(59, player.replay.length_s, bar.size.width))


async def test_a_replay_that_is_wound_back_shows_the_call_as_it_was_then() -> None:
    early, late = Player(), Player()
    async with early.opened() as pilot:
        await early.press(pilot, "space", "right", "right")
        as_it_was = early.text.splitlines()[:-1]
    async with late.opened() as pilot:
        await late.press(pilot, "space", "dollar_sign", "b")
        assert isinstance(late.app.screen, TurnsScreen)
        late.replay.seek(10)
        await late.settled(pilot)
        assert "no turn so far" not in late.text
        await late.press(pilot, "b")
        assert late.text.splitlines()[:-1] == as_it_was


async def test_a_replay_raises_no_toast_about_what_happened_long_ago() -> None:
    player = Player()
    async with player.opened() as pilot:
        for _ in range(15):
            player.clock.advance(5)
            await pilot.pause(0.02)
        assert player.toasts == []


async def test_while_it_is_read_it_says_how_far_it_has_come() -> None:
    player = Player(bad_day(150.0), read=False)
    async with player.opened() as pilot:
        for _ in range(200):
            if "reading " in player.bar[0]:
                break
            await pilot.pause()
        assert "reading " in player.bar[0]
        while not player.replay.playback.read:
            await pilot.pause(0.01)
        await player.settled(pilot)
        assert "reading " not in player.bar[0]


async def test_a_recording_whose_writer_was_killed_says_so() -> None:
    player = Player()
    player.replay = replay_of(player.facts, player.clock, complete=False)
    player.app = StagedApp(
        player.replay.snapshot, player.replay.command, player.replay.run, player=player.replay, title="cut.callscope"
    )
    async with player.opened():
        assert "▲ cut off" in player.bar[0]


async def test_q_leaves_at_once() -> None:
    player = Player()
    async with player.opened() as pilot:
        await pilot.press("q")
        await player.app.gone.wait()


async def test_the_source_stops_with_the_screen() -> None:
    player = Player()
    player.replay.command(Stop())
    await player.replay.run()
