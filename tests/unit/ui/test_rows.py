from __future__ import annotations

import re

import pytest

from dashboard.call import events as ev
from dashboard.call.events import Cause, LinkState, Speaker
from dashboard.call.state import CallState, Line, Outage, Turn
from dashboard.ui.draw.rows import columns_for, outage_header, outage_row, transcript_row
from dashboard.ui.draw.spans import Role, Row, Span, cells, paint
from dashboard.ui.draw.units import time_of_day
from tests.unit.ui.folding import ID, T0, back, dropped, fold, up


def lines(row: Row, width: int) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in paint(row, width)]


def newest(call: CallState, width: int = 90) -> str:
    return lines(transcript_row(call.lines[-1], call, width), width)[0]


def roles(row: Row) -> dict[str, Role]:
    return {text.strip(): role for text, role in (*row.lead, *row.body, *row.tail)}


def said(at: float, speaker: Speaker, text: str, final: bool = True) -> ev.TranscriptReceived:
    return ev.TranscriptReceived(ID, at, speaker, text, final)


def test_a_row_says_when_who_and_what() -> None:
    call = fold(said(T0 + 1.25, Speaker.CALLER, "where is my parcel?"))
    clock = time_of_day(call.wall_at(T0 + 1.25))
    assert newest(call, 90) == f"{clock}  ▸ caller  where is my parcel?"
    assert newest(call, 120) == f"{clock}.250  ▸ caller  where is my parcel?"
    assert newest(call, 50) == f"{clock} ▸ caller where is my parcel?"
    assert newest(call, 30) == "▸ where is my parcel?"


def test_the_columns_of_all_kinds_stand_below_each_other() -> None:
    call = fold(
        said(T0 + 1, Speaker.CALLER, "TEXT"),
        said(T0 + 2, Speaker.BOT, "TEXT"),
        said(T0 + 2, Speaker.AGENT, "TEXT"),
        said(T0 + 2, Speaker.UNKNOWN, "TEXT"),
        ev.IntentReceived(ID, T0 + 3, "TEXT"),
        ev.TextReceived(ID, T0 + 3, "TEXT"),
        ev.StatusReceived(ID, T0 + 3, "TEXT"),
        ev.ErrorReceived(ID, T0 + 3, "TEXT"),
        ev.UnknownReceived(ID, T0 + 3, "TEXT", 9),
        ev.MalformedReceived(ID, T0 + 3, "TEXT", "{", 1),
        ev.Marked(ID, T0 + 3, "TEXT"),
        ev.UtteranceHeld(ID, T0 + 3, 1, "TEXT"),
    )
    for width in (50, 90, 120):
        drawn = [lines(transcript_row(line, call, width), width)[0] for line in call.lines]
        assert len(drawn) == 12
        assert len({text.index("TEXT") for text in drawn}) == 1


def test_an_intent_has_its_confidence_and_its_turn_latency_beside_it() -> None:
    call = fold(said(T0 + 1, Speaker.CALLER, "where is it?"), ev.IntentReceived(ID, T0 + 1.64, "TrackParcel", 0.934))
    assert re.search(r"◆ intent  TrackParcel 0\.93 +640 ms", newest(call))


@pytest.mark.parametrize(("waited_s", "role"), [(0.6, "text"), (2.0, "text"), (2.1, "warn"), (5.5, "bad")])
def test_a_slow_answer_is_coloured(waited_s: float, role: str) -> None:
    call = fold(said(T0 + 1, Speaker.CALLER, "hello"), said(T0 + 1 + waited_s, Speaker.BOT, "hi"))
    ((_, latency_role),) = transcript_row(call.lines[-1], call, 90).tail
    assert latency_role == role


def test_a_partial_is_dim_and_goes_on() -> None:
    call = fold(said(T0 + 1, Speaker.CALLER, "where is", final=False))
    row = transcript_row(call.partials[Speaker.CALLER], call, 90)
    assert row.body == (("where is …", "partial"),)


def test_an_utterance_shows_how_far_it_came() -> None:
    held = fold(*dropped(T0 + 5), ev.UtteranceHeld(ID, T0 + 6, 1, "agent please"))
    row = held.lines[-1]
    sent = fold(*back(T0 + 8), ev.UtteranceSent(ID, T0 + 8, 1, "agent please"), call=held)
    answered = fold(ev.IntentReceived(ID, T0 + 9, "Agent", 0.9), call=sent)
    expired = fold(ev.UtteranceExpired(ID, T0 + 9, 1, "its session has ended"), call=held)
    drawn = [lines(transcript_row(row, call, 90), 90)[0] for call in (held, sent, answered, expired)]
    assert [text.split("agent please")[1].split() for text in drawn] == [
        ["◐", "held"],
        ["▸", "sent"],
        ["●", "answered"],
        ["its", "session", "has", "ended", "✖", "expired"],
    ]


def test_an_utterance_that_is_no_longer_remembered_has_no_status() -> None:
    call = fold(ev.UtteranceHeld(ID, T0 + 1, 1, "first"))
    first = call.lines[-1]
    later = fold(*(ev.UtteranceHeld(ID, T0 + 2, number, "more") for number in range(2, 150)), call=call)
    assert transcript_row(first, later, 90).tail == ()


def test_a_silent_failure_is_a_red_row_with_what_had_been_said() -> None:
    call = fold(said(T0 + 1, Speaker.CALLER, "hello?"), ev.Ticked(ID, T0 + 7))
    assert call.turns.current is not None
    row = transcript_row(call.turns.current, call, 90)
    clock = time_of_day(call.wall_at(T0 + 6))
    assert lines(row, 90) == [f"{clock}  ✖ silent  no answer within 5 s  to “hello?”"]
    assert roles(row)["no answer within 5 s"] == "bad"


def test_link_rows_are_separators_coloured_by_what_happened() -> None:
    call = fold(*dropped(T0 + 5), *back(T0 + 6))
    lost, restored = (transcript_row(line, call, 90) for line in call.lines)
    assert (roles(lost)["connection lost: closed with 1006"], lost.rule) == ("warn", ("─", "warn"))
    assert restored.rule == ("─", "good")
    assert all(len(lines(row, 90)[0]) == 90 for row in (lost, restored))
    gave_up = fold(ev.LinkChanged(ID, T0 + 9, LinkState.GAVE_UP, Cause.ATTEMPTS_EXHAUSTED, "10 attempts"), call=call)
    assert transcript_row(gave_up.lines[-1], call, 90).rule == ("─", "bad")


def test_markup_in_any_part_of_a_row_is_text() -> None:
    call = fold(ev.IntentReceived(ID, T0 + 1, "[red]x[/red]", 0.5), ev.ErrorReceived(ID, T0 + 2, "[/]\x1b[0m"))
    assert "[red]x[/red] 0.50" in lines(transcript_row(call.lines[0], call, 90), 90)[0]
    assert "[/]␛[0m" in newest(call)


# -- the reconnect log --------------------------------------------------------------------------------


def cell(call: CallState, title: str, outage: Outage | None = None, width: int = 300) -> Span:
    outage = outage or call.link.outage or call.link.outages[-1]
    titles = [column.title for column, _ in columns_for(width)]
    text, role = outage_row(outage, call, width).lead[2 * titles.index(title) + 1]
    return text.strip(), role


def test_an_outage_that_ended_has_all_its_figures() -> None:
    call = fold(
        *dropped(T0 + 5),
        ev.UtteranceHeld(ID, T0 + 5.5, 1, "hello?"),
        ev.AttemptFailed(ID, T0 + 6, 1, Cause.UNAVAILABLE, "503", 503, 1.0),
        *back(T0 + 7),
        ev.UtteranceSent(ID, T0 + 7, 1, "hello?"),
    )
    wanted = {
        "#": "1",
        "time": time_of_day(call.wall_at(T0 + 4.5)),
        "cause": "dropped, no close frame",
        "code": "1006",
        "reason": "then: server unavailable (503)",
        "by": "network",
        "attempts": "2",
        "waited": "1.8 s",
        "down": "2.5 s",
        "lost": "–",
        "held/sent": "1/1",
        "session": "● resumed",
    }
    assert {title: cell(call, title)[0] for title in wanted} == wanted


def test_a_session_that_did_not_go_on_is_called_new() -> None:
    call = fold(*dropped(T0 + 5), *back(T0 + 7, "s-9002"))
    assert cell(call, "session") == ("○ new", "warn")


def test_the_present_outage_counts_and_is_red() -> None:
    call = fold(*dropped(T0 + 5), ev.Ticked(ID, T0 + 8))
    assert cell(call, "down") == ("3.5 s", "bad")
    assert cell(call, "session") == ("▲ down", "bad")
    over = fold(ev.LinkChanged(ID, T0 + 9, LinkState.GAVE_UP, Cause.ATTEMPTS_EXHAUSTED), call=call)
    assert cell(over, "session") == ("✖ gave up", "bad")


def test_a_call_that_never_came_up_has_the_cause_of_its_failures() -> None:
    call = CallState(ID)
    call = fold(
        ev.CallStarted(ID, T0, 1_900_000_000.0, "wss://bot.example", "appfoundry"),
        ev.LinkChanged(ID, T0, LinkState.AUTHORIZING, Cause.PROGRESS),
        ev.AttemptFailed(ID, T0 + 1, 1, Cause.CREDENTIALS_REFUSED, "invalid_client", 401),
        ev.LinkChanged(ID, T0 + 1, LinkState.GAVE_UP, Cause.CREDENTIALS_REFUSED, "invalid_client"),
        call=call,
    )
    assert cell(call, "cause") == ("client credentials refused", "bad")
    assert cell(call, "code") == ("–", "faint")
    assert cell(call, "session") == ("✖ gave up", "bad")


def test_columns_go_by_their_worth_and_the_important_ones_stay_at_80_columns() -> None:
    titles = [column.title for column, _ in columns_for(76)]
    assert titles == ["time", "cause", "code", "attempts", "down", "session"]
    assert {"waited", "lost", "held/sent", "by", "#"} <= {column.title for column, _ in columns_for(116)}
    assert "reason" in {column.title for column, _ in columns_for(196)}


@pytest.mark.parametrize("width", [20, 40, 52, 76, 90, 116, 196, 300])
def test_titles_and_rows_of_the_log_share_their_columns(width: int) -> None:
    call = fold(*dropped(T0 + 5, reason="\x1b[31m" + "寄" * 200), *back(T0 + 7))
    assert call.link.outages[-1].reason
    for row in (outage_header(width), outage_row(call.link.outages[-1], call, width)):
        assert len(paint(row, width)) == 1
        assert cells(paint(row, width)[0]) == width
        assert width < 50 or cells(row.lead) <= width


def test_a_cause_is_told_in_a_word_where_its_sentence_has_no_room() -> None:
    call = fold(*dropped(T0 + 5), *back(T0 + 7))
    outage = call.link.outages[-1]
    assert " dropped, no close frame " in lines(outage_row(outage, call, 76), 76)[0]
    assert " no close frame " in lines(outage_row(outage, call, 50), 50)[0]


def test_a_state_without_any_fact_draws_too() -> None:
    assert "hi" in lines(transcript_row(Line(0.0, "text", "hi"), up(), 80), 80)[0]
    assert "silent" in lines(transcript_row(Turn(1, 0.0, ""), up(), 80), 80)[0]
