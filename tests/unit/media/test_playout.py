from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.media.pacing import Pacing
from dashboard.media.playout import Quality, mos, playout, r_factor, what_if
from tests.unit.media.streams import paced, stream, vector


@pytest.mark.parametrize(
    ("r", "expected"),
    [
        (93.2, 4.41),
        (80, 4.02),
        (70, 3.60),
        (60, 3.10),
        (50, 2.58),
        (0, 1.0),
        (-20, 1.0),
        (100, 4.5),
        (120, 4.5),
    ],
)
def test_mos_has_the_values_of_the_recommendation(r: float, expected: float) -> None:
    assert mos(r) == pytest.approx(expected, abs=0.005)


def test_r_without_delay_and_loss_is_the_best_there_is() -> None:
    assert r_factor(0.0, 0.0) == 93.2


def test_delay_costs_more_beyond_177_ms() -> None:
    assert r_factor(0.1, 0.0) == pytest.approx(93.2 - 2.4)
    assert r_factor(0.2773, 0.0) == pytest.approx(93.2 - 0.024 * 277.3 - 11.0)


def test_a_loss_as_large_as_the_robustness_factor_costs_half_of_what_there_is() -> None:
    assert r_factor(0.0, 0.251) == pytest.approx(93.2 - 47.5)


@given(st.floats(0, 2), st.floats(0, 1), st.floats(0, 0.5))
def test_more_delay_or_loss_never_sounds_better(delay_s: float, loss: float, more: float) -> None:
    assert r_factor(delay_s + more, loss) <= r_factor(delay_s, loss)
    assert r_factor(delay_s, min(1.0, loss + more)) <= r_factor(delay_s, loss)


def test_late_and_lost_frames_add_up_to_effective_loss() -> None:
    arrivals = [*paced(50), 1.1, *paced(45, start=1.1)]
    positions = [*paced(50), 1.0, *paced(45, start=1.1)]  # one late by 100 ms, then four never sent
    quality = playout(stream(arrivals, positions), buffer_s=0.06, window_s=60, now=2.1, rtt_s=0.08)
    assert quality.effective_loss == pytest.approx((1 + 4) / 100)
    assert quality.r_factor == pytest.approx(r_factor(0.04 + 0.06 + 0.02, 0.05))
    assert quality.mos == pytest.approx(mos(quality.r_factor or 0))


def test_a_longer_buffer_trades_loss_for_delay() -> None:
    pacing, now = vector("batched_5")
    short = playout(pacing, buffer_s=0.06, window_s=60, now=now, rtt_s=0.05)
    long = playout(pacing, buffer_s=0.1, window_s=60, now=now, rtt_s=0.05)
    assert (short.effective_loss or 0) > 0.3
    assert long.effective_loss == 0.0
    assert (long.mos or 0) > (short.mos or 0)


def test_what_was_not_measured_is_none() -> None:
    assert playout(Pacing(), buffer_s=0.06, window_s=60, now=1.0, rtt_s=0.05) == Quality(None, None, None)
    heard = stream(paced(50))
    assert playout(heard, buffer_s=0.06, window_s=60, now=1.0, rtt_s=None) == Quality(0.0, None, None)
    assert playout(heard, buffer_s=0.06, window_s=10, now=99.0, rtt_s=0.05) == Quality(None, None, None)


def test_what_if_answers_for_each_buffer() -> None:
    pacing, now = vector("batched_5")
    assert what_if(pacing, [0.02, 0.06, 0.1], 60, now) == pytest.approx([0.785, 0.357, 0.0], abs=0.001)
