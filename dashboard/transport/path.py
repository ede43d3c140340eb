"""The way to a host, gone step by step: what `connect` and `HttpClient` do in one, for whoever asks where it ends."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from websockets.proxy import parse_proxy
from websockets.uri import parse_uri

from dashboard.clock import Clock
from dashboard.resilience.retry import LinkError
from dashboard.transport.certificate import Session, read_session
from dashboard.transport.proxies import proxy_for
from dashboard.transport.tcp import Address, open_tcp, resolve
from dashboard.transport.websocket import USER_AGENT, ProxyRequest, opening_failure


class Path:
    """The way to the host of a URL (http, https, ws or wss), directly or through the environment's proxy.

    Its steps in their order: `resolve`, `reach`, `tunnel` where `tunnels`, `secure` where `secured`. Each raises
    LinkError and takes at most `timeout_s`. Nothing is sent to the host itself.
    """

    def __init__(self, url: str, *, clock: Clock, timeout_s: float) -> None:
        """Raises LinkError for a proxy in the environment that cannot be used."""
        parts = urlsplit(url)
        self._uri = parse_uri(f"ws{'s' if parts.scheme in ('https', 'wss') else ''}://{parts.netloc}/")
        self.host, self.port = self._uri.host, self._uri.port
        self.secured = self._uri.secure
        self.proxy = proxy_for(url)
        self.tunnels = self.proxy is not None and parts.scheme != "http"  # RFC 9110, 9.3.6
        self._clock = clock
        self._timeout_s = timeout_s
        self._addresses: list[Address] = []
        self._tcp: socket.socket | None = None
        self._transport: asyncio.Transport | None = None

    async def resolve(self) -> tuple[str, ...]:
        """Look the name up of the host, or of the proxy; return its addresses."""
        host, port = (self.proxy.host, self.proxy.port) if self.proxy else (self.host, self.port)
        async with self._step():
            self._addresses = await resolve(host, port)
        return tuple(dict.fromkeys(map(str, self._addresses)))

    async def reach(self) -> str:
        """Open the connection to one of the addresses; return which."""
        self.close()
        async with self._step():
            self._tcp = await open_tcp(self._addresses, self._clock, self._timeout_s)
            return str(self._tcp.getpeername()[0])

    async def tunnel(self) -> None:
        """Have the proxy connect to the host, by the request that the WebSocket library makes."""
        assert self.proxy is not None
        proxy = parse_proxy(self.proxy.address)
        how: dict[str, Any] = {"ssl": True, "server_hostname": proxy.host} if proxy.scheme == "https" else {}
        tcp, self._tcp = self._tcp, None  # the transport closes it from here on
        async with self._step():
            self._transport, asking = await asyncio.get_running_loop().create_connection(
                lambda: ProxyRequest(self._uri, proxy, USER_AGENT), sock=tcp, **how
            )
            await asking.response

    async def secure(self, tls: ssl.SSLContext) -> Session:
        """Do the TLS handshake and return what the peer showed; its failure has a `flaw` if that is not trusted."""
        return await self._handshake(tls, verified=True)

    async def look(self) -> Session:
        """Read the certificates of a peer that is not trusted: a handshake that checks none and sends nothing."""
        await self.reach()
        if self.tunnels:
            await self.tunnel()
        blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        blind.check_hostname = False
        blind.verify_mode = ssl.CERT_NONE
        return await self._handshake(blind, verified=False)

    def close(self) -> None:
        """Cut what is open."""
        if self._tcp is not None:
            self._tcp.close()
        if self._transport is not None:
            self._transport.abort()
        self._tcp = self._transport = None

    async def _handshake(self, tls: ssl.SSLContext, *, verified: bool) -> Session:
        loop, protocol = asyncio.get_running_loop(), asyncio.Protocol()
        async with self._step():
            if self._transport is not None:
                self._transport.set_protocol(protocol)
                secure = await loop.start_tls(self._transport, protocol, tls, server_hostname=self.host)
                assert secure is not None
                self._transport = secure
            else:
                tcp, self._tcp = self._tcp, None  # the transport closes it from here on
                self._transport, _ = await loop.create_connection(
                    lambda: protocol, sock=tcp, ssl=tls, server_hostname=self.host
                )
            return read_session(self._transport.get_extra_info("ssl_object"), verified=verified)

    @asynccontextmanager
    async def _step(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except Exception as error:
            raise LinkError(opening_failure(error, self._clock)) from None
