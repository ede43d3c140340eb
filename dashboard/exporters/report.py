"""One view of a finished or interrupted call for every report: the folded state, and what only shows over its time.

`report_of` reads the facts once. What it keeps is bounded whatever the file holds; where something was left out, the
view says how much.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dashboard.call.events import AudioReceived, CallStarted, Cause, Event, LinkState
from dashboard.call.explain import Explanation, explain_cause, explain_code
from dashboard.call.figures import probe_object
from dashboard.call.findings.finding import Finding, Findings
from dashboard.call.findings.related import Related, related
from dashboard.call.reducer import step
from dashboard.call.state import CallState, Line, Outage, Transition, Turn
from dashboard.call.trail import Message
from dashboard.call.turns import all_turns
from dashboard.call.verdict import Verdict, judge
from dashboard.errors import RecordingError
from dashboard.exporters.raster import Raster
from dashboard.exporters.story import by_weight, headline_of, story_of
from dashboard.media.tail import Tail

MOST_LINES = 1000
MOST_TURNS = 300
MOST_ENDINGS = 200
MOST_MARKS = 100
MOST_STRETCHES = 20_000
MOST_LEGS = 4

NEAR_S = 15.0
"""Rows of the transcript so close to something of interest are shown before others."""

_LATEST = 2e10
_LATEST_WALL = 1e11
"""Seconds. No clock says more; sums of the two still are dates."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the facts came from. None, and empty: not known.

    complete: the recording was closed in good order. recorded_by, read_by: versions. trigger: why it was
    made, of a recording that waited for something. missing_s: seconds of the call that went by before its first fact.
    settings: without secrets.
    """

    name: str
    read_by: str
    recorded_by: str = ""
    complete: bool | None = None
    masked: bool | None = None
    trigger: str = ""
    missing_s: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """Some of `total` things, the newest unless it is said otherwise."""

    items: tuple[T, ...]
    total: int

    @property
    def left_out(self) -> int:
        return self.total - len(self.items)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The link stood in `state` from `began` until `ended`; monotonic seconds, as in everything below."""

    began: float
    ended: float
    state: LinkState
    cause: Cause


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and when it stood: onset and end of every time (of the newest 100)."""

    finding: Finding
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known of the end of a connection, or of a call that never came up.

    messages: the last ones both ways, oldest first, and whether the peer sent them.
    """

    outage: Outage
    means: Explanation
    code_means: str
    related: Related
    messages: tuple[tuple[Message, bool], ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring rows of the transcript, after `skipped` that are not shown."""

    skipped: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report tells. `others`: facts of other calls in the same file, which are left out."""

    origin: Origin
    call: CallState
    figures: Mapping[str, Any]
    verdict: Verdict
    headline: str
    story: tuple[str, ...]
    findings: tuple[Found, ...]  # worst first, and among equals what stood for longest
    stretches: Shown[Stretch]
    endings: Shown[Ending]
    turns: Shown[Turn]
    transcript: Shown[Passage]
    marks: Shown[tuple[float, str]]
    rasters: Mapping[str, Raster]
    facts: int
    others: int

    @property
    def began(self) -> float:
        return self.call.started_at

    @property
    def duration_s(self) -> float:
        """Never 0: things are drawn on it."""
        return max(1e-3, self.call.now - self.call.started_at)

    @property
    def rows_shown(self) -> int:
        """How many rows of the transcript there are in its passages."""
        return sum(len(passage.lines) for passage in self.transcript.items)


def report_of(facts: Iterable[Event], origin: Origin) -> Report:
    """Fold `facts` into the view; those of the first call count.

    Raises:
        RecordingError: there is no fact, the first one does not begin a call, or a time is none.
    """
    gather = _Gather()
    for event in facts:
        gather.put(event)
    return gather.report(origin)


class _Gather:
    """Folds a call and writes down what its last state does not tell."""

    def __init__(self) -> None:
        self._call: CallState | None = None
        self._rasters: dict[str, Raster] = {}
        self._history: Tail[Transition] = Tail(MOST_STRETCHES)
        self._standing: dict[str, float] = {}
        self._spans: dict[str, Tail[tuple[float, float]]] = {}
        self._facts = self._others = 0

    def put(self, event: Event) -> None:
        before = self._call
        if before is None:
            before = _first(event)
        if event.call_id != before.call_id:
            self._others += 1
            return
        if not abs(event.at) <= _LATEST:
            raise RecordingError(f"a fact of {event.at:g} s: no clock says that")
        self._call = call = step(before, event)
        self._facts += 1
        if isinstance(event, AudioReceived):
            self._hear(event, call)
        if call.link.history is not before.link.history:
            self._history = self._history.append(call.link.history[-1])
        if call.findings is not before.findings:
            self._found(call.findings)

    def _hear(self, event: AudioReceived, call: CallState) -> None:
        raster = self._rasters.get(event.leg)
        if raster is None and len(self._rasters) < MOST_LEGS:
            raster = self._rasters[event.leg] = Raster(call.started_at, call.targets.buffer_s)
        if raster is not None and event.arrivals:
            raster.hear(event, call.legs[event.leg])

    def _found(self, findings: Findings) -> None:
        """Note what has been raised, and what stands no longer."""
        standing = {finding.rule: finding.since for finding in findings.standing}
        for rule, since in self._standing.items():
            if standing.get(rule) != since:
                past = findings.of(rule)
                ended = findings.assessed_at if past is None or past.until is None else past.until
                self._ended(rule, since, since if ended is None else ended)
        self._standing = standing

    def _ended(self, rule: str, since: float, ended: float) -> None:
        self._spans[rule] = self._spans.get(rule, Tail(100)).append((since, ended))

    def report(self, origin: Origin) -> Report:
        call = self._call
        if call is None:
            raise RecordingError("there is not one fact in it")
        for rule, since in self._standing.items():
            self._ended(rule, since, call.now)
        verdict, found = judge(call), self._findings(call)
        endings = _endings(call)
        return Report(
            origin=origin,
            call=call,
            figures=probe_object(call),
            verdict=verdict,
            headline=headline_of(call, verdict),
            story=story_of(call, verdict),
            findings=found,
            stretches=self._stretches(call),
            endings=endings,
            turns=Shown(tuple(all_turns(call.turns)[-MOST_TURNS:]), _turn_count(call)),
            transcript=_transcript(call, found),
            marks=Shown(tuple(call.marks[-MOST_MARKS:]), call.marks.total),
            rasters=self._rasters,
            facts=self._facts,
            others=self._others,
        )

    def _findings(self, call: CallState) -> tuple[Found, ...]:
        """A moment that a finding does not know of any more was taken back: something else explained it better."""
        return tuple(
            Found(finding, tuple(span for span in self._spans.get(finding.rule, ()) if span[0] in finding.raised))
            for finding in by_weight(call)
        )

    def _stretches(self, call: CallState) -> Shown[Stretch]:
        history = list(self._history)
        ends = [*(one.at for one in history), call.now][1:]
        stretches = [Stretch(one.at, end, one.state, one.cause) for one, end in zip(history, ends, strict=True)]
        return Shown(tuple(stretches), self._history.total)


def _first(event: Event) -> CallState:
    """Return the state before the first fact, if that begins a call."""
    if not isinstance(event, CallStarted):
        raise RecordingError(
            "its first fact does not begin a call",
            remedy="A report needs every fact from call_started on, as probe --jsonl and recordings have them.",
        )
    if not 0.0 <= event.wall <= _LATEST_WALL:
        raise RecordingError(f"the call began at {event.wall:g}: no clock says that")
    return CallState(event.call_id)


def _turn_count(call: CallState) -> int:
    return call.turns.done.total + (call.turns.current is not None)


def _endings(call: CallState) -> Shown[Ending]:
    known = [*call.link.outages, *([] if call.link.outage is None else [call.link.outage])]
    return Shown(tuple(_ending(outage, call) for outage in known[-MOST_ENDINGS:]), call.link.outage_count)


def _ending(outage: Outage, call: CallState) -> Ending:
    told: list[tuple[Message, bool]] = []
    if outage.connection is not None:
        told += [(message, True) for message in outage.connection.received.messages]
        told += [(message, False) for message in outage.connection.sent.messages]
    return Ending(
        outage=outage,
        means=explain_cause(outage.cause),
        code_means="" if outage.code is None else explain_code(outage.code),
        related=related(outage, call),
        messages=tuple(sorted(told, key=lambda one: one[0].at)),
    )


# -- the transcript -----------------------------------------------------------------------------------------


def _transcript(call: CallState, found: Sequence[Found]) -> Shown[Passage]:
    """Show all rows, or of too many those nearest to something of interest, and then the newest."""
    lines, total = list(call.lines), call.lines.total
    chosen: Iterable[int] = range(len(lines))
    if len(lines) > MOST_LINES:
        near = _moments(call, found)
        by_interest = sorted(chosen, key=lambda index: (_distance_s(lines[index].at, near), -index))
        chosen = sorted(by_interest[:MOST_LINES])
    passages: list[Passage] = []
    run: list[Line] = []
    skipped, expected = call.lines.dropped, 0
    for index in chosen:
        if index != expected:
            if run:
                passages.append(Passage(skipped, tuple(run)))
                run, skipped = [], 0
            skipped += index - expected
        run.append(lines[index])
        expected = index + 1
    passages.append(Passage(skipped, tuple(run)))
    return Shown(tuple(passages), total)


def _moments(call: CallState, found: Iterable[Found]) -> list[float]:
    outages = [*call.link.outages, *([] if call.link.outage is None else [call.link.outage])]
    return sorted(
        [
            *(outage.started_at for outage in outages),
            *(outage.ended_at for outage in outages if outage.ended_at is not None),
            *(began for one in found for began, _ in one.spans),
            *(at for at, _ in call.marks),
            *(turn.ended_at for turn in all_turns(call.turns) if turn.silent),
        ]
    )


def _distance_s(at: float, moments: Sequence[float]) -> float:
    """Return how far `at` is from the nearest moment; all that is farther than `NEAR_S` is equally far."""
    place = bisect_left(moments, at)
    return min([NEAR_S, *(abs(at - moment) for moment in moments[max(0, place - 1) : place + 1])])
