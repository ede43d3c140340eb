"""What facts about the link do to `LinkView`: transitions, outages, token, round trips. Pure steps."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from dashboard.call.state import Connection, Failure, LinkView, Outage, Transition
from dashboard.call.terms import Cause, ClosedBy, LinkState
from dashboard.call.trail import Trail
from dashboard.frozen import replace
from dashboard.media.pacing import Pacing, missing_s

if TYPE_CHECKING:
    from dashboard.call.events import (
        AttemptFailed,
        AudioReceived,
        ConnectionLost,
        ConnectionOpened,
        LinkChanged,
        PingMeasured,
        TokenFailed,
        TokenObtained,
    )

_KEPT_FAILURES = 20
_KEPT_CODES = 40
_KEPT_RTTS = 5


def changed(link: LinkView, fact: LinkChanged) -> LinkView:
    """Enter a state; time spent waiting goes to the outage that waits."""
    outage = link.outage
    if outage is not None and link.state is LinkState.WAITING:
        outage = replace(outage, waited_s=outage.waited_s + (fact.at - link.since))
    if outage is None and fact.state is LinkState.GAVE_UP:
        outage = _never_up(link, fact.cause, fact.detail)
    return replace(
        link,
        state=fact.state,
        since=fact.at,
        cause=fact.cause,
        detail=fact.detail,
        attempt=fact.attempt,
        max_attempts=fact.max_attempts,
        until=fact.until,
        outage=outage,
        history=link.history.append(Transition(fact.at, fact.state, fact.cause, fact.detail)),
    )


def opened(link: LinkView, fact: ConnectionOpened) -> LinkView:
    """A handshake ended with 101; the outage goes on until the first message."""
    outage = link.outage
    if outage is not None:
        outage = replace(outage, attempts=outage.attempts + 1)
    return replace(
        link,
        outage=outage,
        endpoint=fact.endpoint,
        clock=fact.clock,
        opened_at=fact.at,
        connections=link.connections + 1,
        sent_at=fact.at,
        endured_s=0.0,
        received=Trail(),
        sent=Trail(),
        token=_token_of(link),
    )


def lost(link: LinkView, fact: ConnectionLost) -> LinkView:
    """An open connection ended. One that never brought a message belongs to the outage before it."""
    view = replace(
        link,
        opened_at=None,
        close_codes=count(link.close_codes, str(fact.code), _KEPT_CODES),
        stale_resets=link.stale_resets + (fact.cause is Cause.STALE),
    )
    if link.outage is not None:
        failure = Failure(fact.at, fact.cause, fact.detail or fact.reason, None, None, _last_seen(link, fact.at))
        return replace(view, outage=_with_failure(link.outage, failure))
    outage = Outage(
        number=link.outage_count + 1,
        started_at=fact.last_inbound_at,
        cause=fact.cause,
        code=fact.code,
        reason=fact.reason,
        closed_by=fact.closed_by,
        detail=fact.detail,
        connection=_last_seen(link, fact.at),
    )
    return replace(view, outage=outage)


def attempt_failed(link: LinkView, fact: AttemptFailed) -> LinkView:
    """An attempt to connect failed; of a call that was never up this is its first outage."""
    outage = link.outage or _never_up(link, fact.cause, fact.detail)
    failure = Failure(fact.at, fact.cause, fact.detail, fact.status, fact.wait_s, None, fact.flaw, fact.correlation_id)
    outage = replace(_with_failure(outage, failure), attempts=outage.attempts + 1)
    return replace(link, outage=outage, failures=link.failures + 1)


def heard(link: LinkView, fact: AudioReceived) -> LinkView:
    """Audio came."""
    received = link.received.with_audio(len(fact.arrivals), sum(fact.durations))
    return replace(link, last_inbound_at=fact.arrivals[-1], received=received)


def continued(link: LinkView, fact: AudioReceived, pacing: Pacing) -> LinkView:
    """The first frame after an outage says by its position what was missed, if the session went on.

    `pacing` is that of its stream until then.
    """
    outage = latest(link)
    if outage is None or not outage.resumed or not fact.positioned:
        return link
    missing = missing_s(pacing, fact.arrivals[0], fact.positions[0])
    return with_latest(link, replace(outage, media_missing_s=missing))


def sent(link: LinkView, at: float) -> LinkView:
    """We sent something at `at`: a message or a ping."""
    before = link.sent_at
    if before is None or at <= before:
        return link
    return replace(link, sent_at=at, endured_s=max(link.endured_s, at - before))


def resume_requested(link: LinkView, at: float) -> LinkView:
    """The `reconnect` message went out."""
    link = sent(link, at)
    if link.outage is None:
        return link
    return replace(link, outage=replace(link.outage, resume_requested=True))


def restored(link: LinkView, at: float, *, resumed: bool | None) -> LinkView:
    """The first inbound message of an open connection ends the outage."""
    if link.outage is None:
        return link
    outage = replace(link.outage, ended_at=at, resumed=resumed)
    return replace(
        link,
        outage=None,
        outages=link.outages.append(outage),
        downtime_s=link.downtime_s + outage.down_s(at),
        resumed=link.resumed + (resumed is True),
    )


def latest(link: LinkView) -> Outage | None:
    """Return the outage that goes on, else the last one."""
    return link.outage or (link.outages[-1] if link.outages else None)


def with_latest(link: LinkView, outage: Outage) -> LinkView:
    """Put back what `latest` returned, changed."""
    if link.outage is not None:
        return replace(link, outage=outage)
    resumed = link.resumed + (outage.resumed is True) - (link.outages[-1].resumed is True)
    return replace(link, outages=link.outages.replace_at(link.outages.total - 1, outage), resumed=resumed)


def token_obtained(link: LinkView, fact: TokenObtained) -> LinkView:
    return replace(
        link,
        token_at=fact.at,
        token_expires_at=fact.expires_at,
        token_refreshes=link.token_refreshes + fact.refresh,
        token_error="",
    )


def token_failed(link: LinkView, fact: TokenFailed) -> LinkView:
    return replace(link, token_error=fact.detail)


def pinged(link: LinkView, fact: PingMeasured) -> LinkView:
    return replace(sent(link, fact.at - fact.rtt_s), rtts=link.rtts.append((fact.at, fact.rtt_s)))


def worker_lost(link: LinkView, at: float, detail: str) -> LinkView:
    """The process that held the socket is gone, and the socket with it."""
    from dashboard.call.events import ConnectionLost, LinkChanged  # whoever folds has loaded it

    gone = ConnectionLost("", at, Cause.WORKER_LOST, 1006, "", ClosedBy.US, link.last_inbound_at or at, detail)
    view = lost(link, gone) if link.opened_at is not None else link
    fact = LinkChanged("", at, LinkState.CLOSED, Cause.WORKER_LOST, detail)
    return changed(view, fact)


def count(counts: Mapping[str, int], key: str, limit: int) -> Mapping[str, int]:
    """Return `counts` with one more of `key`; names past `limit` are counted together as `(others)`."""
    if key not in counts and len(counts) >= limit:
        key = "(others)"
    return MappingProxyType({**counts, key: counts.get(key, 0) + 1})


def _token_of(link: LinkView) -> tuple[float, float] | None:
    if link.token_at is None or link.token_expires_at is None:
        return None
    return link.token_at, link.token_expires_at


def _last_seen(link: LinkView, at: float) -> Connection | None:
    """What is known of the connection that ends at `at`."""
    if link.opened_at is None:
        return None
    pong_at = link.rtts[-1][0] if link.rtts else None
    obtained_at, expires_at = link.token or (None, None)
    return Connection(
        lost_at=at,
        age_s=at - link.opened_at,
        quiet_s=at - (link.opened_at if link.sent_at is None else link.sent_at),
        endured_s=link.endured_s,
        pong_s=at - pong_at if pong_at is not None and pong_at >= link.opened_at else None,
        token_age_s=None if obtained_at is None else at - obtained_at,
        token_life_s=None if obtained_at is None or expires_at is None else expires_at - obtained_at,
        rtts=tuple(rtt_s for pong_at, rtt_s in link.rtts[-_KEPT_RTTS:] if pong_at >= link.opened_at),
        received=link.received,
        sent=link.sent,
    )


def _never_up(link: LinkView, cause: Cause, detail: str) -> Outage:
    began = link.last_inbound_at
    if began is None:
        began = link.started_at
    return Outage(number=link.outage_count + 1, started_at=began, cause=cause, detail=detail)


def _with_failure(outage: Outage, failure: Failure) -> Outage:
    return replace(outage, failures=(*outage.failures[-_KEPT_FAILURES + 1 :], failure))
