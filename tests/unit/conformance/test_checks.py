"""A bot that keeps the rules passes; each way to break them is found by the check that is there for it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from dashboard.call.events import Cause
from dashboard.clock import SystemClock
from dashboard.conformance import rules
from dashboard.conformance.checks import CHECKS
from dashboard.conformance.result import Part, Result, Status
from dashboard.conformance.run import Figures, checked, converse, examine
from dashboard.conformance.visit import Bench, Visit
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_rules import RULES
from dashboard.resilience.retry import LinkError
from dashboard.simulator.hookbot import HookBot
from dashboard.simulator.scenario import Scenario
from tests.unit.worker.connectors import HELLO, LONG, bot, offer, scenario, turn
from tests.unit.worker.hooks import ACCESS, KEYS

TALK = "conversation"
DOOR = ("wrong_key", "unsigned", "wrong_signature", "stale_signature", "future_signature")

REFUSED = (
    *("unknown_message", "bad_json", "missing_message", "wrong_id", "seen_too_soon", "wrong_parameters", "too_long"),
    "second_open",
)

BROKEN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "anybody": (DOOR, DOOR),
    "audio_early": (("opened",), ("audio_unexpected",)),
    "bad_seq": ((TALK,), ("seq_gap",)),
    "closes_unasked": (("opened",), ("opened", "closed_unasked")),
    "deaf_to_429": (("rate_limit",), ("rate_limit",)),
    "disconnect_early": ((TALK,), ("disconnect_early",)),
    "drops": (REFUSED, REFUSED),
    "fixed_order": (("component_order",), ("component_order",)),
    "flood": ((TALK,), ("rate_exceeded",)),
    "hangs_up": ((TALK,), ("disconnect",)),
    "never_closed": (("closed",), ("closed",)),
    "no_entities": ((TALK,), ("no_entities",)),
    "no_opened": (("opened",), ("opened",)),
    "no_pong": (("pong",), ("pong",)),
    "no_probe": (("opened", "connection_probe"), ("connection_probe",)),
    "slow_opened": (("opened",), ("opened",)),
    "strict_fields": (
        ("unknown_fields", "unknown_message", "bad_json"),
        ("unknown_fields", "unknown_message", "bad_json"),
    ),
    "turn_late": ((TALK,), ("turn_late",)),
    "unasked": (
        ("closed",),
        ("languages_unasked", "updated_unasked", "channel_unknown", "final_repeated"),
    ),
    "wrong_media": (("opened", "media_choice"), ("opened", "media_choice", "media_not_offered")),
    "wrong_pong": (("pong",), ("pong", "pong_mismatch", "ack_ahead")),
}
"""Way → the checks to run, and all that must fail."""


@dataclass
class Held:
    """What became of the checks of one bot."""

    results: dict[str, Result]

    def all(self, status: Status) -> set[str]:
        return {name for name, result in self.results.items() if result.status is status}


def bench(url: str, access: Access = ACCESS) -> Bench:
    return Bench(url, offer(), access, True, (HELLO,), ssl.create_default_context(), SystemClock())


async def hold(played: Scenario, names: Sequence[str]) -> Held:
    """Run these checks, and hold the rules against what was said meanwhile."""
    visits: list[Visit] = []
    found: list[Result] = []
    async with bot(played) as host:
        at = bench(host.url)
        if TALK in names:
            found += await converse(at, visits, Figures())
        for check in CHECKS:
            if check.name in names:
                found.append(await checked(check, at, visits))
    found += rules.results(visits)
    return Held({result.name: result for result in found})


@pytest.fixture(scope="module")
def held() -> dict[str, Held]:
    """Examine all bots at once: nearly all of it is waiting."""

    async def everybody() -> list[Held]:
        texts = {"flood": "thirty small messages"}  # told to wait, it sends the rest three seconds later
        unruly = [
            hold(scenario(turn(texts.get(way, LONG)), turn("yes"), ways=(way,)), names)
            for way, (names, _) in BROKEN.items()
        ]
        polite = hold(scenario(turn(LONG), ways=("talks_on",)), ("barge_in",))
        good = hold(scenario(turn(LONG), turn("yes")), (TALK,))
        return await asyncio.gather(good, polite, *unruly)

    return dict(zip(("", "talks_on", *BROKEN), asyncio.run(everybody()), strict=True))


def test_a_conversation_with_a_bot_that_keeps_the_rules_passes_and_is_measured(held: dict[str, Held]) -> None:
    results = held[""].results
    assert held[""].all(Status.FAIL) == set()
    assert {"answers", "turn_response", "disconnect", "turn_late", "rate_exceeded"} <= held[""].all(Status.PASS)
    assert "answers after" in results["answers"].detail
    assert results["disconnect"].detail == "completed with Outcome=resolved, Turns=2"


@pytest.mark.parametrize("way", BROKEN)
def test_a_broken_rule_is_found_by_its_check_and_by_no_other(way: str, held: dict[str, Held]) -> None:
    _, fails = BROKEN[way]
    assert held[way].all(Status.FAIL) == set(fails)


@pytest.mark.parametrize(
    ("way", "name", "message"),
    [
        ("wrong_media", "media_not_offered", '"type":"opened"'),
        ("audio_early", "audio_unexpected", "1600 bytes of audio"),
        ("turn_late", "turn_late", "bot_turn_response"),
        ("wrong_pong", "pong_mismatch", '"type":"pong"'),
        ("no_entities", "no_entities", '"entities":[]'),
    ],
)
def test_the_message_that_broke_a_rule_is_shown(way: str, name: str, message: str, held: dict[str, Held]) -> None:
    result = held[way].results[name]
    assert message in result.message
    assert result.rule == name
    assert result.means == RULES[next(rule for rule in RULES if rule.value == name)]


def test_every_rule_that_a_bot_can_break_has_its_place() -> None:
    of_the_client = {
        *("header_missing", "bad_header", "organization_differs", "not_opened", "open_repeated", "ping_missing"),
        *("paused_unexpected", "resumed_unexpected", "gap_misplaced", "position_back", "position_mismatch"),
    }
    by_a_check = {
        "opened_late": "opened",
        "pong_missing": "pong",
        "close_missing": "closed",
        "rate_ignored": "rate_limit",
    }
    assert set(by_a_check.values()) <= {check.name for check in CHECKS}
    seen = {result.name for result in rules.results([])} - {"unreadable"}
    assert {rule.value for rule in RULES} - of_the_client - set(by_a_check) == seen


def test_what_a_bot_may_leave_out_is_not_seen_and_no_failure(held: dict[str, Held]) -> None:
    polite = held["talks_on"]
    assert polite.results["barge_in"].status is Status.NOT_SEEN
    assert polite.all(Status.FAIL) == set()


def test_a_rule_of_which_nothing_was_said_is_not_seen(held: dict[str, Held]) -> None:
    assert held["no_opened"].results["media_not_offered"].status is Status.NOT_SEEN
    assert held["no_opened"].results["rate_exceeded"].status is Status.NOT_SEEN


async def test_whoever_is_not_let_in_can_check_nothing() -> None:
    async with bot(scenario(turn("hi"))) as host:
        with pytest.raises(LinkError) as caught:
            async for _ in examine(bench(host.url, Access("another-key")), Figures()):
                pass
    assert caught.value.failure.status == 401


async def test_without_a_key_nobody_can_tell_who_is_kept_out() -> None:
    async with bot(scenario(turn("hi")), keys=None) as host:
        at = bench(host.url, Access("callscope"))
        for check in CHECKS:
            if check.name in DOOR[1:]:
                assert (await checked(check, at, [])).status is Status.NOT_SEEN


async def until_provoked(host: HookBot, returns_s: float) -> tuple[AsyncGenerator[Result, None], list[Result]]:
    """Examine until something is provoked; the bot says nothing, and hangs up at once."""
    examining = examine(bench(host.url), Figures(), returns_s)
    found = [await anext(examining)]
    while found[-1].part is Part.TALK:
        found.append(await anext(examining))
    return examining, found


async def test_a_bot_that_is_gone_is_one_error_and_no_list_of_failures() -> None:
    async with bot(scenario(turn("hi"))) as host:
        examining, found = await until_provoked(host, returns_s=0.1)
        await host.stop()
        with pytest.raises(LinkError) as caught:
            found += [result async for result in examining]
    assert caught.value.failure.cause is Cause.TCP_REFUSED
    assert found[-1].part is Part.PROVOKED
    assert [one for one in found if one.status is Status.FAIL] == []


async def test_a_bot_that_comes_back_is_asked_again_and_not_blamed() -> None:
    async with bot(scenario(turn("hi"))) as host:
        examining, found = await until_provoked(host, returns_s=20.0)
        await host.stop()
        asking = asyncio.ensure_future(anext(examining))
        again = HookBot(host.scenario, KEYS, port=urlsplit(host.url).port or 0)
        await asyncio.sleep(0)
        await again.start()
        try:
            result = await asking
        finally:
            await examining.aclose()
            await again.stop()
    assert (result.name, result.status) == (CHECKS[1].name, Status.PASS)
    assert found[-1].name == CHECKS[0].name
