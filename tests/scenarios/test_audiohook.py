"""The scenarios over the other dialect: a simulated Genesys calls the real `listen` with them, all at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from dashboard.simulator.expect import Condition, unmet
from dashboard.simulator.scenario import load_scenario
from dashboard.simulator.wires import UNSEEN
from tests.hosts import CALLSCOPE
from tests.integration.test_listen import environ, listening
from tests.scenarios.test_scenarios import NAMES, TRIES

ELSEWHERE = {
    **UNSEEN["audiohook"],
    "bad-day": "takes two minutes; each of its faults is in a scenario of its own",
}
"""Scenarios whose fault does not exist on this wire, and why."""

HERE = [name for name in NAMES if name not in ELSEWHERE]

OF_THE_BOT = ("messages.", "turns.", "link.resumed", "link.attempts", "link.log.0.attempts", "exit_code")
"""What is expected of messages and attempts: here nobody tells of the bot, and Genesys' attempts are not ours."""

_TOO_LARGE = Condition(has=("message_too_big", "protocol_violation"))
_UNEVEN = Condition(any=("high_jitter", "network_stalls"))

OTHERWISE: dict[str, Mapping[str, Any]] = {
    # AudioHook's messages are short: the largest of these ends the session.
    "hostile": {"link.close_codes.1009": 1, "findings.*.rule": _TOO_LARGE},
    # Frames leave in order, so a late one holds back those behind it: as a tail, or as stalls, as the dice have it.
    "heavy-tail": {"link.outages": 0, "audio.inbound.lost": 0, "findings.0.rule": _UNEVEN},
    # All calls have one limit here, and that of a side that says nothing comes first.
    "muted": {"findings.0.rule": "one_way_audio"},
}
"""Where it is another finding that comes first, and why."""
DURATION_S = 12.5


@pytest.fixture(scope="module")
def calls() -> dict[str, dict[str, Any]]:
    """What `listen --json` said of the call that played each scenario."""
    found: dict[str, dict[str, Any]] = {}
    late = HERE
    for _ in range(TRIES):
        found |= asyncio.run(_played(late))
        late = [name for name in late if any(one["rule"] == "self_late" for one in found[name]["findings"])]
        if not late:
            break
    return found


async def _played(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    flags = ("--stale-after", "6", "--one-way-after", "4", "--duration", f"{DURATION_S}")
    async with listening("--json", *flags, ends_itself=True) as listener:
        played = await asyncio.create_subprocess_exec(
            *CALLSCOPE, "simulate", *names, "--audiohook", listener.url, "--calls", f"{len(names)}", "--until-eof",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environ(),
        )  # fmt: skip
        assert played.stdout is not None
        outcomes = [json.loads(line) for line in (await played.stdout.read()).splitlines()]
        await played.wait()
    by_conversation = {call["conversation_id"]: call for call in listener.json["calls"]}
    return {outcome["scenario"]: by_conversation[outcome["conversation_id"]] for outcome in outcomes}


def expected(name: str) -> Mapping[str, Any]:
    wanted = OTHERWISE.get(name) or load_scenario(name).expect
    return {path: what for path, what in wanted.items() if not path.startswith(OF_THE_BOT)}


def test_every_scenario_is_played_here_or_it_is_said_why_not() -> None:
    assert set(ELSEWHERE) <= set(NAMES)
    assert len(HERE) >= 18


@pytest.mark.parametrize("name", HERE)
def test_a_scenario_over_audiohook_is_reported_as_it_expects(name: str, calls: dict[str, dict[str, Any]]) -> None:
    assert unmet(expected(name), calls[name], 0) == []
