"""A call in a few lines of plain text, ready to paste into a ticket."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dashboard.call.bot_figures import bot_lines
from dashboard.call.figures import probe_object
from dashboard.call.findings.finding import Severity
from dashboard.call.genesys import compared, verdict_words
from dashboard.call.notice_figures import notice_lines
from dashboard.call.state import CallState, Outage
from dashboard.call.units import percent
from dashboard.call.verdict import Verdict, judge
from dashboard.call.words import cause_words, close_code_words, closed_by_words
from dashboard.wiretext import visible

_SHOWN_OUTAGES = 10


def summary(call: CallState) -> str:
    """Return the summary, without a newline at its end."""
    figures, verdict = probe_object(call), judge(call)
    link, audio, turns = figures["link"], figures["audio"]["inbound"], figures["turns"]
    lines = [
        f"callscope: {verdict.level} · {visible(call.link.endpoint or call.endpoint)}"
        f" · {figures['duration_s']:.0f} s from {figures['started']}",
        f"  session {_or_dash(call.session_id)} · conversation {_or_dash(call.conversation_id or None)}",
        *_findings(call, verdict),
        f"  link   {link['state']} · {_plural(link['outages'], 'outage')} · up {percent(link['uptime'])}"
        f" · rtt {_ms(link['rtt_ms']['last'])} (p95 {_ms(link['rtt_ms']['p95'])}) · clock {link['clock'] or '–'}",
        *(_endpoint(figures) if call.soundless else _audio(audio)),
    ]
    if call.notices is None or not call.soundless:  # transcripts that come late tell nothing of the bot's time
        lines.append(
            f"  bot    {_plural(turns['count'], 'turn')} · first sign p50 {_ms(turns['latency_ms']['p50'])}"
            f" p95 {_ms(turns['latency_ms']['p95'])} · {turns['silent_failures']} without any answer"
        )
    rows = [*call.link.outages, *([] if call.link.outage is None else [call.link.outage])]
    if len(rows) > _SHOWN_OUTAGES:
        lines.append(f"  the last {_SHOWN_OUTAGES} of {call.link.outage_count} outages:")
    lines += [_outage(row, call) for row in rows[-_SHOWN_OUTAGES:]]
    if call.notices is not None:
        lines += notice_lines(call.notices, call)
    if call.bot is not None:
        lines += bot_lines(call.bot)
    lines += _genesys(call)
    lines += record_lines(call)
    return "\n".join(lines)


def _audio(audio: dict[str, Any]) -> list[str]:
    return [
        f"  audio  {audio['frames']} frames{_set_aside(audio['set_aside'])}"
        f" · lateness p50 {_ms(audio['lateness_ms']['p50'])}"
        f" p95 {_ms(audio['lateness_ms']['p95'])} p99 {_ms(audio['lateness_ms']['p99'])}"
        f" · jitter mean {_ms(audio['jitter_ms']['mean'])} max {_ms(audio['jitter_ms']['max'])}",
        f"         {audio['spikes']} spikes · {audio['stalls']} stalls · lost {_or_dash(audio['lost'])}"
        f" · too late or lost {percent(audio['effective_loss'])} · MOS estimate {_or_dash(audio['mos'])}",
    ]


def _endpoint(figures: dict[str, Any]) -> list[str]:
    """What stands in the place of audio where there is none: who spoke, and how long whole turns took."""
    told = figures["cognigy"]
    if told is None:
        return []
    mode = {True: "test mode", False: "billed", None: "–"}[told["test_mode"]]
    engine = "REST" if told["wire"] == "rest" else f"Socket.IO (Engine.IO {_or_dash(told['engine_io'])})"
    whole = told["whole_turn_ms"]
    return [
        f"  speaks as {_or_dash(told['user_id'])} · {mode} · {engine} · ready after {_ms(told['ready_ms'])}"
        f" · its own ping {_ms(told['rtt_ms']['last'])}",
        f"  turns  {told['finished']} finished · {told['unfinished']} not"
        f" · whole turn p50 {_ms(whole['p50'])} p95 {_ms(whole['p95'])}",
    ]


def record_lines(call: CallState) -> list[str]:
    """Return where the call was recorded, and what could not be, a line each."""
    lines = []
    for saved in call.records.saved:
        lacks = f" · without the first {saved.missing_s:.0f} s" if saved.missing_s >= 0.5 else ""
        size = f"{saved.size_bytes / 1_000_000:.1f} MB"
        lines.append(f"  record {visible(saved.path)} · {_plural(saved.facts, 'fact')} · {size}{lacks}")
    for failed in call.records.failed:
        lines += [f"  ! not recorded: {visible(failed.reason)}", f"      → {visible(failed.remedy)}"]
    return lines


def _findings(call: CallState, verdict: Verdict) -> list[str]:
    """One block for each finding, or what the verdict says where there is none."""
    if not call.findings.all:
        return [f"  ! {reason}" for reason in verdict.reasons]
    lines = []
    for finding in call.findings.all:
        mark = "·" if finding.severity is Severity.INFO else "!"
        lines.append(f"  {mark} {visible(finding.summary)} · {finding.age_words(call.now)}")
        lines += [f"      {visible('; '.join(finding.evidence))}"] if finding.evidence else []
        lines.append(f"      → {finding.remedy}")
    return lines


def _genesys(call: CallState) -> list[str]:
    if call.genesys is None:
        return []
    answer, known = call.genesys.answer, call.genesys.known
    why = [visible(text) for text in (*answer.reasons, answer.error) if text]
    if answer.correlation_id and answer.error:
        why.append(f"ININ-Correlation-Id {visible(answer.correlation_id)}")
    if known is not None and known is not answer:
        why.append(f"{call.now - known.at:.0f} s ago: {known.verdict}")
    return [
        f"  genesys {' · '.join([verdict_words(call.genesys), *why])}",
        *(f"          {visible(sentence)}" for sentence in compared(call)),
    ]


def _outage(outage: Outage, call: CallState) -> str:
    at = datetime.fromtimestamp(call.wall_at(outage.started_at), UTC).strftime("%H:%M:%SZ")
    parts = [cause_words(outage.cause)]
    if outage.code is not None and outage.closed_by is not None:
        reason = f" “{visible(outage.reason)}”" if outage.reason else ""
        parts.append(f"{outage.code} {close_code_words(outage.code)}{reason}, {closed_by_words(outage.closed_by)}")
    elif outage.detail:
        parts.append(visible(outage.detail))
    parts.append(f"{_plural(outage.attempts, 'attempt')}")
    still = "" if outage.ended_at is not None else " and still"
    parts.append(f"down {outage.down_s(call.now):.1f} s{still}")
    if outage.media_missing_s is not None:
        parts.append(f"{outage.media_missing_s:.1f} s of media missing")
    if outage.resumed is not None:
        parts.append("session resumed" if outage.resumed else "new session")
    return f"  {at}  {' · '.join(parts)}"


def _set_aside(count: int) -> str:
    return f" ({count} set aside: callscope itself was late)" if count else ""


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"


def _or_dash(value: object) -> str:
    return "–" if value is None else visible(str(value))


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
