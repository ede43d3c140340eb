"""The scenarios over Cognigy's wires: played by the real bot host to a real call, whose utterances it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dashboard.bus.store import Store
from dashboard.call.figures import probe_object
from dashboard.call.ports import Sink
from dashboard.call.state import CallState
from dashboard.cli.line import line
from dashboard.cli.probe import Leaver, Operator, exit_code_of
from dashboard.cli.settings import Settings
from dashboard.cli.wiring import only_call, play_until_stopped
from dashboard.simulator.expect import Condition, Expectation, unmet
from dashboard.simulator.scenario import list_scenarios, load_scenario
from dashboard.simulator.server import BotHost
from dashboard.simulator.wires import UNSEEN

AT_ONCE = 8
TRIES = 3

SUM = "it is the sum of the others, and takes half a minute; the demo plays it"

NOT_HERE = {
    "cognigy": {**UNSEEN["cognigy"], "bad-day": SUM},
    "cognigy-rest": {**UNSEEN["cognigy-rest"], "bad-day": SUM},
}
"""Shipped scenarios that are not played here, and why."""

UNFINISHED = """
name = "unfinished"
summary = "a flow that hangs behind its first output"
duration_s = 20
loop = true

[answer]
text = "One moment."
delay_s = 0.2

[[fault]]
kind = "no_final_ping"
"""

OLDER = """
name = "older"
summary = "an endpoint that does not say that it is ready"
duration_s = 20
loop = true

[answer]
text = "Here."
delay_s = 0.2

[[fault]]
kind = "no_ready"
"""

LEAVES = """
name = "leaves"
summary = "an endpoint that lets us in and closes before it is ready, as one does that does not know the token"
duration_s = 20

[[fault]]
kind = "no_ready"

[[fault]]
kind = "close"
at_s = 0.1
code = 1000
"""

OWN = {"unfinished": UNFINISHED, "older": OLDER, "leaves": LEAVES}
"""What only these wires can do."""

WHERE, NUMBER, TWELVE = "Hi, where is my parcel?", "It is four seven one one, nine two.", "Number twelve, please."
ANYONE = "Hello? Are you still there?"
RULES = "findings.*.rule"
SOON = ("--backoff-base", "0.3")
STATUS = "cognigy.utterances.0.status"


def found(rule: str) -> Condition:
    """Besides what a busy machine makes callscope say of itself."""
    return Condition(has=(rule,))


@dataclass(frozen=True)
class Case:
    """`say`, then listen for `duration_s`, without one until all is answered."""

    scenario: str
    expect: Mapping[str, Expectation]
    say: tuple[str, ...] = (WHERE,)
    flags: tuple[str, ...] = ()
    duration_s: float | None = None
    dialect: str = "cognigy"
    shown: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", f"{self.scenario}-{self.dialect}")


def silent(dialect: str) -> Case:
    expect: dict[str, Expectation] = {
        "exit_code": 1,
        RULES: found("silent_bot"),
        STATUS: "unanswered",
    }
    flags = ("--silent-failure-after", "1.5", "--turn-limit", "3")
    return Case("silent-bot", {**expect, "link.outages": 0}, flags=flags, dialect=dialect)


def refused(scenario: str, rule: str, code: int, **more: Any) -> Case:
    return Case(scenario, {"exit_code": code, RULES: found(rule)}, **more)


CASES = (
    Case("steady", {"exit_code": 0, "findings.*.rule": Condition(count=0), "cognigy.finished": 2}, say=(WHERE, "else")),
    silent("cognigy"),
    silent("cognigy-rest"),
    Case(
        "slow-bot",
        {"exit_code": 1, RULES: found("slow_bot"), "cognigy.first_output_ms.p50": Condition(min=2000)},
        (WHERE, TWELVE),
    ),
    Case(
        "looping-bot",
        {"exit_code": 1, RULES: found("bot_repeats"), "cognigy.utterances.2.intent": "Fallback"},
        say=(WHERE, TWELVE, ANYONE),
    ),
    Case(
        "looping-bot",
        {"exit_code": 1, RULES: found("bot_repeats"), "cognigy.finished": 3},
        say=(WHERE, TWELVE, ANYONE),
        dialect="cognigy-rest",
    ),
    Case(
        "reset",
        {
            RULES: found("abnormal_closures"),
            "link.outages": 1,
            "link.resumed": 1,
            STATUS: "finished",
        },
        duration_s=5.0,
    ),
    Case(
        "restart", {RULES: found("closed_by_peer"), "link.log.0.code": 1012, "link.log.0.resumed": True}, duration_s=6.0
    ),
    Case("flapping", {"exit_code": 1, RULES: found("flapping"), "link.outages": Condition(min=3)}, duration_s=6.0),
    Case(
        "half-open",
        {RULES: found("half_open"), "link.stale_resets": Condition(min=1)},
        flags=("--stale-after", "1.5", *SOON),
        duration_s=6.0,
    ),
    Case(
        "idle-timeout",
        {RULES: found("idle_timeout"), "link.outages": Condition(min=2)},
        flags=SOON,
        duration_s=8.0,
    ),
    Case(
        "recycled",
        {RULES: found("recycled_at_age"), "link.log.0.code": 1001},
        flags=("--backoff-base", "0.3", "--ping-interval", "0.5"),
        duration_s=9.0,
    ),
    Case(
        "hostile",
        {RULES: found("protocol_violation"), "link.outages": 0, "messages.malformed": Condition(min=8)},
        duration_s=6.0,
    ),
    Case("failing-skill", {RULES: found("peer_errors"), "messages.error": Condition(min=1)}, duration_s=5.0),
    Case(
        "too-big",
        {RULES: found("message_too_big"), "link.log.0.code": 1009},
        flags=SOON,
        duration_s=5.0,
    ),
    Case(
        "rate-limited",
        {"link.attempts": Condition(min=3)},
        flags=("--backoff-base", "0.2"),
        duration_s=6.0,
    ),
    refused("no-permission", "endpoint_refused", 3),
    refused("teapot", "endpoint_refused", 3),
    refused("unavailable", "unreachable", 4, flags=("--max-attempts", "2", "--backoff-base", "0.2")),
    Case(
        "unavailable",
        {"exit_code": 1, RULES: found("peer_errors"), STATUS: "unknown"},
        dialect="cognigy-rest",
    ),
    Case(
        "no-permission",
        {"exit_code": 3, RULES: found("endpoint_refused"), STATUS: "refused"},
        dialect="cognigy-rest",
    ),
    Case("steady", {"exit_code": 0, RULES: Condition(count=0), "cognigy.finished": 1}, dialect="cognigy-rest"),
    Case(
        "slow-bot",
        {"exit_code": 1, RULES: found("slow_bot"), "cognigy.whole_turn_ms.p50": Condition(min=2000)},
        (WHERE, TWELVE),
        dialect="cognigy-rest",
    ),
    Case(
        "hostile",
        {RULES: found("protocol_violation"), "link.outages": 0},
        say=(WHERE, TWELVE, WHERE),
        dialect="cognigy-rest",
    ),
    Case(
        "failing-skill",
        {RULES: found("peer_errors"), "messages.error": Condition(min=1)},
        say=(WHERE, TWELVE, WHERE, TWELVE),
        dialect="cognigy-rest",
    ),
    Case(
        "too-big",
        {RULES: found("protocol_violation"), "link.outages": 0},
        say=(WHERE, TWELVE, WHERE, TWELVE),
        dialect="cognigy-rest",
    ),
    Case("rate-limited", {RULES: found("peer_errors"), STATUS: "refused"}, dialect="cognigy-rest"),
    Case("teapot", {RULES: found("peer_errors"), STATUS: "refused"}, dialect="cognigy-rest"),
    Case(
        "unfinished",
        {
            "exit_code": 1,
            RULES: found("unfinished_turn"),
            STATUS: "unfinished",
            "cognigy.finished": 0,
        },
        say=("x", "y"),
        flags=("--turn-limit", "1.5"),
    ),
    Case("leaves", {"exit_code": 1, RULES: found("endpoint_refused"), "messages.sent": 0}),
    Case("older", {"exit_code": 0, "cognigy.utterances.0.outputs": Condition(has=("Here.",))}),
)


@dataclass(frozen=True)
class Report:
    """What `probe --json` would print, and its exit code."""

    json: dict[str, Any]
    code: int


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """What is said of each case."""
    return asyncio.run(_probe_all(tmp_path_factory.mktemp("scenarios")))


async def _probe_all(folder: Path) -> dict[str, Report]:
    for name, text in OWN.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    turnstile = asyncio.Semaphore(AT_ONCE)
    told = await asyncio.gather(*(_probe(case, folder, turnstile) for case in CASES))
    return dict(zip((case.shown for case in CASES), told, strict=True))


async def _probe(case: Case, folder: Path, turnstile: asyncio.Semaphore) -> Report:
    played = str(folder / f"{case.scenario}.toml") if case.scenario in OWN else case.scenario
    for _ in range(TRIES):
        async with turnstile:
            call = await _played(case, played)
        report = Report(probe_object(call), exit_code_of(call))
        if not any(finding.rule == "self_late" for finding in call.findings.all):
            break
    return report


async def _played(case: Case, scenario: str) -> CallState:
    """Play a scenario to a call as `probe` makes it; both in this process, for what is tested is mostly waiting."""
    host = BotHost(load_scenario(scenario))
    await host.start()
    try:
        ready = host.ready()
        where = {"dialect": case.dialect, "url": ready["cognigy_url"], "url_token": ready["url_token"]}
        given = {name.removeprefix("--").replace("-", "_"): value for name, value in _pairs(case.flags)}
        store, source = Store(), line(Settings.model_validate(where | given), case.shown)
        sinks: list[Sink] = [store, Operator(source, case.say)]
        if case.duration_s is None:
            sinks.append(Leaver(source, store, len(case.say)))
        await play_until_stopped(source, sinks, case.duration_s)
    finally:
        await host.stop()
    return only_call(store)


def _pairs(flags: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(flags[::2], flags[1::2], strict=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.shown)
def test_a_scenario_is_reported_as_it_should_be(case: Case, reports: dict[str, Report]) -> None:
    report = reports[case.shown]
    assert unmet(case.expect, report.json, report.code) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.shown)
def test_nothing_is_ever_said_twice(case: Case, reports: dict[str, Report]) -> None:
    assert reports[case.shown].json["messages"]["sent"] <= len(case.say)


@pytest.mark.parametrize("dialect", NOT_HERE)
def test_every_shipped_scenario_is_played_here_or_it_is_said_why_not(dialect: str) -> None:
    shipped = {name for name, _ in list_scenarios() if not name.startswith("near-")}
    played = {case.scenario for case in CASES if case.dialect == dialect} - set(OWN)
    assert played | set(NOT_HERE[dialect]) == shipped
    assert played & set(NOT_HERE[dialect]) == set()
