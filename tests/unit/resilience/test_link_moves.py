"""From an open connection to the next one: before it is closed where the peer allows two, else after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.call.events import Cause, ClosedBy
from dashboard.resilience.policy import LinkPolicy
from tests.unit.resilience.dialogue import (
    SIGNED,
    STATIC,
    Dialogue,
    closes,
    drops,
    fails,
    grants,
    hears_that_it_ends,
    names_url,
    open_call,
    opens,
    opens_another,
    presses_r,
    speaks,
    starts,
    stops,
    talks_for,
    waits,
)

OVERLAP = replace(STATIC, overlap=True)
KEPT = replace(SIGNED, overlap=True)
LOOKED_UP = LinkPolicy(lookup=True, authorize=False)
DIAL = "DIAL wss://bot.test/ws"


def test_an_announced_end_is_not_waited_for() -> None:
    assert (
        open_call()
        << talks_for(40)
        << hears_that_it_ends(Cause.GOING_AWAY, "announced")
        >> f"CLOSE 1001 announced; lost 1001 by us: going_away; connecting: going_away; {DIAL}"
    )


def test_where_two_connections_may_be_open_the_next_one_is_opened_first_and_nothing_is_lost() -> None:
    assert (
        open_call(OVERLAP)
        << talks_for(40)
        << hears_that_it_ends(Cause.GOING_AWAY)
        >> "REPLACE"
        << waits(0.2)
        << opens_another
        >> "connected after 0.2 s"
        << talks_for(40)
    )


def test_a_young_connection_is_not_left_at_once_or_two_clients_would_chase_each_other() -> None:
    assert (
        open_call(OVERLAP)
        << speaks
        << hears_that_it_ends(Cause.GOING_AWAY)
        << talks_for(29)
        << talks_for(1)
        >> "REPLACE"
    )


def test_an_open_connection_is_kept_while_no_other_one_is_to_be_had() -> None:
    talk = (
        open_call(OVERLAP)
        << talks_for(40)
        << hears_that_it_ends(Cause.GOING_AWAY)
        >> "REPLACE"
        << fails(Cause.UNAVAILABLE, 503)
    )
    assert talk << talks_for(9) << talks_for(1) >> "REPLACE" << fails(Cause.RATE_LIMITED, 429, retry_after_s=45)
    assert talk << talks_for(44) << talks_for(1) >> "REPLACE" << opens_another >> "connected after 0 s"


def test_a_renewed_token_moves_the_connection_without_a_break_where_that_is_possible() -> None:
    assert (
        open_call(KEPT, life_s=600)
        << talks_for(480)
        >> "RENEW"
        << grants("token-2")
        >> "renewed token"
        << waits(0)
        >> "REPLACE with token-2"
        << opens_another
        >> "connected after 0 s"
    )


def test_a_move_waits_for_a_token_that_is_being_fetched() -> None:
    assert (
        open_call(KEPT, life_s=600)
        << talks_for(480)
        >> "RENEW"
        << hears_that_it_ends(Cause.GOING_AWAY)
        << grants("token-2")
        >> "renewed token"
        << talks_for(1)
        >> "REPLACE with token-2"
    )


@pytest.mark.parametrize("policy", [STATIC, OVERLAP])
def test_an_end_that_is_announced_to_a_call_without_a_connection_is_no_news(policy: LinkPolicy) -> None:
    assert Dialogue(policy) << hears_that_it_ends(Cause.GOING_AWAY)


def test_a_connection_that_ends_while_the_next_one_is_opened_is_lost_like_any_other() -> None:
    talk = open_call(OVERLAP) << talks_for(40) << hears_that_it_ends(Cause.GOING_AWAY) >> "REPLACE"
    assert talk << drops >> "CANCELSTEP; lost 1006 by network: abnormal_closure; waiting 1 s: abnormal_closure"
    assert talk << opens_another


def test_the_operator_goes_before_a_move() -> None:
    assert (
        open_call(OVERLAP)
        << talks_for(40)
        << hears_that_it_ends(Cause.GOING_AWAY)
        >> "REPLACE"
        << presses_r
        >> f"CANCELSTEP; CLOSE 1001 reconnect; lost 1001 by us: operator; connecting: operator; {DIAL}"
        << opens_another
    )


def test_an_end_of_the_call_ends_a_move() -> None:
    talk = open_call(OVERLAP) << talks_for(40) << hears_that_it_ends(Cause.GOING_AWAY) >> "REPLACE"
    assert talk << stops >> "CANCELSTEP; CLOSE 1000" << closes(1000, ClosedBy.US) >> "closed: stopped; FINISH"


def test_an_address_that_has_served_and_is_not_found_any_more_is_looked_up_anew() -> None:
    channel = "wss://stream.test/a"
    assert (
        Dialogue(LOOKED_UP)
        << starts
        >> "resolving: started; RESOLVE"
        << names_url(channel)
        >> f"connecting: progress; DIAL {channel}"
        << opens
        >> "connected after 0 s; open: progress"
        << speaks
        << drops
        >> "lost 1006 by network: abnormal_closure; waiting 1 s: abnormal_closure"
        << waits(1)
        >> f"connecting: progress; DIAL {channel}"
        << fails(Cause.NOT_FOUND, 404)
        >> "attempt 2 failed: not_found; resolving: not_found; RESOLVE"
        << names_url("wss://stream.test/b")
        >> "connecting: progress; DIAL wss://stream.test/b"
        << fails(Cause.NOT_FOUND, 404)
        >> "attempt 2 failed: not_found; gave up: not_found"
    )
