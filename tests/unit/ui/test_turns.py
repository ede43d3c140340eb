"""How a turn is drawn: a bar on an axis of time, and the columns beside it."""

from __future__ import annotations

import pytest

from dashboard.call.stages import Marks, axis_top, marks_of
from dashboard.call.state import BargeIn, CallState, Turn, Turns
from dashboard.media.tail import Tail
from dashboard.ui.draw.spans import cells, paint
from dashboard.ui.draw.turns import (
    axis,
    bar,
    legend,
    percentile_rows,
    turn_row,
    turns_header,
)
from tests.builders import turns as call_of_turns

LIMIT_S = 5.0
TURN = Turn(
    1, 10.0, "where is my parcel", speech_ended_at=9.5, intent_at=10.5, text_at=11.0, audio_at=11.5, audio_until=13.0
)


def drawn(marks: Marks, top_s: float = 4.0, width: int = 16) -> str:
    return "".join(text for text, _ in bar(marks, top_s, width, LIMIT_S))


def roles(marks: Marks, top_s: float = 4.0, width: int = 16) -> set[str]:
    return {role for text, role in bar(marks, top_s, width, LIMIT_S) if text.strip() and role != "faint"}


def call(*turns: Turn, now: float = 20.0, barge_ins: tuple[BargeIn, ...] = ()) -> CallState:
    kept = Tail[Turn](10).extend(turns[:-1])
    return CallState("c", now=now, turns=Turns(turns[-1], kept, barge_ins=Tail[BargeIn](10).extend(barge_ins)))


def test_a_bar_begins_at_the_end_of_the_users_speech() -> None:
    marks = marks_of(TURN, call(TURN))
    assert (marks.final, marks.intent, marks.text, marks.audio, marks.audio_until) == (0.5, 1.0, 1.5, 2.0, 3.5)
    assert drawn(marks) == "╌╌▸─◆─◂─━━━━━━━ "


def test_without_the_users_speech_it_begins_at_the_final_transcript() -> None:
    turn = Turn(1, 10.0, "hello", text_at=11.0)
    assert drawn(marks_of(turn, call(turn))) == "▸───◂   │   │   "


def test_every_bar_is_as_wide_as_told_however_long_the_turn_took() -> None:
    for width in range(4, 60, 7):
        assert cells(bar(Marks(final=0.2, text=3.0, audio=9.0, audio_until=99.0), 2.0, width, LIMIT_S)) == width


def test_a_slow_answer_is_told_by_its_tone() -> None:
    assert "warn" not in roles(Marks(final=0.1, text=1.9))
    assert "warn" in roles(Marks(final=0.1, text=2.1))
    assert "bad" in roles(Marks(final=0.1, text=5.1), top_s=8.0)


def test_a_silent_failure_runs_to_the_limit() -> None:
    silent = Turn(1, 10.0, "hello", silent=True)
    assert drawn(marks_of(silent, call(silent)), top_s=8.0) == "▸─────────✖ │   "


def test_a_turn_that_waits_grows_with_time() -> None:
    waiting = Turn(1, 10.0, "hello")
    assert drawn(marks_of(waiting, call(waiting, now=11.0))) == "▸───◐   │   │   "
    cut = Turn(1, 10.0, "hello", interrupted=True)
    assert drawn(marks_of(cut, call(cut, now=11.0))) == "▸   │   │   │   "


def test_a_barge_in_is_drawn_until_the_bot_is_silent() -> None:
    marks = marks_of(TURN, call(TURN, barge_ins=(BargeIn(12.0, 13.0),)))
    assert drawn(marks) == "╌╌▸─◆─◂─━━▸━━━━ "
    assert "warn" in roles(marks)
    assert "bad" in roles(marks_of(TURN, call(TURN, barge_ins=(BargeIn(12.0, None),))))


def test_the_axis_has_room_behind_the_wait_of_most_turns() -> None:
    assert axis_top(Turns()) == 1.0
    assert axis_top(Turns(TURN)) == 3.0
    assert axis_top(Turns(Turn(1, 10.0, "hello", text_at=90.0))) == 20.0
    assert axis(2.0, 16) == "0 s 0.5 1   1.5 "


@pytest.mark.parametrize("width", [40, 76, 116, 196])
def test_rows_titles_and_percentiles_stand_in_the_same_columns(width: int) -> None:
    state = call_of_turns()
    rows = [turns_header(state, 4.0, width), *percentile_rows(state, 4.0, width)]
    rows += [turn_row(turn, state, 4.0, width) for turn in state.turns.done]
    assert {cells(row.lead) for row in rows} == {max(width, cells(rows[0].lead))}
    assert all(cells(line) == width for row in rows for line in paint(row, width))


def test_the_columns_tell_the_stages() -> None:
    text = "".join(part for part, _ in turn_row(TURN, call(TURN), 4.0, 196).lead)
    assert " ".join(text.split()[-13:]) == "500 ms 500 ms 1.0 s 1.5 s 2.0 s 1.5 s –"


def test_the_legend_fits_its_two_rows() -> None:
    for width in (40, 76, 116, 196):
        rows = legend(call_of_turns(), width)
        assert len(rows) == 2
        assert all(cells(row) <= width for row in rows)
