"""What a relay adds to the way of a message, and how many pass through it: the tap beside others, in one run."""

from __future__ import annotations

import random
import selectors
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from multiprocessing.connection import Connection

from dashboard.clock import SystemClock
from dashboard.transport.kernel_time import StampedSocket
from tests.benchmarks import relays
from tests.benchmarks.harness import Figure, at_least, at_most, number, spread
from tests.benchmarks.processes import answer, process
from tests.benchmarks.wire import Peer, audio_message, binary_frame, listen, text_frame, tone

NAME = "relay"
SUMMARY = "frames every 20 ms through each relay in turn, from write to the kernel's receive time; messages a second"

FRAME_S = 0.020
RATE = 8000
_FIRST = 1_000_000  # so that all frames are of one size
_TIMEOUT_S = 60.0
_PACKET = 160  # bytes of a message of the flood: 20 ms of PCMU
_WRITE = 64 * 1024
_RECEIVE = 256 * 1024

Relay = Callable[[int], AbstractContextManager[int]]
DIRECT, RAW, MESSAGES, MITMPROXY, TAP = (
    "direct",
    "raw TCP in asyncio",
    "messages with websockets",
    "mitmproxy",
    "callscope tap",
)


def run(quick: bool) -> list[Figure]:
    found: dict[str, Relay] = {RAW: relays.raw, MESSAGES: relays.messages, TAP: relays.callscope}
    if relays.has_mitmproxy():
        found[MITMPROXY] = relays.mitmproxy
    else:
        print("relay: mitmproxy is not installed here (no mitmdump in PATH): left out", file=sys.stderr)  # noqa: T201
    with ExitStack() as running:
        sender = running.enter_context(process(_send))
        port: int = answer(sender, _TIMEOUT_S)
        ports = {DIRECT: port} | {name: running.enter_context(relay(port)) for name, relay in found.items()}
        late = _latencies(sender, ports, 60 if quick else 4_000)
        rates = {name: _rate(sender, name, ports[name], 0.3 if quick else 4.0) for name in ports}
    return [*_arrivals(late), *_throughputs(rates)]


def _arrivals(late: Mapping[str, list[float]]) -> Iterator[Figure]:
    figures = {name: spread(f"arrival: {name}", late[name]) for name in late if name != TAP}
    yield from figures.values()
    yield spread("arrival: callscope", late[TAP], floor=figures[RAW], goal=at_most(1.2))
    if MITMPROXY in figures:
        yield spread("arrival, beside mitmproxy: callscope", late[TAP], floor=figures[MITMPROXY], goal=at_most(0.5))


def _throughputs(rates: Mapping[str, float]) -> Iterator[Figure]:
    figures = {name: number(f"throughput: {name}", rates[name], "messages/s") for name in rates if name != TAP}
    yield from figures.values()
    yield number("throughput: callscope", rates[TAP], "messages/s", floor=figures[MESSAGES], goal=at_least(10))


# -- what arrives -------------------------------------------------------------------------------------------


def _latencies(sender: Connection, ports: Mapping[str, int], frames: int) -> dict[str, list[float]]:
    """Have so many frames sent on every way, each way in its turn; return how long each took."""
    with ExitStack() as closing:
        sender.send(("paced", list(ports), frames))
        ways = {name: closing.enter_context(_dialled(port, name)) for name, port in ports.items()}
        arrivals: dict[str, list[float]] = {name: [] for name in ways}
        received = dict.fromkeys(ways, 0)
        size, clock = len(_frame(0)), SystemClock()
        with selectors.DefaultSelector() as selector:
            for name, tcp in ways.items():
                selector.register(tcp, selectors.EVENT_READ, name)
            while min(map(len, arrivals.values())) < frames:
                for key, _ in selector.select():
                    way, name = ways[key.data], key.data
                    received[name] += len(way.recv(_RECEIVE))
                    at = clock.monotonic() if way.arrived is None else way.arrived
                    arrivals[name] += [at] * (received[name] // size - len(arrivals[name]))
        sent: dict[str, list[float]] = answer(sender, _TIMEOUT_S)
    skipped = frames // 20  # while everything warms up
    return {
        name: [at - left for at, left in zip(arrivals[name][skipped:], sent[name][skipped:], strict=True)]
        for name in ways
    }


def _rate(sender: Connection, name: str, port: int, seconds: float) -> float:
    """Have messages sent as fast as they are taken; return how many arrived a second."""
    size = len(binary_frame(bytes(_PACKET)))
    sender.send(("flood", [name], 0))
    with _dialled(port, name) as way:
        way.recv(_RECEIVE)
        received, began = 0, time.monotonic()
        while time.monotonic() - began < seconds:
            received += len(way.recv(_RECEIVE))
        return received / size / (time.monotonic() - began)


def _dialled(port: int, name: str) -> StampedSocket:
    """Connect and ask for the upgrade; the path says which way this is."""
    tcp = StampedSocket(socket.AF_INET, SystemClock())
    tcp.connect(("127.0.0.1", port))
    tcp.settimeout(_TIMEOUT_S)
    lines = (
        f"GET /{name.replace(' ', '-')} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    tcp.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = tcp.recv(1)  # not a byte of what follows
        assert data, f"{name} did not answer"
        head += data
    assert b" 101 " in head, head
    return tcp


# -- the sender ---------------------------------------------------------------------------------------------


def _frame(index: int) -> bytes:
    return text_frame(audio_message(tone(FRAME_S, RATE), RATE, _FIRST + index, FRAME_S))


def _send(pipe: Connection) -> None:
    with listen() as door:
        pipe.send(door.getsockname()[1])
        while True:
            try:
                how, names, frames = pipe.recv()
            except EOFError:
                return
            peers = _upgraded(door, names)
            if how == "paced":
                pipe.send(_paced(peers, frames))
            else:
                _flood(peers[names[0]])
            for peer in peers.values():
                peer.tcp.close()


def _upgraded(door: socket.socket, names: list[str]) -> dict[str, Peer]:
    """Take as many connections as there are names, in whatever order they come; their paths say which is which."""
    peers: dict[str, Peer] = {}
    while len(peers) < len(names):
        tcp, _ = door.accept()
        request = tcp.recv(_RECEIVE, socket.MSG_PEEK)
        while b"\r\n" not in request:
            if not request:
                break
            request = tcp.recv(_RECEIVE, socket.MSG_PEEK)
        path = request.partition(b" ")[2].partition(b" ")[0].decode()
        name = next((name for name in names if path == f"/{name.replace(' ', '-')}"), None)
        if name is None:  # somebody tries whether we are there
            tcp.close()
            continue
        peer = Peer(tcp)
        while not peer.open:
            peer.pump()
        peers[name] = peer
    return peers


def _paced(peers: Mapping[str, Peer], frames: int) -> dict[str, list[float]]:
    """Send a frame on every way each 20 ms, the ways evenly apart and shuffled; return when each left."""
    sent: dict[str, list[float]] = {name: [] for name in peers}
    dice, ways = random.Random(1), list(peers.items())
    begin, apart = time.monotonic() + 0.5, FRAME_S / len(peers)
    for index in range(frames):
        data = _frame(index)
        for place, (name, peer) in enumerate(dice.sample(ways, len(ways))):
            due = begin + index * FRAME_S + place * apart
            time.sleep(max(0.0, due - time.monotonic()))
            sent[name].append(time.monotonic())
            peer.tcp.sendall(data)
    return sent


def _flood(peer: Peer) -> None:
    """Send until nobody takes it any more."""
    message = binary_frame(bytes(_PACKET))
    data = message * (_WRITE // len(message))
    with suppress(OSError):
        while True:
            peer.tcp.sendall(data)
