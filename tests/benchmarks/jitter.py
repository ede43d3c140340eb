"""What `callscope probe` measures, against what the bot host really did."""

from __future__ import annotations

import asyncio
import csv
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.benchmarks.harness import Figure, at_most, number
from tests.benchmarks.processes import spawning_on, two_cores
from tests.hosts import bot_host, callscope, environment

NAME = "jitter"
SUMMARY = "figures of `callscope probe` against those of the true send times"

SCENARIOS = ("steady", "heavy-tail", "stalls", "batched")
_GOAL = at_most(0.1)


@dataclass(frozen=True, slots=True)
class Pace:
    """Delta and RFC 3550 jitter of a stream, ms."""

    delta_mean: float
    delta_max: float
    jitter_mean: float
    jitter_max: float


def run(quick: bool) -> list[Figure]:
    scenarios, seconds = (SCENARIOS[:1], 2.0) if quick else (SCENARIOS, 30.0)
    return [figure for scenario in scenarios for figure in asyncio.run(_compared(scenario, seconds))]


async def _compared(scenario: str, seconds: float) -> list[Figure]:
    """Let the bot host and the probe meet, each on a core of its own as if on machines of their own."""
    here, there = two_cores()
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder, "truth.csv")
        async with AsyncExitStack() as running:
            with spawning_on(there):
                ready = await running.enter_async_context(bot_host(scenario, "--truth", str(truth)))
            with spawning_on(here):
                probed = await callscope("probe", "--json", "--duration", str(seconds), env=environment(ready))
        sent = _read(truth)
    told, clock = probed.json["audio"]["inbound"], probed.json["link"]["clock"]
    true = _pace(sent[: told["frames"]])
    delta, jitter = told["delta_ms"], told["jitter_ms"]
    pairs = {
        "delta mean": (delta["mean"], true.delta_mean),
        "delta max": (delta["max"], true.delta_max),
        "jitter mean": (jitter["mean"], true.jitter_mean),
        "jitter max": (jitter["max"], true.jitter_max),
    }
    errors = {f"{name}, which is {right:.3f} ms": abs(ours - right) for name, (ours, right) in pairs.items()}
    title = f"{scenario}, {clock} time"
    goal = _GOAL if clock == "kernel" else None
    return [
        *(number(f"{title}: error of {name}", error, "ms") for name, error in errors.items()),
        number(f"{title}: largest of these errors", max(errors.values()), "ms", goal=goal),
    ]


def _read(path: Path) -> list[tuple[float, float]]:
    """Return (sent, media position) of each frame, seconds."""
    with path.open(encoding="ascii", newline="") as rows:
        return [(float(row["sent_s"]), float(row["media_s"])) for row in csv.DictReader(rows)]


def _pace(frames: Sequence[tuple[float, float]]) -> Pace:
    """Work the figures out once more, straight from metrics.md."""
    deltas, jitters, jitter = [], [], 0.0
    for (sent_before, media_before), (sent, media) in pairwise(frames):
        deltas.append((sent - sent_before) * 1000)
        jitter += (abs(deltas[-1] - (media - media_before) * 1000) - jitter) / 16
        jitters.append(jitter)
    return Pace(sum(deltas) / len(deltas), max(deltas), sum(jitters) / len(jitters), max(jitters))
