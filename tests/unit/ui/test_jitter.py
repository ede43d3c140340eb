"""The jitter panel, read as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from dashboard.call.state import CallState
from dashboard.ui.draw.jitter import draw_jitter, measure_jitter
from dashboard.ui.draw.layout import Spans
from dashboard.ui.draw.spans import cells
from tests import builders
from tests.builders import Story

steady = cache(builders.steady)
waiting = cache(builders.waiting)
STATES: dict[str, Callable[[], CallState]] = {
    "steady": steady,
    "waiting": waiting,
    "gave up": cache(builders.gave_up),
    "nothing": lambda: CallState(""),
}


def rows_of(call: CallState, width: int = 62, height: int = 11, window_s: float | None = 60.0) -> list[Spans]:
    return draw_jitter(call, measure_jitter(call, window_s), width, height, window_s=window_s)


def panel(call: CallState, width: int = 62, height: int = 11, window_s: float | None = 60.0) -> str:
    return "\n".join("".join(text for text, _ in row) for row in rows_of(call, width, height, window_s))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("window_s", [10.0, 60.0, None])
@pytest.mark.parametrize(("width", "height"), [(30, 4), (62, 11), (76, 4), (106, 14), (76, 19), (12, 3), (62, 9)])
def test_a_panel_keeps_within_its_room(state: str, window_s: float | None, width: int, height: int) -> None:
    rows = rows_of(STATES[state](), width, height, window_s)
    assert len(rows) == height
    assert max(map(cells, rows)) <= width


def test_the_figures_stand_in_columns() -> None:
    lines = panel(waiting()).splitlines()
    assert lines[4].split() == ["ms", "now", "mean", "p50", "p95", "p99", "max"]
    assert [line.split()[0] for line in lines[5:8]] == ["lateness", "jitter", "media"]
    assert lines[5].endswith("   420.0")
    assert len({len(line) for line in lines[4:8]}) == 1


def test_spikes_stalls_loss_and_batching_are_counted() -> None:
    assert "spikes 1   stalls 1   lost 0   batched no" in panel(waiting())


def test_the_what_if_says_what_each_buffer_would_lose() -> None:
    text = panel(waiting(), width=100)
    assert "late with 20 ms " in text
    assert "60 1.9 %" in text
    assert "200 " in text


def test_a_shorter_window_forgets_what_a_longer_one_remembers() -> None:
    assert "420.0" in panel(waiting(), window_s=None)
    lateness = panel(waiting(), window_s=10.0).splitlines()[5]
    assert "420.0" not in lateness


def test_a_spike_is_a_full_red_column_and_an_outage_is_shaded() -> None:
    top = rows_of(waiting())[0]
    red = "".join(text for text, role in top if role == "bad")
    assert red.split() == ["█", "░░"]


def test_the_mos_is_called_an_estimate_and_needs_a_round_trip() -> None:
    story = Story()
    story.connect()
    story.listen(2.0)
    assert "after the first round trip" in panel(story.call, height=14)
    story.ping(0.02)
    story.listen(0.5)
    assert "estimate" in panel(story.call, height=14)
    assert "est." in panel(story.call)


def test_silence_is_named_and_clipping_is_counted() -> None:
    story = Story()
    story.connect()
    story.listen(1.0, bot_dbfs=-20.0)
    assert "caller ······· silent" in panel(story.call)
    assert "○ silent" in panel(story.call, height=14)
    assert " clip 3" not in panel(story.call)
    story.clip(3)
    assert "clip 3" in panel(story.call)
    assert "clipped 3" in panel(story.call, height=14)


def test_a_single_channel_is_called_what_it_is() -> None:
    story = Story(channels=("mixed",))
    story.connect()
    story.listen(1.0, bot_dbfs=-20.0)
    assert "mixed ██" in panel(story.call)


def test_before_the_first_frame_nothing_is_zero_that_was_not_measured() -> None:
    text = panel(CallState(""))
    assert "lost –" in text
    assert "MOS –" in text
    assert "level –" in text


def test_a_finding_has_its_sign_below_the_frames_and_leaves_the_times_legible() -> None:
    call = waiting()
    standing = call.findings.standing[0]
    now = call.now
    for at, wanted in ((now - 45.0, ["−60 s", "▲", "−30 s", "now"]), (now, ["−60 s", "−30 s", "▲ now"])):
        found = replace(call.findings, standing=(replace(standing, raised=(at,)),), past=())
        drawn = panel(replace(call, findings=found)).splitlines()[3]
        assert [part.strip() for part in drawn.split("  ") if part.strip()] == wanted
