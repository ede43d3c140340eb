"""One direction of others' frames, read from a copy: beside websockets itself, and where that would give up."""

from __future__ import annotations

import random
import struct

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from dashboard.transport.overheard import Compression, Flaw, Hung, Overheard, Pinged, Said, Sign, Unread, agreed

DEFLATED = Compression(deflated=True)
ALONE = Compression(deflated=True, no_context_takeover=True)


def reader(compression: Compression | None = None, *, masked: bool = False, limit: int = 1 << 20) -> Overheard:
    return Overheard(compression or Compression(), masked=masked, limit=limit)


def written(
    opcode: Opcode, data: bytes, *, masked: bool = False, fin: bool = True, deflate: PerMessageDeflate | None = None
) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=masked, extensions=[deflate] if deflate else [])


def text(data: bytes, *, masked: bool = False, fin: bool = True) -> bytes:
    return written(Opcode.TEXT, data, masked=masked, fin=fin)


def fed(one: Overheard, data: bytes) -> list[Sign]:
    return list(one.feed(data))


def deflater(*, no_context_takeover: bool = False) -> PerMessageDeflate:
    return PerMessageDeflate(True, no_context_takeover, 15, 15)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_messages_in_pieces_of_any_size_are_read_whole(seed: int, compressed: bool, masked: bool) -> None:
    dice = random.Random(seed)
    deflate = deflater() if compressed else None
    sent: list[Sign] = []
    wire = bytearray()
    for _ in range(60):
        data = dice.randbytes(dice.choice((0, 1, 125, 126, 700, 65_535, 65_536, 70_001)))
        kind = dice.choice((Opcode.TEXT, Opcode.BINARY))
        pieces = sorted(dice.choices(range(len(data) + 1), k=dice.choice((0, 0, 1, 3))))
        cuts = [0, *pieces, len(data)]
        for index in range(len(cuts) - 1):
            opcode, fin = (Opcode.CONT if index else kind), index == len(cuts) - 2
            wire += written(opcode, data[cuts[index] : cuts[index + 1]], masked=masked, fin=fin, deflate=deflate)
            if not fin and dice.random() < 0.3:
                wire += written(Opcode.PING, b"p", masked=masked)
                sent.append(Pinged(b"p", answers=False))
        sent.append(Said(data, kind is Opcode.TEXT))
    one, got, at = reader(DEFLATED if compressed else None, masked=masked), [], 0
    while at < len(wire):
        size = dice.choice((1, 2, 3, 17, 4096, 100_000))
        got += fed(one, bytes(wire[at : at + size]))
        at += size
    assert got == sent
    assert one.compressed == (60 if compressed else 0)


@pytest.mark.parametrize(
    ("payload", "sign"),
    [
        (b"", Hung(1005, "")),
        (struct.pack("!H", 1000), Hung(1000, "")),
        (struct.pack("!H", 4001) + "müde".encode(), Hung(4001, "müde")),
        (b"\x03", Hung(1002, "")),
        (struct.pack("!H", 1000) + b"\xff", Hung(1002, "")),
    ],
)
def test_a_close_frame_is_read_with_code_and_reason(payload: bytes, sign: Hung) -> None:
    assert fed(reader(), written(Opcode.CLOSE, payload)) == [sign]


def test_a_pong_is_told_from_a_ping() -> None:
    assert fed(reader(), written(Opcode.PONG, b"7")) == [Pinged(b"7", answers=True)]


def test_a_frame_that_is_too_big_is_left_out_and_what_follows_is_read() -> None:
    one = reader(limit=1000)
    wire = text(b"x" * 5000) + text(b"next")
    got = [sign for at in range(0, len(wire), 333) for sign in fed(one, wire[at : at + 333])]
    assert got == [Unread(Flaw.TOO_BIG, 5000, 1), Said(b"next", True)]


def test_a_message_that_is_too_big_in_pieces_is_left_out() -> None:
    one = reader(limit=1000)
    wire = b"".join(written(Opcode.CONT if n else Opcode.TEXT, b"x" * 600, fin=n == 2) for n in range(3))
    assert fed(one, wire + text(b"next")) == [Unread(Flaw.TOO_BIG, 1800, 1), Said(b"next", True)]


def test_a_message_that_grows_too_big_when_inflated_is_left_out() -> None:
    one = reader(ALONE, limit=1000)
    bomb = written(Opcode.TEXT, bytes(1 << 20), deflate=deflater(no_context_takeover=True))
    (sign,) = fed(one, bomb)
    assert sign == Unread(Flaw.TOO_BIG, len(bomb) - 4, 1)
    fine = written(Opcode.TEXT, b"fine", deflate=deflater(no_context_takeover=True))
    assert fed(one, fine) == [Said(b"fine", True)]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x83\x01x",  # no such opcode
        b"\xc1\x01x",  # compressed, though nothing was agreed
        b"\x81\x81....x",  # masked by a server
        b"\x89\x7e\x00\x80" + bytes(128),  # a ping that is too long
        b"\x09\x01x",  # a ping in pieces
        b"\x81\x7f" + b"\xff" * 8,
    ],
)
def test_what_is_no_frame_is_told_and_frames_are_found_again_after_two_reads_of_whole_ones(garbage: bytes) -> None:
    one = reader()
    assert fed(one, text(b"before") + garbage) == [Said(b"before", True), Unread(Flaw.NOT_FRAMES, len(garbage), 0)]
    assert not one.in_sync
    assert fed(one, garbage) == [Unread(Flaw.SEEKING, len(garbage), 0)]
    first = text(b"one") + text(b"two")
    assert fed(one, first) == [Unread(Flaw.SEEKING, len(first), 0)]
    assert fed(one, text(b"three")) == [Said(b"three", True)]
    assert one.in_sync


def test_after_missing_bytes_half_a_frame_is_not_taken_for_one() -> None:
    one, frame = reader(masked=True), text(b"x" * 300, masked=True)
    fed(one, frame[:100])
    one.lost()
    assert fed(one, frame[150:]) == [Unread(Flaw.SEEKING, len(frame) - 150, 0)]
    assert fed(one, frame + frame[:10]) == [Unread(Flaw.SEEKING, len(frame) + 10, 0)]
    assert fed(one, frame) == [Unread(Flaw.SEEKING, len(frame), 0)]
    assert fed(one, frame) == [Said(b"x" * 300, True)]


def test_compressed_messages_that_build_on_missing_ones_stay_unread_and_are_counted() -> None:
    one, deflate = reader(DEFLATED), deflater()
    frames = [written(Opcode.TEXT, b"the same words again", deflate=deflate) for _ in range(5)]
    assert fed(one, frames[0]) == [Said(b"the same words again", True)]
    one.lost()
    assert fed(one, frames[2])[0] == Unread(Flaw.SEEKING, len(frames[2]), 0)
    assert [sign for sign in fed(one, frames[3] + frames[4]) if isinstance(sign, Unread)] == [
        Unread(Flaw.CONTEXT_LOST, len(frames[3]) - 2, 1),
        Unread(Flaw.CONTEXT_LOST, len(frames[4]) - 2, 1),
    ]
    assert fed(one, text(b"not compressed")) == [Said(b"not compressed", True)]


def test_compressed_messages_that_stand_alone_are_read_again_after_missing_ones() -> None:
    one = reader(ALONE)
    frame = written(Opcode.TEXT, b"the same words again", deflate=deflater(no_context_takeover=True))
    one.lost()
    fed(one, frame)
    assert fed(one, frame) == [Said(b"the same words again", True)]


def test_what_cannot_be_inflated_is_told() -> None:
    broken = b"\xc1\x04\xff\xff\xff\xff"
    assert fed(reader(ALONE), broken + text(b"next")) == [Unread(Flaw.NOT_INFLATED, 4, 1), Said(b"next", True)]


def test_messages_of_an_unknown_extension_are_counted() -> None:
    one = reader(agreed("x-rot13", client=True))
    assert fed(one, b"\xb1\x01x" + text(b"y")) == [
        Unread(Flaw.UNKNOWN_EXTENSION, 1, 1),
        Unread(Flaw.UNKNOWN_EXTENSION, 1, 1),
    ]


def test_fragments_out_of_order_are_told() -> None:
    one = reader()
    assert fed(one, written(Opcode.CONT, b"end")) == [Unread(Flaw.OUT_OF_ORDER, 3, 0)]
    assert fed(one, text(b"begun", fin=False) + text(b"another")) == [
        Unread(Flaw.OUT_OF_ORDER, 5, 1),
        Said(b"another", True),
    ]


@pytest.mark.parametrize("seed", range(30))
def test_no_bytes_whatever_raise(seed: int) -> None:
    dice = random.Random(seed)
    one = Overheard(dice.choice((Compression(), DEFLATED, ALONE)), masked=seed % 2 == 0, limit=5000)
    for _ in range(300):
        data = bytearray(dice.randbytes(dice.choice((1, 5, 200))))
        if dice.random() < 0.5:
            data[:2] = bytes((dice.choice((0x81, 0xC1, 0x01, 0x80, 0x88, 0x89)), dice.randrange(256)))
        fed(one, bytes(data))
        if dice.random() < 0.02:
            one.lost()


@pytest.mark.parametrize(
    ("header", "client", "compression"),
    [
        ("", True, Compression()),
        ("permessage-deflate", True, DEFLATED),
        ("permessage-deflate; client_no_context_takeover; server_max_window_bits=10", True, ALONE),
        ("permessage-deflate; client_no_context_takeover; server_max_window_bits=10", False,
         Compression(deflated=True, window_bits=10)),
        ("permessage-deflate; server_max_window_bits=99", False, Compression(known=False)),
        ("permessage-deflate, x-rot13", True, Compression(known=False)),
        ("=", True, Compression(known=False)),
    ],
)  # fmt: skip
def test_what_was_agreed_is_read_for_each_side(header: str, client: bool, compression: Compression) -> None:
    assert agreed(header, client=client) == compression
