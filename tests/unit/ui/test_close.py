"""The end of a connection in full, drawn from calls that the reducer folded."""

from __future__ import annotations

from dashboard.call.events import Cause, ClosedBy, LinkChanged, LinkState, Speaker
from dashboard.call.state import CallState, Outage
from dashboard.call.tap_events import TapMeasured
from dashboard.ui.draw.close import close_page, close_title
from dashboard.ui.draw.spans import Row, cells, paint
from tests.builders import Story, gave_up, troubled, waiting


def told(call: CallState, outage: Outage | None = None, width: int = 110) -> list[str]:
    rows = close_page(outage or newest(call), call)
    return ["".join(part for part, _ in line).rstrip() for row in rows for line in paint(row, width)]


def newest(call: CallState) -> Outage:
    return call.link.outage or call.link.outages[-1]


def field(lines: list[str], label: str) -> str:
    return next(line[16:] for line in lines if line.startswith(f"  {label} "))


def test_it_says_what_the_end_was_who_ended_it_and_what_that_means() -> None:
    lines = told(waiting())
    assert lines[0] == "✖ dropped, no close frame"
    assert field(lines, "code") == "1006 no close frame, closed by the network"
    assert "a host that crashed" in field(lines, "usually")
    assert "host's log" in field(lines, "look at")


def test_the_title_dates_it_and_counts_while_it_lasts() -> None:
    call = waiting()
    assert close_title(newest(call), call).endswith("down for 2.4 s")
    assert "outage 1" in close_title(call.link.outages[0], call)
    assert "was down for 1.2 s" in close_title(call.link.outages[0], call)


def test_it_says_what_was_known_of_the_connection() -> None:
    story = Story()
    story.connect()
    story.ping(0.0184)
    story.listen(5.0)
    story.ping(0.0212)
    story.wait(3.0)
    story.drop(Cause.SERVER_ERROR, code=1011, reason="[red]boom[/] \x1b[2J", closed_by=ClosedBy.PEER)
    lines = told(story.call)
    assert field(lines, "age").startswith("8.0 s")
    assert field(lines, "idle").startswith("3.0 s since the last message")
    assert field(lines, "quiet") == "3.0 s since the last thing that we had sent; it had survived up to 5.0 s of that"
    assert field(lines, "last pong") == "3.0 s before; round trips until then 18.4 · 21.2 ms"
    assert field(lines, "token").endswith("left")
    assert field(lines, "reason given") == "“[red]boom[/] ␛[2J”"


def test_what_is_not_known_is_said_to_be_so() -> None:
    story = Story()
    story.connect()
    story.listen(0.5)
    story.drop()
    lines = told(story.call)
    assert field(lines, "last pong") == "no ping was answered on it"


def test_the_way_back_has_every_failed_attempt_and_the_present_one() -> None:
    lines = told(waiting())
    back = lines[lines.index("the way back") + 1 :]
    assert [line.split("s  ", 1)[1] for line in back[:4]] == [
        "· the last message from the peer",
        "✖ the connection was lost",
        "✖ server unavailable (503)  HTTP 503",
        "◐ waiting: the next attempt in 2.3 s",
    ]
    assert back[4].endswith("1 attempt, 900 ms of waiting · 1 utterance held, 0 sent")


def test_a_call_between_others_waits_for_them_to_come_back() -> None:
    story = Story()
    story.connect()
    story.listen(1.0)
    story.fact(TapMeasured(story.call.call_id, story.now, "client", 70, 1, 1))
    story.drop()
    story.fact(LinkChanged(story.call.call_id, story.now, LinkState.WAITING, Cause.STALE, until=story.now + 60.0))
    assert any(line.endswith("◐ waiting: 60 s left to come back") for line in told(story.call))


def test_an_outage_that_is_over_says_how_it_ended() -> None:
    call = troubled().call
    (line,) = [line for line in told(call) if "the first message again" in line]
    assert line.startswith("     +1.22 s  ● ")
    assert "the session went on" in line


def test_a_call_that_never_came_up_has_attempts_and_no_connection() -> None:
    lines = told(gave_up())
    assert "the connection that was lost" not in lines
    assert "the attempts to connect" in lines
    assert any(line.endswith("✖ gave up") for line in lines)
    assert any("→ Check GENESYS_CLIENT_ID" in line for line in lines)


def test_the_causes_are_those_that_the_rules_found() -> None:
    lines = told(waiting())
    why = lines[lines.index("why, the best explanation first") + 1 :]
    assert why[0] == "  ▲ The connection broke off without a close frame, 2 times"
    assert why[1].startswith("    · ")
    assert any(line.startswith("    → ") for line in why)
    assert "what else was wrong then" in lines


def test_an_end_without_a_finding_is_said_to_have_none() -> None:
    story = Story()
    story.connect()
    story.listen(0.5)
    story.drop(Cause.OPERATOR, code=1000, closed_by=ClosedBy.US)
    assert any("no rule explains this end" in line for line in told(story.call))


def test_the_last_messages_stand_in_the_order_of_time_both_ways_with_audio_between() -> None:
    story = Story()
    story.connect()
    story.listen(0.4)
    story.says(Speaker.BOT, "Hello.")
    story.send("parcel 4711")
    story.listen(0.2)
    story.intent("track")
    story.listen(0.1)
    story.drop()
    lines = told(story.call)
    said = lines[lines.index("the last messages  ◂ received  ▸ sent") + 1 :]
    assert [line[14:].replace("  ", " ").split(maxsplit=2)[:3] for line in said] == [
        ["◂", "session", "s-9001"],
        ["◂", "audio", "20 audio frames, 0.40 s"],
        ["◂", "transcript", "bot: Hello."],
        ["▸", "utterance", "parcel 4711"],
        ["◂", "audio", "10 audio frames, 0.20 s"],
        ["◂", "intent", "track"],
        ["◂", "audio", "5 audio frames, 0.10 s"],
    ]
    assert said[5].strip().startswith("−0.10 s")


def test_a_connection_without_a_message_says_so() -> None:
    story = Story()
    story.connect()
    call = story.call
    assert call.link.outage is None
    story.drop()
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, wait_s=1.0)
    lines = told(story.call)
    assert lines[-1].endswith("s-9001")


def test_every_line_keeps_to_the_width() -> None:
    for call in (waiting(), gave_up(), troubled().call):
        for width in (40, 76, 116, 124):
            rows: list[Row] = close_page(newest(call), call)
            assert {cells(line) for row in rows for line in paint(row, width)} == {width}
