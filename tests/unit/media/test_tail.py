from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dashboard.media.tail import Tail


def tail(limit: int, items: range) -> Tail[int]:
    return Tail[int](limit).extend(items)


def test_it_keeps_the_last_items_and_counts_the_dropped() -> None:
    kept = tail(3, range(5))
    assert list(kept) == [2, 3, 4]
    assert (len(kept), kept.dropped, kept.total, kept.limit) == (3, 2, 5, 3)


def test_an_older_view_does_not_see_what_came_later() -> None:
    older = tail(10, range(3))
    newer = older.append(3)
    assert list(older) == [0, 1, 2]
    assert list(newer) == [0, 1, 2, 3]


def test_a_fork_leaves_the_first_branch_alone() -> None:
    trunk = tail(10, range(3))
    first, second = trunk.append(10), trunk.append(20)
    assert list(first.append(11)) == [0, 1, 2, 10, 11]
    assert list(second.append(21)) == [0, 1, 2, 20, 21]


def test_an_iterable_that_breaks_off_changes_nothing() -> None:
    def broken() -> object:
        yield 3
        raise OSError("cut off")

    before = tail(10, range(3))
    with pytest.raises(OSError, match="cut off"):
        before.extend(broken())  # type: ignore[arg-type]
    assert list(before.append(9)) == [0, 1, 2, 9]


def test_a_changed_copy_keeps_the_indices_and_leaves_the_original_alone() -> None:
    kept = tail(4, range(100))
    changed = kept.map(lambda item: -item)
    assert list(changed) == [-96, -97, -98, -99]
    assert (changed.total, changed.dropped) == (kept.total, kept.dropped)
    assert list(changed.append(1)) == [-97, -98, -99, 1]
    assert list(kept) == [96, 97, 98, 99]


def test_absolute_indices_survive_the_dropping() -> None:
    kept = tail(4, range(100))
    assert list(kept.since(98)) == [98, 99]
    assert list(kept.since(0)) == [96, 97, 98, 99]
    assert list(kept.since(200)) == []
    assert list(kept.replace_at(97, -1)) == [96, -1, 98, 99]
    assert list(kept.drop_before(98)) == [98, 99]
    assert kept.drop_before(98).dropped == 98
    assert list(kept) == [96, 97, 98, 99]


@pytest.mark.parametrize("index", [95, 100, -1])
def test_what_is_not_here_cannot_be_replaced(index: int) -> None:
    with pytest.raises(IndexError, match=r"96\.\.99"):
        tail(4, range(100)).replace_at(index, 0)


def test_an_appended_replacement_does_not_reach_the_original() -> None:
    original = tail(4, range(4))
    changed = original.replace_at(3, -3).append(4)
    assert list(original.append(5)) == [1, 2, 3, 5]
    assert list(changed) == [1, 2, -3, 4]


def test_equality_is_the_same_items_at_the_same_absolute_indices() -> None:
    assert tail(3, range(5)) == tail(3, range(3)).extend(range(3, 5))
    assert tail(3, range(5)) != tail(3, range(2, 5))
    assert tail(3, range(5)) != [2, 3, 4]


def test_its_text_stays_short_however_long_it_is() -> None:
    assert repr(tail(1000, range(2000))) == "<Tail of 1000, 1000 dropped: … 1997, 1998, 1999>"


def test_a_tail_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Tail(0)


@given(st.integers(1, 8), st.lists(st.integers(), max_size=40), st.slices(12), st.integers(-12, 12))
def test_indexing_and_slicing_are_those_of_a_tuple(limit: int, items: list[int], cut: slice, index: int) -> None:
    kept = Tail[int](limit).extend(items)
    model = tuple(items[-limit:])
    assert kept[cut] == model[cut]
    assert list(reversed(kept)) == list(reversed(model))
    if -len(model) <= index < len(model):
        assert kept[index] == model[index]
    else:
        with pytest.raises(IndexError):
            kept[index]


class Branches(RuleBasedStateMachine):
    """Any number of views of one history, appended to in any order, each beside a plain list of all its items."""

    @initialize(limit=st.integers(1, 6))
    def start(self, limit: int) -> None:
        self.limit = limit
        self.views: list[tuple[Tail[int], list[int], int]] = [(Tail(limit), [], 0)]

    @rule(which=st.integers(0), items=st.lists(st.integers(), max_size=9))
    def extend(self, which: int, items: list[int]) -> None:
        view, model, dropped = self.views[which % len(self.views)]
        whole = [*model, *items]
        self.views.append((view.extend(items), whole, max(dropped, len(whole) - self.limit)))

    @rule(which=st.integers(0), index=st.integers(0, 60))
    def drop(self, which: int, index: int) -> None:
        view, model, dropped = self.views[which % len(self.views)]
        self.views.append((view.drop_before(index), model, min(max(dropped, index), len(model))))

    @rule(which=st.integers(0), back=st.integers(1, 6), item=st.integers())
    def replace(self, which: int, back: int, item: int) -> None:
        view, model, dropped = self.views[which % len(self.views)]
        index = len(model) - back
        if index >= dropped:
            changed = [*model[:index], item, *model[index + 1 :]]
            self.views.append((view.replace_at(index, item), changed, dropped))

    @invariant()
    def every_view_shows_its_own_history(self) -> None:
        for view, model, dropped in self.views:
            assert list(view) == model[dropped:]
            assert (view.dropped, view.total) == (dropped, len(model))
            assert len(view._items) <= 2 * self.limit


TestBranches = Branches.TestCase
