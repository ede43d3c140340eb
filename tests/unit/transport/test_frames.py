from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from dashboard.transport.frames import FrameCutter, Part

LIMIT = 70_000


def wire(opcode: Opcode, payload: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=False)


def parts(chunks: Iterable[bytes], most_bytes: int = LIMIT) -> list[Part]:
    cutter = FrameCutter(most_bytes)
    return [part for chunk in chunks for part in cutter.cut(chunk)]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
def test_a_message_of_one_frame_is_taken_out_whatever_its_size(size: int) -> None:
    assert parts([wire(Opcode.TEXT, bytes(size)) + wire(Opcode.BINARY, bytes(size))]) == [
        (True, bytes(size)),
        (False, bytes(size)),
    ]


def test_control_frames_and_fragments_go_to_the_library_and_so_does_what_breaks_into_a_message() -> None:
    frames = [
        wire(Opcode.PING, b"?"),
        wire(Opcode.TEXT, b"be", fin=False),
        wire(Opcode.PONG, b"!"),
        wire(Opcode.TEXT, b"not allowed here"),
        wire(Opcode.CONT, b"gun"),
        wire(Opcode.TEXT, b"whole"),
    ]
    *library, last = parts(frames)
    assert library == [(None, frame) for frame in [*frames[:3], frames[3]]] + [(None, frames[4])]
    assert last == (True, b"whole")


@pytest.mark.parametrize(
    "header",
    [b"\x82\x05", b"\x82\x7e\xff\xff", b"\x82\x7f" + bytes(6) + b"\xff\xff", b"\x81\x81mask", b"\x81\xfe\x00\x01mask"],
    ids=["small", "16 bit", "64 bit", "masked", "masked, 16 bit"],
)
def test_from_a_frame_too_long_or_masked_on_the_library_gets_everything_at_once(header: bytes) -> None:
    ping = wire(Opcode.PING, b"")
    assert parts([ping + header, b"x", wire(Opcode.TEXT, b"hidden")], most_bytes=4) == [
        (None, ping),
        (None, header),
        (None, b"x"),
        (None, wire(Opcode.TEXT, b"hidden")),
    ]


def test_an_extension_that_was_not_agreed_on_is_for_the_library_to_refuse() -> None:
    compressed = b"\xc1\x01x"
    assert parts([compressed]) == [(None, compressed)]


def test_the_beginning_of_a_frame_can_be_had_back() -> None:
    cutter = FrameCutter(LIMIT)
    assert list(cutter.cut(b"\x81\x05hel")) == []
    assert cutter.rest() == b"\x81\x05hel"
    assert cutter.rest() == b""


PAYLOADS = st.integers(0, 300).map(bytes)
FRAMES = st.builds(wire, st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONT]), PAYLOADS, st.booleans())
CONTROL = st.builds(wire, st.sampled_from([Opcode.PING, Opcode.PONG]), st.just(b"payload"))


@given(st.lists(FRAMES | CONTROL, max_size=8).map(b"".join), st.lists(st.integers(0, 2_000), max_size=8))
def test_it_does_not_matter_how_the_network_cut_the_bytes(stream: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[begin:end] for begin, end in pairwise(edges)]
    cut = parts(chunks)
    assert cut == parts([stream])
    again = (part if text is None else wire(Opcode.TEXT if text else Opcode.BINARY, part) for text, part in cut)
    assert b"".join(again) == stream
