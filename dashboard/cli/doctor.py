"""`callscope doctor`: the way of a call step by step, with cause and remedy where something is wrong."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import textwrap
from collections.abc import Sequence

from dashboard.bus.runtime import stop_on_signals
from dashboard.call.cognigy_view import COGNIGY
from dashboard.cli.following import follow_options, follow_policy
from dashboard.cli.line import link_policy, network_options, reader
from dashboard.cli.settings import Settings
from dashboard.clock import SystemClock
from dashboard.dialects.notifications import Notifications
from dashboard.doctor.examine import examine
from dashboard.doctor.idle import IdleSearch
from dashboard.doctor.steps import Outcome, StepResult, examination_object, exit_code
from dashboard.doctor.telling import Tell
from dashboard.doctor.walk import Options, settings_refused
from dashboard.errors import ConfigError
from dashboard.resilience.secret import Secret
from dashboard.wiretext import visible

EXIT_INTERRUPTED = 130

_MARKS = {
    Outcome.OK: ("✓ ok", "32"),
    Outcome.SKIPPED: ("· skipped", "2"),
    Outcome.WARNING: ("! warning", "33"),
    Outcome.FAILED: ("✗ failed", "31"),
}
"""Symbol with word, and the colour (ECMA-48, 8.3.117)."""

_WIDTH = 100


def run(args: argparse.Namespace) -> int:
    """Examine, print every step as it comes, and return the exit code of what was found."""
    report = Report(as_json=args.json)
    interrupted, goal = False, "a call can be made"
    try:
        args.settings = settings = args.load_settings()
        options = examination(settings, finds_idle=args.find_idle)
    except ConfigError as error:
        report.tell(settings_refused(error))
    else:
        goal = "the conversation can be followed" if settings.conversation else goal
        search = IdleSearch(settings.ping_interval, args.max) if args.find_idle else None
        interrupted = asyncio.run(_examine(options, report.tell, search))
    return report.conclude(goal, interrupted=interrupted)


class Report:
    """Prints an examination: the steps as they come, then what they come to, or with `as_json` one object."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._out = sys.stderr if as_json else sys.stdout
        self._colour = self._out.isatty() and not os.environ.get("NO_COLOR")
        self._results: list[StepResult] = []

    def tell(self, result: StepResult) -> None:
        """Print a step."""
        self._results.append(result)
        self._out.write(f"{step_line(result, colour=self._colour)}\n")
        self._out.flush()

    def conclude(self, goal: str, *, interrupted: bool = False) -> int:
        """Print the end, `goal` if nothing is wrong; return the exit code."""
        self._out.write(conclusion(self._results, interrupted=interrupted, goal=goal))
        if self._as_json:
            sys.stdout.write(f"{json.dumps(examination_object(self._results, interrupted=interrupted))}\n")
        return EXIT_INTERRUPTED if interrupted else exit_code(self._results)


def examination(settings: Settings, *, finds_idle: bool = False) -> Options:
    """Return what is to be examined: the call that `watch` and `probe` would make with the same settings.

    Raises:
        ConfigError: the silence that a path bears is to be found where it is never silent.
    """
    followed, spoken_to = settings.conversation, settings.dialect in COGNIGY
    if finds_idle and followed:
        raise ConfigError(
            "--find-idle has nothing to find with a conversation: Genesys sends a heartbeat every 30 s",
            remedy="Leave one of the two out.",
        )
    network = follow_options(settings) if followed else network_options(settings)
    clock = SystemClock()
    return Options(
        policy=follow_policy(settings) if followed else link_policy(settings, "doctor"),
        login_url=network.token_url,
        api_url=network.base_url,
        codec=Notifications("doctor", followed, clock.wall() - clock.monotonic())
        if followed
        else reader(settings, "doctor"),
        url_token=Secret(settings.url_token.get_secret_value()) if settings.url_token and spoken_to else None,
        credentials=network.credentials,
        app_id=network.app_id,
        ca_file=network.ca_file,
        insecure=network.insecure,
        socket=network.socket,
    )


def step_line(result: StepResult, *, colour: bool = False) -> str:
    """Return a step as one line: how it went, how long it took, what it was, what came of it."""
    mark, code = _MARKS[result.outcome]
    shown = f"{mark:9}"
    if colour:
        shown = f"\x1b[{code}m{shown}\x1b[0m"
    return f"{shown}  {_span(result.took_s):>8}  {result.check.value:8}  {visible(result.detail)}"


def conclusion(results: Sequence[StepResult], *, interrupted: bool = False, goal: str = "a call can be made") -> str:
    """Return what is printed below the steps: cause and remedy of all that is wrong, or that nothing is and `goal`."""
    blocks = [
        _paragraph("cause", diagnosis.words) + _paragraph("remedy", diagnosis.remedy)
        for diagnosis in (result.diagnosis for result in results)
        if diagnosis is not None
    ]
    if interrupted:
        blocks.append("interrupted\n")
    elif not blocks:
        blocks.append(f"healthy: {goal}\n")
    return "".join(f"\n{block}" for block in blocks)


async def _examine(options: Options, tell: Tell, search: IdleSearch | None) -> bool:
    """Return whether a signal ended it."""
    examining = asyncio.create_task(examine(options, tell, clock=SystemClock(), search=search))

    def stop() -> None:
        examining.cancel()

    stop_on_signals(stop)
    await asyncio.wait([examining])
    if not examining.cancelled():
        examining.result()  # an error that nobody foresaw
    return examining.cancelled()


def _paragraph(title: str, text: str) -> str:
    return textwrap.fill(visible(text), _WIDTH, initial_indent=f"{title:8}", subsequent_indent=" " * 8) + "\n"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
