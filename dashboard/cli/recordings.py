"""`callscope recordings`: what has been recorded, and an end to what is old."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dashboard.call.units import megabytes
from dashboard.cli.places import shelf
from dashboard.storage.listing import Listed, recordings
from dashboard.storage.shelf import Shelf
from dashboard.wiretext import visible


def run(args: argparse.Namespace) -> int:
    """List the recordings, or delete the old ones and tell which."""
    kept = shelf()
    if args.prune is not None:
        return _prune(kept, args.prune, as_json=args.json)
    listed = list(recordings(kept))
    if args.json:
        rows = [_object(one) for one in listed]
        sys.stdout.write(f"{json.dumps({'version': 1, 'folder': str(kept.folder), 'recordings': rows})}\n")
    elif listed:
        sys.stdout.writelines(f"{line}\n" for line in _table(listed))
        sys.stderr.write(f"in {visible(str(kept.folder))}\n")
    else:
        sys.stderr.write(f"nothing is recorded in {visible(str(kept.folder))}\n")
    return 0


def _prune(kept: Shelf, age_s: float, *, as_json: bool) -> int:
    deleted = {str(path): size_bytes for path, size_bytes in kept.prune(time.time() - age_s)}
    if as_json:
        rows = [{"path": path, "size_bytes": size_bytes} for path, size_bytes in deleted.items()]
        sys.stdout.write(f"{json.dumps({'version': 1, 'deleted': rows})}\n")
        return 0
    sys.stdout.writelines(f"deleted {visible(path)}\n" for path in deleted)
    sys.stderr.write(f"{len(deleted)} deleted, {megabytes(sum(deleted.values()))} free again\n")
    return 0


def _object(one: Listed) -> dict[str, Any]:
    info, summary = one.info, one.summary
    if info is None or summary is None:
        return {"path": str(one.path), "problem": one.problem}
    started = datetime.fromtimestamp(info.started, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "path": str(one.path),
        "call_id": info.call_id,
        "started": started,
        "length_s": round(info.length_s, 3),
        "missing_s": round(info.missing_s, 3),
        "facts": info.facts,
        "size_bytes": info.size_bytes,
        "complete": info.complete,
        "masked": info.masked,
        "sound": info.sound,
        "trigger": info.trigger,
        "verdict": summary.verdict,
        "findings": [finding.rule for finding in summary.findings],
    }


_HEADINGS = ("started", "call", "length", "size", "verdict", "findings")


def _table(listed: Sequence[Listed]) -> list[str]:
    rows = [_HEADINGS, *map(_row, listed)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]


def _row(one: Listed) -> tuple[str, ...]:
    info, summary = one.info, one.summary
    if info is None or summary is None:
        return (visible(one.path.name), "", "", "", "unreadable", visible(one.problem))
    minutes, seconds = divmod(round(info.length_s), 60)
    found = " ".join(finding.rule for finding in summary.findings) or "–"
    return (
        datetime.fromtimestamp(info.started, UTC).strftime("%Y-%m-%d %H:%M:%SZ"),
        visible(info.call_id),
        f"{minutes}:{seconds:02}",
        megabytes(info.size_bytes),
        summary.verdict if info.complete else f"{summary.verdict}, cut off",
        found,
    )
