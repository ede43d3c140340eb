"""What happened, in three sentences: the call and its connection, the worst that was found, the sound and the bot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dashboard.call.findings.finding import Finding, Severity
from dashboard.call.genesys import our_sound
from dashboard.call.stages import middle_and_high, wait_s
from dashboard.call.state import CallState, Outage
from dashboard.call.turns import all_turns
from dashboard.call.units import percent, utc_date
from dashboard.call.verdict import Verdict, last_failure
from dashboard.call.words import cause_words, span_words
from dashboard.media.readings import lateness

_NAMED = 2
"""So many findings are named in the second sentence."""


def story_of(call: CallState, verdict: Verdict) -> tuple[str, ...]:
    """Return the sentences; a call that never came up has no third one."""
    sentences = [_connection(call), _worst(call, verdict)]
    if call.inbound.pacing.frames or call.turns.current is not None:
        sentences.append(_sound_and_bot(call))
    return tuple(sentences)


# -- the call and its connection ------------------------------------------------------------------------------


def _connection(call: CallState) -> str:
    lasted = span_words(call.now - call.started_at)
    call_words = f"The call of {utc_date(call.wall)}"
    if not call.link.connections:
        return f"{call_words} never came up: {_tries(call)}."
    outages = [*call.link.outages, *([] if call.link.outage is None else [call.link.outage])]
    if not outages:
        return f"{call_words} lasted {lasted}, and its connection held throughout."
    return f"{call_words} lasted {lasted}; its connection was lost {_losses(outages, call)}{_return(call)}."


def _tries(call: CallState) -> str:
    count, cause = call.link.failures, last_failure(call)
    if cause is None:
        return "no attempt was finished"
    words = cause_words(cause)
    return words if count < 2 else f"{count} attempts failed, the last one because of: {words}"


def _losses(outages: list[Outage], call: CallState) -> str:
    """Say how often, why, and for how long altogether."""
    causes = Counter(cause_words(outage.cause) for outage in outages)
    told = [
        words if count == 1 or len(causes) == 1 else f"{words} {count} times" for words, count in causes.most_common(3)
    ]
    more = ", and for other reasons" if len(causes) > 3 else ""
    down_s = call.link.downtime_s + (0.0 if call.link.outage is None else call.link.outage.down_s(call.now))
    share = down_s / max(1e-3, call.now - call.started_at)
    total = call.link.outage_count
    times = {1: "once", 2: "twice"}.get(total, f"{total} times")
    altogether = "" if total == 1 else " in all"
    return f"{times} ({'; '.join(told)}{more}), down for {span_words(down_s)}{altogether}, {percent(share)} of the time"


def _return(call: CallState) -> str:
    link = call.link
    if link.outage is not None:
        return ", and did not come back" if link.outage_count == 1 else ", and did not come back after the last"
    if link.resumed == link.outage_count:
        return ", and the session went on" + (" each time" if link.resumed > 1 else "")
    return f", and the session went on {link.resumed} of {link.outage_count} times" if link.resumed else ""


# -- what was found -------------------------------------------------------------------------------------------


def by_weight(call: CallState) -> tuple[Finding, ...]:
    """Return all findings, worst first, and among equals what stood for longest."""
    return tuple(sorted(call.findings.all, key=lambda one: (one.severity.rank, -one.stood_s(call.now))))


def headline_of(call: CallState, verdict: Verdict) -> str:
    """Return the worst in one line."""
    harmful = _harmful(call)
    if harmful:
        return harmful[0].summary
    return _capital(verdict.reasons[0]) if verdict.reasons else "Nothing was found that harms this call"


def _harmful(call: CallState) -> list[Finding]:
    return [finding for finding in by_weight(call) if finding.severity is not Severity.INFO]


def _worst(call: CallState, verdict: Verdict) -> str:
    harmful = _harmful(call)
    if not harmful:
        return f"{headline_of(call, verdict)}."
    named = [lowered(one.summary) for one in harmful[:_NAMED]]
    if len(harmful) == 1:
        return f"What was found: {named[0]}."
    more = len(harmful) - len(named)
    rest = f"; and {'one more' if more == 1 else f'{more} more'}" if more else ""
    return f"Worst of what was found: {'; then '.join(named)}{rest}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """Let a sentence go on with `text`, unless it begins with a name or an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


# -- the sound and the bot ------------------------------------------------------------------------------------


def _sound_and_bot(call: CallState) -> str:
    return f"{_capital('; '.join(_told(call)))}."


def _told(call: CallState) -> Iterable[str]:
    late = lateness(call.inbound.pacing, None, call.now)
    if late is not None:
        loss, buffer_s = percent(our_sound(call).effective_loss), call.targets.buffer_s
        at_most = span_words(max(late.p99, 0.001))
        yield (
            f"99 % of the sound was at most {at_most} late, and {loss} of it was lost or too late for a buffer of"
            f" {span_words(buffer_s)}"
        )
    else:
        yield "no sound came"
    turns = all_turns(call.turns)
    if turns:
        yield _answers([wait_s(turn) for turn in turns], call)


def _answers(waits: list[float | None], call: CallState) -> str:
    typical, high = middle_and_high(waits)
    answered = sum(wait is not None for wait in waits)
    silent = call.turns.silent_failures
    without = f", and gave no sign of an answer to {silent}" if silent else ""
    if typical is None or high is None:
        return f"the bot gave {'the one turn' if len(waits) == 1 else f'{len(waits)} turns'} no sign of an answer"
    if answered == 1:
        return f"the bot answered one turn, after {span_words(typical)}{without}"
    within = f"half of them within {span_words(typical)} and 95 % within {span_words(high)}"
    return f"the bot answered {answered} turns, {within}{without}"
