"""Takes the calls that come in by AudioHook: who may, which call a session belongs to, and when all is over.

A source of many calls. A connection belongs to no call until it has opened a session: then either to a call that lost
its session and waits for this participant, or to a new one. A connection probe never becomes a call.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from dashboard.call.events import Cause, Event, Marked, PingMeasured, Ticked
from dashboard.call.hook_events import DOOR, HookAccepted, ListenerStarted, ProbeAnswered, RuleBroken, UpgradeRefused
from dashboard.call.ports import Command, Emit, Hear, Mark, Stop
from dashboard.clock import Clock
from dashboard.dialects import audiohook_upgrade as upgrade
from dashboard.dialects.audiohook_server import HangUp, HookServer
from dashboard.dialects.audiohook_signature import Keyring, Nonces, SignedRequest, verify
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.dialects.base import Item
from dashboard.resilience.retry import LinkError
from dashboard.transport.accepting import Door, Knock, TurnedAway
from dashboard.transport.tapped import Arrival, Closed
from dashboard.transport.websocket import Socket, SocketOptions
from dashboard.wiretext import clean
from dashboard.worker.accepted import CallOptions, Opening, Register
from dashboard.worker.answered import AnsweredCall
from dashboard.worker.ticking import Ticker

REFUSED_AFTER_S = 0.5
"""How long a refusal takes at least, so that its time tells nothing about keys."""
_MOST_WAITING = 256
"""Connections that have not asked for anything yet; more, if so many calls may come back at once."""
_UNSENT = 1_000
_HELD = 200
_NOTE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class SwitchboardOptions:
    """Where calls come in, and how many at once.

    stale_after_s: a session that is silent for so long is given up. stop_s: how long a client may take to close when we
    end; then its connection is closed without it.
    """

    host: str = "127.0.0.1"
    port: int = 0
    path: str = "/audiohook"
    most_calls: int = 200
    stale_after_s: float = 30.0
    stop_s: float = 3.0
    call: CallOptions = field(default_factory=CallOptions)
    socket: SocketOptions = field(default_factory=lambda: SocketOptions(close_timeout_s=1.0))


class Switchboard:
    """A source of calls, until it is stopped. `keys` None: whoever knocks may come in."""

    def __init__(
        self,
        options: SwitchboardOptions,
        keys: Keyring | None,
        clock: Clock,
        *,
        new_id: Callable[[], str],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._options = options
        self._keys = keys
        self._nonces = Nonces()
        self._clock = clock
        self._new_id = new_id
        self._emit: Emit = _nowhere
        self._hear: Hear | None = None
        self._door = Door(
            self._admit,
            self._serve,
            clock=clock,
            host=options.host,
            port=options.port,
            tls=tls,
            options=options.socket,
            most_waiting=max(_MOST_WAITING, 2 * options.most_calls),
        )
        self._lines: set[_Line] = set()
        self._calls: Register[AnsweredCall] = Register()
        self._waiting: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._failure: Exception | None = None

    @property
    def endpoint(self) -> str:
        """Where calls come in; the port is known once it runs."""
        return f"{self._door.endpoint}{self._options.path}"

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself of every call to `hear` as well."""
        self._hear = hear

    def command(self, command: Command) -> None:
        """Take a command: to stop, or to mark one of the calls that are up. It is Genesys that dials and speaks."""
        match command:
            case Stop():
                self._stopping.set()
            case Mark(note=note, call_id=call_id):
                for call in self._calls:
                    if call.call_id == call_id:
                        call.report(Marked(call_id, self._now(), clean(note, _NOTE_LIMIT)))

    async def run(self, emit: Emit) -> None:
        """Take calls until stopped; raises OSError for an address that cannot be listened on."""
        self._emit = emit
        await self._door.start()
        signed = self._keys is not None and self._keys.signs
        emit(ListenerStarted(DOOR, self._now(), self._clock.wall(), self.endpoint, signed))
        ticking = asyncio.create_task(self._tick())
        await self._stopping.wait()
        await self._end()
        ticking.cancel()
        if self._failure is not None:
            raise self._failure

    async def _tick(self) -> None:
        """Show that we live, for whoever reads the facts, also while there is no call."""
        ticker, before = Ticker(self._clock), 0
        while True:
            await asyncio.sleep(ticker.wait_s())
            self._emit(Ticked(DOOR, self._now(), ticker.late_s()))
            self._door.tidy()
            count, before = self._door.turned_out - before, self._door.turned_out
            if count:
                words = f"{count} connections cut that asked for nothing: too many waited"
                self._emit(UpgradeRefused(DOOR, self._now(), 0, "crowded", words))

    async def _end(self) -> None:
        """Ask every client to close, wait for them for a moment, and let the rest go."""
        self._door.shut()
        for line in self._lines:
            line.dismiss()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.stop_s):
                await self._door.closed()
        await asyncio.gather(*(line.socket.close(1001, "going away") for line in self._lines))
        await self._door.closed()
        for task in self._waiting:
            task.cancel()
        for call in self._calls:
            call.give_up(self._now(), "stopped")

    # -- who may come in ----------------------------------------------------------------------------------

    async def _admit(self, knock: Knock) -> TurnedAway | None:
        refused = self._refusal(knock)
        if refused is None:
            return None
        self._emit(refused)
        await asyncio.sleep(knock.at + REFUSED_AFTER_S - self._now())
        return TurnedAway(refused.status, {401: "unauthorized", 404: "not found"}.get(refused.status, "busy"))

    def _refusal(self, knock: Knock) -> UpgradeRefused | None:
        now = self._now()
        if knock.path != self._options.path:
            return UpgradeRefused(DOOR, now, 404, "path", f"asked for {clean(knock.path, 80)}")
        if self._keys is not None:
            request = SignedRequest(knock.target, knock.headers.get("host", ""), knock.headers)
            refused = verify(request, self._keys, self._clock.wall(), self._nonces)
            if refused is not None:
                return UpgradeRefused(DOOR, now, 401, refused.flaw.value, refused.detail)
        if len(self._lines) >= self._options.most_calls:
            return UpgradeRefused(DOOR, now, 503, "busy", f"{len(self._lines)} calls are up, no more are taken")
        return None

    # -- one connection -----------------------------------------------------------------------------------

    async def _serve(self, socket: Socket, knock: Knock) -> None:
        machine = HookServer(
            self._new_id(), Announced.of_headers(knock.headers), self._now(), stale_after_s=self._options.stale_after_s
        )
        now = self._now()
        wall = self._clock.wall() - (now - knock.at)
        line = _Line(self, socket, machine, Opening(knock.at, now, wall, self.endpoint, socket.clock))
        flaws = upgrade.breaches(knock.headers)
        line.tell([machine.session.broken(rule, "client", knock.at, detail) for rule, detail in flaws])
        self._lines.add(line)
        if self._stopping.is_set():
            line.dismiss()
        try:
            end = await line.run()
            self._hung_up(line, end)
        except Exception as error:
            self.fail(error)
        finally:
            self._lines.discard(line)

    def place(self, line: _Line, held: list[Event]) -> AnsweredCall:
        """Return the call that a session belongs to, begun or gone on with."""
        session = line.machine.session
        call = self._calls.waiting(session.names, line.opening.opened_at)
        if call is None:  # the same participant twice at once, as with two integrations: calls of their own
            call = AnsweredCall(session.call_id, self._options.call, self._emit, self._clock, hear=self._hear)
            self._calls.enter(call, session.names)
        call.begin(line.machine, line.opening, held)
        return call

    def _hung_up(self, line: _Line, end: Closed) -> None:
        now = self._now()
        line.tell(line.machine.lost(now))
        if line.call is not None:
            line.call.hung_up(line.machine, end, stopping=self._stopping.is_set())
            self._after(line.call)
        elif line.machine.session.is_probe:
            took = [item.took_s for item in line.held if isinstance(item, HookAccepted)]
            broken = tuple(item.rule for item in line.held if isinstance(item, RuleBroken))
            self._emit(ProbeAnswered(DOOR, now, took[0] if took else None, broken))
        else:
            self._emit(UpgradeRefused(DOOR, now, 0, "no_open", f"it opened no session: {end.detail}"))

    def _after(self, call: AnsweredCall) -> None:
        if call.rejoin_by is None:
            self._calls.forget(call)
            return
        task = asyncio.get_running_loop().create_task(self._wait_for_return(call))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _wait_for_return(self, call: AnsweredCall) -> None:
        ticker = Ticker(self._clock)
        while call.rejoin_by is not None:
            await asyncio.sleep(ticker.wait_s())
            if call.rejoin_by is None:
                return
            call.tick(ticker.late_s())
            if self._now() >= call.rejoin_by:
                call.give_up(self._now(), "lost, and no other session came")
                self._calls.forget(call)

    def fail(self, error: Exception) -> None:
        """A bug: end all rather than limp on."""
        self._failure = self._failure or error
        self._stopping.set()

    def now(self) -> float:
        return self._now()

    @property
    def clock(self) -> Clock:
        return self._clock

    def _now(self) -> float:
        return self._clock.monotonic()


class _Line:
    """One connection, from its upgrade to its end."""

    def __init__(self, board: Switchboard, socket: Socket, machine: HookServer, opening: Opening) -> None:
        self.socket = socket
        self.machine = machine
        self.opening = opening
        self.call: AnsweredCall | None = None
        self.held: list[Event] = []
        """What was found before there was a call; of a probe, all that was."""
        self._board = board
        self._unsent: asyncio.Queue[str] = asyncio.Queue(_UNSENT)
        self._hanging_up: asyncio.Task[None] | None = None

    async def run(self) -> Closed:
        """Hold the connection until it has ended."""
        closed = asyncio.ensure_future(self.socket.closed())
        sender = asyncio.create_task(self._send_all())
        ticker = Ticker(self._board.clock)
        self.socket.deliver_to(self._arrived, self._pinged)
        try:
            while not closed.done():
                await asyncio.wait({closed}, timeout=ticker.wait_s())
                if not closed.done() and ticker.is_due():
                    self._tick(ticker.late_s())
            return closed.result()
        finally:
            for task in (sender, closed, self._hanging_up):
                if task is not None:
                    task.cancel()

    def dismiss(self) -> None:
        """Ask the client to close."""
        self.machine.disconnect(self._board.now())
        self._pump()

    def tell(self, items: list[Item]) -> None:
        """Tell facts of the call, or keep them until there is one."""
        facts = [item for item in items if isinstance(item, Event)]
        if self.call is None:
            self.held += facts[: max(0, _HELD - len(self.held))]
            return
        for fact in facts:
            self.call.report(fact)

    def _arrived(self, arrival: Arrival) -> None:
        try:
            if self.call is not None:
                self.call.offer(arrival)
            else:
                self.tell(self.machine.receive(arrival.data, text=arrival.text, at=arrival.at))
                self._place()
            self._pump()
        except Exception as error:  # raised into the loop's callback it would be lost
            self._board.fail(error)

    def _place(self) -> None:
        session = self.machine.session
        if session.stage != "preparing" and not session.is_probe:
            held, self.held = self.held, []
            self.call = self._board.place(self, held)

    def _pinged(self, at: float, rtt_s: float) -> None:
        if self.call is not None:
            self.call.report(PingMeasured(self.call.call_id, at, rtt_s))

    def _tick(self, lag_s: float) -> None:
        self.tell(self.machine.tick(self._board.now()))
        self._pump()
        if self.call is not None:
            self.call.tick(lag_s)

    def _pump(self) -> None:
        """Let leave what the machine has to say, and hang up if it says so."""
        texts, items = self.machine.to_send(self._board.now())
        self.tell(items)
        try:
            for text in texts:
                self._unsent.put_nowait(text)
        except asyncio.QueueFull:
            self.machine.hang_up = HangUp(1008, "does not read", Cause.PROTOCOL_ERROR)
        hang_up = self.machine.hang_up
        if hang_up is not None and self._hanging_up is None:
            self._hanging_up = asyncio.create_task(self.socket.close(hang_up.code, hang_up.reason))

    async def _send_all(self) -> None:
        with suppress(LinkError):  # it has ended, which `run` learns as well
            while True:
                await self.socket.send(await self._unsent.get())


def _nowhere(fact: Event) -> None:
    """Facts before `run` go nowhere: there are none."""
