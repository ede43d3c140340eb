"""`callscope report`: which form, where to, and what is wrong with a file."""

from __future__ import annotations

import hashlib
import json
import os
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.call.codec import event_from_line, to_line
from dashboard.call.events import Event, Marked, Speaker, TranscriptReceived
from dashboard.call.ports import Sound
from dashboard.cli.main import run
from dashboard.simulator.scenario import load_scenario
from dashboard.storage.about import About
from dashboard.storage.recorder import Recorder
from dashboard.storage.recording import Recording
from tests.unit.storage.outcomes import Outcomes
from tests.virtual import facts_of

Report = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture(scope="module")
def facts() -> list[Event]:
    return facts_of(load_scenario("steady"), seconds=3.0)


@pytest.fixture
def lines(tmp_path: Path, facts: list[Event]) -> Path:
    """The facts as `probe --jsonl` prints them."""
    file = tmp_path / "call.jsonl"
    file.write_text("".join(f"{to_line(fact)}\n" for fact in facts), encoding="utf-8")
    return file


@pytest.fixture
def recording(tmp_path: Path, facts: list[Event]) -> Path:
    about = About(
        facts[0].call_id,
        created=1_900_000_000.0,
        trigger="mark",
        masked=True,
        settings={"spike_ms": 200.0, "url": "wss://host/ws?sig=secret", "app_id": None},
        versions={"callscope": "9.8.7", "python": "3.11.7"},
    )
    outcomes = Outcomes()
    recorder = Recorder(tmp_path / "call.callscope", lambda: about, ended=outcomes.put)
    for fact in facts:
        recorder.put(fact)
    recorder.close()
    return recorder.path


@pytest.fixture
def report(capfd: pytest.CaptureFixture[str]) -> Report:
    """Run the command; return exit code, stdout and the lines of stderr."""

    def call(*words: object) -> tuple[int, str, list[str]]:
        code = run(["report", *map(str, words)])
        out, err = capfd.readouterr()
        return code, out, err.splitlines()

    return call


def test_stdout_gets_the_ticket(report: Report, lines: Path) -> None:
    code, out, err = report(lines)
    assert (code, err) == (0, [])
    assert out.startswith("## ● healthy: Nothing was found that harms this call")


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("report.html", "<!doctype html>"),
        ("report.HTM", "<!doctype html>"),
        ("report.md", "## ● healthy"),
        ("report.csv", "t_s,utc,width_s,leg,"),
        ("report.jsonl", '{"v":1,"kind":"call_started"'),
        ("report.json", '{\n "version": 1'),
        ("report.svg", "<svg xmlns="),
    ],
)
def test_the_ending_says_the_form(report: Report, lines: Path, tmp_path: Path, name: str, beginning: str) -> None:
    assert report(lines, "-o", tmp_path / name) == (0, "", [])
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


def test_format_counts_for_more_than_the_ending(report: Report, lines: Path, tmp_path: Path) -> None:
    assert report(lines, "-o", tmp_path / "x.html", "--format", "csv")[0] == 0
    assert (tmp_path / "x.html").read_text(encoding="utf-8").startswith("t_s,")


def test_the_facts_come_out_as_they_went_in(report: Report, lines: Path, tmp_path: Path) -> None:
    assert report(lines, "-o", tmp_path / "again.jsonl")[0] == 0
    assert (tmp_path / "again.jsonl").read_bytes() == lines.read_bytes()


def test_a_recording_says_more_of_itself_and_nothing_secret(report: Report, recording: Path, tmp_path: Path) -> None:
    assert report(recording, "-o", tmp_path / "r.html") == (0, "", [])
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    for said in ("callscope 9.8.7", "closed in good order", "made because of: mark", "masked before they were written"):
        assert said in html
    assert "spike_ms" in html
    assert "wss://host/ws?***" in html
    assert "secret" not in html.replace("without secrets", "")
    assert "app_id" not in html


def test_a_recording_and_its_lines_have_the_same_figures(report: Report, recording: Path, lines: Path) -> None:
    _, of_recording, _ = report(recording, "--format", "json")
    _, of_lines, _ = report(lines, "--format", "json")
    assert json.loads(of_recording) == json.loads(of_lines)


@pytest.mark.parametrize("name", ["report.html", "report.md", "again.jsonl", "evidence.zip"])
def test_what_is_made_of_lines_is_masked(
    report: Report, lines: Path, facts: list[Event], tmp_path: Path, name: str
) -> None:
    said = ("It is vier zwei drei double five one", "call 0171 2345678", "4111 1111 1111 1111", "jane@example.com")
    more: list[Event] = [
        TranscriptReceived(facts[0].call_id, facts[-2].at, Speaker.CALLER, text, True) for text in said
    ]
    more.append(Marked(facts[0].call_id, facts[-2].at, "ask jane@example.com"))
    lines.write_text("".join(f"{to_line(fact)}\n" for fact in [*facts[:-1], *more, facts[-1]]), encoding="utf-8")
    assert report(lines, "-o", tmp_path / name) == (0, "", [])
    if name.endswith("zip"):
        with zipfile.ZipFile(tmp_path / name) as bundle:
            texts = [bundle.read(entry).decode() for entry in bundle.namelist()]
    else:
        texts = [(tmp_path / name).read_text(encoding="utf-8")]
    for text in texts:
        for secret in ("vier zwei", "2345678", "4111", "jane@"):
            assert secret not in text
    if not name.endswith("md"):
        assert any("[digits]" in text and "[phone]" in text for text in texts)


def test_a_file_that_was_cut_in_its_last_line_ends_before_it(report: Report, lines: Path, facts: list[Event]) -> None:
    lines.write_bytes(lines.read_bytes()[:-20])
    code, out, _ = report(lines, "--format", "jsonl")
    assert (code, len(out.splitlines())) == (0, len(facts) - 1)


def test_a_broken_line_is_named(report: Report, lines: Path) -> None:
    whole = lines.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.write_text("".join([*whole[:4], "oops\n", *whole[4:]]), encoding="utf-8")
    code, out, err = report(lines)
    assert (code, out) == (2, "")
    assert err[0].startswith(f"callscope: {lines}: line 5 is no fact: not JSON")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "there is not one fact in it"),
        (b"hello\n", "line 1 is no fact"),
        (b"\x00" * 5_000_000, "line 1 is no fact"),
        (b'{"v":1,"kind":"ticked","call_id":"c","at":1.0}\n', "its first fact does not begin a call"),
        (b'{"v":99,"kind":"ticked","call_id":"c","at":1.0}\n', "version 99 is newer"),
        (b"SQLite format 3\x00 and nothing more", "call.bin"),
    ],
)
def test_a_file_that_is_nothing_of_ours_is_refused(report: Report, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "call.bin"
    file.write_bytes(content)
    code, out, err = report(file)
    assert (code, out) == (2, "")
    assert said in err[0]
    assert len(err) > 1  # a remedy


def test_a_file_that_is_not_there_is_an_error_of_usage(report: Report, tmp_path: Path) -> None:
    assert report(tmp_path / "none")[0] == 2
    assert report(tmp_path)[0] == 2


def test_what_a_report_is_made_from_is_not_written_over(report: Report, lines: Path, tmp_path: Path) -> None:
    before = lines.read_bytes()
    (tmp_path / "link.jsonl").symlink_to(lines)
    for target in (lines, tmp_path / "link.jsonl"):
        code, _, err = report(lines, "-o", target)
        assert (code, err[0]) == (2, f"callscope: {target} is what the report is made from")
    assert lines.read_bytes() == before


def test_only_a_regular_file_is_written_over(report: Report, lines: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)
    folder = tmp_path / "folder.md"
    folder.mkdir()
    for target in (pipe, folder):
        code, _, err = report(lines, "-o", target)
        assert (code, err[0]) == (2, f"callscope: {target} is no regular file, and is not written over")
    old = tmp_path / "old.md"
    old.write_text("old", encoding="utf-8")
    assert report(lines, "-o", old)[0] == 0
    assert old.read_text(encoding="utf-8").startswith("## ")


def test_a_report_that_fails_leaves_what_was_there(report: Report, lines: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.md"
    old.write_text("old", encoding="utf-8")
    lines.write_text("no fact\n", encoding="utf-8")
    assert report(lines, "-o", old)[0] == 2
    assert old.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["call.jsonl", "old.md"]


def test_an_ending_that_says_nothing_needs_a_format(report: Report, lines: Path, tmp_path: Path) -> None:
    code, _, err = report(lines, "-o", tmp_path / "report")
    assert code == 2
    assert err[1].strip().startswith("Give --format, or one of the endings .html, .md")


def test_a_folder_that_is_not_there_is_said(report: Report, lines: Path, tmp_path: Path) -> None:
    code, _, err = report(lines, "-o", tmp_path / "none" / "x.md")
    assert (code, err[0]) == (2, f"callscope: {tmp_path}/none/x.md: cannot be written: No such file or directory")


def test_the_bundle_holds_every_form_and_its_sums_are_right(
    report: Report, recording: Path, facts: list[Event], tmp_path: Path
) -> None:
    screen = tmp_path / "screen.svg"
    screen.write_text("<svg/>", encoding="utf-8")
    assert report(recording, "-o", tmp_path / "evidence.zip", "--screen", screen) == (0, "", [])
    with zipfile.ZipFile(tmp_path / "evidence.zip") as bundle:
        bundle.extractall(tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "report.html",
        "report.md",
        "figures.json",
        "timing.csv",
        "facts.jsonl",
        "call.callscope",
        "screen.svg",
        "SHA256SUMS",
    }
    told = [line.split("  ") for line in (folder / "SHA256SUMS").read_text().splitlines()]
    sums = {name: digest for digest, name in told}
    assert sums == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names - {"SHA256SUMS"}}
    with Recording(folder / "call.callscope") as copy:
        assert list(copy.facts()) == facts
    assert list(map(event_from_line, (folder / "facts.jsonl").read_text().splitlines())) == facts


@pytest.fixture
def with_sound(tmp_path: Path, facts: list[Event]) -> Path:
    """A recording of three seconds, with a second of sound that came when a second had gone by."""
    outcomes = Outcomes()
    about = About(facts[0].call_id, created=1_900_000_000.0, trigger="--record", masked=True)
    recorder = Recorder(tmp_path / "loud.callscope", lambda: about, ended=outcomes.put)
    told = False
    for fact in facts:
        recorder.put(fact)
        if not told and fact.at - facts[0].at >= 1.0:
            recorder.put(Sound(fact.call_id, fact.at, "inbound", "pcm16", 8000, 1, 0.0, b"\x00\x10" * 8000))
            told = True
    recorder.close()
    outcomes.written()
    return recorder.path


def test_the_sound_of_a_recording_is_a_wav_file(report: Report, with_sound: Path, tmp_path: Path) -> None:
    assert report(with_sound, "-o", tmp_path / "call.wav") == (0, "", [])
    with wave.open(str(tmp_path / "call.wav")) as sound, Recording(with_sound) as recording:
        assert sound.getparams()[:3] == (1, 2, 8000)
        assert sound.getnframes() / 8000 == pytest.approx(recording.info.length_s, abs=1e-3)
        assert sound.readframes(sound.getnframes()).count(b"\x00\x10") == 8000


def test_the_bundle_holds_the_sound_where_there_is_some(report: Report, with_sound: Path, tmp_path: Path) -> None:
    assert report(with_sound, "-o", tmp_path / "evidence.zip")[0] == 0
    assert report(with_sound, "-o", tmp_path / "call.wav")[0] == 0
    with zipfile.ZipFile(tmp_path / "evidence.zip") as bundle:
        (name,) = (name for name in bundle.namelist() if name.endswith("/sound.wav"))
        assert bundle.read(name) == (tmp_path / "call.wav").read_bytes()


def test_where_no_sound_was_recorded_it_is_said(report: Report, recording: Path, lines: Path, tmp_path: Path) -> None:
    for file in (recording, lines):
        code, out, err = report(file, "-o", tmp_path / "call.wav")
        assert (code, out, err[0]) == (2, "", f"callscope: {file}: holds no sound")
        assert "--record-audio" in err[1]
    assert not (tmp_path / "call.wav").exists()


def test_the_same_call_gives_the_same_bundle(report: Report, lines: Path, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        assert report(lines, "-o", tmp_path / name)[0] == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_picture_belongs_into_a_bundle_and_must_be_there(report: Report, lines: Path, tmp_path: Path) -> None:
    assert report(lines, "--screen", lines)[2][0] == "callscope: --screen belongs into an evidence bundle"
    code, _, err = report(lines, "-o", tmp_path / "e.zip", "--screen", tmp_path / "none.svg")
    assert (code, err[0]) == (2, f"callscope: --screen {tmp_path}/none.svg: there is no such file")
