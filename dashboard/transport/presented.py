"""What a client sees of the certificate that is served here: a handshake in memory, without a network."""

from __future__ import annotations

import ssl

from dashboard.transport.certificate import Session, read_session

_FLIGHTS = 10
"""A handshake takes three or four; one that has not ended by then does not end."""


def presented(server: ssl.SSLContext, host: str, client: ssl.SSLContext | None = None) -> Session:
    """Return what `client` sees that dials `host`; without a client, what is sent, and nothing of it is checked.

    Raises:
        ssl.SSLError: the two do not agree, or `client` does not trust the certificate.
    """
    asking_to, serving_to = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = (client or _blind()).wrap_bio(serving_to, asking_to, server_hostname=host)
    serving = server.wrap_bio(asking_to, serving_to, server_side=True)
    for _ in range(_FLIGHTS):
        if all([_goes_on(asking), _goes_on(serving)]):
            return read_session(asking, verified=client is not None)
    raise ssl.SSLError("the handshake does not end")


def _goes_on(side: ssl.SSLObject) -> bool:
    """Do one side's part; return whether its handshake has ended."""
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _blind() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
