"""The search for the idle limit, as arithmetic."""

from __future__ import annotations

import pytest

from dashboard.doctor.idle import IdleSearch
from dashboard.doctor.steps import Outcome


def after(*pauses_s: float, ping_interval_s: float = 20.0, max_s: float = 180.0) -> IdleSearch:
    """A search that has survived some pauses."""
    search = IdleSearch(ping_interval_s, max_s)
    for pause_s in pauses_s:
        assert search.next_pause_s() == pause_s
        search.survived(pause_s, 0.01)
    return search


def test_pauses_double_up_to_the_longest() -> None:
    search = after(5, 10, 20, 40, 80, 160, 180)
    assert search.next_pause_s() is None
    last = search.verdict()
    assert (last.outcome, last.detail) == (Outcome.OK, "nothing was cut up to 180 s of silence")


def test_a_longest_pause_below_the_first_is_the_only_one() -> None:
    search = after(2, max_s=2)
    assert search.next_pause_s() is None


def test_an_end_that_was_seen_is_the_limit_itself() -> None:
    search = after(5, 10, 20, 40, ping_interval_s=50)
    search.ended(60.02, "connection reset")
    assert search.next_pause_s() is None
    assert search.limit_s == 60.02
    assert search.recommended_s == 24
    last = search.verdict()
    assert last.detail == "cut after 60 s of silence (connection reset)"
    assert last.diagnosis is not None
    assert last.diagnosis.remedy == "Set --ping-interval 24 (in the profile: ping_interval = 24)."


def test_a_connection_that_was_forgotten_has_its_limit_between_two_pauses() -> None:
    search = after(5, 10, 20, 40, ping_interval_s=30)
    search.unanswered(80, "no pong within 10 s")
    assert (search.limit_s, search.recommended_s) == (40, 16)
    last = search.verdict()
    assert last.detail == "cut between 40 and 80 s of silence (no pong within 10 s)"
    assert (last.outcome, last.facts["exact"]) == (Outcome.WARNING, False)


@pytest.mark.parametrize("limit_s", [2.0, 7.0, 30.0, 60.0, 350.0])
def test_the_ping_interval_is_a_third_to_a_half_of_the_limit(limit_s: float) -> None:
    search = IdleSearch(20.0)
    search.ended(limit_s, "connection reset")
    assert search.recommended_s is not None
    assert limit_s / 3 <= search.recommended_s <= limit_s / 2


def test_a_setting_that_is_short_enough_is_confirmed() -> None:
    search = after(5, 10, 20, 40)
    search.ended(60.0, "connection reset")
    last = search.verdict()
    assert (last.outcome, last.diagnosis) == (Outcome.OK, None)
    assert last.detail == "cut after 60 s of silence (connection reset); ping_interval 20 s is short enough"


def test_an_end_after_less_silence_than_was_borne_is_no_idle_limit() -> None:
    search = after(5, 10, 20, 40)
    search.ended(3.0, "closed by the peer with 1001: restart")
    assert (search.limit_s, search.recommended_s) == (None, None)
    last = search.verdict()
    assert last.diagnosis is not None
    assert last.diagnosis.cause == "closed_without_silence"
    assert "though 40 s had been borne" in last.detail


def test_what_the_peer_said_meanwhile_is_told() -> None:
    search = after(5, max_s=5)
    search.inbound = 250
    assert search.verdict().detail.endswith("; the peer itself sent 250 messages meanwhile")


def test_an_interrupted_search_tells_what_is_known() -> None:
    last = after(5, 10).verdict(interrupted=True)
    assert last.detail == "interrupted; 10 s of silence were borne, nothing was cut"
    assert (last.facts["survived_s"], last.facts["cut_s"]) == (10, None)
