from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import TraceError
from dashboard.media.trace import parse_trace, read_trace
from tests.unit.media.streams import VECTORS

HEADER = b"arrival_s,media_s\n"


def test_a_trace_is_read_into_columns() -> None:
    trace = read_trace(VECTORS / "loss_2pct.csv")
    assert len(trace.arrivals) == len(trace.positions) == len(trace.durations) == 1463
    assert (trace.arrivals[0], trace.positions[1]) == (0.006106, 0.02)
    assert set(trace.durations) == {0.02}


@pytest.mark.parametrize(
    "text",
    [
        b"arrival_s,media_s\r\n0.1,0\r\n0.2,0.02\r\n",
        b"\xef\xbb\xbfarrival_s,media_s\n0.1,0\n0.2,0.02",
        b"arrival_s, media_s\n 0.1 , 0.0 \n\n2e-1,0.02\n\n",
    ],
    ids=["CRLF", "BOM and no last newline", "blanks and empty lines"],
)
def test_what_other_tools_write_is_read_too(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "trace.csv").write_bytes(text)
    trace = read_trace(str(tmp_path / "trace.csv"))
    assert [list(trace.arrivals), list(trace.positions), list(trace.durations)] == [
        [0.1, 0.2],
        [0.0, 0.02],
        [0.02, 0.02],
    ]


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        (b"", "holds no frame", "two or more"),
        (HEADER, "holds no frame", "two or more"),
        (HEADER + b"0.1,0\n", "holds one frame", "two or more"),
        (b"0.1,0\n0.2,0.02\n", "line 1: the header is '0.1,0'", "first line must be arrival_s,media_s"),
        (b"time,seq\n0.1,0\n", "line 1: the header is 'time,seq'", "first line must be arrival_s,media_s"),
        (HEADER + b"0.1,0\nabc,0.02\n", "line 3: 'abc' is no number", "12.345678"),
        (HEADER + b"0.1,0\n0.2,\n", "line 3: '' is no number", "12.345678"),
        (HEADER + b"1_0,0\n0.2,0.02\n", "line 2: '1_0' is no number", "12.345678"),
        (HEADER + b"0.1,nan\n0.2,0.02\n", "line 2: 'nan' is no time", "leave out"),
        (HEADER + b"0.1,0\n\ninf,0.02\n", "line 4: 'inf' is no time", "leave out"),
        (HEADER + b"0.1,0\n1e300,0.02\n", "line 3: '1e300' is no time", "leave out"),
        (HEADER + b"0.2,0\n0.1,0.02\n", "line 3: arrival_s goes backwards: 0.100000 after 0.200000", "Sort"),
        (HEADER + b"0.1,0,7\n", "line 2: 3 fields in '0.1,0,7'", "arrival_s,media_s"),
        (HEADER + b"0.1\n", "line 2: 1 fields in '0.1'", "arrival_s,media_s"),
        (HEADER + b"0.1,5\n0.2,5\n", "media_s never moves forward", "where a frame stands"),
        (HEADER + b"0.1," + b"0" * 300 + b"\n", "line 2: a line of over 200 bytes", "one frame a line"),
        (b"\x7fELF\x02\x01\xff\xfe", "line 1: byte 0xff is no plain text", "one frame a line"),
        (b"\xff\xfea\x00r\x00", "line 1: byte 0xff is no plain text", "one frame a line"),
        (HEADER + b"0.1,\x1b[31m\n", r"line 2: '\\x1b[31m' is no number", "12.345678"),
    ],
)
def test_what_is_no_trace_is_refused_with_line_and_remedy(
    tmp_path: Path, text: bytes, message: str, remedy: str
) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(text)
    with pytest.raises(TraceError, match=re.escape(message.replace(r"\\", "\\"))) as caught:
        read_trace(path)
    assert str(path) in str(caught.value)
    assert remedy in caught.value.remedy
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["nowhere.csv", "", "a\x00b"])
def test_a_file_that_cannot_be_opened_is_no_trace(tmp_path: Path, name: str) -> None:
    with pytest.raises(TraceError, match="cannot be read") as caught:
        read_trace(f"{tmp_path}/{name}")
    assert caught.value.__suppress_context__


def test_an_endless_line_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(TraceError, match="line 1: a line of over 200 bytes"):
        read_trace(path)


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_garbage_is_refused_and_nothing_worse(lines: list[bytes]) -> None:
    with pytest.raises(TraceError):
        parse_trace([b"garbage\n", *lines])
    with pytest.raises(TraceError):
        parse_trace([HEADER, *lines, b"!"])
