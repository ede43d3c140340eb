"""From settings to a relay, and to the calls that its observer makes of what passes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from dashboard.call.ports import Emit, Hear
from dashboard.cli.board import call_options, check_free, keyring, require_tls, server_tls
from dashboard.cli.line import audio_format
from dashboard.cli.record import check_folder
from dashboard.cli.settings import Settings
from dashboard.cli.values import split_address
from dashboard.cli.wiring import new_call_id
from dashboard.clock import Behind, Clock
from dashboard.dialects.overheard import Name, Overhearing, overhearing
from dashboard.errors import ConfigError
from dashboard.tap.observer import Opened
from dashboard.tap.relay import Relay, RelayOptions
from dashboard.transport.tls import client_context
from dashboard.wiretext import safe_url
from dashboard.worker.accepted import Opening
from dashboard.worker.overheard import OverheardCalls, OverheardConnection


def require_tap(settings: Settings) -> None:
    """Raise ConfigError unless there is somewhere to pass connections on to, and they may come in like this."""
    if settings.upstream is None:
        raise ConfigError(
            "there is nowhere to pass connections on to: upstream is not set",
            remedy="Give --upstream wss://…, the bot or server that clients would else connect to.",
        )
    require_tls(address(settings)[0], settings)


def check_tap(settings: Settings) -> None:
    """Raise ConfigError for an address that cannot be listened on, files that are no certificates, or no folder."""
    check_folder(settings)
    server_tls(settings)
    client_context(settings.ca_file)
    check_free(*address(settings))


def address(settings: Settings) -> tuple[str, int]:
    """Return host and port to listen on."""
    host, port = split_address(settings.listen)
    return host, int(port)


def endpoint(settings: Settings) -> str:
    """Return where connections are to come in."""
    host, port = address(settings)
    shown = f"[{host}]" if ":" in host else host
    return f"{'ws' if settings.cert is None else 'wss'}://{shown}{f':{port}' if port else ''}"


def doorway(settings: Settings) -> dict[str, Any]:
    """Return what an empty board says: the fields of `ui`'s `Doorway`."""
    upstream, own = safe_url(settings.upstream or ""), settings.upstream_host == "own"
    protection = "in clear, for clients on this machine" if settings.cert is None else f"TLS with {settings.cert}"
    return {
        "elsewhere": "Give clients this address in place of the one that they have",
        "fields": [["clients", endpoint(settings)], ["upstream", upstream]],
        "notes": [
            protection,
            "the upstream is asked by its own name" if own else "the upstream is asked by the name that clients use",
            f"at most {settings.max_calls} connections at once",
        ],
        "carries": True,
    }


def relay(settings: Settings, clock: Clock) -> Relay:
    """Return the relay.

    Raises:
        ConfigError: files that are no certificates.
    """
    assert settings.upstream is not None
    host, port = address(settings)
    options = RelayOptions(
        upstream=settings.upstream,
        host=host,
        port=port,
        keeps_host=settings.upstream_host == "client",
        most_links=settings.max_calls,
        open_timeout_s=settings.open_timeout,
    )
    return Relay(
        options,
        clock,
        client_tls=client_context(settings.ca_file),
        server_tls=server_tls(settings),
        keys=keyring(settings),
        new_id=new_call_id,
    )


class Passing:
    """The calls of the connections that pass through a relay, as its observer needs them."""

    def __init__(self, settings: Settings, dialect: Name, emit: Emit, clock: Behind, hear: Hear | None) -> None:
        self._settings = settings
        self._dialect = dialect
        self._calls = OverheardCalls(call_options(settings), emit, clock, hear)
        self.tick = self._calls.tick
        self.close = self._calls.close
        self.mark = self._calls.mark

    def connection(self, opened: Opened) -> OverheardConnection:
        """Return a connection that has come up."""
        opening = Opening(
            knocked_at=opened.asked_at,
            opened_at=opened.opened_at,
            wall=opened.wall,
            endpoint=_where(self._settings, opened.target),
            clock=opened.clock,
            resumed=opened.resumed,
        )
        audio = audio_format(self._settings)

        def reader(call_id: str) -> Overhearing:
            return overhearing(self._dialect, audio, call_id, opened.request)

        return self._calls.connection(opened.call_id, opening, reader, opened.told_until)


def _where(settings: Settings, target: str) -> str:
    """Return where a request went, without its query."""
    parts = urlsplit(settings.upstream or "")
    path = parts.path if parts.path not in ("", "/") else target.partition("?")[0]
    return safe_url(urlunsplit((parts.scheme, parts.netloc, path, "", "")))
