"""Requests in the place of a socket: what is sent is posted, and what is answered arrives.

A host is reached before, so that name, port and certificate are tried when the link dials, not at the first request.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from dashboard.call.events import Cause, ClosedBy
from dashboard.clock import Clock
from dashboard.resilience.exchange import Reply, Request
from dashboard.resilience.retry import Failure, LinkError, Step
from dashboard.transport.http import HttpClient
from dashboard.transport.path import Path
from dashboard.transport.tapped import Arrival, Closed
from dashboard.wiretext import safe_url


async def reach(url: str, *, clock: Clock, tls: ssl.SSLContext, timeout_s: float) -> None:
    """Go to the host of a URL as far as TLS, within `timeout_s`, and hang up; raises LinkError."""
    path = Path(url, clock=clock, timeout_s=timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            await path.resolve()
            await path.reach()
            if path.tunnels:
                await path.tunnel()
            if path.secured:
                await path.secure(tls)
    except TimeoutError:
        raise LinkError(Failure(Cause.TIMEOUT, "timed out")) from None
    finally:
        path.close()


class Requests:
    """JSON posted to one address, one request at a time: a request that waits for its answer gives way to the next.

    An answer is handed over as one text message: a line `STATUS RETRY_AFTER_S`, and the body. A request that gets none
    in time is not heard of any more; one that cannot be made, or breaks off, ends it all, as a socket would.
    """

    def __init__(self, url: str, client: HttpClient, clock: Clock) -> None:
        """`client` stays open when this is closed: whoever made it closes it."""
        parts = urlsplit(url)
        self.endpoint = safe_url(f"{parts.scheme}://{parts.netloc}")  # the path holds a token
        self.clock = "process"
        self._url = url
        self._clock = clock
        self._client = client
        self._ended: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self._on_arrival: Callable[[Arrival], None] | None = None
        self._asking: asyncio.Task[None] | None = None

    def deliver_to(self, on_arrival: Callable[[Arrival], None], on_rtt: Callable[[float, float], None]) -> None:
        """Hand over every answer; no round trip is measured without a request."""
        self._on_arrival = on_arrival

    async def send(self, data: str) -> None:
        """Begin a request with this JSON object; raises LinkError when all has ended."""
        if self._ended.done():
            raise LinkError(Failure(Cause.NETWORK, "the connection ended before the message was sent"))
        await self._abandon()
        request = Request(Step.UTTERANCE, "POST", self._url, headers={}, json=json.loads(data))
        self._asking = asyncio.create_task(self._ask(request))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Abandon the request that waits."""
        await self._abandon()
        self._end(Closed(code, reason, ClosedBy.US, f"closed by us with {code}"))

    async def closed(self) -> Closed:
        """Wait for the end and tell how it came."""
        return await asyncio.shield(self._ended)

    async def _ask(self, request: Request) -> None:
        try:
            reply = await self._client.carry_out(request)
        except LinkError as error:
            if error.failure.cause is not Cause.TIMEOUT:
                self._end(Closed(1006, "", ClosedBy.NETWORK, error.failure.detail))
            return
        if self._on_arrival is not None:
            self._on_arrival(Arrival(_message(reply), True, self._clock.monotonic()))

    async def _abandon(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    def _end(self, closed: Closed) -> None:
        if not self._ended.done():
            self._ended.set_result(closed)


def _message(reply: Reply) -> bytes:
    wait = "" if reply.retry_after_s is None else f" {reply.retry_after_s:g}"
    return f"{reply.status}{wait}\n".encode() + reply.body
