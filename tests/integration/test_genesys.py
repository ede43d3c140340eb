"""Genesys' own figures beside a real call: they never get in its way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts import bot_host, callscope, environment

SCENARIO = """
name = "mine"
summary = "a healthy call with analytics that misbehave"
duration_s = 30
loop = true

[analytics]
errors = 2

[[turn]]
who = "caller"
at_s = 0.2
clip = "caller-where"
intent = "TrackParcel"

[[turn]]
who = "bot"
clip = "bot-number"
"""
NEVER_ANSWERS = """
[[fault]]
kind = "slow_analytics"
answer_s = 60
"""


@pytest.fixture
def counting(tmp_path: Path) -> str:
    """Path of the scenario above."""
    path = tmp_path / "mine.toml"
    path.write_text(SCENARIO, "utf-8")
    return str(path)


@pytest.fixture
def never_answers(tmp_path: Path) -> str:
    """Path of the scenario above with analytics that hang."""
    path = tmp_path / "mine.toml"
    path.write_text(SCENARIO + NEVER_ANSWERS, "utf-8")
    return str(path)


async def test_analytics_that_never_answer_hold_up_neither_the_call_nor_its_end(never_answers: str) -> None:
    async with bot_host(never_answers) as ready:
        ended = await callscope("probe", "--json", "--duration", "3", "--analytics", "details", env=environment(ready))
    report = ended.json
    assert (ended.code, report["verdict"], report["link"]["attempts"]) == (0, "healthy", 1)
    assert (report["genesys"]["verdict"], report["genesys"]["reasons"]) == ("unknown", ["asked, no answer yet"])


async def test_the_tutorials_query_counts_errors_and_our_own_verdict_stays(counting: str) -> None:
    async with bot_host(counting) as ready:
        ended = await callscope("probe", "--json", "--duration", "3", "--analytics", "tutorial", env=environment(ready))
    report = ended.json
    assert (ended.code, report["verdict"]) == (0, "healthy")
    assert (report["genesys"]["verdict"], report["genesys"]["errors"]) == ("bad", 2)


async def test_a_mock_is_not_asked_unless_somebody_says_so_and_a_given_conversation_goes_first(counting: str) -> None:
    async with bot_host(counting) as ready:
        quiet = await callscope("probe", "--json", "--duration", "1", env=environment(ready))
        env = environment(ready, TARGET_CONVERSATION_ID="another-one", CALLSCOPE_ANALYTICS="details")
        given = await callscope("probe", "--json", "--duration", "1", env=env)
    assert quiet.json["genesys"] is None
    assert given.json["genesys"]["conversation_id"] == "another-one"
    assert given.json["genesys"]["reasons"] == ["not indexed yet (404)"]
