"""What a failed check means and what to do about it: from check and cause to the words of `remedies.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dashboard.call.events import Cause, Flaw
from dashboard.doctor.remedies import (
    ANSWERS,
    ANY,
    CHANNEL_ANSWERS,
    CHANNEL_CLOSED,
    CLOSED,
    CONNECT_5XX,
    CONNECT_OTHER,
    CONNECTS,
    FALLBACK,
    LOGIN_CODES,
    PROXY_SETTING,
    PROXY_WAYS,
    REFUSED_LOGIN,
    WAYS,
    Words,
)
from dashboard.doctor.steps import STREAMING, Check, Diagnosis, Place
from dashboard.errors import UnreachableError
from dashboard.resilience.retry import Failure, exit_code
from dashboard.transport.certificate import Certificate

ON_THE_WAY = (Check.DNS, Check.TCP, Check.PROXY)
"""What a proxy, where there is one, has to answer for."""

_ASKED_OF_GENESYS = (Check.CALL, Check.CHANNEL, Check.TOPICS)


def diagnose(check: Check, failure: Failure, place: Place, *, code: str = "") -> Diagnosis:
    """Say what a failure of `check` at `place` means; `code` is the error code of a login host."""
    proxied = check in ON_THE_WAY and place.proxy is not None
    if proxied or failure.cause is Cause.PROXY_REFUSED or failure.status == 407:
        cause, words = _of_the_proxy(check, failure)
        return _told(cause, words, UnreachableError.exit_code, failure, place)
    return _told(failure.cause, _of_the_host(check, failure, place, code), exit_code(failure.cause), failure, place)


def unusable_proxy(failure: Failure) -> Diagnosis:
    """Say what to do about a proxy in the environment that makes no sense."""
    return Diagnosis(
        "proxy_unusable", failure.detail, f"Correct or unset it: {PROXY_SETTING}.", exit_code(failure.cause)
    )


def untrusted(flaw: Flaw, chain: Sequence[Certificate], detail: str, place: Place, wall: float) -> Diagnosis:
    """Say what is wrong with a certificate; `chain` is empty where it could not be read, `wall` is Unix time."""
    if chain and flaw is not Flaw.OTHER:
        words, remedy = _of_the_certificate(flaw, chain, place, wall)
    else:
        words, remedy = f"{place.host}: {detail}", f"Ask whoever runs {place.host} to look at its certificate."
    cause = "certificate_not_trusted" if flaw is Flaw.OTHER else f"certificate_{flaw.value}"
    return Diagnosis(cause, words, remedy, UnreachableError.exit_code)


def day(unix: float) -> str:
    """Return a moment as a date, UTC."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d")


def _of_the_proxy(check: Check, failure: Failure) -> tuple[str, Words]:
    status = failure.status
    if failure.cause is Cause.PROXY_REFUSED or status == 407:
        words = CONNECTS.get(status or 0) or (CONNECT_5XX if (status or 0) >= 500 else CONNECT_OTHER)
        return ("proxy_authentication" if status == 407 else "proxy_refused"), words
    return "proxy_unreachable", PROXY_WAYS.get((check, failure.cause), CONNECT_OTHER)


def _of_the_host(check: Check, failure: Failure, place: Place, code: str) -> Words:
    if failure.cause is Cause.CREDENTIALS_REFUSED:
        words, remedy = LOGIN_CODES.get(code, REFUSED_LOGIN)
        return f"{words} ({{status}}{f' {code}' if code else ''})", remedy
    of_a_channel = place.role == STREAMING or check in _ASKED_OF_GENESYS
    if check is Check.PING and failure.cause is not Cause.PING_TIMEOUT:
        if of_a_channel:
            return CHANNEL_CLOSED
        check = Check.MESSAGE  # the connection ended instead
    key = (check, failure.cause)
    found = (CHANNEL_ANSWERS.get(key) if of_a_channel else None) or WAYS.get(key) or ANSWERS.get(key)
    return found or ANY.get(failure.cause) or (CLOSED if check is Check.MESSAGE else FALLBACK)


def _told(cause: str, words: Words, code: int, failure: Failure, place: Place) -> Diagnosis:
    wait_s = failure.retry_after_s
    fields = {
        "host": place.host,
        "where": place.where,
        "role": place.role,
        "named_by": place.named_by,
        "proxy": place.proxy or "",
        "setting": PROXY_SETTING,
        "status": failure.status if failure.status is not None else "no status",
        "detail": failure.detail,
        "wait": f"Wait {wait_s:g} s, as it asks. " if wait_s else "",
    }
    what, remedy = words
    return Diagnosis(str(cause), what.format_map(fields), remedy.format_map(fields), code)


def _of_the_certificate(flaw: Flaw, chain: Sequence[Certificate], place: Place, wall: float) -> Words:
    own, host = chain[0], place.host
    if flaw is Flaw.EXPIRED:
        old = min(chain, key=lambda one: one.not_after)
        whose = f"of {host}" if old is own else f"{old.subject} in the chain of {host}"
        return (
            f"the certificate {whose} expired on {day(old.not_after)}",
            f"Whoever runs {host} must renew it. (If today is not {day(wall)}, set this machine's clock.)",
        )
    if flaw is Flaw.NOT_YET_VALID:
        young = max(chain, key=lambda one: one.not_before)
        return (
            f"the certificate of {host} is valid from {day(young.not_before)} on; here it is {day(wall)}",
            "Set this machine's clock; if it is right, the certificate was put in place too early.",
        )
    if flaw is Flaw.OTHER_NAME:
        return (
            f"the certificate is for {', '.join(own.names[:5]) or own.subject}, not for {host}",
            f"Dial one of these names, or have {host} added to the certificate. If they are strange to you, something "
            f"else answers in the place of the {place.role}.",
        )
    if flaw is Flaw.SELF_SIGNED:
        return (
            f"the certificate of {host} is signed by itself ({own.subject})",
            "If it is yours, save it as PEM and name it in --ca-file; else do not go on.",
        )
    sent = "1 certificate" if len(chain) == 1 else f"{len(chain)} certificates"
    return (
        f"the certificate of {host} is signed by {own.issuer}, which this machine does not know",
        "A private authority, or a proxy that inspects TLS: name its PEM file in --ca-file. A public one: the server "
        f"leaves the chain incomplete (it sends {sent}).",
    )
