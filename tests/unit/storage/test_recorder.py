"""The recorder: batches on its own thread, and what it says when it cannot go on."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from dashboard.call.events import Event, Speaker, TranscriptReceived, WorkerLost
from dashboard.storage.about import About, Written
from dashboard.storage.recorder import Recorder
from dashboard.storage.recording import Recording
from dashboard.storage.writer import Writer
from tests.unit.storage.outcomes import PATIENCE_S, Outcomes, wait_for


@contextmanager
def files_end_at(size_bytes: int) -> Iterator[None]:
    """A disk on which no file grows beyond `size_bytes`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_closed_recording_is_one_plain_file_of_its_owner(tmp_path: Path, facts: list[Event], about: About) -> None:
    outcomes = Outcomes()
    recorder = Recorder(tmp_path / "deep" / "er" / "call.callscope", lambda: about, ended=outcomes.put)
    for fact in facts:
        recorder.put(fact)
    recorder.close()
    written = outcomes.written()
    assert [file.name for file in written.path.parent.iterdir()] == ["call.callscope"]
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(written.path.parent.stat().st_mode) == 0o700
    with closing(sqlite3.connect(written.path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_was_told_before_comes_first(tmp_path: Path, facts: list[Event], about: About) -> None:
    outcomes = Outcomes()
    recorder = Recorder(tmp_path / "call.callscope", lambda: about, ended=outcomes.put, before=iter(facts[:300]))
    for fact in facts[300:]:
        recorder.put(fact)
    recorder.close()
    assert outcomes.written().facts == len(facts)
    with Recording(recorder.path) as recording:
        assert list(recording.facts()) == facts


def test_facts_are_on_the_disk_before_the_recorder_is_closed(tmp_path: Path, facts: list[Event], about: About) -> None:
    outcomes = Outcomes()
    recorder = Recorder(tmp_path / "call.callscope", lambda: about, ended=outcomes.put, before=facts)
    wait_for(lambda: facts_in(recorder.path) == len(facts))
    assert outcomes.is_empty()
    recorder.close()


def facts_in(path: Path) -> int:
    if not path.exists():
        return 0
    with Recording(path) as recording:
        return recording.info.facts


@pytest.mark.parametrize("mask", [True, False])
def test_numbers_of_people_reach_the_disk_only_when_told_to(
    tmp_path: Path, facts: list[Event], about: About, mask: bool
) -> None:
    said = TranscriptReceived("made-up", 2000.0, Speaker.CALLER, "it is four double seven one one two", True)
    recorder = Recorder(tmp_path / "x.callscope", lambda: replace(about, masked=mask), ended=Outcomes().put)
    recorder.put(facts[0])
    recorder.put(said)
    recorder.close()
    with Recording(recorder.path) as recording:
        assert recording.info.masked is mask
        (heard,) = recording.facts(kinds=[TranscriptReceived])
    assert heard == (replace(said, text="it is [digits]") if mask else said)
    assert (b"double seven" in recorder.path.read_bytes()) is not mask


def test_nothing_is_written_over(tmp_path: Path, about: About) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    outcomes = Outcomes()
    Recorder(notes, lambda: about, ended=outcomes.put).close()
    error = outcomes.error()
    assert str(error) == f"{notes}: exists already, and is not written over"
    assert error.remedy == "Name another file."
    assert notes.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [notes]


def test_another_calls_recording_is_not_written_over(tmp_path: Path, facts: list[Event], about: About) -> None:
    for call_id, expected in (("one", True), ("two", False)):
        outcomes = Outcomes()
        recorder = Recorder(tmp_path / "x.callscope", partial(About, call_id, 0.0, "command"), ended=outcomes.put)
        recorder.put(facts[0])
        recorder.close()
        assert expected is isinstance(outcomes.any(), Written)


def test_the_recording_of_a_call_goes_on_with_its_next_worker(tmp_path: Path, facts: list[Event], about: About) -> None:
    path = tmp_path / "call.callscope"
    first = Writer(path, about)
    for fact in facts[:400]:
        first.add(fact)
    first.commit()
    first.release()  # as a kill would leave it
    second = Writer(path, about)
    for fact in facts[400:]:
        second.add(fact)
    second.close()
    with Recording(path) as recording:
        told = list(recording.facts())
        assert recording.info.complete
    assert told[:400] + told[401:] == facts
    assert told[400] == WorkerLost("made-up", facts[399].at, "ended without a word", dead=True)


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path: Path, about: About) -> None:
    (tmp_path / "file").touch()
    outcomes = Outcomes()
    Recorder(tmp_path / "file" / "call.callscope", lambda: about, ended=outcomes.put).close()
    error = outcomes.error()
    assert "there is a file where its folder should be" in str(error)
    assert error.remedy


def test_a_full_disk_ends_the_recording_and_keeps_what_is_on_it(
    tmp_path: Path, facts: list[Event], about: About
) -> None:
    outcomes = Outcomes()
    with files_end_at(200_000):
        recorder = Recorder(tmp_path / "call.callscope", lambda: about, ended=outcomes.put, before=facts)
        error = outcomes.error()
        recorder.put(facts[0])  # nobody is told twice
        recorder.close()
    assert "call.callscope: cannot be written: " in str(error)
    assert error.remedy
    assert outcomes.is_empty()
    with Recording(recorder.path) as recording:
        kept = list(recording.facts())
    assert 0 < len(kept) < len(facts)
    assert kept == facts[: len(kept)]


@pytest.mark.parametrize("loss", ["folder", "file"])
def test_a_file_that_vanishes_ends_the_recording(tmp_path: Path, facts: list[Event], about: About, loss: str) -> None:
    outcomes = Outcomes()
    recorder = Recorder(tmp_path / "folder" / "call.callscope", lambda: about, ended=outcomes.put)
    recorder.put(facts[0])
    wait_for(lambda: facts_in(recorder.path) == 1)
    if loss == "folder":
        shutil.rmtree(tmp_path / "folder")
    else:
        recorder.path.rename(tmp_path / "elsewhere")
    assert "the file was moved or deleted" in str(outcomes.error())
    recorder.close()


def test_a_disk_that_never_answers_does_not_fill_the_memory(
    tmp_path: Path, facts: list[Event], about: About, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.storage.recorder.LIMIT", 10)
    outcomes = Outcomes()
    stuck = threading.Event()

    def never() -> Iterator[Event]:
        yield facts[0]
        stuck.wait(PATIENCE_S)

    recorder = Recorder(tmp_path / "call.callscope", lambda: about, ended=outcomes.put, before=never())
    for fact in facts[1:30]:
        recorder.put(fact)
    assert "the disk has not answered for too long" in str(outcomes.error())
    stuck.set()
    recorder.close()
    assert outcomes.is_empty()
