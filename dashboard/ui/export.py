"""`e`: the screen as SVG and the figures as JSON, side by side in a directory."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from dashboard.call.figures import probe_object
from dashboard.call.state import CallState

_NAME_LIMIT = 60


def export(call: CallState, picture: str, directory: Path) -> tuple[Path, Path]:
    """Write `picture` (SVG) and the figures of `call`; return both paths.

    The names hold the call's id and the UTC time of its newest fact; the same moment exported again is the same pair.

    Raises:
        OSError: a file cannot be written.
    """
    base = export_name(call)
    svg, figures = directory / f"{base}.svg", directory / f"{base}.json"
    svg.write_text(picture, encoding="utf-8")
    figures.write_text(f"{json.dumps(probe_object(call), indent=1)}\n", encoding="utf-8")
    return svg, figures


def export_name(call: CallState) -> str:
    """Return a file name without its ending: nothing in it can leave the directory."""
    call_id = re.sub(r"[^A-Za-z0-9_-]", "_", call.call_id)[:_NAME_LIMIT] or "call"
    moment = datetime.fromtimestamp(call.wall_at(call.now), UTC)
    return f"callscope-{call_id}-{moment:%Y%m%dT%H%M%SZ}"
