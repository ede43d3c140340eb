"""callscope's screen on a call that is played from its facts, faster than time.

`python -m tests.benchmarks.hour_screen FACTS FILE`: FACTS are lines as a worker writes them; FILE gets a line for each
minute of the call: the bytes that this process held then.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import dashboard.ui.app
from dashboard.call.codec import event_from_line
from dashboard.call.events import Ticked
from dashboard.call.ports import Command, Emit
from dashboard.cli.screen import run_screen
from tests.benchmarks.resident import Minutes

_SECOND_S = 0.02
"""How long a second of the call takes at least: a little more than Textual leaves between two paintings."""


class _Played:
    """A source that emits the facts of a file; the screen samples each second of the call."""

    def __init__(self, facts: Path, written: Path) -> None:
        self._facts = facts
        self._written = written

    async def run(self, emit: Emit) -> None:
        minutes, told, sampled_at = Minutes(), 0, 0.0
        with self._facts.open("rb") as lines, self._written.open("w", encoding="ascii", buffering=1) as written:
            for line in lines:
                fact = event_from_line(line)
                emit(fact)
                if isinstance(fact, Ticked) and fact.at - sampled_at >= 1.0:
                    sampled_at = fact.at
                    await asyncio.sleep(_SECOND_S)
                    minutes.at(fact.at)
                    written.writelines(f"{resident}\n" for resident in minutes.resident[told:])
                    told = len(minutes.resident)

    def command(self, command: Command) -> None:
        """What is over cannot be asked for anything."""


async def _examine(tell: Callable[[str], None]) -> None:
    tell("a call from a file has no way to examine")


if __name__ == "__main__":
    dashboard.ui.app.SAMPLE_S = _SECOND_S
    run_screen(lambda: (_Played(*map(Path, sys.argv[1:])), _examine), "benchmark", None)
