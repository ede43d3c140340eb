from __future__ import annotations

import re

from dashboard.ui.widgets.row_list import RowList


def words(*texts: str, limit: int = 100) -> RowList[str]:
    rows: RowList[str] = RowList(str, limit)
    rows.append(texts)
    return rows


def on_view(rows: RowList[str]) -> list[str]:
    return [rows[number] for number in rows.shown]


def test_a_filter_holds_for_rows_that_come_later() -> None:
    rows = words("apple", "bee", "ant")
    rows.filter(lambda text: text.startswith("a"))
    rows.append(["cow", "ape"])
    assert on_view(rows) == ["apple", "ant", "ape"]
    rows.filter(None)
    assert on_view(rows) == ["apple", "bee", "ant", "cow", "ape"]


def test_a_search_finds_among_what_passes_and_goes_on_finding() -> None:
    rows = words("red ant", "red bee", "ant")
    rows.filter(lambda text: "ant" in text)
    rows.find(re.compile("red"))
    assert rows.hits == [0]
    rows.append(["red ants", "red cow"])
    assert rows.hits == [0, 3]
    assert on_view(rows) == ["red ant", "ant", "red ants"]
    rows.find(re.compile("red"), only_hits=True)
    assert on_view(rows) == ["red ant", "red ants"]
    rows.find(None)
    assert rows.hits == []
    assert on_view(rows) == ["red ant", "ant", "red ants"]


def test_the_oldest_rows_go_and_the_numbers_of_the_others_stay() -> None:
    rows: RowList[str] = RowList(str, 10)
    rows.find(re.compile("[05]"))
    gone = sum(rows.append([f"row {number}"]) for number in range(25))
    assert rows.total == 25
    assert len(rows) == 25 - gone <= 11
    assert on_view(rows) == [f"row {number}" for number in range(gone, 25)]
    assert [rows[number] for number in rows.hits] == ["row 15", "row 20"]


def test_the_oldest_rows_go_from_a_filtered_view_as_well() -> None:
    rows: RowList[str] = RowList(str, 10)
    rows.filter(lambda text: int(text) % 2 == 0)
    gone = sum(rows.append([f"{number}"]) for number in range(25))
    assert on_view(rows) == [f"{number}" for number in range(14, 25, 2)]
    assert gone == 7


def test_a_replaced_row_is_judged_again() -> None:
    rows = words("ant", "bee")
    rows.filter(lambda text: text.startswith("a"))
    rows.replace(1, "ape")
    assert on_view(rows) == ["ant", "ape"]


def test_a_cleared_list_keeps_its_filter_and_its_search() -> None:
    rows = words("ant", "bee")
    rows.filter(lambda text: text.startswith("a"))
    rows.find(re.compile("p"))
    rows.clear()
    assert (rows.total, len(rows), list(rows.shown), rows.hits) == (0, 0, [], [])
    rows.append(["bee", "ape"])
    assert list(rows.shown) == [1] == rows.hits
