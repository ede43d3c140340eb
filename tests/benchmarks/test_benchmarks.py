"""Every part works and yields its figures; how fast it was is no business of a test."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks.__main__ import available, main
from tests.benchmarks.harness import at_least, at_most, number, spread


@pytest.mark.parametrize("name", available())
def test_the_short_form_of_each_part_yields_figures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--quick", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    figures = report["parts"][name]["figures"]
    assert figures
    for figure in figures:
        assert figure["name"]
        assert "value" in figure or "p99" in figure
        assert "goal" not in figure or "met" in figure


def test_a_spread_is_compared_with_its_floor_at_p99() -> None:
    floor = spread("floor", [0.001] * 100)
    slower = spread("ours", [0.001] * 98 + [0.002] * 2, floor=floor, goal=at_most(1.5))
    assert (slower.p50, slower.p99, slower.max) == (1.0, 2.0, 2.0)
    assert slower.ratio == pytest.approx(2.0)
    assert slower.met is False


def test_a_goal_without_a_floor_is_for_the_number_itself() -> None:
    assert number("calls", 120, "calls", goal=at_least(100)).met is True
    assert number("calls", 80, "calls", goal=at_least(100)).met is False
