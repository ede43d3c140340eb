"""What a rule is, what it says, and what it looks at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from operator import attrgetter

from dashboard.call.findings.finding import Finding, Reading, Severity
from dashboard.call.state import CallState, Connection, Outage
from dashboard.call.terms import Cause, ClosedBy
from dashboard.call.units import percent
from dashboard.media.pacing import Sample
from dashboard.media.readings import window

RECENT_S = 10.0
"""What a rule calls now, where it looks at frames."""

_KEPT_OUTAGES = 20
_at = attrgetter("at")


@dataclass(frozen=True, slots=True)
class Sign:
    """What a rule sees: the finding in words, with figures as evidence.

    `remedy` and `severity` stand where they can be told better than the rule has them in general. `began`: since when
    it has been so; weaker explanations of what came after that are taken back. `explains`: rules besides the rule's
    own `explains`.
    """

    summary: str
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    severity: Severity | None = None
    began: float | None = None
    explains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One cause of trouble. `sign(view, standing)` is pure and cheap; `standing` says whether the finding stands now,
    so that it can be cleared at another threshold than the one at which it was raised.

    means, remedy: one sentence each, for the README and for whoever reads a finding. explains: rules that need not be
    said while this one has a sign. clear_after_s: how long the sign must be gone.
    """

    name: str
    severity: Severity
    means: str
    remedy: str
    sign: Callable[[View, bool], Sign | None]
    explains: frozenset[str] = frozenset()
    clear_after_s: float = 10.0

    def raised(self, sign: Sign, at: float, before: Finding | None = None) -> Finding:
        """Return the finding that `sign` makes at `at`; `before` is the same rule's finding until then, if any."""
        severity = sign.severity or self.severity
        again = before is None or not before.stands
        raised = () if before is None else before.raised[-99:]
        if before is not None and not again:
            severity = min(severity, before.severity, key=attrgetter("rank"))
        return Finding(
            self.name,
            severity,
            sign.summary,
            sign.evidence,
            sign.remedy or self.remedy,
            raised=(*raised, at) if again else before.raised if before else (at,),
            seen_at=at,
            stood_before_s=0.0 if before is None else before.stood_s(at) if again else before.stood_before_s,
        )


class View:
    """A call as the rules of one assessment look at it: what several of them need is worked out once."""

    def __init__(self, call: CallState) -> None:
        self.call = call
        self.now = call.now
        self.link = call.link
        self.targets = call.targets
        self.leg = call.inbound
        self.pacing = self.leg.pacing
        self._before: dict[float, Reading] = {}

    @property
    def open_s(self) -> float | None:
        """How long the connection has been open, None while there is none."""
        return None if self.link.opened_at is None else self.now - self.link.opened_at

    @property
    def flows_since(self) -> float | None:
        """Since when audio may come; None while it may not: no connection, or a session that is paused or has none."""
        if self.call.soundless:
            return None
        hook = self.call.hook
        return self.link.opened_at if hook is None else hook.flows_since

    @cached_property
    def reading(self) -> Reading:
        """The counters as they are now."""
        call, leg = self.call, self.leg
        return Reading(
            self.now,
            frames=self.pacing.frames,
            spikes=self.pacing.spikes,
            stalls=self.pacing.stalls,
            lost=self.pacing.holes,
            clipped=leg.clipped,
            checked=leg.checked,
            misfits=leg.misfits,
            loud=tuple((meter.loud_energy, meter.loud_s) for meter in leg.meters),
            jumps=self.pacing.jumps,
            malformed=call.messages.get("malformed", 0),
            broken=0 if call.hook is None else call.hook.breaches,
            underruns=0 if call.hook is None else call.hook.underruns,
            dry_s=0.0 if call.hook is None else call.hook.dry_s,
            errors=call.messages.get("error", 0),
            dropped=sum(queue.dropped for queue in call.queues.values()),
            set_aside=self.pacing.set_aside,
            lag=call.loop_lag,
        )

    def before(self, window_s: float) -> Reading:
        """Return the counters of `window_s` ago, at the earliest those of the call's start."""
        found = self._before.get(window_s)
        if found is None:
            readings = self.call.findings.readings
            index = bisect_right(readings, self.now - window_s + 0.5, key=_at)
            found = self._before[window_s] = readings[index - 1] if index else Reading(self.call.started_at)
        return found

    # -- frames ---------------------------------------------------------------------------------------

    @cached_property
    def recent(self) -> Sequence[Sample]:
        """The frames of the last 10 s."""
        return window(self.pacing, RECENT_S, self.now)

    @cached_property
    def late(self) -> Sequence[Sample]:
        """Those of them that are too late for the playout buffer."""
        buffer_s = self.targets.buffer_s
        return [frame for frame in self.recent if frame[1] > buffer_s]

    @property
    def late_share(self) -> float:
        """The share of the recent frames that are too late, 0..1."""
        return len(self.late) / len(self.recent) if self.recent else 0.0

    @property
    def late_words(self) -> str:
        """The share of late frames as evidence."""
        return (
            f"{percent(self.late_share)} of the frames of the last {RECENT_S:.0f} s too late for a buffer of"
            f" {self.targets.buffer_s * 1000:.0f} ms"
        )

    # -- drops ----------------------------------------------------------------------------------------

    @cached_property
    def _outages(self) -> Sequence[Outage]:
        ended = self.link.outages
        return [*ended[-_KEPT_OUTAGES:], *([] if self.link.outage is None else [self.link.outage])]

    @cached_property
    def drops(self) -> Sequence[Outage]:
        """The newest connections that were lost and were not meant to be, oldest first; their `connection` is known."""
        return [outage for outage in self._outages if outage.connection is not None and not _planned(outage)]

    @cached_property
    def losses(self) -> Sequence[tuple[Cause, Connection]]:
        """Every connection that was lost of late and was not meant to be, also before a message came."""
        return [end for outage in self._outages for end in islice(_ends(outage), int(_planned(outage)), None)]

    @cached_property
    def ends(self) -> Sequence[tuple[Cause, Connection]]:
        """Every connection that has ended of late, for whatever cause, planned ones included."""
        return [end for outage in self._outages for end in _ends(outage)]

    def ended_recently(self, outage: Outage, within_s: float) -> bool:
        """Tell whether an outage goes on, or ended a moment ago."""
        return outage.ended_at is None or self.now - outage.ended_at < within_s


def _ends(outage: Outage) -> Iterator[tuple[Cause, Connection]]:
    """Yield the connection that an outage began with, and those that were lost before it ended."""
    found = ((outage.cause, outage.connection), *((one.cause, one.connection) for one in outage.failures))
    yield from ((cause, connection) for cause, connection in found if connection is not None)


def _planned(outage: Outage) -> bool:
    return outage.cause in (Cause.OPERATOR, Cause.STOPPED, Cause.WORKER_LOST) or (
        outage.cause is Cause.TOKEN_EXPIRY and outage.closed_by is ClosedBy.US
    )
