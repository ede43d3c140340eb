"""From settings to a switchboard: the calls that come in, in this process."""

from __future__ import annotations

import ipaddress
import socket
import ssl

from dashboard.call.events import Targets
from dashboard.call.ports import Overheard
from dashboard.cli.record import check_folder
from dashboard.cli.settings import Settings, variable
from dashboard.cli.wiring import new_call_id
from dashboard.clock import Clock, SystemClock
from dashboard.dialects.audiohook_signature import Keyring
from dashboard.errors import ConfigError
from dashboard.transport.certificate import names_in
from dashboard.transport.tls import server_context
from dashboard.transport.websocket import SocketOptions
from dashboard.worker.accepted import CallOptions
from dashboard.worker.switchboard import Switchboard, SwitchboardOptions

MESSAGE_BYTES = 1024 * 1024
"""AudioHook's own limits are far below: 65,535 characters of text, and seconds of audio."""


def require_tls(host: str, settings: Settings) -> None:
    """Raise ConfigError for an address at which calls would come in in clear, but this machine's own."""
    if settings.key is not None and settings.cert is None:
        raise ConfigError("--key is given and --cert is not", remedy="--cert names the certificate of that key.")
    if settings.cert is None and not _is_loopback(host):
        raise ConfigError(
            f"listening on {host} in clear would show every call to the network",
            remedy="Give --cert FILE and --key FILE; or listen on 127.0.0.1 behind a proxy that ends TLS.",
        )


def require_door(settings: Settings) -> None:
    """Raise ConfigError unless calls may come in like this: in clear only on this machine, where a proxy ends TLS."""
    require_tls(settings.host, settings)
    if settings.follow:
        settings.require_followable(settings.authorizes, [])
        settings.require_credentials()
    if not settings.hook_keys and not _is_loopback(settings.host):
        raise ConfigError(
            f"listening on {settings.host} without a key would let anybody in",
            remedy=f"Set {variable('hook_keys')} in the environment, or hook_keys in a config file that only you can "
            'read: "KEY:SECRET", as in the integration in Genesys Cloud.',
        )


def calls(settings: Settings) -> Overheard:
    """Return the source of the calls that come in, with what Genesys tells of their conversations if it is asked, and
    with the bot to speak to beside each if one is named.

    Raises:
        ConfigError: files that are no certificate with its key, or no CA file.
    """
    source: Overheard = board(settings)
    if settings.follow:
        from dashboard.cli.following import joined  # for those who join only

        source = joined(settings, source, SystemClock())
    if settings.bot_settings is not None:
        from dashboard.cli.beside import beside  # as above

        source = beside(settings, source, SystemClock())
    return source


def board(settings: Settings, *, clock: Clock | None = None) -> Switchboard:
    """Return the source of the sound of the calls that come in.

    Raises:
        ConfigError: files that are no certificate with its key.
    """
    options = SwitchboardOptions(
        host=settings.host,
        port=settings.port,
        path=settings.path,
        most_calls=settings.max_calls,
        stale_after_s=settings.stale_after,
        call=call_options(settings),
        socket=SocketOptions(close_timeout_s=1.0, max_message_bytes=MESSAGE_BYTES),
    )
    return Switchboard(options, keyring(settings), clock or SystemClock(), new_id=new_call_id, tls=server_tls(settings))


def call_options(settings: Settings) -> CallOptions:
    """Return what every call is judged and taken by."""
    return CallOptions(
        targets=_targets(settings),
        audio_limit=settings.audio_queue,
        control_limit=settings.control_queue,
        drop_policy=settings.drop_policy,
    )


def endpoint(settings: Settings) -> str:
    """Return where calls are to come in, as far as the settings tell."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    port = f":{settings.port}" if settings.port else ""
    return f"{'ws' if settings.cert is None else 'wss'}://{host}{port}{settings.path}"


def check_door(settings: Settings) -> tuple[str, ...]:
    """Return the names that the certificate is for, none without one.

    Raises:
        ConfigError: an address that cannot be listened on, files that are no certificate, or no folder to record to.
    """
    check_folder(settings)
    server_tls(settings)
    check_free(settings.host, settings.port)
    return () if settings.cert is None else names_in(settings.cert)


def check_free(host: str, port: int) -> None:
    """Raise ConfigError for an address that cannot be listened on."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError as error:
        raise cannot_listen(host, port, error) from None


def cannot_listen(host: str, port: int, error: OSError) -> ConfigError:
    """Return what to say when an address cannot be listened on."""
    return ConfigError(
        f"cannot listen on {host}, port {port}: {error.strerror or error}",
        remedy="Give another port, or end what listens there; the address must be one of this machine.",
    )


def keyring(settings: Settings) -> Keyring | None:
    """Return the keys that are known here, None for none."""
    if not settings.hook_keys:
        return None
    return Keyring.read(one.get_secret_value() for one in settings.hook_keys)


def server_tls(settings: Settings) -> ssl.SSLContext | None:
    """Return what is served with, None for no TLS; raises ConfigError."""
    return None if settings.cert is None else server_context(settings.cert, settings.key)


def _targets(settings: Settings) -> Targets:
    return Targets(
        spike_s=settings.spike_ms / 1000,
        buffer_s=settings.buffer_ms / 1000,
        silent_failure_after_s=settings.silent_failure_after,
        stale_after_s=settings.stale_after,
        dead_air_after_s=settings.dead_air_after,
        one_way_after_s=settings.one_way_after,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
