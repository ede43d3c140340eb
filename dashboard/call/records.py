"""What is written down of a call while it is watched; a replay has none of it."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.call.record_events import WHOLE, HistoryMeasured, RecordingFailed, RecordingSaved, RecordingStarted
from dashboard.frozen import replace

_KEPT = 20

RecordFact = HistoryMeasured | RecordingStarted | RecordingSaved | RecordingFailed


@dataclass(frozen=True, slots=True)
class Records:
    """Recordings that are being written, the newest that were closed or failed, and what could be saved now.

    whole: path of the recording that is written from the beginning of the call on, or was; empty if there is none.
    """

    writing: tuple[RecordingStarted, ...] = ()
    saved: tuple[RecordingSaved, ...] = ()
    failed: tuple[RecordingFailed, ...] = ()
    history: HistoryMeasured | None = None
    whole: str = ""


def told(records: Records, fact: RecordFact) -> Records:
    """Return the records after one fact."""
    match fact:
        case HistoryMeasured():
            return replace(records, history=fact)
        case RecordingStarted():
            whole = fact.path if fact.trigger == WHOLE else records.whole
            return replace(records, writing=(*records.writing, fact), whole=whole)
        case RecordingSaved():
            return replace(_ended(records, fact.path), saved=(*records.saved[-_KEPT + 1 :], fact))
        case RecordingFailed():
            whole = "" if fact.path == records.whole else records.whole
            return replace(_ended(records, fact.path), failed=(*records.failed[-_KEPT + 1 :], fact), whole=whole)


def worker_died(records: Records) -> Records:
    """Return the records after the death of the worker that wrote, and with it of the history."""
    return replace(records, writing=(), history=None)


def _ended(records: Records, path: str) -> Records:
    return replace(records, writing=tuple(started for started in records.writing if started.path != path))
