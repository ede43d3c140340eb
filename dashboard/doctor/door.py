"""A door at which Genesys is to dial: what can be known of it before anybody does."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.call.events import Flaw
from dashboard.clock import Clock
from dashboard.doctor.answers import DAYS_LEFT, session_facts
from dashboard.doctor.diagnosis import day
from dashboard.doctor.steps import Check, Diagnosis, Outcome, StepResult
from dashboard.transport.certificate import Certificate, Session, flaw_of
from dashboard.transport.presented import presented

NAMELESS = "host.invalid"
"""Dialled where a certificate names nobody."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where calls are to come in; the address must be free. keys: how many are known here; signed: each has its secret.

    tls: what is served with, `cert` its file, `names` whom that is for; None behind a proxy that ends TLS.
    """

    endpoint: str
    keys: int
    signed: bool
    tls: ssl.SSLContext | None = None
    cert: Path | None = None
    names: tuple[str, ...] = ()


def examine_door(door: Door, clock: Clock, public: ssl.SSLContext) -> Iterator[StepResult]:
    """Yield what is found, step by step; `public` trusts whom Genesys trusts."""
    detail = f"{door.endpoint}, which is free to listen on"
    yield StepResult(Check.SETTINGS, detail, facts={"endpoint": door.endpoint})
    yield _keys(door)
    yield _certificate(door, clock.wall(), public)


def _keys(door: Door) -> StepResult:
    facts = {"keys": door.keys, "signed": door.signed}
    count = "1 key" if door.keys == 1 else f"{door.keys} keys"
    if door.keys and door.signed:
        return StepResult(Check.KEYS, f"{count}, every call must be signed", facts=facts)
    words = "a key without a secret lets calls in that are not signed" if door.keys else "no key: whoever dials gets in"
    diagnosis = Diagnosis(
        "calls_unsigned",
        words,
        "Set CALLSCOPE_HOOK_KEYS to KEY:SECRET, as in the integration in Genesys Cloud: its API key and client secret.",
    )
    return StepResult(Check.KEYS, words, Outcome.WARNING, facts=facts, diagnosis=diagnosis)


def _certificate(door: Door, wall: float, public: ssl.SSLContext) -> StepResult:
    if door.tls is None:
        detail = (
            "none: a proxy before it has to end TLS, with a public certificate, and pass Host and path on unchanged"
        )
        return StepResult(Check.TLS, detail, Outcome.SKIPPED)
    host = _dialled(door.names)
    sent = presented(door.tls, host)
    facts = {**session_facts(sent, wall), "sent": len(sent.chain)}
    try:
        session = presented(door.tls, host, public)
    except ssl.SSLCertVerificationError as error:
        flaw = flaw_of(error)
        words, remedy = _untrusted(flaw, sent.chain, door)
        diagnosis = Diagnosis(f"certificate_{flaw.value}", f"Genesys will not connect: {words}", remedy)
        return StepResult(Check.TLS, words, Outcome.FAILED, facts={**facts, "flaw": flaw.value}, diagnosis=diagnosis)
    return _trusted(session, {**facts, **session_facts(session, wall)}, door)


def _trusted(session: Session, facts: Mapping[str, Any], door: Door) -> StepResult:
    own, days = session.chain[0], facts["days_left"]
    detail = f"{', '.join(own.names[:3])} by {own.issuer}, a public authority, {days} days left"
    if days >= DAYS_LEFT:
        return StepResult(Check.TLS, detail, facts=facts)
    diagnosis = Diagnosis(
        "certificate_expires_soon",
        f"the certificate in {door.cert} expires on {day(own.not_after)}, in {days} days",
        "Renew it, and start callscope again: it reads the file once.",
    )
    return StepResult(Check.TLS, detail, Outcome.WARNING, facts=facts, diagnosis=diagnosis)


def _dialled(names: Sequence[str]) -> str:
    """Return a name that the certificate is for."""
    return names[0].replace("*", "host", 1) if names else NAMELESS


def _untrusted(flaw: Flaw, chain: Sequence[Certificate], door: Door) -> tuple[str, str]:
    own, sent = chain[0], "1 certificate" if len(chain) == 1 else f"{len(chain)} certificates"
    renew = "Renew it, and start callscope again: it reads the file once."
    match flaw:
        case Flaw.EXPIRED:
            return f"the certificate in {door.cert} expired on {day(min(one.not_after for one in chain))}", renew
        case Flaw.NOT_YET_VALID:
            return (
                f"the certificate in {door.cert} is valid from {day(own.not_before)} on",
                "Set this machine's clock; if it is right, wait until then.",
            )
        case Flaw.OTHER_NAME:
            return (
                f"the certificate in {door.cert} names no host",
                "Have one issued with the name that the connection URI in Genesys Cloud has (subjectAltName).",
            )
        case Flaw.SELF_SIGNED:
            return (
                f"the certificate in {door.cert} is signed by itself",
                "Have a public authority issue one; or let a proxy that has one end TLS before callscope.",
            )
    return (
        f"the certificate in {door.cert} is by {own.issuer}, and leads to no public authority ({sent} in the file)",
        "If the authority is a public one, put its intermediate certificates behind your own in --cert (often named "
        "fullchain.pem). A private one is good for tests only: Genesys does not know it.",
    )
