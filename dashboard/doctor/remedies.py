"""What each failure of a check means and what to do about it, in words: what it is, and the remedy.

Format strings over the fields that `diagnosis.py` fills in.
"""

from __future__ import annotations

from dashboard.call.events import Cause
from dashboard.doctor.steps import Check
from dashboard.resilience.channels import CHANNEL_LIMIT, PERMISSIONS
from dashboard.resilience.retry import Step

Words = tuple[str, str]
"""What is wrong, and what to do: format strings over the fields that `_told` fills in."""

PROXY_SETTING = "HTTPS_PROXY, HTTP_PROXY and ALL_PROXY name the proxy, NO_PROXY the hosts that need none"

WAYS: dict[tuple[Check, Cause], Words] = {
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

PROXY_WAYS: dict[tuple[Check, Cause], Words] = {
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

CONNECTS: dict[int, Words] = {
    403: (
        "the proxy {proxy} forbids {where} (403)",
        "Have {where} allowed on the proxy, or put {host} into NO_PROXY if it can be reached without.",
    ),
    407: (
        "the proxy {proxy} wants a user and a password (407)",
        "Put them into its address: HTTPS_PROXY=http://USER:PASSWORD@{proxy}",
    ),
}
CONNECT_5XX = (
    "the proxy {proxy} could not reach {where} ({status})",
    "The proxy's own way to the host is broken: ask whoever runs it whether {where} answers from there.",
)
CONNECT_OTHER = (
    "the proxy {proxy} did not connect to {where} ({detail})",
    "It may be no HTTP proxy, or not do CONNECT: ask whoever runs it. {setting}.",
)

ANSWERS: dict[tuple[Check, Cause], Words] = {
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
    (Check.UPGRADE, Cause.NETWORK): (
        "{where} hangs up without a reply ({detail})",
        "If the address begins with ws://, the port may speak TLS: try wss://. Else the service crashed on the "
        "request, or a firewall cut it: look at its log at this moment.",
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

ANY: dict[Cause, Words] = {
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
FALLBACK = ("{detail}", "Look at the log of {where} at this moment.")
CLOSED = ("the peer took the call and closed it at once ({detail})", "Look at the log of {where} at this moment.")

LOGIN_CODES: dict[str, Words] = {
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
REFUSED_LOGIN = LOGIN_CODES["invalid_client"]

CHANNEL_ANSWERS: dict[tuple[Check, Cause], Words] = {
    (Check.CALL, Cause.TOKEN_REJECTED): ANSWERS[Check.LOOKUP, Cause.TOKEN_REJECTED],
    (Check.CALL, Cause.NOT_FOUND): (
        "Genesys knows no such conversation (404)",
        "Check --conversation and --region, and that the client's role is granted in the division of the conversation. "
        "One that ended long ago is not found either.",
    ),
    (Check.CALL, Cause.HANDSHAKE_REFUSED): (
        "the question about the conversation was answered with {status}",
        "Check --conversation: an id is 36 characters, with hyphens. If it is right, what answers is no REST API of "
        "Genesys Cloud: check {named_by}.",
    ),
    (Check.CALL, Cause.BAD_REPLY): (
        "{detail}",
        "That is no REST API of Genesys Cloud, or a portal stands in between: check {named_by}.",
    ),
    (Check.CHANNEL, Cause.TOKEN_REJECTED): ANSWERS[Check.LOOKUP, Cause.TOKEN_REJECTED],
    (Check.CHANNEL, Cause.PERMISSION_MISSING): (
        "the OAuth client may not make a notification channel (403)",
        "Give the client a role. If it has one, ask Genesys' support with the ININ-Correlation-Id above.",
    ),
    (Check.CHANNEL, Cause.NOT_FOUND): (
        "{where} has no notification channels (404)",
        "What answers is no REST API of Genesys Cloud: check {named_by}.",
    ),
    (Check.CHANNEL, Cause.HANDSHAKE_REFUSED): (
        "the request for a channel was answered with {status}",
        "That is no REST API of Genesys Cloud, or a portal stands in between: check {named_by}.",
    ),
    (Check.CHANNEL, Cause.BAD_REPLY): (
        "{detail}",
        "That is no REST API of Genesys Cloud, or a portal stands in between: check {named_by}.",
    ),
    (Check.TOPICS, Cause.PERMISSION_MISSING): (
        "none of the conversation's topics is permitted ({detail})",
        f"Give a role of the OAuth client {PERMISSIONS[Step.SUBSCRIPTION]}.",
    ),
    (Check.TOPICS, Cause.NOT_FOUND): (
        "the channel that was just made is gone (404)",
        f"Others make channels with the same OAuth client, which may have {CHANNEL_LIMIT}: give callscope a client of "
        "its own.",
    ),
    (Check.TOPICS, Cause.HANDSHAKE_REFUSED): (
        "{detail}",
        "Check --conversation: an id is 36 characters, with hyphens. Genesys' support asks for the "
        "ININ-Correlation-Id above.",
    ),
    (Check.UPGRADE, Cause.NOT_FOUND): (
        "the channel that was just made is gone (404)",
        f"Others make channels with the same OAuth client, which may have {CHANNEL_LIMIT}: give callscope a client of "
        "its own.",
    ),
    (Check.UPGRADE, Cause.HANDSHAKE_REFUSED): (
        "what answers is no WebSocket ({detail})",
        "Something in between (proxy, load balancer) does not pass the Upgrade header on: have WebSockets to {host} "
        "allowed.",
    ),
    (Check.PING, Cause.PING_TIMEOUT): (
        "the channel was opened, and then nothing comes over it ({detail})",
        "Something in between took the connection and leads nowhere: try from another network, or without the proxy. "
        "Else look at Genesys' status page.",
    ),
}
"""What is asked about a conversation that is followed, and what its channel's host answers."""

_CHANNEL_REFUSED = (
    "{where} does not take the address that Genesys has just given ({status})",
    "Something in between answers in its place: have WebSockets to {host} allowed, without inspection.",
)
CHANNEL_ANSWERS |= {
    (Check.UPGRADE, Cause.TOKEN_REJECTED): _CHANNEL_REFUSED,
    (Check.UPGRADE, Cause.PERMISSION_MISSING): _CHANNEL_REFUSED,
}
CHANNEL_CLOSED = (
    "Genesys took the channel's connection and ended it at once ({detail})",
    "The token may have been revoked meanwhile, or the channel ended by another one: give callscope an OAuth client of "
    "its own, and look at Genesys' status page.",
)
