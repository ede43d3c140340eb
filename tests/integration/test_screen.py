"""The real program in a real terminal, against the real bot host."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import pytest

from dashboard.storage.recording import Recording
from tests.hosts import CALLSCOPE, environment
from tests.terminal import Terminal, children, is_alive

NOWHERE = {"base_url": "", "client_id": "", "client_secret": "", "app_id": ""}
"""The demo asks nobody's environment for an account."""


@contextmanager
def demo(cwd: Path, *args: str, columns: int = 120, rows: int = 36) -> Iterator[Terminal]:
    argv = [*CALLSCOPE, "demo", *args]
    env = environment(NOWHERE, XDG_DATA_HOME=str(cwd / "kept"))
    with Terminal(argv, columns=columns, rows=rows, cwd=cwd, env=env) as terminal:
        yield terminal


def test_a_newcomer_opens_the_demo_and_every_key_works(tmp_path: Path) -> None:
    with demo(tmp_path, "steady", "--json-out", "figures.json") as terminal:
        terminal.until("● open")
        terminal.until("Clear")

        terminal.press("u")
        terminal.until("what the caller says")
        terminal.press("parcel 4711\r")
        terminal.until(lambda text: "parcel 4711" in text and "answered" in text)

        terminal.press(" ")
        terminal.until("FROZEN")
        terminal.press(" ")
        terminal.until(lambda text: "FROZEN" not in text)

        terminal.press("m")
        terminal.until("⚑ mark")
        terminal.press("p")
        terminal.until("frames by ms")
        terminal.press("w")

        terminal.press("5M")
        terminal.until(lambda text: "5 reconnects" in text and "1 connection" not in text)
        terminal.press("M")
        terminal.until("1 connection")

        terminal.press("b")
        terminal.until("the user said")
        terminal.press("\x1b")
        terminal.until(lambda text: "the user said" not in text)

        terminal.press("?")
        terminal.until("reconnect now")
        terminal.press("\x1b")
        terminal.until(lambda text: "reconnect now" not in text)
        terminal.press("t")

        terminal.press("d")
        terminal.until("healthy: a call can be made")
        terminal.press("\x1b")
        terminal.until(lambda text: "examine" not in text and "can be made" not in text)

        terminal.press("r")
        terminal.until("operator asked")
        terminal.until("● open")

        terminal.press("5\r")
        terminal.until("why, the best explanation first")
        terminal.press("\x1b")
        terminal.until(lambda text: "why, the best explanation first" not in text)

        terminal.press("s")
        terminal.until("Recording saved")
        (saved,) = (tmp_path / "kept").rglob("*.callscope")
        with Recording(saved) as recording:
            assert recording.info.complete

        terminal.press("x")
        terminal.until("MASKED")
        terminal.press("x")
        terminal.until(lambda text: "MASKED" not in text)

        terminal.press("e")
        terminal.until("Evidence written")
        (bundle,) = tmp_path.glob("callscope-*.zip")
        with ZipFile(bundle) as written:
            assert written.testzip() is None
            assert {"report.html", "screen.svg", "call.callscope"} <= {Path(name).name for name in written.namelist()}
        assert b"\x1b]52;c;" in terminal.written, "the path is in the clipboard"

        for columns, rows in ((80, 24), (200, 50), (60, 20), (120, 36)):
            terminal.resize(columns, rows)
            terminal.until("80" if columns == 60 else "● open")

        terminal.press("q")
        terminal.until("A call is open")
        terminal.press("y")
        assert terminal.ended() == 0
    assert "callscope: " in terminal.text
    assert "operator asked" in terminal.text
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["link"]["outages"] == 1
    assert figures["messages"]["sent"] == 1


def test_a_screen_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    with demo(tmp_path, "steady") as terminal:
        terminal.until("● open")
        own = children(terminal.process.pid)
        assert len(own) == 2, "the bot host and the worker"
        terminal.process.kill()
        _wait_until_gone(own)


def test_a_screen_that_is_stopped_does_not_take_the_call_down(tmp_path: Path) -> None:
    with demo(tmp_path, "steady", "--json-out", "figures.json") as terminal:
        terminal.until("● open")
        terminal.process.send_signal(signal.SIGSTOP)
        time.sleep(3)  # a call that was left alone goes on: there is nothing to wait for but time
        terminal.process.send_signal(signal.SIGCONT)
        terminal.until("00:06")
        terminal.press("q")
        terminal.until("A call is open")
        terminal.press("y")
        assert terminal.ended() == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["link"]["outages"] == 0
    assert figures["messages"]["audio"] > 250
    assert figures["audio"]["inbound"]["lost"] == 0


def test_a_worker_that_is_killed_is_told_and_r_starts_another(tmp_path: Path) -> None:
    with demo(tmp_path, "steady") as terminal:
        terminal.until("● open")
        worker = max(children(terminal.process.pid))
        os.kill(worker, signal.SIGKILL)
        terminal.until("was killed by SIGKILL", timeout_s=2.0)
        terminal.press("r")
        terminal.until("● open")
        assert worker not in children(terminal.process.pid)


def test_the_summary_can_go_to_a_file_while_the_screen_keeps_the_terminals_size(tmp_path: Path) -> None:
    argv, env = [*CALLSCOPE, "demo", "steady"], environment(NOWHERE)
    with (
        (tmp_path / "summary.txt").open("wb") as file,
        Terminal(argv, columns=120, rows=36, cwd=tmp_path, env=env, stdout=file) as terminal,
    ):
        terminal.until(lambda text: "● open" in text and "5 reconnects" in text)
        terminal.press("\x03")
        assert terminal.ended() == 0
    assert (tmp_path / "summary.txt").read_text().startswith("callscope: healthy")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_call_and_gives_the_terminal_back(number: signal.Signals, tmp_path: Path) -> None:
    with demo(tmp_path, "steady") as terminal:
        terminal.until("● open")
        own = children(terminal.process.pid)
        os.kill(terminal.process.pid, number)
        assert terminal.ended() == 0
        assert b"\x1b[?1049l" in terminal.written, "the alternate screen was left"
        assert "callscope: healthy" in terminal.text
        _wait_until_gone(own)


def test_a_scenario_that_says_something_impossible_is_refused_before_the_screen_opens(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\nsummary = "x"\nduration_s = 5\nspeed = 3\n')
    with demo(tmp_path, "mine.toml") as terminal:
        assert terminal.ended() == 2
    assert "mine.toml" in terminal.text
    assert "speed" in terminal.text
    assert b"\x1b[?1049h" not in terminal.written


def _wait_until_gone(pids: list[int]) -> None:
    end = time.monotonic() + 8
    while any(map(is_alive, pids)):
        assert time.monotonic() < end, "still running"
        time.sleep(0.05)
