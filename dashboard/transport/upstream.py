"""Dials the other end of a relayed connection: TCP, the environment's proxy, TLS; no request is made."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from websockets.proxy import parse_proxy
from websockets.uri import WebSocketURI, parse_uri

from dashboard.clock import Clock
from dashboard.resilience.retry import LinkError
from dashboard.transport.kernel_time import StampedSocket
from dashboard.transport.proxies import Proxy, proxy_for
from dashboard.transport.relayed import End
from dashboard.transport.tcp import open_tcp, resolve
from dashboard.transport.websocket import USER_AGENT, ProxyRequest, opening_failure

MakeEnd = Callable[[Mapping[int, StampedSocket]], End]


async def dial(url: str, make_end: MakeEnd, *, clock: Clock, tls: ssl.SSLContext, timeout_s: float) -> End:
    """Return an end that is connected to the host of `url` (ws or wss).

    make_end: called once with the sockets whose arrivals the kernel stamps. Raises LinkError, classified.
    """
    try:
        uri = parse_uri(url)
        async with asyncio.timeout(timeout_s):
            proxy = proxy_for(url)
            if proxy is not None:
                return await _through(proxy, uri, make_end, clock, tls, timeout_s)
            tcp = await open_tcp(await resolve(uri.host, uri.port), clock, timeout_s)
            return await _connected(tcp, uri, make_end, tls)
    except Exception as error:
        raise LinkError(opening_failure(error, clock)) from None


async def _connected(tcp: socket.socket, uri: WebSocketURI, make_end: MakeEnd, tls: ssl.SSLContext) -> End:
    stamped = {tcp.fileno(): tcp} if isinstance(tcp, StampedSocket) else {}
    how: dict[str, Any] = {"ssl": tls, "server_hostname": uri.host} if uri.secure else {}
    try:
        _, end = await asyncio.get_running_loop().create_connection(lambda: make_end(stamped), sock=tcp, **how)
    except BaseException:
        tcp.close()
        raise
    return end


async def _through(
    proxy: Proxy, uri: WebSocketURI, make_end: MakeEnd, clock: Clock, tls: ssl.SSLContext, timeout_s: float
) -> End:
    loop, asked = asyncio.get_running_loop(), parse_proxy(proxy.address)
    how: dict[str, Any] = {"ssl": True, "server_hostname": proxy.host} if asked.scheme == "https" else {}
    tcp = await open_tcp(await resolve(proxy.host, proxy.port), clock, timeout_s)
    transport, asking = await loop.create_connection(lambda: ProxyRequest(uri, asked, USER_AGENT), sock=tcp, **how)
    try:
        await asking.response
        end = make_end({})
        if not uri.secure:
            transport.set_protocol(end)
            end.connection_made(transport)
            return end
        secure = await loop.start_tls(transport, end, tls, server_hostname=uri.host)
        assert secure is not None
        end.connection_made(secure)
    except BaseException:
        transport.abort()
        raise
    return end
