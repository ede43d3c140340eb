"""Every scenario and every told call through all rules: the right finding first, and no other one beside it.

The scenarios are played in made-up time, so this takes seconds. `pytest -s tests/scenarios/test_findings.py` prints
the confusion matrix.
"""

from __future__ import annotations

from functools import cache

import pytest

from dashboard.call.figures import probe_object
from dashboard.call.findings.rules import RULES
from dashboard.call.state import CallState
from dashboard.cli.probe import exit_code_of
from dashboard.simulator.expect import unmet
from dashboard.simulator.scenario import list_scenarios, load_scenario
from tests.scenarios.stories import STORIES
from tests.virtual import call_of

NAMES = [name for name, _ in list_scenarios()]

BESIDE: dict[str, set[str]] = {
    "bad-day": {"abnormal_closures", "network_stalls"},
    "hostile": {"peer_errors"},
    "near-half-open": {"sender_gaps"},  # two seconds of media are missing
    "near-wrong-codec": {"one_way_audio", "dead_air", "clipping"},  # one side is muted, the other too loud
}
"""What a scenario may yield besides the finding that it expects first."""


@cache
def played(name: str) -> CallState:
    return call_of(load_scenario(name))


@cache
def told(name: str) -> CallState:
    return STORIES[name][0]()


def found(call: CallState) -> list[str]:
    return [finding.rule for finding in call.findings.all]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_found_out_and_nothing_else_is_said(name: str) -> None:
    call, scenario = played(name), load_scenario(name)
    assert unmet(scenario.expect, probe_object(call), exit_code_of(call)) == []
    first = scenario.expect.get("findings.0.rule")
    assert set(found(call)) - BESIDE.get(name, set()) <= {first}


@pytest.mark.parametrize("name", STORIES)
def test_a_told_call_is_found_out_and_nothing_else_is_said(name: str) -> None:
    expected = STORIES[name][1]
    assert found(told(name)) == ([] if expected is None else [expected])


def test_every_rule_is_provoked_and_the_matrix_says_by_what() -> None:
    rows = {name: found(played(name)) for name in NAMES} | {name: found(told(name)) for name in STORIES}
    print(matrix(rows))  # noqa: T201 - the matrix is what this test shows
    assert {rules[0] for rules in rows.values() if rules} == {rule.name for rule in RULES}


def matrix(rows: dict[str, list[str]]) -> str:
    """Return a table of calls and rules: ■ the first finding, · one beside it."""
    names = [rule.name for rule in RULES]
    width = max(map(len, rows))
    head = [f"{'':{width}} {''.join(name[at] if at < len(name) else ' ' for name in names)}" for at in range(20)]
    body = [
        f"{row:{width}} {''.join('■' if [name] == rules[:1] else '·' if name in rules else '.' for name in names)}"
        for row, rules in rows.items()
    ]
    return "\n".join(["", *(line.rstrip() for line in head), *body])
