"""Which calls a board shows, and in which order."""

from __future__ import annotations

from dataclasses import replace

from dashboard.bus.store import KEPT_ENDED as STORE_KEEPS
from dashboard.bus.store import Store
from dashboard.call.events import CallEnded, CallStarted, Cause, LinkChanged, LinkState, Ticked
from dashboard.call.state import CallState
from dashboard.ui.draw.board import COLUMNS, WORST_FIRST, Column
from dashboard.ui.roster import EVERY_S, KEPT_ENDED, KEPT_S, Roster
from tests import boards

NOW = 1012.0


def column(name: str) -> Column:
    return next(one for one in COLUMNS if one.name == name)


def taken(*calls: CallState, now: float = NOW) -> Roster:
    roster = Roster()
    roster.take(boards.of(*calls), now)
    return roster


def test_what_is_worst_now_is_on_top_and_what_is_over_comes_last() -> None:
    roster = Roster()
    roster.take(boards.mixed(), NOW)
    assert roster.order == ["call-5", "call-2", "call-1", "call-4", "call-6", "call-3"]


def test_calls_are_sorted_by_any_column_what_has_no_figure_behind() -> None:
    stories = {"a": boards.clear, "b": boards.choppy, "silent": boards.silent}
    roster = taken(*(boards.named(tell(name), name) for name, tell in stories.items()))
    for name, order in (("late", ["b", "a", "silent"]), ("MOS", ["b", "a", "silent"]), ("call", ["a", "b", "silent"])):
        roster.sort(column(name), reverse=False)
        assert roster.order == order, name
    roster.sort(column("late"), reverse=True)
    assert roster.order == ["a", "b", "silent"]
    for one in COLUMNS:
        roster.sort(one, reverse=False)
        assert sorted(roster.order) == ["a", "b", "silent"]


def test_a_call_that_gets_worse_moves_up_at_the_next_second_and_not_before() -> None:
    first, second = boards.clear("a"), boards.clear("b")
    roster = taken(first.call, second.call)
    second.drop()
    second.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, wait_s=60.0)
    change = roster.take(boards.of(first.call, second.call), NOW + 0.3)
    assert (change.moved, set(change.calls)) == (False, {"b"})  # drawn at once, where it is
    assert roster.entries["b"].in_trouble
    assert roster.order == ["a", "b"]
    assert roster.take(boards.of(first.call, second.call), NOW + EVERY_S).moved
    assert roster.order == ["b", "a"]


def test_between_two_seconds_figures_stand_still() -> None:
    story = boards.clear("a")
    roster = taken(story.call)
    before = roster.entries["a"]
    story.listen(0.5)
    assert not roster.take(boards.of(story.call), NOW + 0.5).calls
    assert roster.entries["a"] is before
    roster.take(boards.of(story.call), NOW + EVERY_S)
    assert roster.entries["a"].lasted_s > before.lasted_s


def test_a_new_call_is_there_at_once() -> None:
    first = boards.clear("a").call
    roster = taken(first)
    assert roster.take(boards.of(first, boards.clear("b").call), NOW + 0.1).moved
    assert roster.order == ["a", "b"]


def test_a_call_that_is_over_stays_for_a_while() -> None:
    call = boards.over("a").call
    roster = taken(call)
    assert roster.take(boards.of(call), call.now + KEPT_S - 1).moved is False
    roster.take(boards.of(call), call.now + KEPT_S)
    assert roster.order == []
    assert roster.take(boards.of(call), call.now + KEPT_S + 5).moved is False


def test_of_many_that_are_over_the_newest_stay() -> None:
    ended = boards.over("x").call
    calls = [replace(ended, call_id=f"{number}", now=ended.now + number / 100) for number in range(KEPT_ENDED + 7)]
    roster = taken(*calls)
    assert len(roster.order) == KEPT_ENDED
    assert roster.order[0] == f"{KEPT_ENDED + 6}"
    assert roster.take(boards.of(*calls), NOW + 0.1).moved is False


def test_what_the_source_has_forgotten_goes() -> None:
    first, second = boards.clear("a").call, boards.clear("b").call
    roster = taken(first, second)
    roster.take(boards.of(second), NOW + 0.1)
    assert roster.order == ["b"]


def test_time_that_goes_back_is_a_new_beginning() -> None:
    call = boards.clear("a").call
    roster = taken(call)
    assert roster.take(boards.of(boards.clear("a", 4.0).call), NOW - 500).calls == {"a"}


def test_what_is_said_can_be_masked_and_shown_again() -> None:
    story = boards.over("a")
    roster = taken(replace(story.call, ended="closed: +49 30 1234567"))
    assert roster.cover(lambda text: text.replace("1234567", "*******"))
    assert roster.entries["a"].ended == "closed: +49 30 *******"
    assert not roster.cover(lambda text: text)
    assert roster.cover(None)
    assert "1234567" in roster.entries["a"].ended


def test_calls_that_come_and_go_for_a_minute_leave_nothing_behind() -> None:
    """Twenty a second, beside a hundred that stay."""
    store, roster = Store(), Roster()
    for number in range(100):
        _begin(store, f"stays-{number}", NOW)
    for tenth in range(600):
        now = NOW + tenth / 10
        for number in (2 * tenth, 2 * tenth + 1):
            _begin(store, f"goes-{number}", now)
            store.put(Ticked(f"goes-{number}", now + 0.05))
            if number >= 20:
                store.put(CallEnded(f"goes-{number - 20}", now, "closed: end"))
        roster.take(store.snapshot(), now)
        assert len(roster.entries) <= 100 + 20 + KEPT_ENDED
        assert sorted(roster.order) == sorted(roster.entries)
    assert sum(one.lives for one in roster.entries.values()) == 100 + 20
    assert len(store.snapshot()) == 100 + 20 + STORE_KEEPS
    assert len(roster._seen) <= len(store.snapshot())
    roster.take(store.snapshot(), now + KEPT_S)
    assert len(roster.order) == 100 + 20


def _begin(store: Store, call_id: str, at: float) -> None:
    store.put(CallStarted(call_id, at, 1.9e9, "ws://here", "audiohook"))
    store.put(LinkChanged(call_id, at, LinkState.OPEN, Cause.PROGRESS))


def test_the_default_is_worst_first() -> None:
    assert Roster().by is WORST_FIRST
