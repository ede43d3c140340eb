"""The shipped scenarios told by Genesys' notifications: what there is to be found on this wire is, and nothing else."""

from __future__ import annotations

from functools import cache

import pytest

from dashboard.call.figures import probe_object
from dashboard.call.state import CallState
from dashboard.call.verdict import headline, judge
from dashboard.simulator.scenario import list_scenarios, load_scenario
from dashboard.simulator.wires import UNSEEN
from tests.virtual_channels import followed_call

FOUND: dict[str, str | None] = {
    "bad-credentials": "credentials_refused",
    "bad-day": "abnormal_closures",
    "failing-skill": "protocol_violation",  # its errors are messages of another wire
    "flapping": "flapping",
    "half-open": "half_open",
    "hostile": "protocol_violation",
    "idle-timeout": "idle_timeout",
    "looping-bot": "bot_repeats",
    "no-permission": "permission_missing",
    "rate-limited": "rate_limited",
    "recycled": "recycled_at_age",
    "reset": "abnormal_closures",
    "restart": "closed_by_peer",
    "steady": None,
    "teapot": "handshake_refused",
    "token-expiry": "token_expiry",
    "too-big": "message_too_big",
    "unavailable": "unreachable",
    "wrong-app": "not_found",
}
"""Scenario → what stands first: all those of the link, and what the words of a transcript tell."""

SILENT = list(UNSEEN["notifications"])
"""What shows nothing here: then nothing may be found either."""


@cache
def played(name: str) -> CallState:
    return followed_call(load_scenario(name))


def found(name: str) -> list[str]:
    return [finding.rule for finding in played(name).findings.all]


@pytest.mark.parametrize("name", FOUND)
def test_what_can_go_wrong_on_this_wire_is_found_first(name: str) -> None:
    first = FOUND[name]
    assert found(name)[:1] == ([] if first is None else [first])


@pytest.mark.parametrize("name", SILENT)
def test_what_cannot_be_seen_on_this_wire_is_not_complained_of(name: str) -> None:
    call = played(name)
    assert found(name) == []
    assert judge(call).level == "healthy"
    assert headline(call).level in ("ok", "idle")


def test_every_scenario_has_its_place() -> None:
    shipped = {name for name, _ in list_scenarios() if not name.startswith("near-")}
    assert {*FOUND, *SILENT} == shipped


@pytest.mark.parametrize("name", ["bad-day", "steady", "reset", "stalls"])
def test_figures_of_sound_are_not_measured_and_those_of_the_conversation_are(name: str) -> None:
    figures = probe_object(played(name))
    assert figures["audio"]["inbound"]["frames"] == 0
    assert figures["audio"]["inbound"]["mos"] is None
    assert figures["turns"]["count"] == 0
    told = figures["notifications"]
    assert told["transcripts"] >= 1
    assert 2.9 <= told["transcript_age_s"]["p50"] <= 4.0
    assert told["gaps"] == figures["link"]["outages"]
