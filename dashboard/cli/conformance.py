"""`callscope call URL --conformance`: the rules of the protocol, one by one, as a table or as one object."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import aclosing
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

from dashboard.call.findings.refusals import bot_refusal
from dashboard.call.units import iso
from dashboard.cli import dialled
from dashboard.cli.settings import Settings, flag
from dashboard.clock import SystemClock
from dashboard.conformance.result import Result, Status, counts
from dashboard.conformance.run import Figures, examine
from dashboard.conformance.visit import Bench
from dashboard.errors import ConfigError, DashboardError, RefusedError, UnreachableError
from dashboard.resilience.retry import Failure, LinkError, exit_code
from dashboard.transport.tls import client_context
from dashboard.transport.watched_loop import new_loop
from dashboard.wiretext import safe_url, visible

_WORDS = {Status.PASS: "pass", Status.FAIL: "FAIL", Status.NOT_SEEN: "not seen"}
_IDLE = ("duration", "record", "record_on", "record_audio", "dtmf", "barge_in", "json_out")
"""Flags of a call that mean nothing here."""
_NAME = 18
_INDENT = 29


def run(args: argparse.Namespace) -> int:
    """Check, and print as it goes; 0 when nothing failed, 1 when something did.

    Raises:
        DashboardError: the bot is not to be reached (any more), or does not let us in; what was found is printed.
    """
    settings: Settings = args.settings
    for name in (name for name in _IDLE if getattr(args, name, None)):
        raise ConfigError(
            f"--conformance makes calls of its own, on which {flag(name)} has no effect",
            remedy="Leave it out; --wav, --media, --language and --input are used.",
        )
    began, figures = time.time(), Figures()
    bench = Bench(
        url=dialled.address(settings),
        offer=dialled.offer(settings),
        access=dialled.access(settings),
        keyed=bool(settings.hook_keys),
        speeches=dialled.speeches(settings),
        tls=client_context(settings.ca_file),
        clock=SystemClock(),
    )
    results: list[Result] = []
    failure: Failure | None = None
    with asyncio.Runner(loop_factory=new_loop) as runner:
        try:
            runner.run(_examine(bench, figures, results, quiet=args.json or args.jsonl))
        except LinkError as error:
            failure = error.failure
    if args.json or args.jsonl:
        sys.stdout.write(f"{json.dumps(_object(bench, began, results, figures, failure))}\n")
    elif results:
        sys.stdout.write(f"{_summary(results, time.time() - began)}\n")
    if failure is not None:
        raise _no_bot(failure, results)
    return 1 if counts(results)[Status.FAIL] else 0


def _no_bot(failure: Failure, results: Sequence[Result]) -> DashboardError:
    """Return the error of a bot that is not to be had; `results` are those that there are by now."""
    what, remedy = bot_refusal(failure.cause, failure.flaw)
    then = f"after the check {results[-1].name} it is gone" if results else "nothing can be checked"
    family = UnreachableError if exit_code(failure.cause) == UnreachableError.exit_code else RefusedError
    return family(f"{what}: {then}\n{failure.detail}", remedy=remedy)


async def _examine(bench: Bench, figures: Figures, results: list[Result], *, quiet: bool) -> None:
    """Add result after result."""
    width = get_terminal_size().columns if sys.stdout.isatty() else None
    if not quiet:
        sys.stdout.write(f"conformance of {safe_url(bench.url)}\n")
        sys.stdout.flush()
    async with aclosing(examine(bench, figures)) as found:
        async for result in found:
            if not quiet and (not results or results[-1].part is not result.part):
                sys.stdout.write(f"\n{result.part}\n")
            results.append(result)
            if not quiet:
                sys.stdout.write("".join(f"{row}\n" for row in _rows(result, width)))
                sys.stdout.flush()


def _rows(result: Result, width: int | None) -> list[str]:
    """Return the rows of a result; where somebody looks at them, as wide as the terminal."""
    detail = f": {result.detail}" if result.detail else ""
    rows = [f"{_WORDS[result.status]:9} {result.name:{_NAME}} {visible(result.means + detail)}"]
    if result.status is Status.FAIL:
        if result.rule and result.rule != result.name:
            rows.append(f"{'':{_INDENT}}rule {result.rule}")
        if result.message:
            rows.append(f"{'':{_INDENT}}{visible(result.message)}")
    if width is None:
        return rows
    return [line for row in rows for line in wrap(row, max(60, width), subsequent_indent=" " * _INDENT)]


def _summary(results: list[Result], took_s: float) -> str:
    found = counts(results)
    words = (
        f"{found[Status.PASS]} passed",
        f"{found[Status.FAIL]} failed",
        f"{found[Status.NOT_SEEN]} not seen",
        f"{took_s:.0f} s",
    )
    return f"\n{' · '.join(words)}"


def _object(
    bench: Bench, began: float, results: list[Result], figures: Figures, failure: Failure | None
) -> dict[str, Any]:
    found = counts(results)
    return {
        "version": 1,
        "endpoint": safe_url(bench.url),
        "started": iso(began),
        "passed": found[Status.PASS],
        "failed": found[Status.FAIL],
        "not_seen": found[Status.NOT_SEEN],
        "checks": [result.to_json() for result in results],
        "figures": figures.to_json(),
        "error": failure and _error(failure),
    }


def _error(failure: Failure) -> dict[str, Any]:
    """Return why the bot is not to be had (any more)."""
    what, remedy = bot_refusal(failure.cause, failure.flaw)
    return {"cause": failure.cause.value, "summary": what, "detail": failure.detail, "remedy": remedy}
