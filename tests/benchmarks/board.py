"""What many calls cost the screen's process and the worker, and how soon a row tells of a fact, a picture of a key."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.callers import place_calls
from tests.benchmarks.harness import Figure, Goal, at_most, number, spread
from tests.benchmarks.meter import MeteredTerminal, clean_environment
from tests.benchmarks.processes import answer, process

NAME = "board"
SUMMARY = (
    "calls by AudioHook, 50 frames a second of both legs, on a board of 120x36 in a real terminal, with its worker"
)

COUNTS = (1, 10, 50, 100)
SIZE = (120, 36)
COMER_S = 0.5
"""Beside the calls that stay there is always one that has just come, and lasts so long: how soon is it seen?"""

_TIMEOUT_S = 30.0
_SETTLED_S = 5.0
_KEYS = 7


@dataclass(frozen=True, slots=True)
class Load:
    """What so many calls took: shares of a core, bytes, seconds. opened_s, left_s: from the key to the picture."""

    calls: int
    facts_per_s: float
    screen: float
    parts: dict[str, float]
    worker: float
    screen_bytes: int
    worker_bytes: int
    terminal_bytes_per_s: float
    delays_s: list[float]
    opened_s: list[float]
    left_s: list[float]


def run(quick: bool) -> list[Figure]:
    counts, settled_s, measured_s, keys = ((1, 3), 0.5, 2.5, 1) if quick else (COUNTS, _SETTLED_S, 15.0, _KEYS)
    loads = [_load(calls, settled_s, measured_s, keys) for calls in counts]
    figures = [figure for load in loads for figure in _figures(load)]
    return figures if quick else [*figures, *_each(loads[0], loads[1], loads[-1])]


def _figures(load: Load) -> Iterator[Figure]:
    name = f"{load.calls} call{'s' * (load.calls > 1)}"
    most = load.calls == COUNTS[-1]

    def goal(limit: float) -> Goal | None:
        return at_most(limit) if most else None

    yield number(f"{name}: processor of the screen's process", 100 * load.screen, "% of a core", goal=goal(40))
    for part, share in load.parts.items():
        yield number(f"{name}: of that {part}", 100 * share, "% of a core")
    yield number(f"{name}: processor of the worker", 100 * load.worker, "% of a core")
    yield number(f"{name}: facts", load.facts_per_s, "facts/s")
    yield number(f"{name}: to the terminal", load.terminal_bytes_per_s / 1000, "kB/s", goal=goal(15))
    yield number(f"{name}: memory of the screen's process", load.screen_bytes / 1e6, "MB")
    yield number(f"{name}: memory of the worker", load.worker_bytes / 1e6, "MB")
    yield spread(f"{name}: from a fact to its row", load.delays_s, goal=goal(400))
    yield spread(f"{name}: from Enter to the call", load.opened_s, goal=goal(400))
    yield spread(f"{name}: from Esc to the board", load.left_s, goal=goal(400))


def _each(one: Load, few: Load, most: Load) -> Iterator[Figure]:
    """What a call takes more where there are many than where there are few."""
    for process_, name in (("screen", "the screen's process"), ("worker", "the worker")):
        first = 100 * (getattr(few, process_) - getattr(one, process_)) / (few.calls - one.calls)
        later = 100 * (getattr(most, process_) - getattr(few, process_)) / (most.calls - few.calls)
        floor = number(f"each of the first ten calls: processor of {name}", first, "% of a core")
        yield floor
        yield number(f"each further call: processor of {name}", later, "% of a core", floor=floor, goal=at_most(1.2))
        memory = getattr(most, f"{process_}_bytes") - getattr(few, f"{process_}_bytes")
        per_call = memory / (most.calls - few.calls) / 1e6
        yield number(f"each further call: memory of {name}", per_call, "MB", goal=at_most(1.0))


def _load(calls: int, settled_s: float, measured_s: float, keys: int) -> Load:
    settings = json.dumps({"port": 0, "max_calls": 2 * calls + 10})
    with TemporaryDirectory() as folder:
        told = Path(folder, "told")
        argv = (sys.executable, "-m", "tests.benchmarks.board_screen", settings, str(told))
        with MeteredTerminal(argv, SIZE, clean_environment()) as terminal:
            url = _until(terminal, told, lambda counts: counts[-1]["url"])[-1]["url"]
            with process(place_calls, url, calls, 1, COMER_S) as callers:
                answer(callers, _TIMEOUT_S)
                terminal.drain(settled_s)
                before = len(_counts(told))
                written = terminal.drain(measured_s)
                counts = _counts(told)[before:]
                times = [_keys(terminal) for _ in range(keys)]
    return _between(calls, counts, written / measured_s, *zip(*times, strict=True))


def _keys(terminal: MeteredTerminal) -> tuple[float, float]:
    """Open a call and leave it; Textual waits for a tenth of a second whether Esc begins another key."""
    opened_s = terminal.answered_s("\r", "3 transcript")
    terminal.drain(0.4)
    left_s = terminal.answered_s("\x1b", "enter opens the call")
    terminal.drain(0.4)
    return opened_s, left_s


def _between(
    calls: int,
    counts: list[dict[str, Any]],
    written_per_s: float,
    opened_s: Sequence[float],
    left_s: Sequence[float],
) -> Load:
    begin, *_, end = counts
    took_s = end["at"] - begin["at"]

    def share(name: str) -> float:
        took: float = (end[name] - begin[name]) / took_s
        return took

    parts = {part: (end["parts_s"][part] - begin["parts_s"][part]) / took_s for part in end["parts_s"]}
    parts["pipe, loop and collector"] = share("screen_s") - sum(parts.values())
    return Load(
        calls,
        share("facts"),
        share("screen_s"),
        parts,
        share("worker_s"),
        end["screen_bytes"],
        end["worker_bytes"],
        written_per_s,
        [delay for count in counts[1:] for delay in count["delays_s"]],
        list(opened_s),
        list(left_s),
    )


def _until(terminal: MeteredTerminal, told: Path, so: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
    """Wait until what the screen's process has told makes it so."""
    end = time.monotonic() + _TIMEOUT_S
    while not (counts := _counts(told)) or not so(counts):
        if time.monotonic() > end:
            raise TimeoutError("the board does not tell what it does")
        terminal.drain(0.1)
    return counts


def _counts(told: Path) -> list[dict[str, Any]]:
    """Return what stands in the file, as far as it is whole."""
    return [json.loads(line) for line in told.read_text("ascii").split("\n")[:-1]] if told.exists() else []
