"""A timing trace: CSV with the header `arrival_s,media_s` and one frame a line, in order of arrival.

Other capture tools can write it, so it is read with suspicion: as bytes, a line at a time, whatever its size.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from os import PathLike, fspath
from statistics import median_low

from dashboard.errors import TraceError

HEADER = "arrival_s,media_s"
LINE_LIMIT = 200
"""Bytes of the longest line that can be meant seriously."""

_LATEST_S = 1e12  # later than any clock in seconds
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Trace:
    """Frames as columns of equal length, seconds: arrival, position in the stream, duration."""

    arrivals: Sequence[float]
    positions: Sequence[float]
    durations: Sequence[float]


def read_trace(path: str | PathLike[str]) -> Trace:
    """Read a trace file. Raises TraceError, naming the line, for everything that is not one."""
    name = ascii(fspath(path))[1:-1]
    try:
        with open(path, "rb") as file:
            return parse_trace(iter(lambda: file.readline(LINE_LIMIT + 1), b""), name)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise TraceError(
            f"{name} cannot be read: {reason}", remedy="Name a file that exists and is yours to read."
        ) from None


def parse_trace(lines: Iterable[bytes], name: str = "trace") -> Trace:
    """Read a trace from its lines. Raises TraceError, which calls it `name`.

    The usual step of `media_s`, the median, becomes the duration of every frame.
    """
    arrivals, positions = array("d"), array("d")
    for number, line in _text_lines(lines, name):
        arrival, position = _frame(line, number, name)
        if arrivals and arrival < arrivals[-1]:
            raise _error(
                name,
                number,
                f"arrival_s goes backwards: {arrival:.6f} after {arrivals[-1]:.6f}",
                "Sort the frames by arrival, and take it from a clock that does not jump.",
            )
        arrivals.append(arrival)
        positions.append(position)
    if len(arrivals) < 2:
        found = "one frame" if arrivals else "no frame"
        raise TraceError(f"{name} holds {found}", remedy="Pacing is seen between frames: record two or more.")
    duration = _usual_step(positions, name)
    return Trace(arrivals, positions, array("d", [duration]) * len(arrivals))


def _text_lines(lines: Iterable[bytes], name: str) -> Iterator[tuple[int, str]]:
    """Yield each frame's line number and text; check the header, leave out empty lines."""
    for number, raw in enumerate(lines, start=1):
        if len(raw) > LINE_LIMIT:
            raise _error(name, number, f"a line of over {LINE_LIMIT} bytes", TraceError.remedy)
        if number == 1:
            raw = raw.removeprefix(_BOM)
        try:
            line = raw.decode("ascii").strip()
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            raise _error(name, number, f"byte 0x{byte:02x} is no plain text", TraceError.remedy) from None
        if number == 1 and line.replace(" ", "") != HEADER:
            raise _error(name, number, f"the header is {_shown(line)}", f"The first line must be {HEADER}.")
        if number > 1 and line:
            yield number, line


def _frame(line: str, number: int, name: str) -> tuple[float, float]:
    fields = line.split(",")
    if len(fields) != 2:
        raise _error(name, number, f"{len(fields)} fields in {_shown(line)}", f"Each line must be {HEADER}.")
    arrival, position = (_seconds(text, number, name) for text in fields)
    return arrival, position


def _seconds(text: str, number: int, name: str) -> float:
    try:
        value = float(text) if "_" not in text else None
    except ValueError:
        value = None
    if value is None:
        raise _error(name, number, f"{_shown(text)} is no number", "Write seconds as 12.345678.")
    if not abs(value) <= _LATEST_S:
        raise _error(
            name,
            number,
            f"{_shown(text)} is no time",
            "Write seconds as 12.345678; leave out frames without a time.",
        )
    return value


def _usual_step(positions: Sequence[float], name: str) -> float:
    steps = [after - before for before, after in pairwise(positions) if after > before]
    if not steps:
        raise TraceError(
            f"{name}: media_s never moves forward",
            remedy="media_s is where a frame stands in the stream, in seconds.",
        )
    return round(median_low(steps), 9)  # a nanosecond: what subtraction left of decimal fractions is finer


def _shown(text: str) -> str:
    return repr(text[:40] + ("…" if len(text) > 40 else ""))


def _error(name: str, number: int, problem: str, remedy: str) -> TraceError:
    return TraceError(f"{name}, line {number}: {problem}", remedy=remedy)
