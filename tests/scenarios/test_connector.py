"""The scenarios as an Audio Connector bot plays them to a call in Genesys' place: what goes wrong is found first."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.bus.store import Store
from dashboard.call.state import CallState
from dashboard.call.verdict import judge
from dashboard.cli.dialled import dialled
from dashboard.cli.settings import Settings
from dashboard.cli.wiring import only_call, play_until_stopped
from dashboard.simulator.hookbot import HookBot
from dashboard.simulator.scenario import list_scenarios, load_scenario
from dashboard.simulator.wires import UNSEEN

AT_ONCE = 24
TRIES = 3
SHORT_S, LONG_S = 14.0, 24.0
ENOUGH_S = dict.fromkeys(("looping-bot", "slow-bot", "half-open"), LONG_S)
"""What takes several turns, and the caller's are long; or a missing pong, which is waited for."""

FOUND: dict[str, str | None] = {
    "clipped": "clipping",
    "dead-air": "dead_air",
    "failing-skill": "protocol_violation",  # its errors are messages of another wire
    "flapping": "abnormal_closures",  # a call that is lost is not made again by itself
    "half-open": "half_open",
    "hostile": "protocol_violation",
    "looping-bot": "bot_repeats",
    "muted": "one_way_audio",
    "no-audio": "one_way_audio",
    "no-permission": "permission_missing",
    "one-way": "one_way_audio",
    "rate-limited": "rate_limited",
    "recycled": "closed_by_peer",  # of one connection nobody can say that it was its age
    "reset": "abnormal_closures",
    "restart": "closed_by_peer",
    "silent-bot": "silent_bot",
    "slow-bot": "slow_bot",
    "steady": None,
    "teapot": "handshake_refused",
    "too-big": "message_too_big",
    "too-quiet": "too_quiet",
    "unavailable": "unreachable",
}
"""Scenario → the finding that it is for, on this wire."""

NOT_HERE = {**UNSEEN["connector"], "bad-day": "it is the sum of the others, and takes half a minute"}


@pytest.fixture(scope="module")
def calls() -> dict[str, CallState]:
    """What was told of each call."""
    return asyncio.run(_all())


async def _all() -> dict[str, CallState]:
    turnstile = asyncio.Semaphore(AT_ONCE)
    return dict(zip(FOUND, await asyncio.gather(*(_call(name, turnstile) for name in FOUND)), strict=True))


async def _call(name: str, turnstile: asyncio.Semaphore) -> CallState:
    for _ in range(TRIES):
        async with turnstile:
            call = await _played(name)
        if _is_told(name, call):
            break
    return call


def _is_told(name: str, call: CallState) -> bool:
    """Besides what a busy machine makes callscope say of itself; one that is too busy is given another try."""
    rules = [finding.rule for finding in call.findings.all if finding.rule != "self_late"]
    return (rules == []) if FOUND[name] is None else (FOUND[name] in rules)


async def _played(name: str) -> CallState:
    """Play a scenario to a call as somebody at a screen makes it; both in this process."""
    scenario = load_scenario(name)
    host, store = HookBot(scenario), Store()
    await host.start()
    try:
        settings = Settings.model_validate({"url": host.url, **scenario.settings.given()})
        await play_until_stopped(dialled(settings, name, attended=True), [store], ENOUGH_S.get(name, SHORT_S))
    finally:
        await host.stop()
    return only_call(store)


@pytest.mark.parametrize("name", FOUND)
def test_what_goes_wrong_is_found(name: str, calls: dict[str, CallState]) -> None:
    call = calls[name]
    assert _is_told(name, call), [finding.rule for finding in call.findings.all]
    assert (judge(call).level == "healthy") is (FOUND[name] is None)


def test_every_shipped_scenario_is_played_here_or_it_is_said_why_not() -> None:
    shipped = {name for name, _ in list_scenarios() if not name.startswith("near-")}
    assert {*FOUND, *NOT_HERE} == shipped
    assert not FOUND.keys() & NOT_HERE.keys()
