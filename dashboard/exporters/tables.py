"""The timing of a call as CSV, a row a second: what a spreadsheet or a notebook wants."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from dashboard.call.units import iso
from dashboard.exporters.drawing import shown
from dashboard.exporters.raster import Piece, Raster
from dashboard.exporters.report import Report

ROW_S = 1.0

COLUMNS = {
    "t_s": "seconds from the beginning of the call to the beginning of the row",
    "utc": "the same as a date",
    "width_s": "seconds that the row covers: 1, or more of a call of many hours",
    "leg": "which audio stream",
    "frames": "frames that arrived",
    "lateness_mean_ms": "mean lateness of these frames",
    "lateness_max_ms": "the highest",
    "gap_max_ms": "the longest time between two frames",
    "late": "frames too late for the playout buffer of the call",
    "lost": "frames that were left out before them",
    "jitter_ms": "RFC 3550 jitter after the last of them",
    "media_lag_ms": "media lag after the last of them",
    "level_dbfs": "RMS of each channel, as name=level, apart by a space",
}
"""Column → what it holds. Empty: not measured. A row in which nothing arrived is left out."""


def timing_rows(report: Report) -> Iterator[str]:
    """Yield the lines of the table, the header first, each with its end."""
    yield _line(list(COLUMNS))
    for leg, raster in sorted(report.rasters.items()):
        width_s, rows = raster.rows(ROW_S)
        for number, piece in rows:
            yield _line(_cells(report, leg, raster, width_s, number, piece))


def _cells(report: Report, leg: str, raster: Raster, width_s: float, number: int, piece: Piece) -> list[str]:
    start = number * width_s
    levels = ((name, piece.level(channel)) for channel, name in enumerate(raster.channels))
    return [
        f"{start:g}",
        iso(report.call.wall_at(report.began + start)) or "",
        f"{width_s:g}",
        _text(leg),
        str(piece.frames),
        f"{piece.mean_s * 1000:.3f}",
        f"{piece.latest_s * 1000:.3f}",
        f"{piece.gap_s * 1000:.3f}",
        str(piece.late),
        str(piece.lost),
        "" if piece.jitter_s is None else f"{piece.jitter_s * 1000:.3f}",
        "" if piece.lag_s is None else f"{piece.lag_s * 1000:.3f}",
        _text(" ".join(f"{name}={level:.1f}" for name, level in levels if level is not None)),
    ]


def _text(text: str) -> str:
    """Return a text that no spreadsheet takes for something to calculate."""
    text = shown(text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
