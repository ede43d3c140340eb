"""What the screen costs: time to the first frame, processor, bytes to the terminal, one repaint of each widget."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from textual.geometry import Region
from textual.widget import Widget

from dashboard.call.state import CallState
from dashboard.ui.app import CallScopeApp
from dashboard.ui.screens.call import CallScreen
from dashboard.ui.widgets.connection import ConnectionPanel
from dashboard.ui.widgets.header import HeaderBar
from dashboard.ui.widgets.headline import HeadlineBar
from dashboard.ui.widgets.jitter import JitterPanel
from dashboard.ui.widgets.painted import Panel
from dashboard.ui.widgets.plot import PlotPanel
from dashboard.ui.widgets.reconnect_log import ReconnectPanel
from dashboard.ui.widgets.transcript import TranscriptPanel
from tests.benchmarks import empty_app
from tests.benchmarks.harness import Figure, at_most, number, spread
from tests.benchmarks.meter import ROOT, MeteredTerminal, clean_environment
from tests.builders import troubled

NAME = "screen"
SUMMARY = "processor, terminal bytes and first frame of the screen, in a real terminal with its real worker and host"

SIZES = ((80, 24), (120, 36), (200, 50))
_CPU_GOALS = {(120, 36): 15.0, (200, 50): 20.0}
_BYTES_GOALS = {(120, 36): 15.0}

_CALLSCOPE = (sys.executable, "-m", "dashboard")
_EMPTY = (sys.executable, "-m", "tests.benchmarks.empty_app")
_DEMO = (*_CALLSCOPE, "demo", "bad-day")
_WATCH = (*_CALLSCOPE, "watch", "--auth", "none", "--url", "ws://127.0.0.1:9/")
_IDLE = (*_CALLSCOPE, "demo", str(ROOT / "tests/benchmarks/idle.toml"))

_LAST_ROW = (" quit", "5 reconnects")
"""The footer is the last line of the first picture."""

_WARM_UP_S = 5.0


def run(quick: bool) -> list[Figure]:
    if quick:
        return [*_first_frame(1), *_running(SIZES[:1], 0.5), *asyncio.run(_repaints(5))]
    return [*_first_frame(11), *_running(SIZES, 45.0), *asyncio.run(_repaints(400))]


# -- time to the first frame ----------------------------------------------------------------------------------


def _first_frame(rounds: int) -> list[Figure]:
    """From just before exec until the last row of the first picture was written; the programs take turns."""
    programs = {
        "first frame: empty Textual app": (_EMPTY, (empty_app.TEXT,)),
        "first frame: callscope demo": (_DEMO, _LAST_ROW),
        "first frame: callscope watch": (_WATCH, _LAST_ROW),
    }
    took: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, (argv, texts) in programs.items():
            with MeteredTerminal(argv, (120, 36), clean_environment()) as terminal:
                took[name].append(terminal.until(*texts))
    floor, *ours = (number(f"{name}, median", statistics.median(times) * 1000, "ms") for name, times in took.items())
    return [floor, *(number(one.name, one.tells, "ms", floor=floor, goal=at_most(1.6)) for one in ours)]


# -- processor and bytes -----------------------------------------------------------------------------------------


def _running(sizes: Sequence[tuple[int, int]], seconds: float) -> list[Figure]:
    figures: list[Figure] = []
    for size in sizes:
        words = f"bad-day at {size[0]}x{size[1]}"
        share, rate = _measured(_DEMO, size, seconds)
        cpu_goal, bytes_goal = _CPU_GOALS.get(size), _BYTES_GOALS.get(size)
        figures += [
            number(f"{words}: processor", share, "% of a core", goal=at_most(cpu_goal) if cpu_goal else None),
            number(f"{words}: to the terminal", rate, "kB/s", goal=at_most(bytes_goal) if bytes_goal else None),
        ]
    share, rate = _measured(_IDLE, (120, 36), seconds / 2)
    return [
        *figures,
        number("idle call at 120x36: processor", share, "% of a core", goal=at_most(5.0)),
        number("idle call at 120x36: to the terminal", rate, "kB/s"),
    ]


def _measured(argv: tuple[str, ...], size: tuple[int, int], seconds: float) -> tuple[float, float]:
    """Return percent of a core and kB/s of the screen's process alone, once the call is open."""
    with MeteredTerminal(argv, size, clean_environment()) as terminal:
        terminal.until("● open")
        terminal.drain(_WARM_UP_S if seconds > _WARM_UP_S else 0.0)
        before, began = terminal.processor_s(), time.monotonic()
        written = terminal.drain(seconds)
        took = time.monotonic() - began
        return (terminal.processor_s() - before) / took * 100, written / took / 1000


# -- one repaint ---------------------------------------------------------------------------------------------------


async def _repaints(rounds: int) -> list[Figure]:
    """Draw and paint of each widget at 120x36 with a call that goes on, half a second at a time."""
    states = _states(rounds)

    async def feed() -> None:
        await asyncio.Event().wait()

    app = CallScopeApp(dict, lambda command: None, feed)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, CallScreen)
        widgets = _widgets(screen)
        costs: dict[str, list[float]] = {name: [] for name, _, _ in widgets}
        for state in states:
            for name, widget, sample in widgets:
                costs[name].append(_timed(widget, sample, state))
            await asyncio.sleep(0)
    return [spread(f"one repaint: {name}", times) for name, times in costs.items()]


def _timed(widget: Widget, sample: Callable[[CallState], None], state: CallState) -> float:
    """Return the seconds from a new state to the text for the terminal."""
    began = time.perf_counter()
    sample(state)
    strips = widget.render_lines(Region(0, 0, *widget.outer_size))
    for strip in strips:
        strip.render(widget.app.console)
    return time.perf_counter() - began


def _widgets(screen: CallScreen) -> list[tuple[str, Widget, Callable[[CallState], None]]]:
    header, headline = screen.query_one(HeaderBar), screen.query_one(HeadlineBar)
    panels: dict[str, Panel] = {
        "connection": screen.query_one(ConnectionPanel),
        "jitter": screen.query_one(JitterPanel),
        "plot": screen.query_one(PlotPanel),
    }
    transcript, reconnects = screen.query_one(TranscriptPanel), screen.query_one(ReconnectPanel)
    return [
        ("header", header, lambda call: header.sample(call, waiting=None, closing=False, masked=False)),
        ("headline", headline, lambda call: headline.sample(call, closing=False)),
        *((name, panel, panel.sample) for name, panel in panels.items()),
        ("transcript", transcript, transcript.sample),
        ("reconnects", reconnects, reconnects.sample),
    ]


def _states(count: int) -> list[CallState]:
    """A call that goes on, one state every half second."""
    story = troubled()
    states = []
    for _ in range(count):
        story.listen(0.5, jitter_s=0.004)
        states.append(story.call)
    return states
