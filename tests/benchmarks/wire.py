"""The sending end of the benchmarks: WebSocket bytes that are built beforehand, and a peer without an event loop.

A sender that measures others must cost little and know exactly when its bytes left, so it writes to plain sockets.
"""

from __future__ import annotations

import base64
import json
import math
import socket
import ssl
import struct
from functools import cache

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol


def message(kind: str, **fields: object) -> bytes:
    """Return a message of the peer's."""
    return json.dumps({"type": kind, **fields}).encode()


SESSION_START = message("sessionStart", sessionId="s-1", conversationId="c-1")


@cache
def tone(frame_s: float, rate: int, dbfs: float = -20.0) -> bytes:
    """Return a frame of PCM16 that is a tone of about 440 Hz."""
    height = 32767 * 10 ** (dbfs / 20)
    count = round(frame_s * rate)
    wave = (round(height * math.sin(2 * math.pi * 440 * i / rate)) for i in range(count))
    return struct.pack(f"<{count}h", *wave)


def audio_message(sound: bytes, rate: int, index: int, frame_s: float) -> bytes:
    """Return a frame as the bot host sends it, one JSON object with where it stands in its stream."""
    encoded = base64.b64encode(sound).decode()
    stands = f'"encoding":"pcm16","sampleRate":{rate},"channels":1,"seq":{index},"position":{index * frame_s:.6f}'
    return f'{{"type":"audio","payload":{{"audio":"{encoded}",{stands}}},"id":"m{index}"}}'.encode()


def text_frame(payload: bytes) -> bytes:
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


def binary_frame(payload: bytes) -> bytes:
    return Frame(Opcode.BINARY, payload).serialize(mask=False)


class Peer:
    """The server's end of one connection on a blocking socket."""

    def __init__(self, tcp: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tcp = tcp
        self._protocol = ServerProtocol(max_size=None)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = None if tls is None else tls.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaken = tls is None

    def fileno(self) -> int:
        return self.tcp.fileno()

    @property
    def open(self) -> bool:
        """Whether messages may be sent: after the handshake, before the end."""
        return self._protocol.state is State.OPEN and self.tcp.fileno() >= 0

    def pump(self) -> bool:
        """Read what has come and answer it: handshakes, pings, close. Return False when the connection has ended."""
        try:
            data = self.tcp.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            return self._ended()
        plain = data if self._tls is None else self._opened(data)
        self._protocol.receive_data(plain)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
        answers = self._protocol.data_to_send()
        self.write(self.sealed(b"".join(answers)))
        if b"" in answers:  # the library's sign that the closing handshake is done: the server hangs up first
            return self._ended()
        return True

    def sealed(self, plain: bytes) -> bytes:
        """Return what goes over the wire for `plain`, under TLS as records; to be written in this order."""
        if self._tls is None:
            return plain
        if plain and self._shaken:
            self._tls.write(plain)
        return self._outgoing.read()

    def write(self, data: bytes) -> None:
        """Write; a peer that is gone is noticed by `pump`."""
        try:
            self.tcp.sendall(data)
        except OSError:
            return

    def abort(self) -> None:
        """End without a close frame: the other side sees a reset."""
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tcp.close()

    def _ended(self) -> bool:
        self.tcp.close()
        return False

    def _opened(self, data: bytes) -> bytes:
        assert self._tls is not None
        self._incoming.write(data)
        plain = bytearray()
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
            while chunk := self._tls.read(65536):
                plain += chunk
        except ssl.SSLWantReadError:
            pass
        return bytes(plain)


class RawPeer(Peer):
    """A peer that takes bytes as they are."""

    @property
    def open(self) -> bool:
        return self.tcp.fileno() >= 0

    def pump(self) -> bool:
        try:
            return bool(self.tcp.recv(65536)) or self._ended()
        except ConnectionError:
            return self._ended()


def listen(port: int = 0) -> socket.socket:
    """Return a listening socket on loopback."""
    return socket.create_server(("127.0.0.1", port), backlog=512)
