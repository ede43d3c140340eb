"""Streams as no peer should send them: frames with every kind of flaw, by seed."""

from __future__ import annotations

import json
import struct
import zlib
from random import Random
from typing import Any

from websockets.frames import Frame, Opcode

_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e400, 10**30, 1.5, "x", "\x00\x1b[2J", "\ud800", "P" * 5000, "PT1S", "PT-1S",
    [], {}, [[[]]], {"a": {"b": 1}}, "e160e428-53e2-487c-977d-96989bf5c99d",
)  # fmt: skip
_KINDS = (
    "open", "opened", "close", "closed", "ping", "pong", "paused", "resumed", "discarded", "dtmf", "event", "error",
    "update", "disconnect", "sessionStart", "audio", "transcript", "intent", "text", "status", "reconnect",
)  # fmt: skip
_FIELDS = (
    "version", "seq", "serverseq", "clientseq", "id", "position", "parameters", "sessionId", "conversationId", "text",
    "intent", "message", "payload", "data", "event", "confidence", "speaker",
)  # fmt: skip
_PARAMETERS = (
    "organizationId", "conversationId", "participant", "media", "reason", "entities", "start", "duration", "discarded",
    "code", "message", "digit", "language", "continuedSessions", "rtt", "startPaused", "audio", "encoding", "seq",
)  # fmt: skip
EXTENSIONS = (
    "",
    "permessage-deflate",
    "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; server_max_window_bits=9",
    "permessage-deflate; server_max_window_bits=99",
    "x-unheard-of",
    ";;;",
)


def message(dice: Random) -> bytes:
    """A message of one of the dialects with something wrong in it, or none at all."""
    kind = dice.randrange(10)
    if kind == 0:
        return dice.randbytes(dice.choice((0, 1, 160, 321, 5000)))
    if kind == 1:
        return dice.choice((b"[" * 100_000, b'{"type":' + b"9" * 5000 + b"}", "\u202e\x00".encode() * 20))
    if kind < 5:
        return b"\x00\x01" * 160
    said = {name: dice.choice(_ODD) for name in _FIELDS if dice.random() < 0.5}
    said["type"] = dice.choice(_KINDS) if dice.random() < 0.9 else dice.choice(_ODD)
    for name in ("parameters", "payload", "data"):
        if dice.random() < 0.6:
            said[name] = {one: dice.choice(_ODD) for one in _PARAMETERS if dice.random() < 0.5}
    return json.dumps(said).encode()


def stream(dice: Random, *, masked: bool, deflated: bool) -> bytes:
    """Frames of one side: mis-masked, over-long, in pieces, out of order, garbled, cut off."""
    out, compressor = bytearray(), zlib.compressobj(wbits=-15)
    for _ in range(dice.randrange(1, 12)):
        out += _frames(dice, masked if dice.random() < 0.95 else not masked, compressor if deflated else None)
    if dice.random() < 0.2:
        del out[dice.randrange(len(out) + 1) :]
    if out and dice.random() < 0.15:
        out[dice.randrange(len(out))] ^= 0xFF
    return bytes(out)


def _frames(dice: Random, mask: bool, compressor: Any) -> bytes:
    data, opcode = message(dice), dice.choice((Opcode.TEXT, Opcode.BINARY))
    match dice.randrange(10):
        case 0:
            return dice.randbytes(dice.randrange(1, 400))
        case 1:
            return Frame(dice.choice((Opcode.PING, Opcode.PONG)), data[:125]).serialize(mask=mask)
        case 2:
            why = struct.pack("!H", dice.randrange(65536)) + dice.randbytes(dice.randrange(60))
            return Frame(Opcode.CLOSE, dice.choice((b"", b"\x03", why))).serialize(mask=mask)
        case 3:
            first = bytes([0x80 | opcode | dice.choice((0, 0x40, 0x70)), 127 | (0x80 if mask else 0)])
            size = dice.choice((1 << 63, (1 << 64) - 1, 1 << 40, 11 << 20, 200_000, 5))
            return first + struct.pack("!Q", size) + dice.randbytes(4) + data
        case 4:
            pieces = [data[at : at + 99] for at in range(0, min(len(data), 400), 99)] or [b""]
            ends = len(pieces) - 1 if dice.random() < 0.9 else -1
            return b"".join(
                Frame(opcode if at == 0 else Opcode.CONT, piece, fin=at == ends).serialize(mask=mask)
                for at, piece in enumerate(pieces)
            )
        case 5 | 6 if compressor is not None:
            data = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
            data = dice.randbytes(200) if dice.random() < 0.2 else data[:-4]
            frame = bytearray(Frame(opcode, data).serialize(mask=mask))
            frame[0] |= 0x40
            return bytes(frame)
    return Frame(opcode, data).serialize(mask=mask)
