"""What `e` writes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from dashboard.ui.export import export, export_name
from tests import builders
from tests.builders import Story

steady = cache(builders.steady)


def test_the_name_holds_the_call_and_the_moment() -> None:
    assert export_name(steady()) == "callscope-4f1c9a2b7d3e-20300317T174752Z"


@pytest.mark.parametrize("call_id", ["../../etc/passwd", "a/b", "..", "\x1b[2J", "x" * 500, "", "con:"])
def test_a_hostile_id_cannot_leave_the_directory(call_id: str, tmp_path: Path) -> None:
    story = Story(call_id)
    written = export(story.call, "<svg/>", tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(written)
    assert all(len(path.name) < 100 for path in written)


def test_both_files_are_written_side_by_side(tmp_path: Path) -> None:
    picture, figures = export(steady(), "<svg>ü</svg>", tmp_path)
    assert picture.read_text(encoding="utf-8") == "<svg>ü</svg>"
    assert json.loads(figures.read_text(encoding="utf-8"))["link"]["state"] == "open"


def test_the_same_moment_again_is_the_same_pair(tmp_path: Path) -> None:
    assert export(steady(), "<svg/>", tmp_path) == export(steady(), "<svg/>", tmp_path)


def test_a_directory_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        export(steady(), "<svg/>", tmp_path / "missing")
