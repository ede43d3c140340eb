"""Foreign exceptions stop here: what the network, TLS and DNS raise becomes a Failure in our own words.

Their texts may hold addresses with queries or header values, so none of them is passed on.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

from dashboard.call.events import Cause
from dashboard.resilience.retry import Failure
from dashboard.transport.certificate import flaw_of
from dashboard.wiretext import clean

_KINDS: tuple[tuple[type[BaseException], Cause, str], ...] = (
    (ssl.SSLCertVerificationError, Cause.TLS_CERTIFICATE, "certificate not trusted"),
    (ssl.SSLError, Cause.TLS, "TLS failed"),
    (socket.gaierror, Cause.DNS, "host name not found"),
    (UnicodeError, Cause.DNS, "not a possible host name"),
    (ConnectionRefusedError, Cause.TCP_REFUSED, "nothing listens there"),
    (TimeoutError, Cause.TIMEOUT, "timed out"),
    (ConnectionError, Cause.NETWORK, "connection reset"),
    (EOFError, Cause.NETWORK, "connection closed before the reply"),
    (OSError, Cause.NETWORK, "network failed"),
)
"""Most telling first: of a chain of exceptions the first kind that occurs in it counts."""


def network_failure(error: BaseException) -> Failure | None:
    """Classify an exception, its causes included, as a failure of the network; None if it is none."""
    chain = list(_chain(error))
    for kind, cause, words in _KINDS:
        for link in chain:
            if isinstance(link, kind):
                more = _more(link)
                flaw = flaw_of(link) if isinstance(link, ssl.SSLCertVerificationError) else None
                return Failure(cause, f"{words} ({more})" if more else words, flaw=flaw)
    return None


def _more(error: BaseException) -> str:
    """What the exception's typed fields tell; never its text."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return clean(str(getattr(error, "verify_message", "")), 200).rstrip(".")
    if isinstance(error, ssl.SSLError):
        return (error.reason or "").replace("_", " ").lower()
    if isinstance(error, socket.gaierror):
        return "no name server answered" if error.errno == socket.EAI_AGAIN else ""
    return errno.errorcode.get(error.errno or 0, "") if type(error) is OSError else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__context__, link.__cause__]
        if isinstance(link, BaseExceptionGroup):
            waiting += link.exceptions
