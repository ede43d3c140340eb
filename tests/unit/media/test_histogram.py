from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.media.histogram import Histogram


@given(st.floats(0, 1e12))
def test_the_middle_of_a_bin_is_near_every_value_in_it(value: float) -> None:
    ((middle, count),) = Histogram().with_values([value])
    assert count == 1
    assert abs(middle - value) <= max(0.025e-3 + 1e-12, 0.004 * value)


@given(st.lists(st.floats(0, 1e3)), st.lists(st.floats(0, 1e3)))
def test_bins_come_in_order_and_count_everything_once(first: list[float], second: list[float]) -> None:
    once = Histogram().with_values(first + second)
    assert once == Histogram().with_values(first).with_values(second)
    bins = list(once)
    assert bins == sorted(bins)
    assert sum(count for _, count in bins) == len(first) + len(second)


def test_adding_leaves_the_old_histogram_as_it_was() -> None:
    old = Histogram().with_values([0.001])
    old.with_values([0.002])
    assert [count for _, count in old] == [1]


def test_an_hour_of_any_delays_takes_few_bins() -> None:
    busy = Histogram().with_values(i * 1e-5 for i in range(100_000))
    assert len(busy.counts) < 1200
