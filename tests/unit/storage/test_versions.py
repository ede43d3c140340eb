"""One old recording per version: each is still read, and says what it said when it was written.

A new version of the tables adds a file here (four seconds of the scenario `reset`, and a piece of sound) and a step to
`schema.UPGRADES`; the files that are here are never written again.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from dashboard.call.codec import kind_of
from dashboard.call.events import Marked, Ticked
from dashboard.call.ports import Sound
from dashboard.errors import RecordingError
from dashboard.storage import schema
from dashboard.storage.recording import Recording

KEPT = Path(__file__).parents[2] / "data" / "recordings"
VERSIONS = range(1, schema.VERSION + 1)


def test_every_version_is_kept_and_every_step_is_there() -> None:
    assert sorted(file.name for file in KEPT.iterdir()) == sorted(f"v{version}.callscope" for version in VERSIONS)
    assert set(schema.UPGRADES) == set(range(1, schema.VERSION))
    for version in VERSIONS:
        assert schema.found_version(KEPT / f"v{version}.callscope") == version


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_recording_says_what_it_said(version: int) -> None:
    path = KEPT / f"v{version}.callscope"
    before = path.read_bytes()
    with Recording(path) as recording:
        info, facts, sounds = recording.info, list(recording.facts()), list(recording.sounds())
        call = recording.call()
    assert (info.call_id, info.started, info.length_s) == ("made-up", 1_900_001_000.0, 4.0)
    assert (info.complete, info.masked, info.trigger) == (True, True, "--record")
    assert (info.app_version, info.settings) == ("0.1.0", {"spike_ms": 200.0})
    assert info.summary is not None
    assert [finding.rule for finding in info.summary.findings] == ["abnormal_closures"]
    assert len(facts) == info.facts == 99
    assert (kind_of(facts[0]), kind_of(facts[-1])) == ("call_started", "call_ended")
    assert call.link.outage_count == 1
    assert call.inbound.pacing.frames == 188
    assert sounds == [Sound("made-up", facts[-1].at, "inbound", "pcmu", 8000, 2, 1.5, bytes(range(64)))]
    assert path.read_bytes() == before


def test_an_older_file_is_lifted_step_by_step_on_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def ticks_become_marks(connection: sqlite3.Connection) -> None:
        connection.execute("""UPDATE facts SET kind = 'marked' WHERE kind = 'ticked'""")

    def marks_get_notes(connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT seq, fact FROM facts WHERE kind = 'marked'").fetchall()
        lifted = [(json.dumps({**json.loads(fact), "kind": "marked", "note": "lifted"}), seq) for seq, fact in rows]
        connection.executemany("UPDATE facts SET fact = ? WHERE seq = ?", lifted)

    path = KEPT / "v1.callscope"
    before = path.read_bytes()
    monkeypatch.setattr(schema, "VERSION", 3)
    monkeypatch.setattr(schema, "UPGRADES", {1: ticks_become_marks, 2: marks_get_notes})
    with Recording(path) as recording:
        assert {fact.note for fact in recording.facts(kinds=[Marked]) if isinstance(fact, Marked)} == {"lifted"}
        assert not list(recording.facts(kinds=[Ticked]))
    assert path.read_bytes() == before


def test_a_step_that_fails_says_that_the_file_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE missing SET x = 1")

    monkeypatch.setattr(schema, "VERSION", 2)
    monkeypatch.setattr(schema, "UPGRADES", {1: fails})
    with pytest.raises(RecordingError, match="is damaged: no such table"):
        Recording(KEPT / "v1.callscope")
