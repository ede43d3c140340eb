"""`callscope recordings`, and the settings of recording."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dashboard.call.events import Event
from dashboard.cli.layers import Given
from dashboard.cli.main import run
from dashboard.cli.places import shelf
from dashboard.cli.settings import Settings
from dashboard.simulator.scenario import load_scenario
from dashboard.storage.about import About
from dashboard.storage.writer import Writer
from tests.unit.cli.test_layers import probe, refused, write
from tests.virtual import facts_of

DAY_S = 86_400.0


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of the test's own."""
    monkeypatch.setattr("dashboard.cli.places.user_data_path", lambda *_, **__: tmp_path / "callscope")
    return tmp_path / "callscope" / "recordings"


@pytest.fixture(scope="module")
def facts() -> list[Event]:
    return facts_of(load_scenario("reset"), seconds=12.0)


def recorded(facts: list[Event], *, age_s: float = 0.0, closed: bool = True) -> Path:
    """A recording that was last written `age_s` before now."""
    path = shelf().place("made-up", 1_900_000_000.0)
    writer = Writer(path, About("made-up", 1_900_000_000.0, "outage"))
    for fact in facts:
        writer.add(fact)
    if closed:
        writer.close()
    else:
        writer.commit()
    writer.release()
    for file in path.parent.glob(f"{path.name}*"):
        moment = file.stat().st_mtime - age_s
        os.utime(file, (moment, moment))
    return path


def test_they_are_listed_with_what_came_of_the_call(
    facts: list[Event], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(facts)
    recorded(facts, age_s=DAY_S, closed=False)
    (folder / "notes.callscope").write_text("x")
    os.utime(folder / "notes.callscope", (1.0, 1.0))
    assert run(["recordings"]) == 0
    out, err = capsys.readouterr()
    headings, *rows = (line.split(maxsplit=6) for line in out.splitlines())
    assert headings == ["started", "call", "length", "size", "verdict", "findings"]
    assert rows[0][:4] == ["2030-03-17", "18:03:20Z", "made-up", "0:12"]
    assert "degraded           abnormal_closures" in out
    assert "degraded, cut off  abnormal_closures" in out
    assert "unreadable         is not a recording of callscope" in out
    assert err == f"in {folder}\n"


def test_they_are_listed_as_one_object(facts: list[Event], capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(facts)
    assert run(["recordings", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    (row,) = listed["recordings"]
    assert row == {
        "path": str(path),
        "call_id": "made-up",
        "started": "2030-03-17T18:03:20.000Z",
        "length_s": 12.0,
        "missing_s": 0.0,
        "facts": len(facts),
        "size_bytes": path.stat().st_size,
        "complete": True,
        "masked": True,
        "sound": False,
        "trigger": "outage",
        "verdict": "degraded",
        "findings": ["abnormal_closures"],
    }


def test_where_nothing_is_recorded_that_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recordings"]) == 0
    assert capsys.readouterr() == ("", f"nothing is recorded in {folder}\n")


def test_what_is_old_is_deleted_and_told(facts: list[Event], capsys: pytest.CaptureFixture[str]) -> None:
    old, new = recorded(facts, age_s=31 * DAY_S, closed=False), recorded(facts, age_s=29 * DAY_S)
    assert run(["recordings", "--prune", "30d"]) == 0
    out, err = capsys.readouterr()
    assert out == f"deleted {old}\n"
    assert err.startswith("1 deleted, 0.")
    assert list(new.parent.iterdir()) == [new]
    assert run(["recordings", "--prune", "12h", "--json"]) == 0
    (deleted,) = json.loads(capsys.readouterr().out)["deleted"]
    assert deleted["path"] == str(new)


@pytest.mark.parametrize("age", ["0x", "0d", "30", "d", "-1d", "1.5d", "30 d", ""])
def test_a_nonsensical_age_deletes_nothing(facts: list[Event], capsys: pytest.CaptureFixture[str], age: str) -> None:
    path = recorded(facts, age_s=1000 * DAY_S)
    assert run(["recordings", f"--prune={age}"]) == 2
    assert "must be an age such as 30d" in capsys.readouterr().err
    assert path.exists()


# -- settings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("off", False),
        ("call.callscope", Path.cwd() / "call.callscope"),
        ("./call", Path.cwd() / "call"),
        ("/tmp/calls/x", Path("/tmp/calls/x")),
        ("~/x.callscope", Path.home() / "x.callscope"),
    ],
)
def test_a_recording_is_switched_on_with_or_without_a_name(tmp_path: Path, text: str, value: bool | Path) -> None:
    file = write(tmp_path / "config.toml", "")
    settings = probe(file, record=Given(text, "--record"))
    assert settings.record == value
    assert Settings.from_worker(settings.to_worker()) == settings


def test_the_file_may_switch_it_on_as_well(tmp_path: Path) -> None:
    file = write(tmp_path / "config.toml", 'record = true\nrecord_on = ["mark", "outage"]\n')
    settings = probe(file)
    assert (settings.record, settings.record_on) == (True, ("mark", "outage"))


def test_a_word_that_may_be_a_scenario_or_a_profile_is_no_file(tmp_path: Path) -> None:
    file = write(tmp_path / "config.toml", "")
    error = refused(file, record=Given("flapping", "--record"))
    assert "must name a file, such as call.callscope, or of many calls a folder, such as ./calls" in str(error)
    assert "a SCENARIO or PROFILE goes before it" in str(error)


def test_triggers_are_given_one_by_one_or_with_commas(tmp_path: Path) -> None:
    file = write(tmp_path / "config.toml", "")
    settings = probe(file, record_on=Given(["finding,outage", "mark", "outage"], "--record-on"))
    assert settings.record_on == ("finding", "outage", "mark")
    error = refused(file, record_on=Given(["finding,sunset"], "--record-on"))
    assert "--record-on: must be 'finding', 'outage' or 'mark' (got sunset)" in str(error)


def test_what_a_recording_tells_of_the_settings_opens_no_door() -> None:
    settings = Settings.from_worker(
        {"client_id": "anna", "client_secret": "s3cret", "url": "wss://host/ws?sig=abc", "app_id": "parcel"}
    )
    told = settings.to_record()
    assert (told["url"], told["app_id"]) == ("wss://host/ws", "parcel")
    assert not {"anna", "s3cret", "abc"} & set(json.dumps(told).replace('"', " ").split())
    assert "sig" not in json.dumps(told)


@pytest.mark.parametrize(("flag", "risk"), [("--no-mask", "card and phone"), ("--record-audio", "voices")])
def test_a_risk_is_told_in_the_help(flag: str, risk: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["probe", "--help"]) == 0
    assert "whoever gets the file" in " ".join(capsys.readouterr().out.split())
    changes = {"mask": False} if flag == "--no-mask" else {"record_audio": True}
    (line,) = Settings.from_worker(dict(changes)).risks()
    assert line.startswith(f"callscope: {flag}: ")
    assert risk in line
