"""`callscope simulate --audiohook`: Genesys calling an AudioHook server."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

from dashboard.bus.runtime import stop_at_eof
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_client import Offer
from dashboard.dialects.audiohook_signature import Keyring
from dashboard.errors import ConfigError, RefusedError
from dashboard.resilience.retry import LinkError
from dashboard.simulator.hookcaller import HookCaller, Outcome, someone
from dashboard.simulator.scenario import Scenario, load_scenario
from dashboard.transport.tls import client_context

_KEYS = "CALLSCOPE_HOOK_KEYS"


def run(args: argparse.Namespace) -> int:
    """Call and print the outcome, a line a call; 0 when each was closed as it should be and no rule was broken."""
    if not args.audiohook.startswith(("ws://", "wss://")):
        raise ConfigError("--audiohook wants an address", remedy="It begins with wss://, or with ws:// for tests.")
    scenarios = [load_scenario(name) for name in args.scenarios]
    outcomes = asyncio.run(_call(args, scenarios, _access()))
    for outcome in outcomes:
        sys.stdout.write(f"{json.dumps(outcome.to_json())}\n")
    return 0 if all(outcome.closed and not outcome.broken and not outcome.errors for outcome in outcomes) else 1


async def _call(args: argparse.Namespace, scenarios: Sequence[Scenario], access: Access) -> list[Outcome]:
    """Call so many times at once, each with the next of the scenarios."""
    seed, tls = args.seed or 1, client_context(args.ca_file)
    callers = [
        HookCaller(
            played,
            args.audiohook,
            access,
            offer=_offer(args.conversation),
            tls=tls,
            seed=seed + n,
            endless=args.until_eof,
        )
        for n, played in zip(range(args.calls), cycle(scenarios), strict=False)
    ]
    calls = asyncio.gather(*(caller.run() for caller in callers))
    if args.until_eof:
        stop_at_eof(calls.cancel)
    try:
        return await calls
    except asyncio.CancelledError:
        this = asyncio.current_task()
        if this is not None and this.cancelling():  # interrupted, and not told so by the end of the input
            raise
        return [caller.outcome for caller in callers]
    except LinkError as error:
        if error.failure.status != 401:
            raise
        raise RefusedError(
            "the server refused the key or its signature (401)",
            remedy=f"{_KEYS} must hold KEY:SECRET as the server knows them; the clocks must agree within 3 s.",
        ) from None


def _offer(conversation_id: str | None) -> Offer:
    """Return the offer of somebody, in a conversation that others know of or in one of their own."""
    return someone() if conversation_id is None else replace(someone(), conversation_id=conversation_id)


def _access() -> Access:
    """Return the first of the keys, as a listener's settings have them."""
    keyring()
    return Access.of_entry(next(iter(_entries()), ""))


def keyring() -> Keyring | None:
    """Return the keys, None if there are none."""
    try:
        keys = Keyring.read(_entries())
    except ValueError as error:
        raise ConfigError(f"{_KEYS}: {error}", remedy="It holds KEY:SECRET, or KEY alone.") from None
    return keys if len(keys) else None


def _entries() -> list[str]:
    return os.environ.get(_KEYS, "").replace(",", " ").split()
