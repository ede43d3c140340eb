"""Messages as fast as they are taken, and who takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.benchmarks.processes import answer, process, two_cores
from tests.benchmarks.wire import SESSION_START, Peer, audio_message, binary_frame, listen, text_frame, tone

FRAME_S = 0.020
_CHUNK = 200
_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What is sent: 20 ms PCM16 at `rate`, as JSON or as binary frames."""

    name: str
    rate: int
    json: bool
    goal: float


KINDS = (
    Kind("JSON, 8 kHz", 8000, True, 0.7),
    Kind("JSON, 16 kHz", 16000, True, 0.7),
    Kind("binary, 8 kHz", 8000, False, 0.5),
    Kind("binary, 16 kHz", 16000, False, 0.5),
)


def flooded(receiver: Callable[[Connection, int, Kind, int], None], kind: Kind, count: int) -> float:
    """Return the seconds of its CPU that `receiver` takes for so many messages, which others on the machine spare."""
    here, there = two_cores()
    with process(flood, kind, count, core=there) as sender:
        port = answer(sender, _TIMEOUT_S)
        with process(receiver, port, kind, count, core=here) as measured:
            cpu_s: float = answer(measured, _TIMEOUT_S)
    return cpu_s


def flood(pipe: Connection, kind: Kind, count: int) -> None:
    """Send `count` messages to whoever connects first, as fast as they are taken."""
    chunks = _chunks(kind, count)
    with listen() as server:
        pipe.send(server.getsockname()[1])
        peer = Peer(server.accept()[0])
    while not peer.open:
        peer.pump()
    peer.write(text_frame(SESSION_START))
    for chunk in chunks:
        peer.write(chunk)
    while peer.pump():
        pass


def _chunks(kind: Kind, count: int) -> list[bytes]:
    sound = tone(FRAME_S, kind.rate)
    if not kind.json:
        return [binary_frame(sound) * _CHUNK] * (count // _CHUNK)
    return [
        b"".join(text_frame(audio_message(sound, kind.rate, i, FRAME_S)) for i in range(first, first + _CHUNK))
        for first in range(0, count, _CHUNK)
    ]
