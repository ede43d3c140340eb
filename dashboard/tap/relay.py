"""The relay: takes connections, dials the upstream for each, and passes bytes on, both ways, untouched.

It reads the head of the client's request and that of the answer, and nothing else. What passes after an upgrade is
handed to the observer (`feed.py`), whose fate is none of the relay's business.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from dashboard.clock import Clock
from dashboard.dialects.audiohook_signature import Keyring, Nonces, SignedRequest, sign, verify
from dashboard.resilience.retry import LinkError
from dashboard.tap.feed import Feed
from dashboard.tap.heads import RequestHead, parting, read_request, read_response, refusal, rewritten
from dashboard.tap.link import Link, Obituary
from dashboard.tap.records import NO_LINK, Kind, record, refused, ticked, told
from dashboard.transport.kernel_time import StampedSocket
from dashboard.transport.relayed import HEAD_LIMIT, End, HeadTooLongError, unheard, unnoticed
from dashboard.transport.tcp import listen_tcp
from dashboard.transport.upstream import dial
from dashboard.transport.watched_loop import loop_watch

TICK_S = 0.25
ABANDONED_S = 60.0
REFUSED_AFTER_S = 0.5
"""How long a refusal for a signature takes at least, so that its time tells nothing about keys."""
UNREAD_S = 2.0
"""What an observer had been told for so long before it died it may not have read."""
HEAD_S = 10.0
"""How long a client may take to say what it wants."""
ANSWER_S = 60.0
"""How long an answer that is no upgrade may take, and its client to leave with it."""
_TLS_S = 10.0
_GONE_S = 1.0
_BACKLOG = 512
_KEPT_ENDED = 200


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """Where connections come in, and where they are to go.

    upstream: ws or wss, without a query; a path in it takes the place of the client's. keeps_host: the upstream is
    asked by the name that the client has used, not by its own. most_links: connections at once.
    """

    upstream: str
    host: str = "127.0.0.1"
    port: int = 0
    keeps_host: bool = True
    most_links: int = 200
    open_timeout_s: float = 10.0


class _RefusedError(Exception):
    """A request goes no further: the status that it gets, a short stable reason, and words."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail


class Relay:
    """Relays until it is stopped."""

    def __init__(
        self,
        options: RelayOptions,
        clock: Clock,
        *,
        client_tls: ssl.SSLContext,
        server_tls: ssl.SSLContext | None = None,
        keys: Keyring | None = None,
        new_id: Callable[[], str],
    ) -> None:
        self.port = options.port
        self.clock = clock
        self._options = options
        self._client_tls = client_tls
        self._server_tls = server_tls
        self._keys = keys
        self._nonces = Nonces()
        self._new_id = new_id
        self._feed: Feed | None = None
        self._links: dict[int, Link] = {}
        self._ended: deque[Obituary] = deque(maxlen=_KEPT_ENDED)
        self._numbered = NO_LINK
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends = 0
        self._asking = 0
        self._stopping = asyncio.Event()
        self._empty = asyncio.Event()
        self._abandoned = False

    @property
    def endpoint(self) -> str:
        """Where connections come in; the port is known once it listens."""
        host = f"[{self._options.host}]" if ":" in self._options.host else self._options.host
        return f"{'ws' if self._server_tls is None else 'wss'}://{host}:{self.port}"

    async def listen(self) -> None:
        """Take connections from now on; raises OSError for an address that is taken or not ours."""
        stamped: WeakValueDictionary[int, StampedSocket] = WeakValueDictionary()
        listening = await listen_tcp(self._options.host, self.port, self.clock, stamped)
        self.port = listening.getsockname()[1]
        how: dict[str, Any] = {} if self._server_tls is None else {"ssl_handshake_timeout": _TLS_S}
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Accepted(self, stamped), sock=listening, ssl=self._server_tls, backlog=_BACKLOG, **how
        )

    async def run(self, feed: Feed | None = None) -> None:
        """Relay until stopped; with a feed, what passes is shown there."""
        self._feed = feed
        watching = [asyncio.create_task(self._tick())]
        if feed is not None:
            watching.append(asyncio.create_task(feed.run()))
        await self._stopping.wait()
        await self._end()
        if feed is not None:
            await feed.close()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    def stop(self) -> None:
        """Let nobody in any more, end what is open."""
        self._stopping.set()

    def greeting(self, fate: str, died_at: float) -> Iterator[bytes]:
        """Yield what a new observer has to know: what became of the one before it, and when; what is up, and what has
        ended meanwhile."""
        now, upstream = self.clock.monotonic(), self._options.upstream
        wall = self.clock.wall()
        yield told(Kind.STARTED, NO_LINK, now, endpoint=self.endpoint, upstream=upstream, wall=wall, fate=fate)
        for one in self._ended if fate else ():
            yield from one.records(died_at if one.ended_at <= died_at - UNREAD_S else None)
        for link in self._links.values():
            yield from link.greeting(now)

    def command(self, line: bytes) -> None:
        """Pass a command of the operator on to the observer."""
        if self._feed is not None:
            self._feed.tell(record(Kind.COMMAND, NO_LINK, self.clock.monotonic(), line))

    def abandon(self) -> None:
        """Nobody will say stop any more: go on, and end once no client has been there for `ABANDONED_S`."""
        self._abandoned = True

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in list(self._links.values()):
            link.end()
        self._check_empty()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GONE_S):
                await self._empty.wait()
        for link in list(self._links.values()):
            link.end(reset=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tick(self) -> None:
        """Let time pass for the observer, four times a second, and tell how late that was."""
        watch = loop_watch()
        sampled = watch.sampled if watch else 0
        busy_at = due = self.clock.monotonic() + TICK_S * random.random()
        while True:
            await asyncio.sleep(max(0.0, due - self.clock.monotonic()))
            now = self.clock.monotonic()
            lags: tuple[float, ...] = ()
            if watch:
                lags, sampled = watch.lags(sampled), watch.sampled
            if self._feed is not None:
                for link in self._links.values():
                    link.tell_totals(now)
                self._feed.tell(ticked(now, max(0.0, now - due), lags))
            due = max(due + TICK_S, now)
            if self._ends or not self._abandoned:
                busy_at = now
            elif now - busy_at > ABANDONED_S:
                self.stop()

    # -- one connection ---------------------------------------------------------------------------------

    def accepted(self, client: End) -> None:
        """A client has connected."""
        self._ends += 1
        task = asyncio.get_running_loop().create_task(self._serve(client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def left(self) -> None:
        """A client's connection has ended."""
        self._ends -= 1

    async def _serve(self, client: End) -> None:
        """Read a request, ask it, and pass the answer on; after an upgrade the two ends look after themselves."""
        try:
            async with asyncio.timeout(HEAD_S):
                head, at = await client.head()
            request, asked = self._admitted(head)
            self._asking += 1
            try:
                upstream = await self._dialled()
                await self._exchange(client, upstream, request, (asked, at))
            finally:
                self._asking -= 1
        except _RefusedError as error:
            await self._refuse(client, error)
        except TimeoutError:
            await self._refuse(client, _RefusedError(408, "no_request", f"no request came within {HEAD_S:.0f} s"))
        except HeadTooLongError:
            words = f"its request has more than {HEAD_LIMIT} bytes"
            await self._refuse(client, _RefusedError(431, "not_http", words))
        except ConnectionError:
            client.end()  # it left without a word
        except Exception as error:  # a bug of ours: this client is told, the others have nothing to do with it
            await self._refuse(client, _RefusedError(500, "unexpected", f"unexpected {type(error).__name__}"))
        except asyncio.CancelledError:
            client.end()
            raise

    async def _exchange(self, client: End, upstream: End, request: bytes, asked: tuple[RequestHead, float]) -> None:
        """Ask the upstream. An upgrade makes a link; any other answer ends the connection: what a client sends after
        it, or before an upgrade, would reach the upstream as a request that nobody here has looked at."""
        client.meet(upstream)
        try:
            upstream.transport.write(request)
            if asked[0].upgrades and client.eof:
                raise ConnectionError  # it does not wait for the answer
            if not asked[0].upgrades:
                client.join(most=asked[0].body_bytes)
            status, answer, answered = await self._answer(client, upstream)
            if status == 101 and asked[0].upgrades:
                client.transport.write(answer)
                self._link((client, upstream), asked, answered)
            elif status == 101:
                raise _RefusedError(502, "bad_reply", "the upstream changed the protocol and was not asked to")
            else:
                await self._part(client, upstream, status, answer)
        except BaseException:
            upstream.end()
            raise

    async def _answer(self, client: End, upstream: End) -> tuple[int, bytes, tuple[Mapping[str, str], float]]:
        """Return status, head and headers of the upstream's answer, and when it came; what is interim passes on."""
        while True:
            try:
                head, at = await upstream.head()
            except (HeadTooLongError, ConnectionError):
                if client.closed:
                    raise ConnectionError from None
                raise _RefusedError(502, "bad_reply", "the upstream did not answer in HTTP/1.1") from None
            answer = read_response(head)
            if answer is None:
                raise _RefusedError(502, "bad_reply", "the upstream did not answer in HTTP/1.1")
            status, headers = answer
            if status >= 200 or status == 101:
                return status, head, (headers, at)
            client.transport.write(head)

    async def _part(self, client: End, upstream: End, status: int, answer: bytes) -> None:
        """Pass on an answer that is no upgrade; it is the last one."""
        self._tell_refused(_RefusedError(status, "upstream_refused", f"the upstream answered {status}"))
        client.transport.write(parting(answer))
        upstream.join()
        client.join(most=0)
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await client.over()
        client.end()
        upstream.end()

    def _link(
        self, ends: tuple[End, End], asked: tuple[RequestHead, float], answered: tuple[Mapping[str, str], float]
    ) -> None:
        self._numbered += 1
        feed, clock, number = self._feed, self.clock, self._numbered
        link = Link(number, self._new_id(), ends, asked, answered, feed=feed, clock=clock, gone=self._forget)
        self._links[number] = link
        link.join()

    def _admitted(self, head: bytes) -> tuple[bytes, RequestHead]:
        """Return what the upstream is to be asked, and the request."""
        asked = read_request(head)
        if asked is None or not asked.names_host:
            raise _RefusedError(400, "not_http", "what came is no request of HTTP/1.1")
        if asked.body_bytes is None:
            raise _RefusedError(411, "body", "what is no WebSocket is passed on with a body of a stated length only")
        if len(self._links) + self._asking >= self._options.most_links:
            raise _RefusedError(503, "busy", f"{self._options.most_links} connections are up, no more are taken")
        parts = urlsplit(self._options.upstream)
        target = asked.target
        if parts.path not in ("", "/"):
            _, question, query = target.partition("?")
            target = f"{parts.path}{question}{query}"
        host = asked.headers.get("host", "") if self._options.keeps_host else parts.netloc
        fields = {} if asked.upgrades else {"Connection": "close"}
        if (target, host) != (asked.target, asked.headers.get("host", "")):
            fields |= {} if self._options.keeps_host else {"Host": host}
            fields |= self._signed(asked, target, host)
        elif asked.upgrades:
            return head, asked
        return rewritten(head, target, fields), asked

    def _signed(self, asked: RequestHead, target: str, host: str) -> dict[str, str]:
        """Return a new signature for a request that had one; who had none that holds gets none."""
        if "signature" not in asked.headers:
            return {}
        if self._keys is None:
            raise _RefusedError(502, "not_signed", "the request is signed, and there is no key here to sign it anew")
        wall = self.clock.wall()
        before = SignedRequest(asked.target, asked.headers.get("host", ""), asked.headers)
        refused = verify(before, self._keys, wall, self._nonces)
        if refused is not None:
            raise _RefusedError(401, refused.flaw.value, refused.detail)
        _, (secret, *_) = self._keys.find(asked.headers["x-api-key"].strip())
        return sign(SignedRequest(target, host, asked.headers), secret, nonce=secrets.token_urlsafe(24), now=wall)

    async def _dialled(self) -> End:
        def make_end(stamped: Mapping[int, StampedSocket]) -> End:
            return End(self.clock, unheard, unnoticed, stamped)

        try:
            return await dial(
                self._options.upstream,
                make_end,
                clock=self.clock,
                tls=self._client_tls,
                timeout_s=self._options.open_timeout_s,
            )
        except LinkError as error:
            cause, detail = error.failure.cause, error.failure.detail
            status = 504 if cause.value == "timeout" else 502
            raise _RefusedError(status, cause.value, f"the upstream cannot be reached: {detail}") from None

    async def _refuse(self, client: End, error: _RefusedError) -> None:
        if error.status == 401:
            await asyncio.sleep(REFUSED_AFTER_S)
        self._tell_refused(error)
        await client.dismiss(refusal(error.status, f"callscope tap: {error.detail}"))

    def _tell_refused(self, error: _RefusedError) -> None:
        if self._feed is not None:
            self._feed.tell(refused(self.clock.monotonic(), error.status, error.reason, error.detail))

    def _forget(self, link: Link) -> None:
        del self._links[link.number]
        if link.obituary is not None:
            self._ended.append(link.obituary)
        self._check_empty()

    def _check_empty(self) -> None:
        if not self._links:
            self._empty.set()


class _Accepted(End):
    """A client's end."""

    def __init__(self, relay: Relay, stamped: Mapping[int, StampedSocket]) -> None:
        super().__init__(relay.clock, unheard, unnoticed, stamped)
        self._relay = relay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._relay.accepted(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._relay.left()
