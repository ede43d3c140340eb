"""A call to a Cognigy endpoint on the screen, read as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from dashboard.call import cognigy_events as ce
from dashboard.call import events as ev
from dashboard.call.events import Event
from dashboard.call.stages import axis_top
from dashboard.call.state import CallState
from dashboard.call.turns import all_turns
from dashboard.ui.draw.answers import draw_answers
from dashboard.ui.draw.connection import draw_connection
from dashboard.ui.draw.layout import Spans
from dashboard.ui.draw.plot import draw_plot, kinds_of
from dashboard.ui.draw.rows import transcript_row
from dashboard.ui.draw.spans import cells
from dashboard.ui.draw.turns import legend, percentile_rows, turn_row, turns_header
from tests.unit.ui.folding import T0, dropped, fold

C = "call-1"


def up(dialect: str = "cognigy", *facts: Event) -> CallState:
    targets = ev.Targets(silent_failure_after_s=30.0, stale_after_s=1e9 if dialect == "cognigy-rest" else 30.0)
    return fold(
        ev.CallStarted(C, T0, 1.9e9, "wss://endpoint", dialect, targets),
        ev.LinkChanged(C, T0, ev.LinkState.CONNECTING, ev.Cause.PROGRESS),
        ev.ConnectionOpened(C, T0, "wss://endpoint/socket.io/", "kernel", 0.1),
        ev.LinkChanged(C, T0, ev.LinkState.OPEN, ev.Cause.PROGRESS),
        ev.SessionStarted(C, T0, "dash-7f01", ""),
        ce.EndpointReady(C, T0, "dash-op3", True, 0.1, announced=True, engine=3),
        ce.EnginePinged(C, T0 + 0.1, 0.0012),
        *facts,
        call=CallState(C),
    )


def turn(at: float, number: int, first_s: float | None = 0.4, whole_s: float | None = 0.6) -> list[Event]:
    facts: list[Event] = [ev.UtteranceHeld(C, at, number, f"question {number}")]
    facts.append(ev.UtteranceSent(C, at, number, f"question {number}"))
    if first_s is not None:
        facts += [ev.TextReceived(C, at + first_s, "[b]answer[/b]"), ev.IntentReceived(C, at + first_s, "Track", 0.9)]
    if whole_s is not None:
        facts.append(ce.TurnFinished(C, at + whole_s, "regular"))
    return facts


def text(rows: Sequence[Spans]) -> str:
    return "\n".join("".join(part for part, _ in row) for row in rows)


def answers(call: CallState, width: int = 62, height: int = 12) -> str:
    return text(draw_answers(call, width, height))


STATES: dict[str, Callable[[], CallState]] = {
    "nothing said": up,
    "answered": lambda: up("cognigy", *turn(T0 + 1, 1), *turn(T0 + 3, 2, 0.7, 1.4)),
    "rest": lambda: up("cognigy-rest", *turn(T0 + 1, 1, 0.6, 0.6)),
    "waiting": lambda: up("cognigy", *turn(T0 + 1, 1, None, None), ev.Ticked(C, T0 + 3.5)),
    "cut": lambda: up("cognigy", *turn(T0 + 1, 1, None, None), *dropped(T0 + 2)),
    "silent": lambda: up("cognigy", *turn(T0 + 1, 1, None, None), ev.Ticked(C, T0 + 32)),
    "no end": lambda: up("cognigy", *turn(T0 + 1, 1, 0.4, None), ce.TurnTimedOut(C, T0 + 31, 30.0)),
    "many": lambda: up("cognigy", *(fact for n in range(1, 40) for fact in turn(T0 + n * 2, n))),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("width", "height"), [(30, 4), (62, 11), (76, 4), (106, 14), (12, 3), (62, 8)])
def test_every_panel_keeps_within_its_room(state: str, width: int, height: int) -> None:
    call = STATES[state]()
    for rows in (draw_answers(call, width, height), draw_connection(call, width, height)):
        assert len(rows) <= height
        assert max((cells(row) for row in rows), default=0) <= width


def test_before_the_first_utterance_it_says_that_nothing_has_been_said() -> None:
    assert "nothing has been said yet" in answers(up())


def test_first_output_and_whole_turn_stand_in_a_table_and_each_turn_has_a_bar() -> None:
    told = answers(STATES["answered"]()).splitlines()
    assert told[0].split() == ["ms", "last", "p50", "p95", "max"]
    assert told[1].split() == ["first", "output", "700.0", "400.0", "700.0", "700.0"]
    assert told[2].split() == ["whole", "turn", "1400", "600.0", "1400", "1400"]
    assert told[3].split() == ["Engine.IO", "ping", "1.2", "1.2", "1.2", "1.2"]
    assert "400 ms · 600 ms  question 1" in told[5]
    assert "700 ms · 1.4 s  question 2" in told[6]
    assert (told[6].count("─"), told[6].count("━")) == (8, 7)  # halfway, as 0.7 s are of 1.4 s


def test_over_rest_there_is_only_the_whole_turn() -> None:
    told = answers(STATES["rest"]())
    assert "first output" not in told
    assert "600 ms  question 1" in told


@pytest.mark.parametrize(
    ("state", "word"), [("waiting", "◐ 2.5 s"), ("cut", "○ cut"), ("silent", "✖ silent"), ("no end", "▲ no end")]
)
def test_a_turn_without_an_end_says_why(state: str, word: str) -> None:
    assert word in answers(STATES[state]())


def test_the_newest_turns_are_shown() -> None:
    told = answers(STATES["many"]())
    assert "question 39" in told
    assert "question 1 " not in told


def test_the_connection_says_which_session_it_speaks_in_and_as_whom() -> None:
    told = text(draw_connection(up(), 100, 12))
    assert "session      dash-7f01" in told
    assert "speaks as    dash-op3 · test mode · a session of its own, which no caller hears" in told
    assert "conversation" not in told
    assert "ping    1.2 ms" in told
    assert "as       dash-op3 · test mode" in text(draw_connection(up(), 80, 4))


def test_a_wire_on_which_nothing_comes_unasked_has_no_limit_to_its_silence() -> None:
    assert "idle         0.0 s  " in text(draw_connection(up("cognigy-rest"), 100, 12))


def test_what_became_of_an_utterance_stands_in_its_row() -> None:
    call = STATES["cut"]()
    row = transcript_row(next(line for line in call.lines if line.kind == "utterance"), call, 100)
    shown = "".join(part for part, _ in (*row.lead, *row.body, *row.tail))
    assert "the connection was lost before anything came back" in shown
    assert "▲ unknown" in shown


def test_answers_and_round_trips_can_be_plotted_and_no_lateness() -> None:
    call = STATES["answered"]()
    assert kinds_of(call) == ("answers", "round trips")
    told = text(draw_plot("answers", call, 60.0, 62, 11))
    assert told.count("•") == 2
    assert "◦" in told
    assert "2 s" in told
    assert "no answer yet" in text(draw_plot("answers", up(), 60.0, 62, 11))


def test_the_turns_have_a_column_for_their_end_and_none_for_speech() -> None:
    call = STATES["answered"]()
    top_s = axis_top(call.turns)
    header = "".join(part for part, _ in turns_header(call, top_s, 118).lead + turns_header(call, top_s, 118).body)
    assert "end" in header
    assert not {"final", "audio", "speaks", "barge-in"} & set(header.split())
    row = turn_row(all_turns(call.turns)[-1], call, top_s, 118)
    assert "1.4 s" in "".join(part for part, _ in (*row.lead, *row.body, *row.tail))
    p50, _ = percentile_rows(call, top_s, 118)
    assert "600 ms" in "".join(part for part, _ in (*p50.lead, *p50.body, *p50.tail))
    assert "until the bot has finished" in text(legend(call, 118))
