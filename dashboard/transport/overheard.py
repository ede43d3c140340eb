"""One direction of somebody else's WebSocket connection, read from a copy of its bytes (RFC 6455, 5; RFC 7692).

Whoever sent them is not ours to correct: what cannot be read is told and passed over. A frame too large to keep is
left out and counted. Where bytes are missing, frames are looked for anew: while people speak nearly every read is one
or several whole frames, so two such reads in a row are taken for a new beginning. A compressed message that builds on
those before it stays unreadable from there on; that is counted as well.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from websockets.exceptions import InvalidHeaderFormat, PayloadTooBig, ProtocolError
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import CTRL_OPCODES, Close, Frame, Opcode
from websockets.headers import parse_extension

MESSAGE_LIMIT = 10 * 1024 * 1024
"""Bytes of the longest message that is put together."""

_OPCODES = frozenset(int(opcode) for opcode in Opcode)
_WHOLE_TEXT, _WHOLE_BINARY = 0x81, 0x82  # final, not compressed
_WHOLE = frozenset((_WHOLE_TEXT, _WHOLE_BINARY))
_SYNC_READS = 2
_SYNC_FRAMES = 4096

try:
    from websockets.speedups import apply_mask
except ImportError:  # its wheel has no compiled part here
    from websockets.utils import apply_mask


class Flaw(StrEnum):
    """Why a stretch or a message could not be read."""

    NOT_FRAMES = "not WebSocket frames"
    SEEKING = "passed while the next frame was looked for"
    TOO_BIG = "message too big to read"
    NOT_INFLATED = "compressed message that cannot be inflated"
    CONTEXT_LOST = "compressed message that builds on others that were not seen"
    UNKNOWN_EXTENSION = "unknown extension"
    OUT_OF_ORDER = "fragments out of order"


class Said(NamedTuple):
    """A message."""

    data: bytes
    text: bool


class Pinged(NamedTuple):
    """A ping, or where `answers` a pong."""

    payload: bytes
    answers: bool


class Hung(NamedTuple):
    """A close frame; 1005 for one without a code."""

    code: int
    reason: str


class Unread(NamedTuple):
    """A message that cannot be read, or bytes of which nobody knows how many messages they are (`messages` 0)."""

    flaw: Flaw
    size_bytes: int
    messages: int


Sign = Said | Pinged | Hung | Unread


class Compression(NamedTuple):
    """What the two sides have agreed on, for one direction. known: there is no extension that we cannot read."""

    deflated: bool = False
    no_context_takeover: bool = False
    window_bits: int = 15
    known: bool = True


def agreed(extensions: str, *, client: bool) -> Compression:
    """Read the Sec-WebSocket-Extensions of a response, for what the client sends or for what the server sends."""
    if not extensions.strip():
        return Compression()
    try:
        named = parse_extension(extensions)
    except InvalidHeaderFormat:
        return Compression(known=False)
    who = "client" if client else "server"
    if len(named) != 1 or named[0][0] != "permessage-deflate":
        return Compression(known=False)
    said = dict(named[0][1])
    bits = said.get(f"{who}_max_window_bits") or "15"
    if not bits.isdigit() or not 8 <= int(bits) <= 15:
        return Compression(known=False)
    return Compression(True, f"{who}_no_context_takeover" in said, int(bits))


@dataclass(slots=True)
class _Message:
    """A message that is being put together. size: bytes on the wire so far. flaw: why it cannot be read."""

    begun: bool = False
    text: bool = False
    deflated: bool = False
    data: bytearray = field(default_factory=bytearray)
    size: int = 0
    flaw: Flaw | None = None


class Overheard:
    """Reads what one side sends. masked: it is the client."""

    def __init__(self, compression: Compression, *, masked: bool, limit: int = MESSAGE_LIMIT) -> None:
        self.frames = 0
        self.fragments = 0
        self.compressed = 0
        self.in_sync = True
        self._masked = masked
        self._compression = compression
        self._limit = limit
        self._inflater = self._new_inflater()
        self._context_lost = False
        self._held = bytearray()
        self._missing = 0  # bytes that `_held` lacks at least
        self._leave_out = 0  # bytes of a frame that is too big
        self._whole_reads = 0
        self._message = _Message()

    def feed(self, data: bytes) -> Iterator[Sign]:
        """Read what has come; yield what is whole now. Never raises."""
        if not self.in_sync and not self._found_again(data):
            yield Unread(Flaw.SEEKING, len(data), 0)
            return
        if self._leave_out:
            gone = min(self._leave_out, len(data))
            self._leave_out -= gone
            data = data[gone:]
        if self._held:
            self._held += data
            self._missing -= len(data)
            if self._missing > 0:
                return
            data, self._held = bytes(self._held), bytearray()
        yield from self._cut(data)

    def lost(self) -> None:
        """Bytes are missing here."""
        self.in_sync = False
        self._whole_reads = 0
        self._held.clear()
        self._leave_out = 0
        self._message = _Message()
        self._forget_context()

    # -- frames -----------------------------------------------------------------------------------------

    def _cut(self, data: bytes) -> Iterator[Sign]:
        at, end, missing = 0, len(data), 1
        while end - at >= 2:
            body, size = _measured(data, at)
            if body > end:
                break
            first, stop = data[at], body + size
            if not self._plausible(first, data[at + 1], size):
                self.lost()
                yield Unread(Flaw.NOT_FRAMES, end - at, 0)
                return
            if size > self._limit and not first & 0x08:
                self._leave_out = max(0, stop - end)
                self.frames += 1
                yield from self._too_big(first, size)
                at = min(stop, end)
                continue
            if stop > end:
                missing = stop - end
                break
            payload = data[body:stop]
            if self._masked and size:
                payload = apply_mask(payload, data[body - 4 : body])
            self.frames += 1
            if first in _WHOLE and not self._message.begun and self._compression.known:
                yield Said(payload, first == _WHOLE_TEXT)  # nearly all are of this kind
            else:
                yield from self._frame(first, payload)
            at = stop
        self._held, self._missing = bytearray(data[at:]), missing

    def _plausible(self, first: int, second: int, size: int) -> bool:
        """Tell whether these can be the first bytes of a frame of `size` here."""
        opcode = first & 0x0F
        if opcode not in _OPCODES or bool(second & 0x80) is not self._masked or size >= 1 << 63:
            return False
        if opcode & 0x08:
            return first & 0xF0 == 0x80 and size <= 125
        if not self._compression.known:
            return True
        return not first & 0x30 and not (first & 0x40 and (opcode == 0 or not self._compression.deflated))

    def _found_again(self, data: bytes) -> bool:
        """Tell whether frames can be read again from the beginning of this read on."""
        if not self._is_whole_frames(data):
            self._whole_reads = 0
            return False
        self._whole_reads += 1
        self.in_sync = self._whole_reads >= _SYNC_READS
        return self.in_sync

    def _is_whole_frames(self, data: bytes) -> bool:
        at, end = 0, len(data)
        for _ in range(_SYNC_FRAMES):
            if end - at < 2:
                return False
            body, size = _measured(data, at)
            if body > end or not self._plausible(data[at], data[at + 1], size):
                return False
            at = body + size
            if at >= end:
                return at == end
        return False

    # -- messages ---------------------------------------------------------------------------------------

    def _frame(self, first: int, payload: bytes) -> Iterator[Sign]:
        opcode, fin = Opcode(first & 0x0F), bool(first & 0x80)
        if opcode in CTRL_OPCODES:
            yield _control(opcode, payload)
            return
        message, goes_on = self._message, opcode is Opcode.CONT
        if goes_on is not message.begun:
            yield Unread(Flaw.OUT_OF_ORDER, message.size + len(payload) * goes_on, int(not goes_on))
            self._message = message = _Message()
            if goes_on:
                return
        self.fragments += goes_on or not fin
        if not goes_on:
            message.begun, message.text, message.deflated = True, opcode is Opcode.TEXT, bool(first & 0x40)
        message.size += len(payload)
        self._take(Frame(opcode, payload, fin, bool(first & 0x40)), message)
        if fin:
            yield self._whole()

    def _take(self, frame: Frame, message: _Message) -> None:
        """Put a fragment to its message, unless something is wrong with that already."""
        if not self._compression.known:
            message.flaw = message.flaw or Flaw.UNKNOWN_EXTENSION
        elif message.deflated and self._context_lost:
            message.flaw = message.flaw or Flaw.CONTEXT_LOST
        if message.flaw is not None:
            return
        room = self._limit - len(message.data)
        if self._inflater is not None:
            try:
                frame = self._inflater.decode(frame, max_size=max(1, room))
            except (ProtocolError, PayloadTooBig, zlib.error) as error:
                message.flaw = Flaw.TOO_BIG if isinstance(error, PayloadTooBig) else Flaw.NOT_INFLATED
                self._forget_context()
                return
        if len(frame.data) > room:
            message.flaw = Flaw.TOO_BIG
            return
        message.data += frame.data

    def _whole(self) -> Sign:
        message, self._message = self._message, _Message()
        self.compressed += message.deflated
        if message.flaw is not None:
            return Unread(message.flaw, message.size, 1)
        return Said(bytes(message.data), message.text)

    def _too_big(self, first: int, size: int) -> Iterator[Sign]:
        """Leave a frame out; what it belongs to cannot be read."""
        if first & 0x0F != Opcode.CONT:
            self._message = _Message(begun=True, deflated=bool(first & 0x40))
        self._message.flaw = Flaw.TOO_BIG
        self._message.size += size
        if self._message.deflated:
            self._forget_context()
        if first & 0x80:
            yield self._whole()

    def _forget_context(self) -> None:
        """What comes next and builds on what was before cannot be inflated."""
        self._context_lost = self._compression.deflated and not self._compression.no_context_takeover
        self._inflater = self._new_inflater()

    def _new_inflater(self) -> PerMessageDeflate | None:
        if not self._compression.deflated:
            return None
        return PerMessageDeflate(self._compression.no_context_takeover, True, self._compression.window_bits, 15)


def _measured(data: bytes, at: int) -> tuple[int, int]:
    """Return where the payload of the frame at `at` begins, and its size, known if that is not behind `data`."""
    second = data[at + 1]
    size, body = second & 0x7F, at + 2
    if size == 126:
        body += 2
    elif size == 127:
        body += 8
    if size > 125 and body <= len(data):
        size = int.from_bytes(data[at + 2 : body], "big")
    return body + (4 if second & 0x80 else 0), size


def _control(opcode: Opcode, payload: bytes) -> Sign:
    if opcode is not Opcode.CLOSE:
        return Pinged(payload, opcode is Opcode.PONG)
    if not payload:
        return Hung(1005, "")
    try:
        close = Close.parse(payload)
    except (ProtocolError, UnicodeDecodeError):
        return Hung(1002, "")
    return Hung(int(close.code), close.reason)
