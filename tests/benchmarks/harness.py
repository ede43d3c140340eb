"""Figures of a benchmark: each a spread or one number, beside its floor measured in the same run."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARIES = ("callscope", "websockets", "textual", "plotext", "pydantic", "aiohttp")
_HEADINGS = ("", "p50", "p95", "p99", "max", "unit", "ratio", "goal", "")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be: at most or at least `limit`; its ratio to its floor, or itself if it has none."""

    limit: float
    at_most: bool = True

    def met_by(self, value: float) -> bool:
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}"


def at_most(limit: float) -> Goal:
    return Goal(limit)


def at_least(limit: float) -> Goal:
    return Goal(limit, at_most=False)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. A spread has p50 to max; a single number has `value` alone.

    `ratio` is to the floor named by `floor`, of p99 for spreads. `met` is None without a goal.
    """

    name: str
    unit: str
    value: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    samples: int | None = None
    floor: str | None = None
    ratio: float | None = None
    goal: str | None = None
    met: bool | None = None

    @property
    def tells(self) -> float:
        """The one number that it is compared by: p99 of a spread, else the value."""
        told = self.value if self.p99 is None else self.p99
        assert told is not None
        return told


def spread(
    name: str,
    seconds: Iterable[float],
    *,
    floor: Figure | None = None,
    goal: Goal | None = None,
) -> Figure:
    """Return the percentiles of `seconds`, in milliseconds."""
    ordered = sorted(value * 1000 for value in seconds)
    p50, p95, p99 = (percentile(ordered, q) for q in (0.50, 0.95, 0.99))
    judged = _judged(p99, floor, goal)
    return Figure(name, "ms", None, p50, p95, p99, ordered[-1], len(ordered), floor.name if floor else None, *judged)


def number(name: str, value: float, unit: str, *, floor: Figure | None = None, goal: Goal | None = None) -> Figure:
    """Return one number."""
    ratio, goal_text, met = _judged(value, floor, goal)
    return Figure(name, unit, value, floor=floor.name if floor else None, ratio=ratio, goal=goal_text, met=met)


def percentile(ordered: Sequence[float], q: float) -> float:
    """Return the nearest-rank percentile of sorted values."""
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def _judged(told: float, floor: Figure | None, goal: Goal | None) -> tuple[float | None, str | None, bool | None]:
    ratio = told / floor.tells if floor is not None and floor.tells else None
    judged = told if floor is None else ratio
    met = goal.met_by(judged) if goal is not None and judged is not None else None
    return ratio, None if goal is None else str(goal), met


# -- the machine ----------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """Return what the figures were measured on; nothing that names the machine."""
    return {
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "architecture": platform.machine(),
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: version(name) for name in LIBRARIES},
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


# -- output -----------------------------------------------------------------------------------------


def as_json(figure: Figure) -> dict[str, Any]:
    """Return a figure as JSON has it: rounded, and without what it does not have."""
    shown = {key: round(value, 5) if isinstance(value, float) else value for key, value in asdict(figure).items()}
    return {key: value for key, value in shown.items() if value is not None}


def print_table(title: str, figures: Sequence[Figure]) -> None:
    """Print figures as an aligned table with a title."""
    rows = [_HEADINGS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS))]
    sys.stdout.write(f"\n{title}\n")
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    sys.stdout.flush()


def _row(figure: Figure) -> tuple[str, ...]:
    spreads = (figure.p50, figure.p95, figure.p99, figure.max)
    numbers = ["" if value is None else digits(value) for value in spreads]
    if figure.value is not None:
        numbers[0] = digits(figure.value)
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}×"
    verdict = {None: "", True: "ok", False: "missed"}[figure.met]
    return (figure.name, *numbers, figure.unit, ratio, figure.goal or "", verdict)


def digits(value: float) -> str:
    """Four significant digits, but never an exponent."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= 0.001 or value == 0 else f"{value:.4f}"
