"""Recordings read back."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dashboard.call.events import AudioReceived, Event, LinkChanged, Ticked
from dashboard.call.figures import probe_object
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.errors import RecordingError
from dashboard.storage import schema
from dashboard.storage.about import About
from dashboard.storage.recording import Recording
from dashboard.storage.writer import Writer

Record = Callable[[list[Event]], Path]


def folded(facts: list[Event]) -> CallState:
    call = CallState("made-up")
    for fact in facts:
        call = step(call, fact)
    return call


@contextmanager
def nobody_may_write(folder: Path) -> Iterator[None]:
    """Take the right to write to `folder` from this process, also where the superuser runs it."""
    os.chmod(folder, 0o555)
    root = os.geteuid() == 0
    if root:
        for above in [folder, *folder.parents[:-2]]:
            os.chmod(above, 0o755)
        for file in folder.iterdir():
            os.chmod(file, 0o644)
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        os.chmod(folder, 0o755)


def test_facts_come_back_as_they_were_told(recorded: Record, facts: list[Event]) -> None:
    with Recording(recorded(facts)) as recording:
        assert list(recording.facts()) == facts


def test_a_recording_says_what_it_is(recorded: Record, facts: list[Event]) -> None:
    path = recorded(facts)
    with Recording(path) as recording:
        info = recording.info
    assert (info.path, info.call_id, info.facts) == (path, "made-up", len(facts))
    assert info.started == facts[0].wall  # type: ignore[attr-defined]
    assert info.length_s == pytest.approx(facts[-1].at - facts[0].at)
    assert info.complete
    assert info.size_bytes == path.stat().st_size
    assert (info.app_version, info.trigger, info.settings) == ("1.2.3", "command", {"spike_ms": 200.0})


def test_the_figures_of_a_recording_are_those_of_the_call(recorded: Record, facts: list[Event]) -> None:
    with Recording(recorded(facts)) as recording:
        assert probe_object(recording.call()) == probe_object(folded(facts))


def test_spans_of_time_that_meet_tell_every_fact_once_and_in_order(recorded: Record, facts: list[Event]) -> None:
    with Recording(recorded(facts)) as recording:
        pieces = [fact for s in range(31) for fact in recording.facts(since_s=s, until_s=s + 1)]
        assert pieces == facts
        assert list(recording.facts(since_s=recording.info.length_s + 1)) == []
        assert list(recording.facts(until_s=0.0)) == []


def test_only_the_kinds_that_were_asked_for_are_told(recorded: Record, facts: list[Event]) -> None:
    wanted = (LinkChanged, Ticked)
    with Recording(recorded(facts)) as recording:
        told = list(recording.facts(kinds=wanted, since_s=5.0, until_s=20.0))
    began = facts[0].at
    assert told == [fact for fact in facts if isinstance(fact, wanted) and 5.0 <= fact.at - began < 20.0]
    assert told


def test_a_fact_that_was_told_late_stands_where_it_was_told(recorded: Record, facts: list[Event]) -> None:
    late = next(fact for fact in facts if isinstance(fact, AudioReceived))
    told = [*facts[:200], late, *facts[200:]]
    with Recording(recorded(told)) as recording:
        at_s = facts[199].at - facts[0].at
        assert list(recording.facts(until_s=at_s + 1e-6))[-1] == late
        assert list(recording.facts()) == told


def test_the_verdict_is_kept_when_a_recording_is_closed(recorded: Record, facts: list[Event]) -> None:
    with Recording(recorded(facts)) as recording:
        assert recording.info.summary == recording.summary()
        verdict = probe_object(folded(facts))
        assert recording.summary().verdict == verdict["verdict"]
        assert [found.rule for found in recording.summary().findings] == [one["rule"] for one in verdict["findings"]]


# -- what a killed process leaves ---------------------------------------------------------------------


@pytest.fixture
def left(tmp_path: Path, facts: list[Event], about: About) -> Path:
    """What stands on the disk while a recording is being written: the file, and beside it what is not yet in it."""
    writing, left = tmp_path / "writing", tmp_path / "left"
    writer = Writer(writing / "call.callscope", about)
    for fact in facts:
        writer.add(fact)
    writer.commit()
    left.mkdir()
    for file in writing.iterdir():
        if not file.name.endswith("-shm"):
            shutil.copy(file, left)
    writer.release()
    return left / "call.callscope"


def test_a_recording_that_was_never_closed_is_whole(left: Path, facts: list[Event]) -> None:
    assert left.with_name("call.callscope-wal").stat().st_size > 0
    with Recording(left) as recording:
        assert list(recording.facts()) == facts
        assert not recording.info.complete
        assert recording.info.summary is None
        assert recording.summary().verdict == probe_object(folded(facts))["verdict"]


def test_a_copy_of_one_that_was_never_closed_is_one_plain_file(left: Path, facts: list[Event], tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "call.callscope"
    copy.parent.mkdir()
    with Recording(left) as recording:
        recording.copy_to(copy)
        told = list(recording.facts())
    assert list(copy.parent.iterdir()) == [copy]
    with Recording(copy) as again:
        assert list(again.facts()) == told


def test_it_is_read_where_nothing_may_be_written(left: Path, facts: list[Event]) -> None:
    with nobody_may_write(left.parent):
        with pytest.raises(OSError, match="Permission denied"):
            (left.parent / "x").touch()
        with Recording(left) as recording:
            assert list(recording.facts()) == facts
        assert len(list(left.parent.iterdir())) == 2


def test_a_recording_is_read_while_it_is_written(tmp_path: Path, facts: list[Event], about: About) -> None:
    writer = Writer(tmp_path / "call.callscope", about)
    for fact in facts[:100]:
        writer.add(fact)
    writer.commit()
    with Recording(tmp_path / "call.callscope") as recording:
        assert len(list(recording.facts())) == 100
        for fact in facts[100:]:
            writer.add(fact)
        writer.commit()
        assert len(list(recording.facts())) == len(facts)
        writer.close()
    writer.release()


# -- what cannot be read ------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere\.callscope: cannot be read: No such file") as refused:
        Recording(tmp_path / "nowhere.callscope")
    assert refused.value.exit_code == 2
    assert "callscope recordings" in refused.value.remedy


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"{}\n" * 100], ids=["empty", "cut", "text"])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match="is not a recording of callscope"):
        Recording(path)


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="Is a directory"):
        Recording(tmp_path)


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE facts (x)")
    with pytest.raises(RecordingError, match="is not a recording of callscope"):
        Recording(path)


def changed(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


def test_a_newer_recording_is_refused_and_says_so(recorded: Record, facts: list[Event]) -> None:
    path = changed(recorded(facts), f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(RecordingError, match=f"newer callscope \\(version {schema.VERSION + 1}") as refused:
        Recording(path)
    assert refused.value.remedy == "Update callscope to read this."


def test_a_kind_of_fact_that_only_a_newer_callscope_knows_is_passed_over(recorded: Record, facts: list[Event]) -> None:
    path = changed(recorded(facts), """INSERT INTO facts VALUES (7777, 99.0, 'moon_rose', '{"kind": "moon_rose"}')""")
    with Recording(path) as recording:
        assert list(recording.facts()) == facts


def test_a_fact_that_cannot_be_read_is_named(recorded: Record, facts: list[Event]) -> None:
    path = changed(recorded(facts), "UPDATE facts SET fact = 'nonsense' WHERE seq = 21")
    with Recording(path) as recording:
        told = recording.facts()
        assert [next(told) for _ in range(20)] == facts[:20]
        with pytest.raises(RecordingError, match="fact 21 cannot be read"):
            next(told)


def test_a_damaged_file_is_said_to_be_damaged(recorded: Record, facts: list[Event]) -> None:
    path = recorded(facts)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match="is damaged") as refused, Recording(path) as recording:
        list(recording.facts())
    assert refused.value.remedy
