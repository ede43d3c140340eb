"""The connection panel and the header, read as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from dashboard.call.events import Cause, LinkState, TokenObtained
from dashboard.call.headline import Headline
from dashboard.call.hook_view import CONNECTOR, HookView
from dashboard.call.state import CallState
from dashboard.ui.draw.connection import draw_connection, uptime
from dashboard.ui.draw.header import draw_header, draw_headline
from dashboard.ui.draw.layout import Spans
from dashboard.ui.draw.link import state_span, status, track
from dashboard.ui.draw.spans import cells
from tests import builders
from tests.builders import Story

STATES: dict[str, Callable[[], CallState]] = {
    "steady": cache(builders.steady),
    "waiting": cache(builders.waiting),
    "gave up": cache(builders.gave_up),
    "hostile": cache(builders.hostile),
    "nothing": lambda: CallState(""),
}


def plain(rows: list[Spans]) -> str:
    return "\n".join("".join(text for text, _ in row) for row in rows)


def panel(call: CallState, width: int = 50, height: int = 11) -> str:
    return plain(draw_connection(call, width, height))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("width", "height"), [(30, 2), (50, 11), (76, 2), (76, 4), (86, 14), (10, 1)])
def test_a_panel_keeps_within_its_room(state: str, width: int, height: int) -> None:
    rows = draw_connection(STATES[state](), width, height)
    assert len(rows) <= height
    assert max(map(cells, rows)) <= width


def test_an_open_link_shows_who_since_when_and_how_healthy() -> None:
    text = panel(STATES["steady"]())
    assert "authorizing ▸ resolving ▸ connecting ▸ ● open" in text
    assert "● open for 01:11" in text
    assert "6f0e4a51-22c7-4a83-9d5b-0b7d1c1f9a10" in text
    assert "19.7 · p95 21.2 ms" in text
    assert "01:11 · 100 %" in text
    assert "kernel · lag 0.3 · wait 0.9 ms p99" in text
    assert "audio 0 of 100 · control 0 of 50" in text
    assert "aside" not in text


def test_a_wait_counts_down_to_the_next_attempt() -> None:
    text = panel(STATES["waiting"]())
    assert "◐ waiting · attempt 3 of 10 · in 2.3 s ██████····" in text
    assert "down · " in text


def test_giving_up_says_why_and_what_to_press() -> None:
    text = panel(STATES["gave up"](), height=14)
    assert "✖ gave up · client credentials refused · r tries again" in panel(STATES["gave up"](), width=80)
    assert "token error  401 invalid_client" in text
    assert "1 · 1 failed" in text


def test_a_lost_worker_outranks_what_the_link_last_said() -> None:
    story = Story()
    story.connect()
    story.lose_worker("killed by signal 9")
    assert state_span(story.call) == ("✖ worker lost", "bad")
    assert "✖ worker lost · killed by signal 9 · r starts it again" in panel(story.call, width=80)
    assert all(role == "faint" for _, role in track(story.call))


def test_a_stale_link_stands_at_the_end_of_the_track() -> None:
    story = Story()
    story.connect()
    story.enter(LinkState.STALE, Cause.STALE)
    assert plain([track(story.call)]) == "authorizing ▸ resolving ▸ connecting ▸ ▲ stale"


def test_an_attempt_under_way_says_which_and_for_how_long() -> None:
    story = Story()
    story.enter(LinkState.CONNECTING, attempt=4)
    story.wait(1.5)
    assert "◐ connecting · attempt 4 of 10 · 1.5 s" in panel(story.call)


@pytest.mark.parametrize(
    ("left_s", "text", "role"), [(600.0, "10:00", "text"), (42.0, "00:42", "warn"), (-1.0, "expired", "bad")]
)
def test_the_token_warns_before_it_ends(left_s: float, text: str, role: str) -> None:
    story = Story()
    story.fact(TokenObtained(story.call.call_id, story.now, story.now + left_s, refresh=True))
    rows = draw_connection(story.call, 50, 11)
    assert (text, role) in [span for row in rows for span in row]


def test_silence_warns_and_then_alarms() -> None:
    story = Story()
    story.connect()
    roles = []
    for _ in range(3):
        spans = [span for row in draw_connection(story.call, 50, 11) for span in row]
        roles.append(spans[spans.index(("idle         ", "dim")) + 1][1])
        story.wait(15.0)
    assert roles == ["text", "warn", "bad"]


def test_drops_from_our_own_queues_are_red() -> None:
    story = Story()
    story.connect()
    story.queues(depth=80, dropped=12)
    spans = [span for row in draw_connection(story.call, 50, 11) for span in row]
    assert ("12 dropped", "bad") in spans
    assert ("80", "warn") in spans
    assert " 12 dropped " in plain([draw_header(story.call, 120, where="")])


@pytest.mark.parametrize("height", [2, 11], ids=["stacked", "full"])
def test_samples_that_we_set_aside_are_told_in_the_colour_of_a_warning(height: int) -> None:
    story = Story()
    story.connect(clock="process")
    story.listen(2.0, set_aside=True)
    rows = draw_connection(story.call, 76 if height == 2 else 50, height)
    assert "process · 100 aside · lag 0.3 ms p99" in plain(rows)
    assert ("100 aside", "warn") in [span for row in rows for span in row]


def test_a_long_session_gives_way_to_our_own_health() -> None:
    story = Story()
    story.connect(session="session-" + "0123456789" * 3)
    story.listen(1.0)
    assert "  kernel · lag 0.3 · wait 0.9 ms p99" in panel(story.call, width=76, height=2)


def test_uptime_is_the_share_of_the_call_in_which_messages_could_come() -> None:
    assert uptime(STATES["gave up"]()) is None
    share = uptime(STATES["waiting"]())
    assert share == pytest.approx(1 - 3.6 / 42.4, abs=0.01)


def test_what_can_be_done_is_told_whole_or_not_at_all() -> None:
    call = STATES["gave up"]()
    told = plain([status(call, 80)])
    assert told.endswith(" · r tries again")
    assert plain([status(call, len(told) - 1)]) == told.removesuffix(" · r tries again")


# -- the two rows on top --------------------------------------------------------------------------------


def test_the_header_says_who_which_state_and_how_long() -> None:
    text = plain([draw_header(STATES["waiting"](), 120, where="demo bad-day")])
    assert text.startswith("callscope  demo bad-day  ◐ waiting  wss://api.example.test/v1/stream/ws-77 · s-9001  ")
    assert text.endswith("  ▲ 1 warning   2 outages   00:42")


def test_a_narrow_header_keeps_the_state_and_says_the_rest_in_short() -> None:
    call = STATES["waiting"]()
    text = plain([draw_header(call, 56, where="demo bad-day", waiting=34)])
    assert text == "callscope  ◐ waiting        FROZEN   ▲ 1   2 out   00:42"
    for width in (40, 44, 60, 80):
        assert "◐ waiting" in plain([draw_header(call, width, where="demo bad-day", waiting=34)])


def test_an_outage_that_is_over_has_a_plain_badge() -> None:
    spans = draw_header(STATES["waiting"](), 120, where="")
    assert (" 2 outages ", "badge-bad") in spans
    story = Story()
    story.connect()
    story.listen(1.0)
    story.drop()
    story.connect(attempt=2)
    story.listen(1.0)
    assert (" 1 outage ", "warn") in draw_header(story.call, 120, where="")


def test_a_frozen_header_counts_what_waits() -> None:
    assert " FROZEN +1\u2009234 " in plain([draw_header(STATES["steady"](), 120, where="", waiting=1234)])


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("state", STATES)
def test_the_header_is_one_row_of_the_width_there_is(state: str, width: int) -> None:
    row = draw_header(STATES[state](), width, where="demo bad-day", waiting=12, closing=True)
    assert cells(row) <= width


def test_without_a_call_the_header_says_that_it_starts() -> None:
    assert "○ starting" in plain([draw_header(None, 80, where="demo")])


def test_the_headline_stands_behind_the_symbol_of_its_level() -> None:
    assert plain([draw_headline(Headline("bad", "Down: [red]x \x1b[2J"), 80)]) == "✖ Down: [red]x ␛[2J"
    assert plain([draw_headline(Headline("warn", "a" * 90), 20)]) == "▲ " + "a" * 17 + "…"


def test_the_headline_gives_up_what_follows_before_what_is_wrong() -> None:
    said = Headline("bad", "Down: dropped", ("next attempt in 2.0 s",), offer="r tries now")
    full = "✖ Down: dropped — next attempt in 2.0 s · r tries now"
    assert plain([draw_headline(said, 80)]) == full
    assert plain([draw_headline(said, len(full) - 1)]) == "✖ Down: dropped — next attempt in 2.0 s"
    assert plain([draw_headline(said, 20)]) == "✖ Down: dropped"


def test_a_session_that_genesys_opened_says_how_its_sound_stands() -> None:
    hook = HookView(stage="active", opened_s=0.004, position_s=10.0, received_s=9.98)
    first = panel(replace(builders.steady(), hook=hook, dialect="audiohook")).splitlines()[0]
    assert first == "opened in 4 ms · position +20 ms"
    troubled = replace(hook, received_s=8.0, discards=2, discarded_s=0.3, pauses=1, broken={"seq_gap": 3})
    first = panel(replace(builders.steady(), hook=troubled, dialect="audiohook"), 90).splitlines()[0]
    assert first == "opened in 4 ms · position +2000 ms · discarded 300 ms · 3 breaches · paused 1×"
    assert panel(replace(builders.steady(), hook=HookView(), dialect="audiohook")).startswith(
        "opened in – · position –"
    )
    assert panel(replace(builders.steady(), hook=hook, dialect=CONNECTOR)).startswith("connecting ▸ ● open")
