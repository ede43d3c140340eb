"""`python -m tests.benchmarks [NAME…] [--json] [--quick]`: callscope's figures beside their floors."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from tests.benchmarks.harness import Figure, as_json, machine, print_table

# In the order in which they run; each is a module of this package with NAME, SUMMARY and run(quick).
PARTS = (
    "stamps",
    "jitter",
    "pipeline",
    "calls",
    "screen",
    "board",
    "memory",
    "recording",
    "fold",
    "relay",
)


class Part(Protocol):
    """One module: it starts its own loops and processes and ends them."""

    NAME: str
    SUMMARY: str

    def run(self, quick: bool) -> list[Figure]: ...


def load(name: str) -> Part:
    """Return a part; importing one imports no other."""
    return cast(Part, importlib.import_module(f"tests.benchmarks.{name}"))


def available() -> list[str]:
    return [name for name in PARTS if importlib.util.find_spec(f"tests.benchmarks.{name}") is not None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the named parts, or all, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(available()))
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end instead of tables")
    parser.add_argument("--quick", action="store_true", help="seconds-long form: shows that a part works, not how fast")
    chosen = parser.parse_args(argv)
    if unknown := [name for name in chosen.names if name not in available()]:
        parser.error(f"no such part: {', '.join(unknown)}")
    today = datetime.now(UTC).date().isoformat()
    report: dict[str, Any] = {
        "version": 1,
        "date": today,
        "quick": chosen.quick,
        "machine": machine(),
        "parts": {},
    }
    for name in chosen.names or available():
        part = load(name)
        print(f"{part.NAME}: {part.SUMMARY}", file=sys.stderr, flush=True)  # noqa: T201
        began = time.monotonic()
        figures = part.run(chosen.quick)
        report["parts"][name] = {
            "summary": part.SUMMARY,
            "took_s": round(time.monotonic() - began, 1),
            "figures": [as_json(figure) for figure in figures],
        }
        if not chosen.json:
            print_table(f"{part.NAME}: {part.SUMMARY}", figures)
    if chosen.json:
        print(json.dumps(report, indent=1))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
