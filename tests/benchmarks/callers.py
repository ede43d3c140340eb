"""Calls by AudioHook as Genesys sends them, on plain sockets: each is a `Peer` of the pacer, and dials."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from dashboard.dialects.audiohook_client import HookClient
from dashboard.simulator.hookcaller import someone
from dashboard.simulator.scenario import load_scenario
from dashboard.simulator.voices import Mixer
from tests.benchmarks.pacer import Pacer, Script
from tests.benchmarks.wire import Peer

FRAME_S = 0.020
FRAMES_PER_S = 50
END = b""
"""In place of a frame: the end of the session."""

_FRAME_BYTES = 320  # 20 ms of two channels of PCMU at 8 kHz
_HEAD = struct.pack("!BBH", 0x82, 0x80 | 126, _FRAME_BYTES) + bytes(4)  # a mask of zeros leaves all as it is


class Caller(Peer):
    """One session; `sealed` takes the next frame of its sound, or `END`."""

    def __init__(self, url: str, number: int) -> None:
        parts = urlsplit(url)
        self.tcp = socket.create_connection((parts.hostname, parts.port))
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = HookClient(f"caller-{number}", someone(number))
        self._socket = ClientProtocol(parse_uri(url), max_size=None)
        request = self._socket.connect()
        request.headers.update(self._client.offer.headers("nobody"))
        self._socket.send_request(request)
        self.write(b"".join(self._socket.data_to_send()))

    @property
    def open(self) -> bool:
        """Whether sound may be sent: from `opened` to the end."""
        return self.tcp.fileno() >= 0 and self._client.streams

    def pump(self) -> bool:
        try:
            data = self.tcp.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            return self._ended()
        self._socket.receive_data(data)
        now = time.monotonic()
        for event in self._socket.events_received():
            if isinstance(event, Response):
                self._client.start(now)
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._client.receive(bytes(event.data), text=True, at=now)
        said = self._said()
        if self._client.hang_up is not None and not self._socket.close_expected():
            self._socket.send_close(self._client.hang_up)
        self.write(said + b"".join(self._socket.data_to_send()))
        return True

    def sealed(self, plain: bytes) -> bytes:
        now = time.monotonic()
        if plain is END:
            self._client.close(now)
        else:
            self._client.audio(plain, now)
            self._client.tick(now)
        return self._said()

    def _said(self) -> bytes:
        """Return what the session has to say, as it goes over the wire."""
        said = []
        for message in self._client.to_send()[0]:
            if isinstance(message, str):
                self._socket.send_text(message.encode())
                said += self._socket.data_to_send()
            else:
                said += (_HEAD, message)
        return b"".join(said)


def place_calls(pipe: Connection, url: str, calls: int, comers: int, comer_s: float) -> None:
    """Hold `calls` calls, and beside them `comers` places at each of which a call of `comer_s` seconds follows another.

    Says once that all are on their way; ends when told to.
    """
    sounds, numbers, pacer = _sounds(), count(1), Pacer()

    def call(script: Callable[[int], Script]) -> None:
        number = next(numbers)
        pacer.join(Caller(url, number), lambda: script(number))

    def steady(number: int) -> Script:
        begin = time.monotonic() + FRAME_S * (number * 0.618 % 1)  # spread evenly, however many there are
        for index in count():
            yield begin + index * FRAME_S, sounds[(index + 37 * number) % len(sounds)]

    def comer(number: int) -> Script:
        begin = time.monotonic()
        for index in range(round(comer_s / FRAME_S)):
            yield begin + index * FRAME_S, sounds[index % len(sounds)]
        yield begin + comer_s, END
        call(comer)

    for _ in range(calls):
        call(steady)
    for _ in range(comers):
        call(comer)
    pipe.send(None)
    pacer.run(pipe)


def _sounds() -> list[bytes]:
    """Return the frames of a conversation."""
    scenario = load_scenario("steady")
    mixer = Mixer(replace(scenario.audio, encoding="pcmu", rate=8000, channels=2), 1)
    frames = min(scenario.frames_per_round, 60 * FRAMES_PER_S)
    return [mixer.frame(index * FRAME_S, scenario.placed, frozenset()) for index in range(frames)]
