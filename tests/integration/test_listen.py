"""`listen` as a process, called by `simulate --audiohook` as another one."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from dashboard.call.codec import event_from_line, kind_of
from dashboard.call.hook_events import DOOR
from dashboard.storage.recording import Recording
from tests.hosts import CALLSCOPE, Ended, callscope
from tests.terminal import Terminal

KEY = "lab-key-01:ZGFzaC1sYWItc2hhcmVkLXNlY3JldC0wMDQy"
SCENARIO = """
name = "hooked"
summary = "some seconds of a call, part of which is not sent"
duration_s = 2.5

[audio]
frame_ms = 100

[[turn]]
who = "caller"
at_s = 0.2
clip = "caller-thanks"

[[fault]]
kind = "drop"
at_s = 0.5
for_s = 0.3
probability = 1.0
"""
HERD = """
name = "herd"
summary = "the host of all callers restarts, and they are back at once"
duration_s = 4

[audio]
frame_ms = 100

[[fault]]
kind = "abort"
at_s = 1.0

[[fault]]
kind = "return"
after_s = 1.0
"""


def environ(keys: str = KEY, **more: str) -> dict[str, str]:
    """No setting of this machine's own user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CALLSCOPE_", "GENESYS_"))}
    return {**kept, "XDG_CONFIG_HOME": "/nonexistent", **({"CALLSCOPE_HOOK_KEYS": keys} if keys else {}), **more}


@pytest.fixture
def played(tmp_path: Path) -> str:
    path = tmp_path / "hooked.toml"
    path.write_text(SCENARIO)
    return str(path)


@dataclass
class Listening:
    """A listener that runs; `ended` after the block."""

    url: str
    process: asyncio.subprocess.Process
    ended: Ended | None = None

    @property
    def json(self) -> dict[str, Any]:
        assert self.ended is not None
        return self.ended.json


@asynccontextmanager
async def listening(
    *flags: str, env: Mapping[str, str] | None = None, ends_itself: bool = False
) -> AsyncIterator[Listening]:
    """Run `callscope listen` on a free port; at the end of the block it is interrupted, unless it ends by itself."""
    process = await asyncio.create_subprocess_exec(
        *CALLSCOPE, "listen", "--port", "0", *flags,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=env or environ(),
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stdout is not None
    stdout = asyncio.create_task(process.stdout.read())  # facts must not wait for us
    try:
        before = ""
        while (found := re.search(r"listening on (\S+);", before)) is None:
            line = (await process.stderr.readline()).decode()
            assert line, before
            before += line
        listener = Listening(found[1], process)
        yield listener
        if not ends_itself:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(15):
            said = (await process.stderr.read()).decode()
            listener.ended = Ended(await process.wait(), (await stdout).decode(), before + said)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await stdout


async def test_two_calls_come_in_and_are_reported_as_one_object(played: str) -> None:
    async with listening("--json") as listener:
        caller = await callscope("simulate", played, "--audiohook", listener.url, "--calls", "2", env=environ())
    assert (caller.code, caller.stderr) == (0, "")
    for line in caller.stdout.splitlines():
        outcome = json.loads(line)
        assert (outcome["closed"], outcome["broken"], outcome["frames"]) == (True, [], 22)
    report = listener.json
    assert report["listener"]["signed"] is True
    assert len(report["calls"]) == 2
    for call in report["calls"]:
        assert call["audio"]["inbound"]["frames"] == 22
        assert call["audio"]["inbound"]["lost"] == 3
        assert call["audiohook"]["discarded_ms"] == 300.0
        assert call["audiohook"]["broken"] == {}
        assert (call["link"]["state"], call["link"]["outages"]) == ("closed", 0)
    assert listener.ended is not None
    assert listener.ended.code == 130
    for secret in KEY.split(":"):
        assert secret not in listener.ended.stdout + listener.ended.stderr


async def test_the_log_tells_of_the_door_and_its_calls_with_their_time(played: str, tmp_path: Path) -> None:
    log = tmp_path / "link.log"
    async with listening("--json", "--log-file", str(log)) as listener:
        await callscope("simulate", played, "--audiohook", listener.url, env=environ("nobody"))
        await callscope("simulate", played, "--audiohook", listener.url, env=environ())
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert all(entry["time"] for entry in entries)
    (refused,) = (entry for entry in entries if entry["event"] == "upgrade_refused")
    assert (refused["level"], refused["reason"]) == ("warning", "key_unknown")
    assert {"listener_started", "call_started", "hook_accepted", "call_ended"} <= {entry["event"] for entry in entries}
    assert "tel:" not in log.read_text()


async def test_every_fact_is_a_line_and_the_doors_are_of_no_call(played: str) -> None:
    async with listening("--jsonl") as listener:
        await callscope("simulate", played, "--audiohook", listener.url, env=environ())
        await callscope("simulate", played, "--audiohook", listener.url, env=environ("nobody"))
    assert listener.ended is not None
    facts = [event_from_line(line) for line in listener.ended.stdout.splitlines()]
    assert {kind_of(fact) for fact in facts if fact.call_id == DOOR} == {
        "listener_started",
        "upgrade_refused",
        "ticked",
    }
    assert {"hook_offered", "hook_accepted", "hook_pinged", "media_discarded", "session_closed", "call_ended"} <= {
        kind_of(fact) for fact in facts if fact.call_id != DOOR
    }
    assert "refused with 401: key_unknown" in listener.ended.stderr


async def test_without_a_screen_each_call_is_summed_up_when_it_is_over(played: str) -> None:
    async with listening("--no-screen") as listener:
        await callscope("simulate", played, "--audiohook", listener.url, env=environ())
    assert listener.ended is not None
    assert listener.ended.stdout.startswith("callscope: ")
    assert "22 frames" in listener.ended.stdout


async def test_every_call_is_recorded_to_a_file_of_its_own(played: str, tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    async with listening("--json", "--record", str(folder), "--record-audio") as listener:
        await callscope("simulate", played, "--audiohook", listener.url, "--calls", "2", env=environ())
    files = sorted(folder.iterdir())
    assert len(files) == 2
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    for file in files:
        report = (await callscope("probe", "--replay", str(file), "--json", env=environ())).json
        (call,) = (one for one in listener.json["calls"] if one["call_id"] == report["call_id"])
        assert report == call
        with Recording(file) as recording:
            assert (recording.info.complete, recording.info.sound) == (True, True)


async def test_only_the_minutes_around_trouble_are_recorded_if_told_so(played: str, tmp_path: Path) -> None:
    kept, lost = environ(XDG_DATA_HOME=str(tmp_path)), tmp_path / "lost.toml"
    lost.write_text(HERD)
    async with listening("--json", "--record-on", "outage", env=kept) as listener:
        await callscope("simulate", str(lost), played, "--audiohook", listener.url, "--calls", "2", env=environ())
    (file,) = (tmp_path / "callscope" / "recordings").iterdir()
    with Recording(file) as recording:
        assert recording.info.trigger == "outage"


async def test_callers_that_are_lost_and_come_back_together_are_a_herd(tmp_path: Path) -> None:
    path = tmp_path / "herd.toml"
    path.write_text(HERD)
    async with listening("--json") as listener:
        await callscope("simulate", str(path), "--audiohook", listener.url, "--calls", "12", env=environ())
    calls = listener.json["calls"]
    assert [call["audiohook"]["sessions"] for call in calls] == [2] * 12
    for call in calls:
        (herd,) = (finding for finding in call["findings"] if finding["rule"] == "thundering_herd")
        assert herd["severity"] == "warning"
        assert "12 of 12 links that were lost together" in herd["summary"]


async def test_after_its_time_it_ends_by_itself() -> None:
    ended = await callscope("listen", "--port", "0", "--duration", "0.5", "--json", env=environ())
    assert (ended.code, ended.json["calls"]) == (0, [])


async def test_a_caller_with_a_wrong_secret_is_told_where_to_look(played: str) -> None:
    async with listening("--json") as listener:
        wrong = await callscope("simulate", played, "--audiohook", listener.url, env=environ("lab-key-01:d3Jvbmc="))
    assert wrong.code == 3
    assert "CALLSCOPE_HOOK_KEYS" in wrong.stderr
    assert listener.json["listener"]["refused"]["reasons"] == {"mismatch": 1}


async def test_it_serves_tls_with_a_certificate_of_its_own(played: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    files = ("--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem"))
    async with listening("--json", *files) as listener:
        assert listener.url.startswith("wss://")
        trusted = ("--ca-file", str(tmp_path / "ca.pem"))
        caller = await callscope("simulate", played, "--audiohook", listener.url, *trusted, env=environ())
    assert caller.code == 0
    assert listener.json["calls"][0]["link"]["clock"] in ("kernel", "process")
    assert ssl.OPENSSL_VERSION


@pytest.mark.parametrize(
    ("flags", "keys", "said"),
    [
        (("--host", "0.0.0.0"), KEY, "in clear"),
        (("--host", "192.0.2.1"), KEY, "in clear"),
        (("--hook-keys", KEY), "", "never a flag"),
        (("--key", "pyproject.toml"), "", "--cert is not"),
        (("--cert", "pyproject.toml"), "", "cannot be served with"),
        (("--cert", "nowhere.pem"), "", "must be a file"),
        (("--path", "audiohook"), "", "--path"),
        (("--record", "call.callscope"), "", "Name a folder"),
        ((), "lab-key-01:not base64", "base64"),
    ],
)
async def test_what_would_not_be_safe_or_cannot_be_is_refused(flags: tuple[str, ...], keys: str, said: str) -> None:
    ended = await callscope("listen", "--json", "--port", "0", *flags, env=environ(keys))
    assert ended.code == 2
    assert said in ended.stderr
    assert "ZGFzaC1" not in ended.stderr


async def test_a_public_address_needs_a_key_as_well(tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("listener.test")
    both = tmp_path / "both.pem"
    both.write_bytes(issued.private_key_pem.bytes() + issued.cert_chain_pems[0].bytes())
    ended = await callscope("listen", "--json", "--host", "0.0.0.0", "--cert", str(both), env=environ(""))
    assert ended.code == 2
    assert "without a key" in ended.stderr


async def test_a_port_that_is_taken_is_told() -> None:
    async with listening("--json") as listener:
        port = listener.url.rsplit(":", 1)[1].partition("/")[0]
        ended = await callscope("listen", "--json", "--port", port, env=environ())
        shown = await callscope("listen", "--port", port, env=environ())
    for one in (ended, shown):
        assert one.code == 2
        assert f"cannot listen on 127.0.0.1, port {port}" in one.stderr


async def test_the_board_waits_shows_the_call_and_opens_it(played: str, tmp_path: Path) -> None:
    port = "18480"
    argv = [*CALLSCOPE, "listen", "--port", port, "--json-out", "figures.json"]
    with Terminal(argv, columns=120, rows=36, cwd=tmp_path, env=environ()) as terminal:
        url = f"ws://127.0.0.1:{port}/audiohook"
        await asyncio.to_thread(terminal.until, f"Waiting for calls at {url}")
        assert (await callscope("simulate", played, "--audiohook", url, env=environ())).code == 0
        await asyncio.to_thread(terminal.until, "closed: end")
        await asyncio.to_thread(terminal.press, "\r")
        await asyncio.to_thread(terminal.until, "3 transcript")
        await asyncio.to_thread(terminal.press, "\x1b")
        await asyncio.to_thread(terminal.until, "enter opens the call")
        await asyncio.to_thread(terminal.press, "q")
        assert await asyncio.to_thread(terminal.ended) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert [call["audiohook"]["end_reason"] for call in figures["calls"]] == ["end"]


async def test_a_demo_of_many_calls_opens_on_the_board_and_one_of_them_can_be_saved(tmp_path: Path) -> None:
    argv = [*CALLSCOPE, "demo", "--dialect", "audiohook", "--calls", "3"]
    env = environ("", XDG_DATA_HOME=str(tmp_path))
    with Terminal(argv, columns=120, rows=36, cwd=tmp_path, env=env) as terminal:
        for keys, shown in (
            ("", "calls · 3"),
            ("\r", "3 transcript"),
            ("s", "Recording saved"),
            ("\x1b", "enter opens the call"),
            ("q", "3 calls are being watched"),
        ):
            if keys:
                await asyncio.to_thread(terminal.press, keys)
            await asyncio.to_thread(terminal.until, shown)
        await asyncio.to_thread(terminal.press, "y")
        assert await asyncio.to_thread(terminal.ended) == 0
    (saved,) = (tmp_path / "callscope" / "recordings").iterdir()
    with Recording(saved) as recording:
        assert recording.info.complete
