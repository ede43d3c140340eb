"""What a failed check means and what to do about it: tables from check and cause to words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dashboard.call.events import Cause, Flaw
from dashboard.doctor.steps import Check, Diagnosis, Place
from dashboard.errors import UnreachableError
from dashboard.resilience.retry import Failure, exit_code
from dashboard.transport.certificate import Certificate

Words = tuple[str, str]
"""What is wrong, and what to do: format strings over the fields that `_told` fills in."""

ON_THE_WAY = (Check.DNS, Check.TCP, Check.PROXY)
"""What a proxy, where there is one, has to answer for."""

_PROXY_SETTING = "HTTPS_PROXY, HTTP_PROXY and ALL_PROXY name the proxy, NO_PROXY the hosts that need none"

_WAYS: dict[tuple[Check, Cause], Words] = {
    (Check.DNS, Cause.DNS): (
        "{detail}: {host}",
        "Check its spelling in {named_by}. If that is right, the name may be known inside another network only (VPN), "
        "or this machine's name server is cut off.",
    ),
    (Check.DNS, Cause.TIMEOUT): (
        "no name server answered for {host}",
        "This machine's name server is down or cut off: check the network or the VPN.",
    ),
    (Check.TCP, Cause.TCP_REFUSED): (
        "nothing listens on {where}",
        "The machine is up and refuses the port: check the port in {named_by}, and whether the service runs.",
    ),
    (Check.TCP, Cause.TIMEOUT): (
        "{where} does not answer",
        "A firewall swallows what we send, or the host is down: have {where} opened for this machine. Where only a "
        "proxy leads out, name it in HTTPS_PROXY.",
    ),
    (Check.TCP, Cause.NETWORK): (
        "there is no way to {where} ({detail})",
        "Check this machine's network, its VPN and the firewall.",
    ),
    (Check.TLS, Cause.TLS): (
        "{where} does not manage the TLS handshake ({detail})",
        "What listens there may speak no TLS at all, or only what this machine refuses as too old: check scheme and "
        "port in {named_by}.",
    ),
    (Check.TLS, Cause.NETWORK): (
        "{where} hangs up during the TLS handshake",
        "That is how a firewall forbids a host by its name: have {host} allowed. Else check scheme and port in "
        "{named_by}.",
    ),
    (Check.TLS, Cause.TIMEOUT): (
        "{where} takes the connection but does not answer the TLS handshake",
        "The service hangs, or something between swallows large packets (MTU): try from another network.",
    ),
}

_PROXY_WAYS: dict[tuple[Check, Cause], Words] = {
    (Check.DNS, Cause.DNS): ("the proxy's name is not known: {proxy}", "Correct or unset it: {setting}."),
    (Check.DNS, Cause.TIMEOUT): ("no name server answered for the proxy {proxy}", "Check the network or the VPN."),
    (Check.TCP, Cause.TCP_REFUSED): ("nothing listens at the proxy {proxy}", "Correct or unset it: {setting}."),
    (Check.TCP, Cause.TIMEOUT): (
        "the proxy {proxy} does not answer",
        "It is down, or not to be reached from here. {setting}.",
    ),
    (Check.TCP, Cause.NETWORK): ("there is no way to the proxy {proxy} ({detail})", "Check the network or the VPN."),
    (Check.PROXY, Cause.TIMEOUT): (
        "the proxy {proxy} does not answer when asked for {where}",
        "It cannot reach the host, or is overloaded: ask whoever runs it. {setting}.",
    ),
    (Check.PROXY, Cause.NETWORK): (
        "the proxy {proxy} hangs up when asked for {where}",
        "It may be no HTTP proxy, or forbid the host: ask whoever runs it. {setting}.",
    ),
    (Check.PROXY, Cause.TLS): ("the proxy {proxy} does not speak TLS", "Its address wants http://. {setting}."),
    (Check.PROXY, Cause.TLS_CERTIFICATE): (
        "the certificate of the proxy {proxy} is not trusted ({detail})",
        "Have it renewed, or its authority added to this system's. {setting}.",
    ),
}

_CONNECTS: dict[int, Words] = {
    403: (
        "the proxy {proxy} forbids {where} (403)",
        "Have {where} allowed on the proxy, or put {host} into NO_PROXY if it can be reached without.",
    ),
    407: (
        "the proxy {proxy} wants a user and a password (407)",
        "Put them into its address: HTTPS_PROXY=http://USER:PASSWORD@{proxy}",
    ),
}
_CONNECT_5XX = (
    "the proxy {proxy} could not reach {where} ({status})",
    "The proxy's own way to the host is broken: ask whoever runs it whether {where} answers from there.",
)
_CONNECT_OTHER = (
    "the proxy {proxy} did not connect to {where} ({detail})",
    "It may be no HTTP proxy, or not do CONNECT: ask whoever runs it. {setting}.",
)

_ANSWERS: dict[tuple[Check, Cause], Words] = {
    (Check.TOKEN, Cause.NOT_FOUND): (
        "{where} grants no tokens at that address (404)",
        "Check {named_by}: a login host's address ends with /oauth/token.",
    ),
    (Check.TOKEN, Cause.HANDSHAKE_REFUSED): (
        "the login host answered {status}",
        "That is no login host, or a portal stands in between: check {named_by}.",
    ),
    (Check.TOKEN, Cause.BAD_REPLY): (
        "{detail}",
        "That is no login host, or a portal stands in between: check {named_by}.",
    ),
    (Check.LOOKUP, Cause.TOKEN_REJECTED): (
        "the API refuses the token that the login host has just granted (401)",
        "The two belong to different regions or organisations: check --region, --base-url and --token-url.",
    ),
    (Check.LOOKUP, Cause.PERMISSION_MISSING): (
        "the OAuth client may not look apps up (403)",
        "Give the client a role with the permission to view AppFoundry applications, in the division of the app.",
    ),
    (Check.LOOKUP, Cause.NOT_FOUND): (
        "there is no such app (404)",
        "Check --app-id, and that the app is in the organisation and region of the OAuth client.",
    ),
    (Check.LOOKUP, Cause.APP_INACTIVE): (
        "{detail}",
        "Have the app activated; connecting anyway would look like a network problem (1006).",
    ),
    (Check.LOOKUP, Cause.HANDSHAKE_REFUSED): (
        "the app lookup answered {status}",
        "That is no REST API, or a portal stands in between: check {named_by}.",
    ),
    (Check.LOOKUP, Cause.BAD_REPLY): (
        "{detail}",
        "Check {named_by}; if the app names no usable address, give --websocket-id or --url.",
    ),
    (Check.UPGRADE, Cause.TOKEN_REJECTED): (
        "the socket host refuses the token (401)",
        "The token is from another region, or the client lacks a role: check --region and the client's roles. For a "
        "host that wants no token: --auth none.",
    ),
    (Check.UPGRADE, Cause.PERMISSION_MISSING): (
        "the socket host forbids the call (403)",
        "The client lacks a permission for this socket, or the address is signed and its signature has expired.",
    ),
    (Check.UPGRADE, Cause.NOT_FOUND): (
        "there is no socket at that address (404)",
        "Check the path in {named_by}, --app-id and --websocket-id.",
    ),
    (Check.UPGRADE, Cause.HANDSHAKE_REFUSED): (
        "what answers is no WebSocket ({detail})",
        "Check the path in {named_by}. If it is right, something in between (proxy, load balancer) does not pass the "
        "Upgrade header on.",
    ),
    (Check.READY, Cause.TIMEOUT): (
        "the upgrade went through, and then {where} says nothing of Socket.IO ({detail})",
        "What answers at that address may be no Cognigy endpoint: check {named_by}.",
    ),
    (Check.READY, Cause.PROTOCOL_ERROR): (
        "{where} breaks off before it says a word ({detail})",
        "It may speak Engine.IO 4 only, and no WebSocket to whoever asks for 3: try --engine-io 4.",
    ),
    (Check.MESSAGE, Cause.AUTH_CLOSED): (
        "the peer took the call and then refused who is calling ({detail})",
        "The token is from another region, or the client lacks a role: check --region and the client's roles.",
    ),
    (Check.MESSAGE, Cause.SERVER_CLOSED): (
        "the peer took the call and ended it at once ({detail})",
        "It has no call to show, or the conversation is over: start one and try again.",
    ),
    (Check.MESSAGE, Cause.ABNORMAL_CLOSURE): (
        "the connection was cut right after the upgrade ({detail})",
        "Something behind the socket host is down, or the app is not ACTIVE: look at its log at this moment.",
    ),
}

_ANY: dict[Cause, Words] = {
    Cause.ENDPOINT_REFUSED: (
        "the Cognigy endpoint does not take the URL token ({detail})",
        "Compare with the endpoint in Cognigy (Deploy, Endpoints): the last part of its URL, its kind (Socket.IO or "
        "REST), and whether it is active.",
    ),
    Cause.RATE_LIMITED: (
        "{where} answers that there were too many requests (429)",
        "{wait}Something uses the same client or address too often: look for other clients and tight loops.",
    ),
    Cause.UNAVAILABLE: (
        "{where} is there and cannot serve ({status})",
        "{wait}The fault is on its side: look at the service's status page and log.",
    ),
    Cause.TIMEOUT: (
        "{where} takes the connection and then does not reply",
        "The service hangs, or something in between swallows the reply: look at its log; --open-timeout waits longer.",
    ),
    Cause.NETWORK: (
        "{where} hangs up without a reply ({detail})",
        "The service crashed on the request, or a firewall cut it: look at its log at this moment.",
    ),
    Cause.PING_TIMEOUT: (
        "the upgrade went through, but no ping is answered ({detail})",
        "Something in between took the call and leads nowhere, or the peer does not answer pings (RFC 6455, 5.5.2 "
        "wants it to): callscope would drop the call after each ping.",
    ),
}
_FALLBACK = ("{detail}", "Look at the log of {where} at this moment.")
_CLOSED = ("the peer took the call and closed it at once ({detail})", "Look at the log of {where} at this moment.")

_LOGIN_CODES: dict[str, Words] = {
    "invalid_client": (
        "the login host does not know this client id, or the secret is wrong",
        "Check client id, secret and region: a login host knows only its own region.",
    ),
    "unauthorized_client": (
        "the client may not use the client credentials grant",
        "In the client's settings choose the grant type Client Credentials.",
    ),
    "unsupported_grant_type": (
        "the login host does not do the client credentials grant",
        "Check --token-url: this is a login host of another kind.",
    ),
    "invalid_scope": ("the client has no scope or role at all", "Assign the client its roles."),
    "invalid_request": (
        "the login host wants the credentials in another form",
        "Try --token-form body (or basic), and --org-id if it asks for the organisation.",
    ),
}
"""Error codes of RFC 6749, 5.2."""
_REFUSED_LOGIN = _LOGIN_CODES["invalid_client"]


def diagnose(check: Check, failure: Failure, place: Place, *, code: str = "") -> Diagnosis:
    """Say what a failure of `check` at `place` means; `code` is the error code of a login host."""
    proxied = check in ON_THE_WAY and place.proxy is not None
    if proxied or failure.cause is Cause.PROXY_REFUSED or failure.status == 407:
        cause, words = _of_the_proxy(check, failure)
        return _told(cause, words, UnreachableError.exit_code, failure, place)
    return _told(failure.cause, _of_the_host(check, failure, code), exit_code(failure.cause), failure, place)


def unusable_proxy(failure: Failure) -> Diagnosis:
    """Say what to do about a proxy in the environment that makes no sense."""
    return Diagnosis(
        "proxy_unusable", failure.detail, f"Correct or unset it: {_PROXY_SETTING}.", exit_code(failure.cause)
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
        words = _CONNECTS.get(status or 0) or (_CONNECT_5XX if (status or 0) >= 500 else _CONNECT_OTHER)
        return ("proxy_authentication" if status == 407 else "proxy_refused"), words
    return "proxy_unreachable", _PROXY_WAYS.get((check, failure.cause), _CONNECT_OTHER)


def _of_the_host(check: Check, failure: Failure, code: str) -> Words:
    if failure.cause is Cause.CREDENTIALS_REFUSED:
        words, remedy = _LOGIN_CODES.get(code, _REFUSED_LOGIN)
        return f"{words} ({{status}}{f' {code}' if code else ''})", remedy
    if check is Check.PING and failure.cause is not Cause.PING_TIMEOUT:
        check = Check.MESSAGE  # the connection ended instead
    key = (check, failure.cause)
    found = _WAYS.get(key) or _ANSWERS.get(key) or _ANY.get(failure.cause)
    return found or (_CLOSED if check is Check.MESSAGE else _FALLBACK)


def _told(cause: str, words: Words, code: int, failure: Failure, place: Place) -> Diagnosis:
    wait_s = failure.retry_after_s
    fields = {
        "host": place.host,
        "where": place.where,
        "role": place.role,
        "named_by": place.named_by,
        "proxy": place.proxy or "",
        "setting": _PROXY_SETTING,
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
