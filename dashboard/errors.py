"""What can go wrong, as a tree.

    DashboardError
    ├── ConfigError                 exit 2: usage or settings
    ├── AuthError                   exit 3
    │   ├── TokenRefused            the login host refused the client credentials
    │   └── TokenRejected           the login host granted a token, the API or the socket refuses it
    ├── RefusedError                exit 3: permission, app, handshake
    ├── UnreachableError            exit 4: DNS, TCP, TLS, proxy, time-out
    ├── TraceError                  exit 2: a file that is no timing trace
    ├── ScenarioError               exit 2: a scenario file that says something impossible
    ├── RecordingError              exit 2: a recording that cannot be read or written
    ├── CodecError                  exit 1: a line that is no fact
    └── WorkerError                 exit 1: the worker process did not start or does not answer

Every error says what is wrong in its text and what to do next in ``remedy``.
"""

from __future__ import annotations


class DashboardError(Exception):
    """Base of every error that callscope raises itself."""

    exit_code: int = 1
    remedy: str = ""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        if remedy is not None:
            self.remedy = remedy


class ConfigError(DashboardError):
    """A setting, flag or file is missing or wrong."""

    exit_code = 2


class TraceError(DashboardError):
    """A file is not a timing trace."""

    exit_code = 2
    remedy = "A trace is CSV with the header arrival_s,media_s and one frame a line, in seconds."


class ScenarioError(DashboardError):
    """A scenario file says something impossible; the message names file, line and key."""

    exit_code = 2
    remedy = "callscope simulate --list describes the scenarios that come with it."


class AuthError(DashboardError):
    """No usable token."""

    exit_code = 3


class TokenRefused(AuthError):
    """The login host answered 400, 401 or 403 to the client credentials."""

    remedy = "Check client id, secret and region: a login host knows only its own region."


class TokenRejected(AuthError):
    """A fresh token was refused by the API or by the socket."""

    remedy = "The token is from another region or its client lacks roles: check both in Genesys Cloud admin."


class RefusedError(DashboardError):
    """The other side understood and said no: permission, app or socket id, app status, handshake."""

    exit_code = 3


class UnreachableError(DashboardError):
    """Nothing answered: DNS, TCP, TLS, proxy or a time-out."""

    exit_code = 4


class RecordingError(DashboardError):
    """A recording cannot be read: no such file, no recording, newer, damaged; or it cannot be written."""

    exit_code = 2


class CodecError(DashboardError):
    """A line or record is not a fact of a version that this callscope reads."""


class WorkerError(DashboardError):
    """The worker process did not start, died, or does not answer."""
