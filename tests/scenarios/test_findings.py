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
from dashboard.simulator.expect import Condition, unmet
from dashboard.simulator.scenario import list_scenarios, load_scenario
from tests.scenarios.stories import STORIES
from tests.virtual import call_of

NAMES = [name for name, _ in list_scenarios()]

BESIDE: dict[str, set[str]] = {
    "bad-day": {"network_stalls"},
    "hostile": {"peer_errors"},
    "calls back all at once": {"abnormal_closures"},
}
"""What a scenario or a told call may yield besides the finding that it expects first."""

NEARLY: dict[str, str] = {
    "worker_lost": "worker told to stop",
    "self_late": "nearly late loop",
    "slow_consumer": "nearly slow queue",
    "tls_failure": "TLS handshake unanswered",
    "proxy_refused": "no-permission",
    "endpoint_refused": "Cognigy finishes",
    "unfinished_turn": "Cognigy finishes",
    "side_link_down": "the bot beside a call answers",
    "credentials_refused": "near-bad-credentials",
    "permission_missing": "near-no-permission",
    "not_found": "near-wrong-app",
    "app_inactive": "near-not-active",
    "handshake_refused": "near-teapot",
    "rate_limited": "near-rate-limited",
    "unreachable": "near-unavailable",
    "message_too_big": "near-hostile",
    "token_expiry": "near-token-expiry",
    "idle_timeout": "near-idle-timeout",
    "recycled_at_age": "near-pattern",
    "half_open": "near-half-open",
    "flapping": "near-pattern",
    "closed_by_peer": "near-token-expiry",
    "abnormal_closures": "operator reconnects",
    "thundering_herd": "calls back one by one",
    "wrong_codec": "near-wrong-codec",
    "no_audio": "near-no-audio",
    "silent_bot": "near-slow-bot",
    "dead_air": "near-dead-air",
    "one_way_audio": "near-one-way",
    "sender_batching": "near-batched",
    "network_stalls": "near-stalls",
    "sender_gaps": "near-choppy",
    "clock_drift": "near-drift",
    "high_jitter": "near-jitter",
    "clipping": "near-levels",
    "too_quiet": "near-levels",
    "digital_silence": "near-muted",
    "slow_bot": "near-slow-bot",
    "topics_refused": "transcripts after 40 s",
    "subscription_lost": "transcripts after 40 s",
    "late_transcripts": "transcripts after 40 s",
    "bot_repeats": "near-looping-bot",
    "protocol_violation": "near-hostile",
    "peer_errors": "near-failing-skill",
}
"""Rule → what must not be taken for it, though it nearly is."""


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


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_says_what_stands_first_or_that_nothing_does(name: str) -> None:
    expect = load_scenario(name).expect
    assert isinstance(expect.get("findings.0.rule"), str) or expect.get("findings.*.rule") == Condition(count=0)


@pytest.mark.parametrize("name", STORIES)
def test_a_told_call_is_found_out_and_nothing_else_is_said(name: str) -> None:
    first = STORIES[name][1]
    assert found(told(name))[:1] == ([] if first is None else [first])
    assert set(found(told(name))) - BESIDE.get(name, set()) <= {first}


def test_every_rule_is_provoked_and_the_matrix_says_by_what() -> None:
    rows = {name: found(played(name)) for name in NAMES} | {name: found(told(name)) for name in STORIES}
    print(matrix(rows))  # noqa: T201 - the matrix is what this test shows
    assert {rules[0] for rules in rows.values() if rules} == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_what_nearly_is_one_is_not_taken_for_it(rule: str) -> None:
    name = NEARLY[rule]
    assert rule not in found(told(name) if name in STORIES else played(name))


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
