"""The end of a connection in full: what it was, why, how it came back, and what had been said before."""

from __future__ import annotations

from dashboard.call.explain import explain_cause, explain_code
from dashboard.call.findings.finding import Finding
from dashboard.call.findings.related import related
from dashboard.call.state import CallState, Connection, Failure, Outage
from dashboard.call.terms import LinkState
from dashboard.call.trail import Message
from dashboard.call.words import cause_words, close_code_words, closed_by_words
from dashboard.ui.draw.findings import LOOKS
from dashboard.ui.draw.page import bullet, empty, field, heading, paragraph
from dashboard.ui.draw.spans import Role, Row, Span, tame
from dashboard.ui.draw.units import clock, count, millis, minus, span, time_of_day

_WHEN = 12
_KIND = 14


def close_title(outage: Outage, call: CallState) -> str:
    """Return which outage this is, for the border; plain text."""
    lasted = "down for" if outage.ended_at is None else "was down for"
    began = time_of_day(call.wall_at(outage.started_at))
    return f"outage {outage.number} · {began} · {lasted} {span(outage.down_s(call.now))}"


def close_page(outage: Outage, call: CallState) -> list[Row]:
    """Return everything that is known of an outage."""
    rows = [*_what(outage), empty(), *_why(outage, call)]
    if outage.connection is not None:
        rows += [empty(), *_connection(outage, outage.connection)]
    rows += [empty(), *_return(outage, call)]
    if outage.connection is not None:
        rows += [empty(), *_messages(outage.connection)]
    return rows


# -- what it was ------------------------------------------------------------------------------------------


def _what(outage: Outage) -> list[Row]:
    told = explain_cause(outage.cause)
    rows = [paragraph(("✖ ", "bad"), (cause_words(outage.cause), "strong")), field("", (told.means, "text"))]
    if outage.code is not None:
        by = "" if outage.closed_by is None else f", closed {closed_by_words(outage.closed_by)}"
        rows.append(field("code", (f"{outage.code} {close_code_words(outage.code)}{by}", "text")))
        rows.append(field("", (explain_code(outage.code), "dim")))
    if outage.reason:
        rows.append(field("reason given", (f"“{tame(outage.reason)}”", "text")))
    if outage.detail and outage.detail != cause_words(outage.cause):
        rows.append(field("detail", (outage.detail, "text")))
    if told.usually:
        rows.append(field("usually", (told.usually, "text")))
    if told.look:
        rows.append(field("look at", (told.look, "text")))
    return rows


# -- why --------------------------------------------------------------------------------------------------


def _why(outage: Outage, call: CallState) -> list[Row]:
    found = related(outage, call)
    rows = [heading("why, the best explanation first")]
    for finding in found.causes:
        rows += _finding(finding)
    for finding in found.later:
        rows += [*_finding(finding), field("", ("found later, from what several ends have in common", "dim"))]
    if not found.causes and not found.later:
        rows.append(bullet("no rule explains this end: one end alone shows no pattern"))
    if found.also:
        rows += [empty(), heading("what else was wrong then")]
        rows += [_summary(finding) for finding in found.also]
    return rows


def _finding(finding: Finding) -> list[Row]:
    remedy = [paragraph(("    → ", "good"), (finding.remedy, "text"))] if finding.remedy else []
    return [_summary(finding), *(paragraph(("    · ", "dim"), (text, "dim")) for text in finding.evidence), *remedy]


def _summary(finding: Finding) -> Row:
    symbol, role = LOOKS[finding.severity]
    return paragraph((f"  {symbol} ", role), (finding.summary, "strong"))


# -- the connection that was lost ---------------------------------------------------------------------------


def _connection(outage: Outage, lost: Connection) -> list[Row]:
    idle_s = max(0.0, lost.lost_at - outage.started_at)
    return [
        heading("the connection that was lost"),
        field("age", (span(lost.age_s), "text")),
        field("idle", (span(idle_s), "text"), (" since the last message from the peer", "dim")),
        field(
            "quiet", (span(lost.quiet_s), "text"), (" since the last thing that we had sent", "dim"), *_endured(lost)
        ),
        field("last pong", *_pong(lost)),
        field("token", *_token(lost)),
    ]


def _endured(lost: Connection) -> tuple[Span, ...]:
    return ((f"; it had survived up to {span(lost.endured_s)} of that", "dim"),) if lost.endured_s > 0 else ()


def _pong(lost: Connection) -> tuple[Span, ...]:
    if lost.pong_s is None:
        return (("no ping was answered on it", "text"),)
    rtts = " · ".join(millis(rtt_s) for rtt_s in lost.rtts)
    return (span(lost.pong_s), "text"), (" before; round trips until then ", "dim"), (f"{rtts} ms", "text")


def _token(lost: Connection) -> tuple[Span, ...]:
    if lost.token_age_s is None or lost.token_life_s is None:
        return (("none", "text"),)
    left_s = lost.token_life_s - lost.token_age_s
    left: Span = (f"{clock(left_s)} left", "text") if left_s > 0 else ("expired", "bad")
    return (f"{clock(lost.token_age_s)} old", "text"), (f", granted for {clock(lost.token_life_s)}, ", "dim"), left


# -- the way back -------------------------------------------------------------------------------------------


def _return(outage: Outage, call: CallState) -> list[Row]:
    lost_at = outage.started_at if outage.connection is None else outage.connection.lost_at
    rows = [heading("the attempts to connect" if outage.connection is None else "the way back")]
    if outage.connection is not None:
        rows += [
            _moment(outage, outage.started_at, ("·", "dim"), ("the last message from the peer", "text")),
            _moment(outage, lost_at, ("✖", "bad"), ("the connection was lost", "text")),
        ]
    rows += [_failure(outage, failure) for failure in outage.failures]
    rows.append(_now(outage, call) if outage.ended_at is None else _restored(outage, outage.ended_at))
    tries = _plural(outage.attempts, "attempt")
    held = f" · {_plural(outage.held, 'utterance')} held, {outage.sent} sent" if outage.held else ""
    waited = f", {span(outage.waited_s)} of waiting" if outage.waited_s else ""
    rows.append(field("altogether", (f"{tries}{waited}{held}", "text")))
    return rows


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _moment(outage: Outage, at: float, symbol: Span, *text: Span) -> Row:
    after = f"+{max(0.0, at - outage.started_at):.2f} s"
    return Row(((f"{after:>{_WHEN}}  ", "dim"), symbol, (" ", "text")), text)


def _failure(outage: Outage, failure: Failure) -> Row:
    words = cause_words(failure.cause)
    status = f" ({failure.status})" if failure.status is not None and str(failure.status) not in words else ""
    detail = f"  {failure.detail}" if failure.detail and failure.detail != words else ""
    wait = f"  then {span(failure.wait_s)} of waiting" if failure.wait_s is not None else ""
    return _moment(outage, failure.at, ("✖", "bad"), (words + status, "text"), (detail + wait, "dim"))


def _restored(outage: Outage, ended_at: float) -> Row:
    how = {True: "the session went on", False: "a new session", None: "the first session"}[outage.resumed]
    missing = "" if outage.media_missing_s is None else f", {span(outage.media_missing_s)} of media missing"
    return _moment(outage, ended_at, ("●", "good"), (f"the first message again: {how}{missing}", "text"))


def _now(outage: Outage, call: CallState) -> Row:
    link = call.link
    if link.state is LinkState.WAITING and link.until is not None:
        left_s = max(0.0, link.until - call.now)
        ours = call.hook is None and call.tap is None
        text = f"waiting: the next attempt in {left_s:.1f} s" if ours else f"waiting: {left_s:.0f} s left to come back"
    else:
        text = link.state.value
    over = link.state in (LinkState.GAVE_UP, LinkState.CLOSED)
    role: Role = "bad" if over else "warn"
    return _moment(outage, call.now, ("✖" if over else "◐", role), (text, role))


# -- the last messages ----------------------------------------------------------------------------------------


def _messages(lost: Connection) -> list[Row]:
    told: list[tuple[Message, bool]] = [(message, True) for message in lost.received.messages]
    told += [(message, False) for message in lost.sent.messages]
    rows: list[Row] = []
    for message, received in sorted(told, key=lambda one: one[0].at):
        if message.frames:
            rows.append(_audio(message.frames, message.audio_s))
        rows.append(_message(message, lost.lost_at, received))
    if lost.received.frames:
        rows.append(_audio(lost.received.frames, lost.received.audio_s))
    title = Row((("the last messages", "accent"), ("  ◂ received  ▸ sent", "dim")))
    return [title, *(rows or [bullet("none")])]


def _message(message: Message, lost_at: float, received: bool) -> Row:
    before = minus(f"-{max(0.0, lost_at - message.at):.2f} s")
    symbol: Span = ("◂ ", "bot") if received else ("▸ ", "caller")
    return Row(((f"{before:>{_WHEN}}  ", "dim"), symbol, (message.kind.ljust(_KIND), "dim")), ((message.text, "text"),))


def _audio(frames: int, seconds: float) -> Row:
    text = f"{count(frames)} audio frames, {seconds:.2f} s"
    return Row(((" " * (_WHEN + 2), "dim"), ("◂ ", "faint"), ("audio".ljust(_KIND), "faint")), ((text, "faint"),))
