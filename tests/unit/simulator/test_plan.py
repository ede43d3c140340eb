"""The plan of faults is arithmetic: no clock, no state."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest

from dashboard.simulator.faults import (
    Abort,
    Batch,
    Close,
    Drift,
    Drop,
    Fault,
    Gain,
    Garbage,
    HalfOpen,
    HeavyTail,
    IdleCut,
    Jitter,
    Mute,
    SilentBot,
    Stall,
    Window,
)
from dashboard.simulator.plan import FaultPlan, FramePlan

FRAME_S = 0.02
PER_ROUND = 500  # ten seconds


def plan_of(*faults: Fault, seed: int = 1, vary_s: float = 0.0) -> FaultPlan:
    return FaultPlan(faults, frame_s=FRAME_S, frames_per_round=PER_ROUND, vary_s=vary_s, seed=seed)


def late(plan: FaultPlan, indices: Sequence[int]) -> list[float]:
    return [plan.frame(index).leave_s - index * FRAME_S for index in indices]


JITTER = Jitter(kind="jitter", at_s=2, for_s=2, sd_s=0.03)
RANDOM = (
    JITTER,
    HeavyTail(kind="heavy_tail", scale_s=0.01, cap_s=0.4),
    Drop(kind="drop", probability=0.2),
)


def test_the_same_seed_gives_the_same_plan_in_any_order() -> None:
    indices = range(3 * PER_ROUND)
    one, other = plan_of(*RANDOM, vary_s=1), plan_of(*RANDOM, vary_s=1)
    forwards = [one.frame(index) for index in indices]
    backwards = [other.frame(index) for index in reversed(indices)]
    assert forwards == backwards[::-1]


def test_another_seed_gives_another_plan() -> None:
    assert late(plan_of(*RANDOM), range(100)) != late(plan_of(*RANDOM, seed=2), range(100))


def test_without_faults_each_frame_leaves_at_its_place() -> None:
    assert plan_of().frame(7) == FramePlan(7 * FRAME_S, False, frozenset())


def test_jitter_delays_frames_of_its_window_by_half_a_normal_distribution() -> None:
    plan = plan_of(JITTER)
    inside = late(plan, range(100, 200))
    assert not any(late(plan, [*range(100), *range(200, PER_ROUND)]))
    assert min(inside) >= 0
    assert 0.015 < statistics.mean(inside) < 0.035  # sd times the root of 2/pi: 24 ms


def test_a_heavy_tail_is_mostly_small_and_bounded_by_its_cap() -> None:
    delays = late(plan_of(HeavyTail(kind="heavy_tail", scale_s=0.01, alpha=1.2, cap_s=0.3)), range(PER_ROUND))
    assert statistics.median(delays) < 0.02
    assert 0.1 < max(delays) <= 0.3 + 1e-9


def test_a_stall_holds_frames_and_messages_until_it_ends() -> None:
    plan = plan_of(Stall(kind="stall", at_s=1, for_s=0.5))
    assert plan.frame(49).leave_s == pytest.approx(0.98)
    assert {plan.frame(index).leave_s for index in range(50, 75)} == {1.5}
    assert plan.frame(75).leave_s == pytest.approx(1.5)
    assert (plan.released_s(0.99), plan.released_s(1.2), plan.released_s(1.5)) == (0.99, 1.5, 1.5)


def test_stalls_that_touch_are_one_long_stall() -> None:
    plan = plan_of(Stall(kind="stall", at_s=1, for_s=0.5), Stall(kind="stall", at_s=1.5, for_s=0.25))
    assert plan.released_s(1.1) == 1.75


def test_a_batch_leaves_when_its_last_frame_is_due() -> None:
    plan = plan_of(Batch(kind="batch", frames=5))
    assert [plan.frame(index).leave_s for index in range(10)] == pytest.approx([0.08] * 5 + [0.18] * 5)


def test_frames_are_dropped_with_their_probability() -> None:
    plan = plan_of(Drop(kind="drop", probability=0.2))
    assert 60 < sum(plan.frame(index).dropped for index in range(PER_ROUND)) < 140


def test_a_slow_clock_sends_ever_later() -> None:
    plan = plan_of(Drift(kind="drift", ppm=1000))
    assert late(plan, [0, PER_ROUND]) == pytest.approx([0.0, 0.01])
    assert plan.first_frame(plan.frame(321).leave_s - 0.001) == 321


def test_the_first_frame_of_a_resumed_session_is_the_next_one_due() -> None:
    assert [plan_of().first_frame(at_s) for at_s in (0.0, 0.001, 0.0199, 0.0201)] == [0, 1, 1, 2]


@pytest.mark.parametrize(("who", "muted"), [("bot", {"bot"}), ("caller", {"caller"}), ("both", {"bot", "caller"})])
def test_a_mute_silences_one_side_or_both(who: str, muted: set[str]) -> None:
    plan = plan_of(Mute(kind="mute", at_s=1, for_s=1, who=who))  # type: ignore[arg-type]
    assert plan.frame(49).muted == frozenset()
    assert plan.frame(50).muted == muted


def test_a_gain_is_that_of_its_side_while_it_lasts() -> None:
    plan = plan_of(
        Gain(kind="gain", at_s=1, for_s=1, who="bot", db=6.0), Gain(kind="gain", at_s=1.5, who="both", db=-3.0)
    )
    assert plan.frame(49).gains_db == ()
    assert plan.frame(50).gains_db == (("bot", 6.0),)
    assert plan.frame(75).gains_db == (("bot", 6.0), ("caller", -3.0), ("bot", -3.0))


def test_faults_add_up() -> None:
    both = plan_of(Batch(kind="batch", frames=2), Stall(kind="stall", at_s=1.01, for_s=0.5))
    assert both.frame(50).leave_s == 1.51  # on time it would be 1.00, in its batch 1.02, which is stalled


def test_a_window_comes_again_at_its_interval_and_each_round() -> None:
    plan = plan_of(Stall(kind="stall", at_s=1, for_s=0.1, every_s=4))
    assert [plan.released_s(at_s) for at_s in (1.0, 5.0, 9.0, 11.0, 15.0)] == pytest.approx([1.1, 5.1, 9.1, 11.1, 15.1])


def test_later_rounds_vary_within_bounds_and_the_first_does_not() -> None:
    plan = plan_of(Abort(kind="abort", at_s=5), vary_s=2)
    times = [plan.happenings(round_)[0].at_s - round_ * 10 for round_ in range(20)]
    assert times[0] == 5
    assert len(set(times[1:])) == 19
    assert all(3 <= at_s <= 7 for at_s in times)


def test_a_fault_without_an_end_does_not_vary() -> None:
    plan = plan_of(SilentBot(kind="silent_bot"), vary_s=2)
    assert all(any(plan.active(SilentBot, at_s)) for at_s in (0.0, 9.9, 10.0, 25.0))


def test_variation_keeps_a_fault_within_its_round() -> None:
    plan = plan_of(Stall(kind="stall", at_s=9.5, for_s=0.5), Abort(kind="abort", at_s=0.1), vary_s=3)
    for round_ in range(1, 30):
        assert plan.released_s(round_ * 10 + 9.999) <= (round_ + 1) * 10
        assert plan.happenings(round_)[0].at_s >= round_ * 10


def test_happenings_are_in_order_and_count_their_repetitions() -> None:
    closing = Close(kind="close", at_s=4, code=1012)
    garbage = Garbage(kind="garbage", at_s=2, every_s=3, messages=("null",))
    found = plan_of(closing, garbage).happenings(1)
    assert [(one.at_s, one.fault, one.nth) for one in found] == [
        (12, garbage, 0), (14, closing, 0), (15, garbage, 1), (18, garbage, 2),
    ]  # fmt: skip


def test_a_half_open_window_silences_only_connections_that_it_found_open() -> None:
    fault = HalfOpen(kind="half_open", at_s=3, for_s=2)
    plan = plan_of(fault)
    assert plan.half_open(4, opened_s=1) == fault
    assert plan.half_open(4, opened_s=3.5) is None
    assert plan.half_open(2, opened_s=1) is None
    assert plan.half_open(5, opened_s=1) is None


def test_a_fault_without_a_window_is_found_by_its_kind() -> None:
    idle = IdleCut(kind="idle_cut", after_s=2)
    assert plan_of(JITTER, idle).constant(IdleCut) == idle
    assert plan_of(JITTER).constant(IdleCut) is None


def test_active_faults_are_those_whose_window_holds_the_moment() -> None:
    plan = plan_of(*RANDOM)
    assert len(list(plan.active(Window, 3))) == 3
    assert len(list(plan.active(Window, 4))) == 2
