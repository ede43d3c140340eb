"""The real program on a recording, in a real terminal and without one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from dashboard.call.events import Event
from dashboard.call.figures import probe_object
from dashboard.simulator.scenario import load_scenario
from dashboard.storage.about import About
from dashboard.storage.recording import Recording
from dashboard.storage.writer import Writer
from tests.hosts import CALLSCOPE, bot_host, callscope, environment
from tests.recorded import fold
from tests.terminal import Terminal
from tests.virtual import facts_of


@cache
def bad_day() -> Sequence[Event]:
    return facts_of(load_scenario("bad-day"), seconds=75.0)


@pytest.fixture(autouse=True, scope="module")
def played_before() -> None:
    """Made-up time has a loop of its own, which cannot run within a test's."""
    bad_day()


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    writer = Writer(tmp_path / "bad-day.callscope", About(bad_day()[0].call_id, 0.0, "command", masked=True))
    for fact in bad_day():
        writer.add(fact)
    writer.commit()
    for file in tmp_path.iterdir():  # what is there when it is killed now
        shutil.copyfile(file, tmp_path / file.name.replace("bad-day", "cut"))
    writer.close()
    return tmp_path / "bad-day.callscope"


@contextmanager
def replay(path: Path, *args: str, columns: int = 120, rows: int = 36) -> Iterator[Terminal]:
    argv = [*CALLSCOPE, "replay", path.name, *args]
    with Terminal(argv, columns=columns, rows=rows, cwd=path.parent, env={**os.environ, "TZ": "UTC"}) as terminal:
        yield terminal


def test_somebody_opens_a_recording_and_every_key_works(recording: Path) -> None:
    with replay(recording, "--json-out", "figures.json") as terminal:
        terminal.until("REPLAY")
        terminal.until("▸ playing 1×")
        terminal.until(lambda text: "reading" not in text and "next" in text)
        terminal.press(" ")
        terminal.until("‖ paused 1×")
        terminal.press(">")
        terminal.until("00:00 ago")
        terminal.press(".")
        terminal.press(",")
        terminal.press("<")
        terminal.until("no earlier outage or finding")
        terminal.press("0")
        terminal.until("00:00 / 01:15")
        terminal.press("\x1b[C")
        terminal.until("00:05 / 01:15")
        terminal.press("\x1b[D")
        terminal.until("00:00 / 01:15")
        terminal.press("\x1b[1;2C")
        terminal.until("01:00 / 01:15")
        terminal.press("\x1b[1;2D")
        terminal.until("00:00 / 01:15")
        terminal.press(":")
        terminal.until("go to ▸")
        terminal.press("0:44\r")
        terminal.until("00:44 / 01:15")
        terminal.press(":")
        terminal.until("go to ▸")
        terminal.press("18:04:26.5\r")
        terminal.until("01:06 / 01:15")
        terminal.press(":0:31\r")  # at once, as from a clipboard or a quick hand
        terminal.until("00:31 / 01:15")
        terminal.press("/parcel/m5")
        terminal.until("/parcel/m5")
        terminal.press("\x1b")
        terminal.until(lambda text: "/parcel" not in text and "1 connection" in text)
        terminal.press("+++++")
        terminal.until("paused 60×")
        terminal.press("-")
        terminal.until("paused 30×")

        terminal.press("b")
        terminal.until("the user said")
        terminal.press(" ")
        terminal.press("\x1b")
        terminal.until("▪ at the end")
        terminal.press("5\r")
        terminal.until("why, the best explanation first")
        terminal.press("\x1b")
        terminal.until(lambda text: "why, the best explanation first" not in text)
        terminal.press("?")
        terminal.until("play slower")
        terminal.press("\x1b")
        terminal.until(lambda text: "play slower" not in text)
        terminal.press("t")
        terminal.press("ru")
        terminal.until(lambda text: "say ▸" not in text and "1 connection" in text)
        for columns, rows in ((80, 24), (200, 50), (60, 20), (120, 36)):
            terminal.resize(columns, rows)
            terminal.until("80" if columns == 60 else "01:15 / 01:15")
        terminal.press("e")
        terminal.until("Evidence written")
        assert len(list(recording.parent.glob("callscope-made-up-*.zip"))) == 1
        terminal.press("q")
        assert terminal.ended() == 0
    assert "callscope: " in terminal.text
    assert json.loads((recording.parent / "figures.json").read_text()) == probe_object(fold(bad_day()))


def test_it_begins_where_it_is_told_to(recording: Path) -> None:
    with replay(recording, "--at", "18:03:42.5") as terminal:
        terminal.until("18:03:42")
        terminal.until("00:2")
        terminal.press("q")
        assert terminal.ended() == 0


def test_a_recording_whose_writer_was_killed_is_played_and_says_so(recording: Path) -> None:
    with replay(recording.with_name("cut.callscope")) as terminal:
        terminal.until("▲ cut off")
        terminal.press("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["missing.callscope"], "cannot be read"),
        (["notes.txt"], "is not a recording of callscope"),
        (["bad-day.callscope", "--at", "12:00:00"], "is not in this recording"),
        (["bad-day.callscope", "--at", "noon"], "is no place in a recording"),
        ([], "FILE"),
    ],
)
def test_what_cannot_be_played_is_refused_before_the_screen_opens(args: list[str], said: str, recording: Path) -> None:
    (recording.parent / "notes.txt").write_text("a note\n" * 100)
    argv = [*CALLSCOPE, "replay", *args]
    with Terminal(argv, columns=120, rows=36, cwd=recording.parent) as terminal:
        assert terminal.ended() == 2
    assert said in terminal.text.replace("\n", " ")
    assert "Traceback" not in terminal.text
    assert b"\x1b[?1049h" not in terminal.written


async def test_the_verdict_of_a_recording_is_that_of_its_call(recording: Path) -> None:
    judged = await callscope("probe", "--replay", str(recording), "--json")
    assert (judged.code, judged.stderr) == (1, "")
    with Recording(recording) as opened:
        assert judged.json == probe_object(opened.call())


async def test_a_live_probe_and_its_recording_judge_alike_to_the_last_digit(tmp_path: Path) -> None:
    async with bot_host("choppy") as ready:
        flags = ["--json", "--duration", "8", "--record", str(tmp_path / "live.callscope"), "--no-mask"]
        live = await callscope("probe", *flags, env=environment(ready))
    judged = await callscope("probe", "--replay", str(tmp_path / "live.callscope"), "--json")
    assert live.json["audio"]["inbound"]["frames"] > 100
    assert (judged.code, judged.json) == (live.code, live.json)


async def test_the_facts_of_a_recording_are_told_as_lines(recording: Path) -> None:
    told = await callscope("probe", "--replay", str(recording), "--jsonl")
    assert len(told.stdout.splitlines()) == len(bad_day())
    assert told.stderr.startswith("callscope: degraded")


async def test_what_is_no_recording_has_no_verdict(tmp_path: Path) -> None:
    judged = await callscope("probe", "--replay", str(tmp_path / "missing.callscope"), "--json")
    assert (judged.code, judged.stdout) == (2, "")
    assert "cannot be read" in judged.stderr
