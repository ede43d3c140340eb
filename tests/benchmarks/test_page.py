"""The README's figures are in the form that the generator gives them, and none of the goals is left out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.__main__ import PARTS
from tests.benchmarks.harness import Figure, as_json, at_least, at_most, machine, number, spread
from tests.benchmarks.page import cells, merged, section, table, verdict, written

GOALS = {
    "stamps": {"≤ 1.5×", "≤ 1.2×"},
    "jitter": {"≤ 0.1"},
    "pipeline": {"≥ 0.7×", "≥ 0.5×"},
    "calls": {"≥ 100", "≤ 1"},
    "screen": {"≤ 15", "≤ 20", "≤ 1.6×", "≤ 5"},
    "board": {"≤ 40", "≤ 15", "≤ 400", "≤ 1.2×", "≤ 1"},
    "memory": {"≤ 5", "≤ 50"},
    "recording": {"≤ 100", "≤ 5"},
    "fold": {"≥ 500"},
    "relay": {"≤ 1.2×", "≤ 0.5×", "≥ 10×"},
}
"""What each part is to reach."""


def report(**parts: list[Figure]) -> dict[str, Any]:
    told = {name: {"figures": [as_json(figure) for figure in figures]} for name, figures in parts.items()}
    return {"date": "2030-01-01", "quick": False, "machine": machine(), "parts": told}


def test_a_figure_with_a_goal_is_a_row_beside_its_floor() -> None:
    floor = spread("ws, paced: C", [0.001] * 100)
    ours = spread("ws, paced: callscope", [0.001] * 98 + [0.002] * 2, floor=floor, goal=at_most(1.5))
    text = section(report(stamps=[floor, ours], calls=[number("calls held", 300, "calls", goal=at_least(100))]))
    assert cells(text) == [
        ["stamps", "ws, paced", "1 / 1 / 2 / 2 ms", "1 ms", "2.00×", "≤ 1.5×", "missed by 33%"],
        ["calls", "calls held", "300 calls", "", "", "≥ 100", "reached"],
    ]
    assert "Measured on 2030-01-01 with" in text


def test_how_calls_add_up_and_what_a_repaint_costs_stand_below_the_table() -> None:
    calls = [
        spread("1 call: queue wait", [0.0005]),
        number("1 call: share of the core", 1.2, "%"),
        number("1 call: memory of the process", 60.0, "MB"),
    ]
    board = [
        number("10 calls: processor of the screen's process", 4.0, "% of a core"),
        number("10 calls: of that decoding", 1.0, "% of a core"),
        number("10 calls: of that painting", 3.0, "% of a core"),
        number("10 calls: to the terminal", 3.5, "kB/s"),
        number("each further call: processor of the screen's process", 0.2, "% of a core"),
    ]
    text = section(report(calls=calls, board=board, screen=[spread("one repaint: header", [0.001])]))
    assert "10 calls: 4 % (decoding 1, painting 3), 3.5 kB/s." in text
    assert "1 call: 0.5 ms, 1 %, 60 MB." in text
    assert "header 1 / 1." in text


def test_parts_that_were_measured_apart_make_one_report() -> None:
    first, second = report(**{name: [] for name in PARTS}), report(fold=[number("facts", 1, "facts/s")])
    assert merged([first, second])["parts"]["fold"]["figures"]
    with pytest.raises(ValueError, match="no figures of stamps"):
        merged([second])
    with pytest.raises(ValueError, match="quick"):
        merged([first, {**second, "quick": True}])
    with pytest.raises(ValueError, match="different machines"):
        merged([first, {**second, "machine": {}}])


def test_a_missed_goal_says_by_how_much() -> None:
    assert verdict("≤ 15", 15.0) == "reached"
    assert verdict("≤ 15", 18.0) == "missed by 20%"
    assert verdict("≥ 0.7", 0.35) == "missed by 50%"


def test_the_readme_has_the_generated_form_and_every_goal() -> None:
    text = written()
    rows = cells(text)
    assert table(rows) in text, "run: python -m tests.benchmarks.page FILE"
    shown: dict[str, set[str]] = {name: set() for name in PARTS}
    for part, *_, goal, _ in rows:
        shown[part].add(goal)
    assert shown == GOALS


def test_what_the_readme_says_of_a_goal_follows_from_its_figures() -> None:
    for part, name, measured, _, ratio, goal, said in cells(written()):
        p99 = measured.split(" / ")[-2:][0].split()[0]
        shown = float((ratio.removesuffix("×") or p99).replace(",", ""))
        reached = verdict(goal.removesuffix("×"), shown) == "reached"
        assert said.startswith("reached" if reached else "missed by "), (part, name)
