"""What is worth a toast: the state changes that matter, found by comparing two samples of a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dashboard.call.state import CallState, Outage
from dashboard.call.terms import LinkState
from dashboard.call.words import cause_words, closed_by_words
from dashboard.ui.draw.spans import tame
from dashboard.ui.draw.units import count, megabytes, span

if TYPE_CHECKING:
    from dashboard.call.record_events import RecordingFailed, RecordingSaved

Severity = Literal["information", "warning", "error"]


@dataclass(frozen=True, slots=True)
class News:
    """A toast: plain text, what came over the wire made visible.

    `on_view`: header and headline tell the same, so that a toast is of use only where these are out of sight.
    """

    severity: Severity
    title: str
    text: str
    on_view: bool = True


def news(before: CallState | None, after: CallState | None) -> list[News]:
    """Return what happened between two samples, in the order in which it is best read."""
    if before is None or after is None or before.call_id != after.call_id:
        return []
    found = [*_link_news(before, after), *_worker_news(before, after), *_utterance_news(before, after)]
    if after.ended is not None and before.ended is None:
        found.append(News("information", "The call has ended", tame(after.ended)))
    return found


def record_news(before: CallState | None, after: CallState | None, *, but: str | None = None) -> list[News]:
    """Return what became of recordings between two samples, of all `but` the one at this path."""
    if before is None or after is None or before.call_id != after.call_id or before.records is after.records:
        return []
    past, now = before.records, after.records
    return [
        *(_saved(fact) for fact in now.saved if fact not in past.saved and fact.path != but),
        *(_not_saved(fact) for fact in now.failed if fact not in past.failed and fact.path != but),
    ]


def _saved(fact: RecordingSaved) -> News:
    told = f"{tame(fact.path)} · {count(fact.facts)} facts · {megabytes(fact.size_bytes)}"
    if fact.missing_s:
        told += f" · without the first {span(fact.missing_s)}"
    return News("information", "Recording saved", told, on_view=False)


def _not_saved(fact: RecordingFailed) -> News:
    return News("error", "Not recorded", f"{tame(fact.reason)} · {tame(fact.remedy)}", on_view=False)


def _link_news(before: CallState, after: CallState) -> list[News]:
    found = []
    past, now = before.link, after.link
    if now.outages.total > past.outages.total:
        found.append(_restored(now.outages[-1]))
    if now.outage is not None and (past.outage is None or now.outage.number != past.outage.number) and now.connections:
        found.append(_lost(now.outage))
    if now.state is LinkState.GAVE_UP and past.state is not LinkState.GAVE_UP:
        from dashboard.call.verdict import last_failure

        cause = last_failure(after) or now.cause
        detail = tame(now.detail) if now.detail else "r tries again"
        found.append(News("error", f"Gave up: {cause_words(cause)}", detail))
    return found


def _lost(outage: Outage) -> News:
    parts = []
    if outage.code is not None:
        who = f" {closed_by_words(outage.closed_by)}" if outage.closed_by is not None else ""
        parts.append(f"code {outage.code}{who}")
    if outage.reason:
        parts.append(f"“{tame(outage.reason)}”")
    return News("error", f"Connection lost: {cause_words(outage.cause)}", " · ".join(parts) or "no close frame")


def _restored(outage: Outage) -> News:
    how = {True: "session resumed", False: "new session", None: "connected"}[outage.resumed]
    down = span(outage.down_s(outage.started_at))
    return News("information", f"Restored after {down}", f"{how} · outage {outage.number}: {cause_words(outage.cause)}")


def _worker_news(before: CallState, after: CallState) -> list[News]:
    if after.worker_lost is None or before.worker_lost is not None:
        return []
    return [News("error", "callscope's worker is gone", f"{tame(after.worker_lost)} · r starts it again")]


def _utterance_news(before: CallState, after: CallState) -> list[News]:
    expired = {said.number for said in before.all_utterances if said.status == "expired"}
    return [
        News("warning", "Utterance not sent", f"“{tame(said.text)}” · {tame(said.why)}", on_view=False)
        for said in after.all_utterances
        if said.status == "expired" and said.number not in expired
    ]
