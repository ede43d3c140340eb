"""What the answers mean: each function reads one and returns the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from dashboard.call.codec import kind_of
from dashboard.call.cognigy_events import EndpointReady
from dashboard.call.events import Event, MalformedReceived, SessionStarted
from dashboard.dialects.base import AudioFrame, Item
from dashboard.doctor.diagnosis import ON_THE_WAY, day, diagnose, unusable_proxy
from dashboard.doctor.steps import Check, Diagnosis, Outcome, Place, StepResult
from dashboard.resilience.retry import Failure
from dashboard.transport.certificate import Certificate, Session

_EVERYDAY = ("Date", "Content-Type", "Retry-After")
"""Headers that are told elsewhere, or tell nothing to a reader."""

DAYS_LEFT = 14
"""A certificate that ends sooner should have been renewed by now: the usual renewal is 30 days ahead."""

SKEW_S = 30.0
"""More than this apart, times of one log cannot be found in the other's."""

SHORT_LIFE_S = 300.0
"""A token that lives shorter makes for a planned reconnect more often than every four minutes."""


def failed(check: Check, failure: Failure, place: Place, took_s: float | None, *, code: str = "") -> StepResult:
    """The way ends here; `code` is the error code of a login host."""
    facts: dict[str, Any] = place.facts()
    if failure.status is not None:
        facts["status"] = failure.status
    if code:
        facts["error"] = code
    if failure.retry_after_s is not None:
        facts["retry_after_s"] = failure.retry_after_s
    if failure.headers:
        facts["headers"] = dict(failure.headers)
    diagnosis = diagnose(check, failure, place, code=code)
    at = f"the proxy {place.proxy}" if place.proxy and check in ON_THE_WAY else place.where
    detail = f"{at}: {failure.detail}{_who(failure.headers)}"
    return StepResult(check, detail, Outcome.FAILED, took_s, facts, diagnosis)


def no_proxy(failure: Failure) -> StepResult:
    """The environment names a proxy that cannot be used."""
    return StepResult(Check.PROXY, failure.detail, Outcome.FAILED, diagnosis=unusable_proxy(failure))


def resolved(place: Place, addresses: Sequence[str], took_s: float) -> StepResult:
    """The name has addresses."""
    name = place.proxy.rpartition(":")[0] if place.proxy else place.host
    facts = {**place.facts(), "addresses": list(addresses)}
    if list(addresses) == [name.strip("[]")]:
        return StepResult(Check.DNS, f"{name} is an address", Outcome.SKIPPED, facts=facts)
    whose = "the proxy " if place.proxy else ""
    return StepResult(Check.DNS, f"{whose}{name} is {', '.join(addresses)}", took_s=took_s, facts=facts)


def reached(place: Place, address: str, addresses: Sequence[str], took_s: float) -> StepResult:
    """One of the addresses took the connection."""
    facts = {**place.facts(), "address": address}
    where = f"the proxy {place.proxy}" if place.proxy else f"{place.role} {place.where}, direct"
    if address == addresses[0]:
        return StepResult(Check.TCP, where, took_s=took_s, facts=facts)
    diagnosis = Diagnosis(
        "address_dead",
        f"{addresses[0]}, the first address of the {'proxy' if place.proxy else place.role}, does not answer",
        "Every connect waits for it first: have the name's record, or this machine's way there (often IPv6), mended.",
    )
    return StepResult(Check.TCP, f"{where}, only at {address}", Outcome.WARNING, took_s, facts, diagnosis)


def tunnelled(place: Place, took_s: float) -> StepResult:
    """The proxy connected to the host."""
    detail = f"{place.proxy} connects to {place.where}"
    return StepResult(Check.PROXY, detail, took_s=took_s, facts=place.facts())


def secured(place: Place, session: Session, wall: float, took_s: float) -> StepResult:
    """The certificate is trusted."""
    facts = {**place.facts(), **session_facts(session, wall)}
    if not session.chain:
        return StepResult(Check.TLS, f"{session.version}, {place.host}", took_s=took_s, facts=facts)
    own, days = session.chain[0], facts["days_left"]
    detail = f"{session.version}, {place.host} by {own.issuer}, {days} days left, chain of {len(session.chain)}"
    if days >= DAYS_LEFT:
        return StepResult(Check.TLS, detail, took_s=took_s, facts=facts)
    diagnosis = Diagnosis(
        "certificate_expires_soon",
        f"the certificate of {place.host} expires on {day(own.not_after)}, in {days} days",
        f"Have whoever runs {place.host} renew it.",
    )
    return StepResult(Check.TLS, detail, Outcome.WARNING, took_s, facts, diagnosis)


def not_secured(place: Place) -> StepResult:
    """The connection is plain; settings saw to it that this is meant."""
    return StepResult(Check.TLS, f"none: plain text to {place.where}", Outcome.SKIPPED, facts=place.facts())


def session_facts(session: Session, wall: float) -> dict[str, Any]:
    """Return what the certificates say, as JSON values; the days are those of the first to end."""
    facts: dict[str, Any] = {"tls": session.version, "chain": [one.subject for one in session.chain]}
    if session.chain:
        own = session.chain[0]
        facts |= {
            "names": list(own.names),
            "issuer": own.issuer,
            "not_before": _moment(own.not_before),
            "not_after": _moment(own.not_after),
            "days_left": _days_left(session.chain, wall),
        }
    return facts


def skew_of(date: str, began: float, ended: float) -> float | None:
    """Return by how many seconds this machine's clock is ahead of the one that wrote a `Date` header.

    `began` and `ended`: Unix times between which it was written. None for a date that cannot be read.
    """
    try:
        theirs = parsedate_to_datetime(date).timestamp() + 0.5  # it is cut to whole seconds
    except (ValueError, OverflowError, OSError):
        return None
    return (began + ended) / 2 - theirs


def clock_read(place: Place, skew_s: float) -> StepResult:
    """The server's clock was read."""
    ahead = "ahead of" if skew_s > 0 else "behind"
    facts = {"skew_s": round(skew_s, 1), "host": place.host}
    if abs(skew_s) <= SKEW_S:
        agreed = "to the second" if abs(skew_s) < 1.5 else f"within {abs(skew_s):.0f} s"
        return StepResult(Check.CLOCK, f"ours and that of {place.host} agree {agreed}", facts=facts)
    told = f"ours is {span(abs(skew_s))} {ahead} that of {place.host}"
    diagnosis = Diagnosis(
        "clock_skew",
        told,
        "Set this machine's clock (NTP): certificates and signed addresses fail by it, and its times will not be "
        "found in the logs of others.",
    )
    return StepResult(Check.CLOCK, told, Outcome.WARNING, facts=facts, diagnosis=diagnosis)


def clock_unread() -> StepResult:
    """No reply told the time."""
    return StepResult(Check.CLOCK, "no reply says what time it is there", Outcome.SKIPPED, facts={"skew_s": None})


def granted(place: Place, life_s: float, headers: Mapping[str, str], took_s: float) -> StepResult:
    """The login host granted a token."""
    facts = {**place.facts(), "status": 200, "expires_in_s": round(life_s, 1), "headers": dict(headers)}
    detail = f"granted, lives {span(life_s)}"
    if life_s >= SHORT_LIFE_S:
        return StepResult(Check.TOKEN, detail, took_s=took_s, facts=facts)
    diagnosis = Diagnosis(
        "token_life_short",
        f"the token lives {span(life_s)} only",
        "Raise the token duration of the OAuth client: the socket has to be replaced before each end.",
    )
    return StepResult(Check.TOKEN, detail, Outcome.WARNING, took_s, facts, diagnosis)


def looked_up(place: Place, app_id: str, url: str | None, headers: Mapping[str, str], took_s: float) -> StepResult:
    """The app is ACTIVE; `url` is the address that it names, fit to be shown."""
    facts = {**place.facts(), "status": 200, "app_status": "ACTIVE", "url": url, "headers": dict(headers)}
    names = f"names {url}" if url else "names no address"
    return StepResult(Check.LOOKUP, f"{app_id} is ACTIVE and {names}", took_s=took_s, facts=facts)


def upgraded(place: Place, url: str, auth: str, headers: Mapping[str, str], took_s: float) -> StepResult:
    """The socket host took the call; `url` is fit to be shown, `auth` is how we told who we are."""
    facts = {**place.facts(), "status": 101, "url": url, "auth": auth, "headers": dict(headers)}
    return StepResult(Check.UPGRADE, f"101 from {url}, {auth}{_who(headers)}", took_s=took_s, facts=facts)


def spoke(items: Sequence[Item], size_bytes: int, took_s: float) -> StepResult:
    """The first message came, `took_s` after the upgrade."""
    kind, words = _kind(items)
    facts = {"kind": kind, "size_bytes": size_bytes}
    unread = next((item for item in items if isinstance(item, MalformedReceived)), None)
    if unread is None:
        return StepResult(Check.MESSAGE, words, took_s=took_s, facts=facts)
    diagnosis = Diagnosis(
        "protocol_violation",
        f"the first message cannot be read ({unread.problem})",
        "The peer speaks another protocol than AppFoundry's JSON: check --url.",
    )
    detail = f"unreadable, {unread.problem}: {unread.excerpt}"
    return StepResult(Check.MESSAGE, detail, Outcome.WARNING, took_s, facts, diagnosis)


def silent(waited_s: float) -> StepResult:
    """The connection stays open and nothing comes."""
    diagnosis = Diagnosis(
        "silent_peer",
        f"the upgrade went through, and then the peer says nothing for {waited_s:g} s",
        "It may have no call to show: start one. If there is one, look at the bot's or bridge's log.",
    )
    detail = f"none within {waited_s:g} s"
    return StepResult(Check.MESSAGE, detail, Outcome.WARNING, waited_s, {"kind": None}, diagnosis)


def joined(facts: Sequence[Event], took_s: float) -> StepResult:
    """A Cognigy endpoint has taken the token: utterances may be said."""
    session = next((fact.session_id for fact in facts if isinstance(fact, SessionStarted)), "")
    ready = next(fact for fact in facts if isinstance(fact, EndpointReady))
    mode = "test mode" if ready.test_mode else "billed"
    told = {
        "session_id": session,
        "user_id": ready.user_id,
        "test_mode": ready.test_mode,
        "announced": ready.announced,
        "engine_io": ready.engine,
    }
    detail = f"session {session} as {ready.user_id}, {mode}, Engine.IO {ready.engine}"
    if ready.announced:
        return StepResult(Check.READY, detail, took_s=took_s, facts=told)
    diagnosis = Diagnosis(
        "endpoint_silent",
        "the endpoint takes the connection and does not say that it is ready",
        "Cognigy.AI from 4.79 on says so; an older one is spoken to after three seconds. Else compare the URL token.",
    )
    return StepResult(Check.READY, f"{detail}, unannounced", Outcome.WARNING, took_s, told, diagnosis)


def not_asked() -> StepResult:
    """Over REST the first thing to be said is an utterance."""
    detail = "the token is tried by the first request, which is an utterance: probe --say TEXT"
    return StepResult(Check.READY, detail, Outcome.SKIPPED)


def ponged(rtt_s: float) -> StepResult:
    """A ping was answered."""
    return StepResult(Check.PING, "answered", took_s=rtt_s, facts={"rtt_ms": round(rtt_s * 1000, 3)})


def _kind(items: Sequence[Item]) -> tuple[str | None, str]:
    first = next(iter(items), None)
    if isinstance(first, SessionStarted):
        return kind_of(first), f"session {first.session_id} of conversation {first.conversation_id}"
    if isinstance(first, AudioFrame):
        return "audio", f"audio, {len(first.payload)} bytes of {first.format.encoding}"
    if isinstance(first, Event):
        return kind_of(first), kind_of(first).replace("_", " ")
    return None, "a message without content"


def _who(headers: Mapping[str, str]) -> str:
    """Return the headers that say who answered, and what it wants instead."""
    told = [f"{name}: {value}" for name, value in headers.items() if name not in _EVERYDAY]
    return f" [{'; '.join(told)}]" if told else ""


def _days_left(chain: Sequence[Certificate], wall: float) -> int:
    return int(min(one.not_after for one in chain) - wall) // 86400


def _moment(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(seconds: float) -> str:
    """Return a span of time in one unit that suits it."""
    for unit, size_s in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 2 else f"{seconds:.1f} s"
