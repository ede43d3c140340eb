"""The evidence bundle: a zip that holds a call in every form, with a list of checksums that `sha256sum -c` reads."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from dashboard.call.units import moment
from dashboard.exporters.report import Report

SUMS = "SHA256SUMS"

_PIECE = 1 << 20
_EARLIEST, _LATEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""What a zip can say of time."""


def write_bundle(
    file: BinaryIO, report: Report, texts: Mapping[str, Iterable[str]], files: Mapping[str, Path | None]
) -> None:
    """Write the zip: names with their text, piece by piece, and names with the file to copy, None of one left out.

    The same call gives the same bytes: times are those of the call.
    """
    folder, when = folder_of(report), _when(report)
    sums: list[str] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:

        def add(name: str, pieces: Iterable[bytes]) -> None:
            digest = hashlib.sha256()
            entry = zipfile.ZipInfo(f"{folder}/{name}", when)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16  # what was said on a call is its owner's alone
            with bundle.open(entry, "w", force_zip64=True) as inside:
                for piece in pieces:
                    digest.update(piece)
                    inside.write(piece)
            sums.append(f"{digest.hexdigest()}  {name}\n")

        for name, text in texts.items():
            add(name, (piece.encode("utf-8", "replace") for piece in text))
        for name, path in files.items():
            if path is not None:
                add(name, _pieces(path))
        add(SUMS, (line.encode() for line in tuple(sums)))


def folder_of(report: Report) -> str:
    """Return the name of the folder in the zip: nothing in it can leave the place where it is unpacked."""
    call_id = re.sub(r"[^A-Za-z0-9_-]", "_", report.call.call_id)[:60] or "call"
    began = moment(report.call.wall)
    return f"callscope-{call_id}" + ("" if began is None else f"-{began:%Y%m%dT%H%M%SZ}")


def _when(report: Report) -> tuple[int, int, int, int, int, int]:
    ended = moment(report.call.wall_at(report.call.now))
    if ended is None:
        return _EARLIEST
    parts = (ended.year, ended.month, ended.day, ended.hour, ended.minute, ended.second)
    return min(max(parts, _EARLIEST), _LATEST)


def _pieces(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
