"""The folder of recordings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dashboard.call.events import Event
from dashboard.storage.about import About
from dashboard.storage.listing import recordings
from dashboard.storage.shelf import Shelf
from dashboard.storage.writer import Writer

DAY_S = 86_400.0


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


def recorded(shelf: Shelf, facts: list[Event], about: About, wall: float, *, closed: bool = True) -> Path:
    path = shelf.place("made-up", wall)
    writer = Writer(path, about)
    for fact in facts:
        writer.add(fact)
    if closed:
        writer.close()
    else:
        writer.commit()
    writer.release()
    for file in shelf.folder.glob(f"{path.name}*"):
        os.utime(file, (wall, wall))
    return path


def test_names_tell_when_and_which_call_and_are_free(shelf: Shelf, facts: list[Event], about: About) -> None:
    first = recorded(shelf, facts[:5], about, 1_900_000_000.0)
    assert first.name == "20300317T174640Z-made-up.callscope"
    assert shelf.place("made-up", 1_900_000_000.0).name == "20300317T174640Z-made-up-2.callscope"


def test_recordings_are_listed_newest_first_with_what_came_of_them(
    shelf: Shelf, facts: list[Event], about: About
) -> None:
    old = recorded(shelf, facts, about, 1_900_000_000.0, closed=False)
    new = recorded(shelf, facts, about, 1_900_000_100.0)
    broken = shelf.folder / "broken.callscope"
    broken.write_text("nonsense")
    os.utime(broken, (1.0, 1.0))
    listed = list(recordings(shelf))
    assert [one.path for one in listed] == [new, old, broken]
    assert listed[0].summary == listed[1].summary
    assert listed[0].summary is not None
    assert listed[0].summary.verdict == "degraded"
    assert (listed[2].info, listed[2].problem) == (None, "is not a recording of callscope")


def test_a_shelf_that_was_never_used_is_empty(shelf: Shelf) -> None:
    assert list(recordings(shelf)) == []
    assert list(shelf.prune(2e9)) == []


def test_pruning_deletes_what_was_last_written_before(shelf: Shelf, facts: list[Event], about: About) -> None:
    old = recorded(shelf, facts[:50], about, 1_900_000_000.0, closed=False)
    new = recorded(shelf, facts[:50], about, 1_900_000_000.0 + 2 * DAY_S)
    notes = shelf.folder / "notes.callscope"
    notes.write_text("not ours")
    os.utime(notes, (1.0, 1.0))
    ((path, size),) = shelf.prune(1_900_000_000.0 + DAY_S)
    assert path == old
    assert size > 0
    assert sorted(shelf.folder.iterdir()) == sorted([new, notes])
