"""Why there is no connection: what the last failed attempt says about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.call.findings.finding import Severity
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.terms import Cause, Flaw, LinkState
from dashboard.call.words import cause_words, span_words

_AWAY = (Cause.DNS, Cause.TCP_REFUSED, Cause.NETWORK, Cause.TIMEOUT, Cause.UNAVAILABLE)
_PATIENCE = 2  # failures in a row: after a drop one of them is what a restarting host does


@dataclass(frozen=True, slots=True)
class Refusal:
    """The attempt that failed last. `row`: how many in a row failed for a cause of the same family."""

    cause: Cause
    detail: str
    status: int | None
    wait_s: float | None
    flaw: Flaw | None
    row: int
    final: bool
    correlation_id: str = ""


def refusal_of(view: View, causes: tuple[Cause, ...]) -> Refusal | None:
    """Return the last failure while there is no connection, if it is for one of `causes`."""
    link, outage = view.link, view.link.outage
    final = link.state is LinkState.GAVE_UP
    if final and link.cause in causes:
        failures = outage.failures if outage is not None else ()
        status, flaw, asked_for = None, None, ""
        if failures:
            status, flaw, asked_for = failures[-1].status, failures[-1].flaw, failures[-1].correlation_id
        return Refusal(link.cause, link.detail, status, None, flaw, max(1, len(failures)), final, asked_for)
    if outage is None or not outage.failures or link.opened_at is not None:
        return None
    last, row = outage.failures[-1], 0
    for failure in reversed(outage.failures):
        if failure.cause not in causes:
            break
        row += 1
    if not row:
        return None
    return Refusal(last.cause, last.detail, last.status, last.wait_s, last.flaw, row, final, last.correlation_id)


def refusal_evidence(view: View, refusal: Refusal) -> tuple[str, ...]:
    tried = f"{view.link.attempts} attempts so far" if view.link.attempts > 1 else "the first attempt"
    ended = ["callscope has given up"] if refusal.final else []
    asked_for = [f"for Genesys' support: correlation id {refusal.correlation_id}"] if refusal.correlation_id else []
    return (refusal.detail or cause_words(refusal.cause), tried, *ended, *asked_for)


def _sign(causes: tuple[Cause, ...], tell: Callable[[View, Refusal], Sign]) -> Callable[[View, bool], Sign | None]:
    def sign(view: View, standing: bool) -> Sign | None:
        refusal = refusal_of(view, causes)
        return None if refusal is None else _of_a_bot(view, refusal) or tell(view, refusal)

    return sign


def _plainly(summary: str, remedy: str = "") -> Callable[[View, Refusal], Sign]:
    return lambda view, refusal: Sign(summary, refusal_evidence(view, refusal), remedy)


# -- certificates ---------------------------------------------------------------------------------------

_CERTIFICATES = {
    Flaw.EXPIRED: ("has expired", "Have whoever runs the host renew its certificate."),
    Flaw.NOT_YET_VALID: ("is not valid yet", "Check this machine's clock, then the certificate's first day."),
    Flaw.OTHER_NAME: (
        "is for another name",
        "Dial the name that the certificate is for, or have that name added to it.",
    ),
    Flaw.SELF_SIGNED: ("is signed by itself", "Name it with --ca-file if it is yours, else have a real one installed."),
    Flaw.UNKNOWN_CA: (
        "comes from an authority that is not known here",
        "Name that authority's certificate with --ca-file (a proxy that opens TLS has one of its own), or have the host"
        " send its intermediate certificates.",
    ),
    Flaw.OTHER: ("is not trusted", "Ask whoever runs the host to look at its certificate."),
}

_NO_TLS = (
    "No TLS connection could be agreed",
    "Check that the address speaks TLS at that port, and which versions of TLS the host takes.",
)


def _tls(view: View, refusal: Refusal) -> Sign:
    if refusal.cause is Cause.TLS_CERTIFICATE:
        what, remedy = _CERTIFICATES[refusal.flaw or Flaw.OTHER]
        return Sign(f"The host's certificate {what}", refusal_evidence(view, refusal), remedy)
    return Sign(_NO_TLS[0], refusal_evidence(view, refusal), _NO_TLS[1])


# -- a bot that is called in Genesys' place ---------------------------------------------------------------

_BOTS = {
    Cause.TOKEN_REJECTED: (
        "The bot does not take our key, or not its signature",
        "CALLSCOPE_HOOK_KEYS must hold KEY:SECRET as the bot knows them; the clocks must agree within 3 s.",
    ),
    Cause.PERMISSION_MISSING: (
        "The bot's host lets nobody like us in: it answers 403",
        "Look at what stands before the bot (gateway, list of addresses), and at the key in CALLSCOPE_HOOK_KEYS.",
    ),
    Cause.NOT_FOUND: ("There is no bot at that path: the host answers 404", "Check the path of the address."),
    Cause.RATE_LIMITED: (
        "The bot takes no call now: its host answers 429",
        "Call again later, and see how many calls at once it is meant to take.",
    ),
    Cause.HANDSHAKE_REFUSED: (
        "What answers is no bot: the handshake is refused",
        "Check the path of the address; where TLS is spoken it begins with wss://.",
    ),
}


def _of_a_bot(view: View, refusal: Refusal) -> Sign | None:
    if view.call.dialect != CONNECTOR:
        return None
    said = view.call.hook is not None and view.call.hook.end_reason == "unauthorized"
    words = _BOTS.get(Cause.TOKEN_REJECTED if said or refusal.status == 401 else refusal.cause)
    return words and Sign(words[0], refusal_evidence(view, refusal), words[1])


def bot_refusal(cause: Cause, flaw: Flaw | None) -> tuple[str, str]:
    """Say why a bot that is called in Genesys' place is not to be had, in two sentences: what it is, and what to do."""
    if cause is Cause.TLS_CERTIFICATE:
        what, remedy = _CERTIFICATES[flaw or Flaw.OTHER]
        return f"The host's certificate {what}", remedy
    if cause in _PLACES:
        where, remedy = _PLACES[cause]
        return f"The host cannot be reached: {where}", remedy
    return _BOTS.get(cause) or _OTHERS.get(cause, ("The bot cannot be called", "Look at its log at this moment."))


# -- credentials and the rest ---------------------------------------------------------------------------


def _credentials(view: View, refusal: Refusal) -> Sign:
    if refusal.cause is Cause.CREDENTIALS_REFUSED:
        return Sign("The login host refuses the client credentials", refusal_evidence(view, refusal))
    remedy = "Check that the token is of the region of that host, and that the OAuth client's roles allow the app."
    return Sign("A fresh token is refused by the API or the socket", refusal_evidence(view, refusal), remedy)


def _rate_limited(view: View, refusal: Refusal) -> Sign:
    asked = f" and asks to wait {span_words(refusal.wait_s)}" if refusal.wait_s else ""
    return Sign(f"Rate limited: the host answers 429{asked}", refusal_evidence(view, refusal))


_PLACES = {
    Cause.DNS: ("the host name is not found", "Check the spelling of the address, and this machine's name servers."),
    Cause.TCP_REFUSED: ("nothing listens there", "Check host and port, and that the service runs."),
    Cause.NETWORK: (
        "the connection is cut, or there is no route",
        "Check whether that port speaks TLS (wss) or does not, then the route: VPN, firewall, this machine's network.",
    ),
    Cause.TIMEOUT: ("no answer in time", "Check whether a firewall drops the packets silently, or the service hangs."),
    Cause.UNAVAILABLE: ("the server says that it is not available", "Ask whoever runs the host."),
}


def _unreachable(view: View, standing: bool) -> Sign | None:
    refusal = refusal_of(view, _AWAY)
    if refusal is None:
        return None
    never_up = view.link.connections == 0
    if not (standing or refusal.final or never_up or refusal.row >= _PATIENCE):
        return None
    where, remedy = _PLACES[refusal.cause]
    return Sign(f"The host cannot be reached: {where}", refusal_evidence(view, refusal), remedy)


TLS_FAILURE = Rule(
    name="tls_failure",
    severity=Severity.ERROR,
    means="TLS failed: the certificate has expired, is for another name, or comes from an authority not known here.",
    remedy="Have the certificate put right by whoever runs the host; a private authority goes into --ca-file.",
    sign=_sign((Cause.TLS_CERTIFICATE, Cause.TLS), _tls),
)

_PROXY = "The proxy does not let the connection through"

PROXY_REFUSED = Rule(
    name="proxy_refused",
    severity=Severity.ERROR,
    means="A proxy stands in the way and does not connect to the host.",
    remedy="Have the proxy allow CONNECT to the host, or name the host in NO_PROXY if there is a direct way.",
    sign=_sign((Cause.PROXY_REFUSED,), _plainly(_PROXY)),
)

_OTHERS = {Cause.TLS: _NO_TLS, Cause.PROXY_REFUSED: (_PROXY, PROXY_REFUSED.remedy)}

CREDENTIALS_REFUSED = Rule(
    name="credentials_refused",
    severity=Severity.ERROR,
    means="The login host refuses client id and secret, or the token that it gave is refused.",
    remedy="Check GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and --region: a login host knows only its own region.",
    sign=_sign((Cause.CREDENTIALS_REFUSED, Cause.TOKEN_REJECTED, Cause.AUTH_CLOSED), _credentials),
    explains=frozenset({"closed_by_peer"}),
)

PERMISSION_MISSING = Rule(
    name="permission_missing",
    severity=Severity.ERROR,
    means="The token is good, but its OAuth client may not do this (403).",
    remedy="Give the OAuth client a role with the permission, in the right division (Genesys admin, OAuth).",
    sign=_sign((Cause.PERMISSION_MISSING,), _plainly("A permission is missing: the host answers 403")),
)


def _unknown_id(view: View, refusal: Refusal) -> Sign:
    if view.call.notices is not None:
        return Sign(
            "The conversation is not known: Genesys answers 404",
            refusal_evidence(view, refusal),
            "Check the id, --region, and that the role of the OAuth client is given in the conversation's division.",
        )
    return Sign("App or socket id is wrong: the host answers 404", refusal_evidence(view, refusal))


NOT_FOUND = Rule(
    name="not_found",
    severity=Severity.ERROR,
    means="The app or the socket does not exist (404).",
    remedy="Check --app-id, --websocket-id and --url; an app of another organisation or region is not found either.",
    sign=_sign((Cause.NOT_FOUND,), _unknown_id),
)

APP_INACTIVE = Rule(
    name="app_inactive",
    severity=Severity.ERROR,
    means="The app exists and is not ACTIVE; connecting to it anyway would look like a network problem.",
    remedy="Activate the app in AppFoundry, or wait until its deployment is through.",
    sign=_sign((Cause.APP_INACTIVE,), _plainly("The app is not ACTIVE")),
)

HANDSHAKE_REFUSED = Rule(
    name="handshake_refused",
    severity=Severity.ERROR,
    means="The host answers, and not as this protocol has it: an unusual status, or a reply that cannot be used.",
    remedy="Check that the address is the socket's own: a login page, a redirect or an older path answers like this.",
    sign=_sign((Cause.HANDSHAKE_REFUSED, Cause.BAD_REPLY), _plainly("The handshake is refused")),
)

RATE_LIMITED = Rule(
    name="rate_limited",
    severity=Severity.WARNING,
    means="The host asks for fewer requests (429); callscope waits as long as it says.",
    remedy="Let fewer clients share the OAuth client, and keep their attempts apart: raise --backoff-base.",
    sign=_sign((Cause.RATE_LIMITED,), _rate_limited),
    clear_after_s=60.0,
)

UNREACHABLE = Rule(
    name="unreachable",
    severity=Severity.ERROR,
    means="Nothing answers at the address: name, port, route, or a server that says it is not available.",
    remedy="Check the address, then the way to it: name server, firewall, VPN; then ask whoever runs the host.",
    sign=_unreachable,
)
