"""One short connection to the bot under test: what it said, word for word, and which rules it broke with what."""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from dashboard.call.events import Event, MalformedReceived
from dashboard.call.hook_events import RuleBroken
from dashboard.clock import Clock
from dashboard.dialects import audiohook_wire as wire
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_client import CLOSED_WITHIN_S, Offer
from dashboard.dialects.audiohook_connector import ConnectorClient
from dashboard.dialects.audiohook_signature import COMPONENTS
from dashboard.dialects.base import Item
from dashboard.transport.tapped import Closed
from dashboard.transport.websocket import Socket, SocketOptions, connect
from dashboard.wiretext import clean
from dashboard.worker.conduct import Script, Speech
from dashboard.worker.talk import Talk

UNREADABLE = "unreadable"
"""What a message is that is none."""

_EXCERPT = 400
_MOST_KEPT = 2_000

Fact = TypeVar("Fact", bound=Event)
Change = Callable[[dict[str, Any]], "dict[str, Any] | str | None"]


@dataclass(frozen=True, slots=True)
class Bench:
    """Whom to visit, and as whom. keyed: the key is one that the bot is meant to know. speeches: what can be said."""

    url: str
    offer: Offer
    access: Access = field(repr=False)
    keyed: bool
    speeches: tuple[Speech, ...]
    tls: ssl.SSLContext
    clock: Clock


class Said(NamedTuple):
    """A message of the bot: its type ("audio" for a binary one), and what it says."""

    at: float
    kind: str
    text: str


class Breach(NamedTuple):
    """A rule that the bot broke, and the message with which it did."""

    rule: str
    detail: str
    message: str


class Witness(ConnectorClient):
    """A client that keeps what it hears. `change_next`: what is to become of the next message before it leaves."""

    def __init__(self, offer: Offer, *, limits: bool) -> None:
        super().__init__("conformance", offer, limits=limits, tamper=self._changed)
        self.said: list[Said] = []
        self.breaches: list[Breach] = []
        self.change_next: Change | None = None
        self.asked = ""
        """The last message that was sent."""

    def _changed(self, fields: dict[str, Any]) -> dict[str, Any] | str | None:
        change, self.change_next = self.change_next, None
        sent = fields if change is None else change(fields)
        self.asked = sent if isinstance(sent, str) else wire.written(sent or {})
        return sent

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Take one message, and keep it."""
        items = super().receive(data, text=text, at=at)
        said = Said(at, _kind(data) if text else "audio", _words(data) if text else f"{len(data)} bytes of audio")
        if len(self.said) < _MOST_KEPT:
            self.said.append(said)
        for item in items:
            if isinstance(item, RuleBroken) and item.by == "server":
                self.breaches.append(Breach(item.rule, item.detail, said.text))
            elif isinstance(item, MalformedReceived):
                self.breaches.append(Breach(UNREADABLE, item.problem, said.text))
        return items

    def heard(self, kind: str) -> list[Said]:
        """Return the messages of one type."""
        return [one for one in self.said if one.kind == kind]


class Visit:
    """A session that has been begun. `facts` holds all that it told, `end` how its connection ended."""

    def __init__(self, bench: Bench, socket: Socket, offer: Offer, script: Script, *, limits: bool) -> None:
        self.client = Witness(offer, limits=limits)
        self.began = bench.clock.monotonic()
        self.facts: list[Event] = []
        self.said_at: list[float] = []
        """When the caller ended each of its turns."""
        self.end: Closed | None = None
        self._clock = bench.clock
        self._socket = socket
        self._came = asyncio.Event()
        self._talk = Talk(self.client, socket, self, bench.clock, script)
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        self.end = await self._talk.run()
        self._came.set()

    # -- what is asked of the bot ---------------------------------------------------------------------------

    def send(self, change: Change | None = None) -> None:
        """Send an update of the language, or what `change` makes of it."""
        self.client.change_next = change
        self.do(lambda now: self.client.update(self.client.offer.language, now))

    def do(self, request: Callable[[float], None]) -> None:
        """Have the client do something, at a moment that it is given."""
        request(self.now())
        self._talk.pump()

    def say(self, speech: Speech) -> None:
        self._talk.say(speech)

    def abort(self) -> None:
        """Cut the connection."""
        self._socket.abort()

    async def until(self, so: Callable[[], object], within_s: float) -> bool:
        """Wait until it is so; return whether it came to that in time, and before the connection ended."""
        due = self.now() + within_s
        while not so():
            if self.end is not None or self.now() >= due:
                return bool(so())
            self._came.clear()
            try:
                async with asyncio.timeout(max(0.0, min(0.2, due - self.now()))):
                    await self._came.wait()
            except TimeoutError:
                continue
        return True

    async def opened(self) -> bool:
        """Wait for the session to be open."""
        return await self.until(lambda: self.client.state not in ("connecting", "opening"), 6.0) and self.is_open

    @property
    def is_open(self) -> bool:
        return self.client.state == "open"

    async def answers(self, within_s: float = 5.0) -> bool:
        """Ping, and wait for the pong."""
        before = len(self.client.heard("pong"))
        self.do(self.client.ping)
        return await self.until(lambda: len(self.client.heard("pong")) > before, within_s)

    async def close(self) -> bool:
        """Close the session; return whether it was closed as it should be."""
        self.do(self.client.close)
        await self.until(lambda: self.end is not None, CLOSED_WITHIN_S + 3.0)
        return self.closed

    @property
    def closed(self) -> bool:
        """Whether `closed` has come."""
        return self.client.session.stage == "closed"

    async def leave(self) -> None:
        """End the connection, one way or the other."""
        if self.end is None:
            self._socket.abort()
        await self._running

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def now(self) -> float:
        return self._clock.monotonic()

    # -- what the talk tells --------------------------------------------------------------------------------

    def tell(self, items: Sequence[Item]) -> None:
        self.facts += [item for item in items if isinstance(item, Event)]
        self._came.set()

    def begun(self, text: str) -> int:
        return 0

    def said(self, number: int, text: str, at: float) -> None:
        self.said_at.append(at)
        self._came.set()

    def cut_off(self, number: int) -> None:
        """What was not said to its end is no turn."""


@asynccontextmanager
async def visiting(
    bench: Bench,
    *,
    script: Script | None = None,
    offer: Offer | None = None,
    access: Access | None = None,
    aged_s: float = 0.0,
    order: Sequence[str] = COMPONENTS,
    limits: bool = True,
) -> AsyncIterator[Visit]:
    """Visit the bot, with a signature that is `aged_s` old, of components in this order.

    The visit ends with the block. Raises LinkError.
    """
    who = replace(offer or bench.offer, session_id=str(uuid.uuid4()))
    nonce, wall = secrets.token_urlsafe(24), bench.clock.wall() - aged_s
    headers = (access or bench.access).headers(who, bench.url, nonce=nonce, wall=wall, order=order)
    options = SocketOptions(ping_interval_s=None, close_timeout_s=2.0)
    socket = await connect(bench.url, clock=bench.clock, tls=bench.tls, headers=headers, options=options)
    visit = Visit(bench, socket, who, script or Script(), limits=limits)
    try:
        yield visit
    finally:
        await visit.leave()


def _kind(data: bytes) -> str:
    try:
        fields = json.loads(data)
    except ValueError:
        return UNREADABLE
    return str(fields.get("type")) if isinstance(fields, dict) else UNREADABLE


def _words(data: bytes) -> str:
    return clean(data[: 4 * _EXCERPT].decode("utf-8", "replace"), _EXCERPT)
