"""Scenarios played by the real bot host to the real `probe`."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.simulator.expect import unmet
from dashboard.simulator.scenario import list_scenarios, load_scenario
from tests.hosts import Ended, bot_host, callscope, environment

NAMES = [name for name, _ in list_scenarios() if not name.startswith("near-")]
"""What nearly goes wrong has to be watched for long: `test_findings.py` plays it in made-up time."""

AT_ONCE = 6
"""Calls side by side: most of a scenario is waiting, and two cores carry these without being late."""


TRIES = 3
"""A probe that says itself that it came too late is asked again."""


@pytest.fixture(scope="module")
def reports() -> dict[str, Ended]:
    """What `probe --json` said of each scenario."""
    return asyncio.run(_probe_all())


async def _probe_all() -> dict[str, Ended]:
    turnstile = asyncio.Semaphore(AT_ONCE)
    ended = await asyncio.gather(*(_probe(name, turnstile) for name in NAMES))
    return dict(zip(NAMES, ended, strict=True))


async def _probe(name: str, turnstile: asyncio.Semaphore) -> Ended:
    scenario = load_scenario(name)
    flags = ["--json", "--duration", str(scenario.probe_s or scenario.duration_s)]
    for setting, value in scenario.settings.given().items():
        for each in value if isinstance(value, tuple) else (value,):
            flags += [f"--{setting.replace('_', '-')}", str(each)]
    for _ in range(TRIES):
        async with turnstile, bot_host(name) as ready:
            ended = await callscope("probe", *flags, env=environment(ready))
        if not any(finding["rule"] == "self_late" for finding in ended.json["findings"]):
            break
    return ended


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_reported_as_it_expects(name: str, reports: dict[str, Ended]) -> None:
    report = reports[name]
    assert report.stderr == ""
    assert unmet(load_scenario(name).expect, report.json, report.code) == []
