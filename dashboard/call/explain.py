"""What the end of a connection, or a failed attempt, means: who usually brings it about, and what to look at."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.call.terms import Cause


@dataclass(frozen=True, slots=True)
class Explanation:
    """Each one sentence or a list, fit to follow its label; `usually` and `look` may be empty."""

    means: str
    usually: str = ""
    look: str = ""


def explain_cause(cause: Cause) -> Explanation:
    """Return what a cause means."""
    return _CAUSES[cause]


def explain_code(code: int) -> str:
    """Return what a WebSocket close code says, one sentence."""
    if code in _CODES:
        return _CODES[code]
    if 4000 <= code < 5000:
        return "A private code: only the documentation of the peer can say what it means."
    if 3000 <= code < 4000:
        return "A code of some library or framework: the IANA registry of close codes names it."
    return "No code that may be sent: the peer, or something between, does not keep to RFC 6455."


# RFC 6455 section 7.4.1 and the IANA registry of close codes
_CODES = {
    1000: "Normal closure: whoever sent it had done what the connection was for.",
    1001: "Going away: a server shuts down, or a client leaves.",
    1002: "Protocol error: the sender met a frame that WebSocket does not allow.",
    1003: "Unsupported data: the sender got a kind of message that it does not take, such as binary for text.",
    1005: "A close frame came, but there was no code in it.",
    1006: "No close frame came at all; this code is never sent, it is what is left when TCP just ends.",
    1007: "Invalid data: a text was not UTF-8, or not what its kind promised.",
    1008: "Policy violation: a rule of the sender was broken; it is used for rights, limits and content alike.",
    1009: "Message too big: one was larger than the sender takes.",
    1010: "The client missed an extension that the server did not offer.",
    1011: "Internal error: the sender met something that it had not expected, and could not go on.",
    1012: "Service restart: it will be back, and so may the client.",
    1013: "Try again later: the service is overloaded.",
    1014: "Bad gateway: a proxy got an invalid answer from the server behind it.",
    1015: "TLS could not be set up; this code is never sent, it is what this side says of it.",
    3000: "Unauthorized: credentials are missing or wrong.",
    3003: "Forbidden: the credentials are right, a permission is missing.",
    3008: "Timeout: something took the sender too long.",
    4401: "A private code, used like HTTP 401: the token is missing, wrong or over.",
    4403: "A private code, used like HTTP 403: the token is right, a permission is missing.",
}

_CAUSES = {
    Cause.STARTED: Explanation("The call began."),
    Cause.PROGRESS: Explanation("The step before it succeeded."),
    Cause.OPERATOR: Explanation("The operator pressed r: closed here, and opened anew at once."),
    Cause.STOPPED: Explanation("The call was ended here, with 1000."),
    Cause.ABNORMAL_CLOSURE: Explanation(
        "The connection ended without a word: TCP was reset or shut, and no close frame came.",
        "a host that crashed or was restarted, a proxy or load balancer that cut it, a network that went away",
        "the host's log at that second; whether drops come at the same age or after the same pause",
    ),
    Cause.PING_TIMEOUT: Explanation(
        "A ping of ours was not answered in time, so it was closed here with 1011.",
        "a path that died without a reset, a NAT or firewall that forgot the connection, a host that hangs",
        "the round trips before; the host's load; --ping-interval and --ping-timeout",
    ),
    Cause.STALE: Explanation(
        "Nothing came for as long as --stale-after allows, so it was closed here with 1001 and opened anew.",
        "a host whose session hangs while its socket lives, a path that died without a reset",
        "whether pings were still answered: then it is the session and not the network",
    ),
    Cause.TOKEN_EXPIRY: Explanation(
        "The token came to its end: replaced here in time, or dropped by the server when it did.",
        "the platform: a socket cannot be given a new token",
        "age and life of the token; a longer token duration for the OAuth client",
    ),
    Cause.SERVER_CLOSED: Explanation(
        "The server ended it in good order.",
        "a flow that is done, a transfer to an agent, a caller who hung up",
        "whether the conversation had ended; what the bot's flow does at this point",
    ),
    Cause.GOING_AWAY: Explanation(
        "The server, or a proxy before it, went away.",
        "a deployment, an instance that was scaled in, a proxy's reload, a limit of idle time or age",
        "what was deployed at that time; whether drops come at the same age",
    ),
    Cause.AUTH_CLOSED: Explanation(
        "The server ended the authorization of an open connection.",
        "the platform: a token was revoked or had expired, a role was taken away",
        "roles of the OAuth client; age and life of the token",
    ),
    Cause.MESSAGE_TOO_BIG: Explanation(
        "A message was over the size limit, and a WebSocket has to be closed for that.",
        "the side whose limit it was: who closed tells which",
        "the last messages and their sizes; --max-message-mib for a limit of ours",
    ),
    Cause.SERVER_ERROR: Explanation(
        "The server met an error of its own.",
        "the bot host, or a proxy that lost the host behind it",
        "the host's log at that second; the last messages: which of them was it working on?",
    ),
    Cause.SERVICE_RESTART: Explanation(
        "The service restarted, and said so.",
        "the bot host's platform",
        "deployments at that time; whether calls are drained before",
    ),
    Cause.TRY_AGAIN_LATER: Explanation(
        "The server was overloaded, and said so.",
        "the bot host, or a gateway that sheds load",
        "how many calls there were at once; the host's capacity",
    ),
    Cause.PROTOCOL_ERROR: Explanation(
        "One side saw something that WebSocket does not allow.",
        "a proxy that alters frames, a server with a bug",
        "who closed, and the last messages; try without the proxy",
    ),
    Cause.OTHER_CLOSE: Explanation(
        "It was closed with a code that has no common meaning.",
        "the application on the other side",
        "its documentation, and the reason that it gave",
    ),
    Cause.CLOSE_ANNOUNCED: Explanation(
        "Genesys said that it would close this socket, so it was left for another one before that.",
        "Genesys' own maintenance of its notification service",
        "nothing, unless it happens often",
    ),
    Cause.SUBSCRIPTION_LOST: Explanation(
        "The channel told nothing any more, so its topics were subscribed again.",
        "another program with the same OAuth client, a token that was revoked, more than 20 channels",
        "what else uses this OAuth client: give callscope one of its own",
    ),
    Cause.SESSION_ENDED: Explanation(
        "The caller's side closed its session as the protocol has it.", "the end of the call", "nothing"
    ),
    Cause.CREDENTIALS_REFUSED: Explanation(
        "The login host refused the client's id or secret.",
        "a mistyped or rotated secret, a client of another region or organization",
        "the OAuth client in the admin pages; --region",
    ),
    Cause.TOKEN_REJECTED: Explanation(
        "A fresh token was rejected (401), twice in a row.",
        "a token of another region, a clock that is wrong, a client that was disabled",
        "--region and --base-url; the clock of this machine",
    ),
    Cause.PERMISSION_MISSING: Explanation(
        "The token was right, but not allowed to do this (403).",
        "an OAuth client without the role",
        "roles and divisions of the OAuth client",
    ),
    Cause.NOT_FOUND: Explanation(
        "The app or the socket is not known there (404).", "a mistyped id, another region", "--app-id, --websocket-id"
    ),
    Cause.APP_INACTIVE: Explanation(
        "The app is there, but not ACTIVE.", "an app that was never activated, or was switched off", "its status"
    ),
    Cause.RATE_LIMITED: Explanation(
        "There were too many requests (429); the server says how long to wait.",
        "many calls or many reconnects at once with one client",
        "how many calls share the OAuth client",
    ),
    Cause.UNAVAILABLE: Explanation(
        "The server could not serve at that time (5xx).",
        "a host that is down or starting behind a proxy that is up",
        "the host's health and log",
    ),
    Cause.HANDSHAKE_REFUSED: Explanation(
        "The WebSocket handshake was answered with something else than 101.",
        "an address that is no WebSocket, a proxy that does not pass upgrades on",
        "the status, and the address dialled; callscope doctor shows the headers",
    ),
    Cause.ENDPOINT_REFUSED: Explanation(
        "The Cognigy endpoint did not take the URL token.",
        "a mistyped or replaced token, an endpoint that is disabled or of another kind",
        "the endpoint in Cognigy (Deploy, Endpoints): its URL, its kind, and whether it is active",
    ),
    Cause.BAD_REPLY: Explanation(
        "A login or lookup reply was not what the protocol says.",
        "a proxy's error page, another server at that address",
        "callscope doctor, which shows what came",
    ),
    Cause.DNS: Explanation(
        "The host's name could not be resolved.", "a mistyped name, a resolver that is not reached", "the name, the VPN"
    ),
    Cause.TCP_REFUSED: Explanation(
        "Nothing listens at that port.", "a host that is down or restarting, a wrong port", "the host, and the port"
    ),
    Cause.NETWORK: Explanation(
        "The network failed: unreachable, or reset on the way.",
        "a link that is down, a firewall, a change of network",
        "this machine's connection; the path to the host",
    ),
    Cause.TIMEOUT: Explanation(
        "No answer came in time.",
        "a firewall that drops packets, a host that is overloaded",
        "which step it was: callscope doctor times each of them",
    ),
    Cause.TLS_CERTIFICATE: Explanation(
        "The certificate was not trusted.",
        "one that has expired, is for another name, or comes from a proxy that opens TLS",
        "callscope doctor: whose it is, until when, and why it is not trusted",
    ),
    Cause.TLS: Explanation(
        "TLS could not be agreed on.", "a server of another time, something that speaks no TLS", "port and protocol"
    ),
    Cause.PROXY_REFUSED: Explanation(
        "The proxy did not let the connection through.",
        "a proxy that wants credentials, or forbids the host",
        "proxy settings in the environment; the proxy's rules",
    ),
    Cause.ATTEMPTS_EXHAUSTED: Explanation(
        "All attempts of --max-attempts failed.", "", "the failed attempts below: what they have in common"
    ),
    Cause.UNEXPECTED: Explanation("Something happened that callscope does not know.", "a bug in callscope", "its log"),
    Cause.WORKER_LOST: Explanation(
        "callscope's own worker process was gone, and the socket with it.",
        "somebody who ended it, a machine without memory",
        "the system's log; r starts another worker",
    ),
}
