"""The search for the idle limit, as arithmetic: paths that cut, told to the search without waiting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.doctor.idle import IdleSearch
from dashboard.doctor.steps import Outcome

NO_PONG = "no pong within 10 s"
RESET = "connection reset"

Path = Callable[[IdleSearch, float], object]
"""What comes of a silence: it is borne, the connection ends while it lasts, or is found dead after it."""


def resets_at(limit_s: float) -> Path:
    """A path that resets a connection when it has been silent for so long."""
    return lambda search, pause_s: (
        search.ended(limit_s + 0.02, RESET) if pause_s > limit_s else search.survived(pause_s, 0.01)
    )


def forgets_at(limit_s: float) -> Path:
    """A path that drops what comes after such a silence, without a word."""
    return lambda search, pause_s: (
        search.unanswered(pause_s, NO_PONG) if pause_s > limit_s else search.survived(pause_s, 0.01)
    )


def searched(path: Path, *, ping_interval_s: float = 20.0, max_s: float = 180.0) -> tuple[IdleSearch, list[float]]:
    """A search along `path`, and the pauses that it took."""
    search, pauses = IdleSearch(ping_interval_s, max_s), []
    while (pause_s := search.next_pause_s()) is not None:
        pauses.append(pause_s)
        path(search, pause_s)
    return search, pauses


def after(*pauses_s: float, ping_interval_s: float = 20.0, max_s: float = 180.0) -> IdleSearch:
    """A search that has survived some pauses."""
    search = IdleSearch(ping_interval_s, max_s)
    for pause_s in pauses_s:
        assert search.next_pause_s() == pause_s
        search.survived(pause_s, 0.01)
    return search


# -- nothing is cut -------------------------------------------------------------------------------------------


def test_pauses_double_up_to_the_longest() -> None:
    search = after(5, 10, 20, 40, 80, 160, 180)
    assert search.next_pause_s() is None
    last = search.verdict()
    assert (last.outcome, last.detail) == (Outcome.OK, "nothing was cut up to 180 s of silence")


def test_a_longest_pause_below_the_first_is_the_only_one() -> None:
    search = after(2, max_s=2)
    assert search.next_pause_s() is None


# -- a limit ----------------------------------------------------------------------------------------------------


def test_an_end_that_was_seen_is_the_limit_once_a_second_connection_ends_so_too() -> None:
    search, pauses = searched(resets_at(60.0), ping_interval_s=50)
    assert pauses == [5, 10, 20, 40, 80, pytest.approx(66.0, abs=0.1)]
    assert (search.limit_s, search.recommended_s) == (60.02, 24)
    last = search.verdict()
    assert last.detail == "cut after 60 s of silence (connection reset), 2 times"
    assert last.diagnosis is not None
    assert last.diagnosis.words == "a silent connection is cut after 60 s, and ping_interval is 50 s"
    assert last.diagnosis.remedy == "Set --ping-interval 24 (in the profile: ping_interval = 24)."


def test_a_connection_that_was_forgotten_has_its_limit_between_two_pauses() -> None:
    search, pauses = searched(forgets_at(57.0), ping_interval_s=30)
    assert pauses == [5, 10, 20, 40, 80, 60, 50, 55]
    assert (search.limit_s, search.recommended_s) == (55, 22)
    last = search.verdict()
    assert last.detail == "cut between 55 and 60 s of silence (no pong within 10 s), 2 times"
    assert (last.outcome, last.facts["exact"]) == (Outcome.WARNING, False)
    assert last.diagnosis is not None
    assert last.diagnosis.words == "a silent connection is cut after 55 to 60 s, and ping_interval is 30 s"


@pytest.mark.parametrize("cuts", [resets_at, forgets_at])
@pytest.mark.parametrize("limit_s", [0.7, 3.3, 5.0, 29.9, 61.0, 119.0, 173.0, 179.9])
def test_a_limit_is_found_within_a_tenth_in_bounded_time(limit_s: float, cuts: Callable[[float], Path]) -> None:
    search, pauses = searched(cuts(limit_s))
    assert search.cut_s is not None
    assert search.survived_s <= limit_s <= search.cut_s
    known_s = 0.0 if search.seen else search.cut_s - search.survived_s
    assert known_s <= max(1.0, 0.1 * search.cut_s)
    assert not search.refuted
    assert max(pauses) <= 180.0
    assert sum(pauses) < 7 * 180.0


def test_a_last_pause_that_was_not_borne_is_tried_twice() -> None:
    search, pauses = searched(forgets_at(178.0))
    assert pauses == [5, 10, 20, 40, 80, 160, 180, 170, 180]
    assert search.verdict().detail.startswith("cut between 170 and 180 s of silence")


@pytest.mark.parametrize("limit_s", [2.0, 7.0, 30.0, 60.0, 350.0])
def test_the_ping_interval_is_a_third_to_a_half_of_the_limit(limit_s: float) -> None:
    search = IdleSearch(20.0)
    search.ended(limit_s, RESET)
    assert search.recommended_s is not None
    assert limit_s / 3 <= search.recommended_s <= limit_s / 2


def test_a_setting_that_is_short_enough_is_confirmed() -> None:
    last = searched(resets_at(60.0))[0].verdict()
    assert (last.outcome, last.diagnosis) == (Outcome.OK, None)
    assert last.detail == "cut after 60 s of silence (connection reset), 2 times; ping_interval 20 s is short enough"


# -- no limit, though something ended ------------------------------------------------------------------------------


def test_an_end_after_less_silence_than_was_borne_is_no_idle_limit() -> None:
    search = after(5, 10, 20, 40)
    search.ended(3.0, "closed by the peer with 1001: restart")
    assert (search.limit_s, search.recommended_s, search.next_pause_s()) == (None, None, None)
    last = search.verdict()
    assert last.diagnosis is not None
    assert last.diagnosis.cause == "closed_without_silence"
    assert "though 40 s had been borne" in last.detail


def test_an_end_that_the_next_connection_does_not_know_of_was_the_age() -> None:
    search = after(5, 10, 20, 40)
    search.ended(45.0, "closed by the peer with 1001: lifetime")  # it was 120 s old
    assert search.next_pause_s() == pytest.approx(49.5)
    search.survived(49.5, 0.01)
    assert (search.limit_s, search.next_pause_s()) == (None, None)
    assert "the next one bore 49.5 s: not for its silence" in search.verdict().detail


def test_ends_that_do_not_agree_are_no_limit() -> None:
    search = after(5, 10)
    search.ended(19.0, RESET)
    search.ended(12.0, RESET)
    assert search.limit_s is None
    assert "ended after 19 s of silence, the next one after 12 s" in search.verdict().detail


def test_a_pong_that_was_lost_once_is_no_limit() -> None:
    search = after(5, 10)
    search.unanswered(20.0, NO_PONG)
    for borne in (15.0, 17.5, 18.75):
        assert search.next_pause_s() == borne
        search.survived(borne, 0.01)
    assert search.next_pause_s() == 20.0
    search.survived(20.0, 0.01)
    assert (search.limit_s, search.next_pause_s()) == (None, None)


# -- what is told ---------------------------------------------------------------------------------------------------


def test_what_the_peer_said_meanwhile_is_told() -> None:
    search = after(5, max_s=5)
    search.inbound = 250
    assert search.verdict().detail.endswith("; the peer itself sent 250 messages meanwhile")


def test_an_interrupted_search_tells_what_is_known() -> None:
    search = after(5, 10)
    last = search.verdict(interrupted=True)
    assert last.detail == "interrupted; 10 s of silence were borne, nothing was cut"
    assert (last.facts["survived_s"], last.facts["cut_s"]) == (10, None)
    search.unanswered(20.0, NO_PONG)
    known = search.verdict(interrupted=True)
    assert known.detail.startswith("interrupted; cut between 10 and 20 s of silence (no pong within 10 s), seen once")


def test_a_search_that_gets_no_new_connection_tells_what_is_known() -> None:
    search = after(5, 10)
    search.unanswered(20.0, NO_PONG)
    search.left_off = "handshake answered 429"
    assert search.next_pause_s() is None
    assert search.verdict().detail.endswith("; the search ended early, no new connection: handshake answered 429")
    assert search.limit_s == 10
