"""The README's figures, made from reports: `python -m tests.benchmarks.page FILE…` writes them anew.

Each FILE is what `python -m tests.benchmarks --json` printed, of all parts or of some; parts of later files take the
place of those of earlier ones.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from tests.benchmarks.__main__ import PARTS
from tests.benchmarks.harness import digits

README = Path(__file__).parents[2] / "README.md"
HEADINGS = ("part", "figure", "p50 / p95 / p99 / max, or one", "floor", "ratio", "goal", "")
_BLOCK = re.compile(r"(?<=<!-- benchmarks -->\n).*?(?=<!-- /benchmarks -->)", re.DOTALL)
_WIDTH = 120
_PERCENTILES = ("p50", "p95", "p99", "max")


def merged(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return one report of all parts; raises ValueError where these do not make one."""
    if any(report["quick"] for report in reports):
        raise ValueError("a quick run shows that a part works, not how fast")
    if any(report["machine"] != reports[-1]["machine"] for report in reports):
        raise ValueError("the reports are of different machines or versions")
    parts = {name: part for report in reports for name, part in report["parts"].items()}
    if missing := [name for name in PARTS if name not in parts]:
        raise ValueError(f"no figures of {', '.join(missing)}")
    return {**reports[-1], "parts": parts}


def section(report: dict[str, Any]) -> str:
    """Return what stands between the README's marks: the machine, a row for each figure with a goal, three lists."""
    rows = [row for name in PARTS if name in report["parts"] for row in _rows(name, report["parts"][name]["figures"])]
    lists = [one for one in (_calls(report), _boards(report), _repaints(report)) if one]
    return "\n\n".join([fill(_machine(report), _WIDTH), table(rows), *(fill(one, _WIDTH) for one in lists)]) + "\n"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table that is aligned for who reads it as text."""
    widths = [max(len(row[i]) for row in (HEADINGS, *rows)) for i in range(len(HEADINGS))]
    lines = [HEADINGS, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )


def cells(text: str) -> list[list[str]]:
    """Return the rows of the table in a section, without headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def written() -> str:
    """Return what the README has between its marks."""
    found = _BLOCK.search(README.read_text("utf-8"))
    assert found is not None, "README.md: the marks <!-- benchmarks --> and <!-- /benchmarks --> are gone"
    return found[0]


# -- a row -----------------------------------------------------------------------------------------------------------


def _rows(part: str, figures: Sequence[dict[str, Any]]) -> Iterator[list[str]]:
    by_name = {figure["name"]: figure for figure in figures}
    for figure in figures:
        if "goal" not in figure:
            continue
        unit, ratio = figure["unit"], figure.get("ratio")
        floor = f"{_digits(_tells(by_name[figure['floor']]))} {unit}" if "floor" in figure else ""
        times = "" if ratio is None else "×"
        yield [
            part,
            figure["name"].removesuffix(": callscope"),
            f"{_measured(figure)} {unit}",
            floor,
            "" if ratio is None else f"{ratio:.2f}×",
            f"{figure['goal']}{times}",
            verdict(figure["goal"], _tells(figure) if ratio is None else ratio),
        ]


def _measured(figure: dict[str, Any]) -> str:
    if "value" in figure:
        return _digits(figure["value"])
    return " / ".join(_digits(figure[name]) for name in _PERCENTILES)


def _digits(value: float) -> str:
    """Three significant digits are what a run is good for."""
    return digits(float(f"{value:.3g}") if abs(value) < 1000 else value)


def _tells(figure: dict[str, Any]) -> float:
    told: float = figure["value"] if "value" in figure else figure["p99"]
    return told


def verdict(goal: str, value: float) -> str:
    """Say whether `value` reaches a goal such as "≤ 1.5", or by how much it does not."""
    sign, limit = goal[0], float(goal[2:])
    if value <= limit if sign == "≤" else value >= limit:
        return "reached"
    return f"missed by {abs(value / limit - 1):.0%}"


# -- around the table ------------------------------------------------------------------------------------------------


def _machine(report: dict[str, Any]) -> str:
    machine = report["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"Measured on {report['date']} with {machine['cores']} cores of {machine['cpu']} ({machine['architecture']}), "
        f"{machine['system']}, {machine['python']}; {versions}."
    )


def _calls(report: dict[str, Any]) -> str:
    figures = _values(report, "calls")
    shown = []
    for name in (name.removesuffix(": queue wait") for name in figures if name.endswith(": queue wait")):
        wait, share, memory = (
            _tells(figures[f"{name}: {what}"]) for what in ("queue wait", "share of the core", "memory of the process")
        )
        shown.append(f"{name}: {_digits(wait)} ms, {share:.0f} %, {memory:.0f} MB")
    return f"Calls on one core, queue wait at p99, share of the core, memory: {' · '.join(shown)}." if shown else ""


def _boards(report: dict[str, Any]) -> str:
    figures = _values(report, "board")
    shown = []
    mark = ": processor of the screen's process"
    for name in (name.removesuffix(mark) for name in figures if name.endswith(mark) and not name.startswith("each")):
        share = _digits(_tells(figures[f"{name}{mark}"]))
        parts = {one.rpartition(": of that ")[2]: one for one in figures if one.startswith(f"{name}: of that ")}
        divided = ", ".join(f"{part} {_digits(_tells(figures[one]))}" for part, one in parts.items())
        rate = _digits(_tells(figures[f"{name}: to the terminal"]))
        shown.append(f"{name}: {share} % ({divided}), {rate} kB/s")
    return f"The board, share of a core of the screen's process, to the terminal: {' · '.join(shown)}." if shown else ""


def _repaints(report: dict[str, Any]) -> str:
    costs = {name: figure for name, figure in _values(report, "screen").items() if name.startswith("one repaint: ")}
    shown = (
        f"{name.partition(': ')[2]} {_digits(cost['p50'])} / {_digits(cost['p99'])}" for name, cost in costs.items()
    )
    return f"One repaint at 120x36, p50 / p99 in ms: {' · '.join(shown)}." if costs else ""


def _values(report: dict[str, Any], part: str) -> dict[str, dict[str, Any]]:
    return {figure["name"]: figure for figure in report["parts"].get(part, {}).get("figures", ())}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.page", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    reports = [json.loads(path.read_text("utf-8")) for path in parser.parse_args().files]
    try:
        new = section(merged(reports))
    except ValueError as error:
        parser.error(str(error))
    README.write_text(_BLOCK.sub(lambda _: new, README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
