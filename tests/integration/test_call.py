"""`call` as a process, to `simulate --connector` as another one."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dashboard.call.codec import event_from_line
from dashboard.call.hook_events import HookOffered, SessionEnding
from dashboard.conformance.result import Part
from dashboard.dialects.audiohook_signature import Keyring
from dashboard.simulator.hookbot import HookBot
from dashboard.simulator.scenario import Scenario, load_scenario
from tests.hosts import CALLSCOPE, Ended, callscope
from tests.unit.transport.authority import authority, server_context

KEY = "lab-key-01:ZGFzaC1sYWItc2hhcmVkLXNlY3JldC0wMDQy"
SCENARIO = """
name = "short"
summary = "a bot with little to say"
duration_s = 60

[[turn]]
who = "bot"
text = "Welcome to us, what can we do?"

[[turn]]
who = "bot"
text = "it is on its way"
after_s = 0.1
"""


def environ(keys: str = KEY) -> dict[str, str]:
    """No setting of this machine's own user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CALLSCOPE_", "GENESYS_"))}
    return {**kept, "XDG_CONFIG_HOME": "/nonexistent", **({"CALLSCOPE_HOOK_KEYS": keys} if keys else {})}


def a_tone(path: Path) -> str:
    """Half a second of a tone, at 16 kHz."""
    sound = struct.pack("<8000h", *(8000 if n // 20 % 2 else -8000 for n in range(8000)))
    form = struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(sound)) + sound
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return str(path)


@asynccontextmanager
async def a_bot(folder: Path, way: str = "", *, env: Mapping[str, str] | None = None) -> AsyncIterator[str]:
    """Run the bot; yield its address."""
    played = folder / f"short{way}.toml"
    played.write_text(SCENARIO + (f'[[fault]]\nkind = "unruly"\nways = ["{way}"]\n' if way else ""))
    process = await asyncio.create_subprocess_exec(
        *CALLSCOPE, "simulate", str(played), "--connector",
        stdout=asyncio.subprocess.PIPE, env=env or environ(),
    )  # fmt: skip
    assert process.stdout is not None
    try:
        ready: dict[str, Any] = json.loads(await process.stdout.readline())
        yield ready["url"]
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def a_bot_behind_tls(played: Scenario, kind: str | None = "good") -> AsyncIterator[str]:
    """Be the bot, with a certificate of that kind, None for none; yield its address."""
    host = HookBot(played, Keyring.read([KEY]), tls=None if kind is None else server_context(kind))
    await host.start()
    try:
        yield host.url
    finally:
        await host.stop()


@dataclass
class All:
    """What became of every command, each run beside the others: nearly all of it is waiting."""

    whole: Ended
    recording: Path
    unkeyed: Ended
    refused: Ended
    nobody: Ended
    shut_out: Ended
    passed: Ended
    failed: Ended


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> All:
    path = tmp_path_factory.mktemp("call")
    wav, recording = a_tone(path / "tone.wav"), path / "call.callscope"
    whole = ("--wav", wav, "--input", "Order=12", "--language", "de-DE", "--record", str(recording), "--json")
    other = environ("other-key:AAAA")
    authority("good").cert_pem.write_to_path(str(path / "ca.pem"))
    trusts = ("--ca-file", str(path / "ca.pem"))

    async def everything() -> All:
        async with (
            a_bot(path) as url,
            a_bot(path, env=environ("")) as open_to_all,
            a_bot(path, "strict_fields") as bad,
            a_bot_behind_tls(load_scenario(str(path / "short.toml"))) as secured,
        ):
            found = await asyncio.gather(
                callscope("call", url, *whole, env=environ()),
                callscope("call", open_to_all, "--wav", wav, "--media", "l16,pcmu", "--jsonl", env=environ("")),
                callscope("call", url, "--json", env=other),
                callscope("call", "ws://127.0.0.1:9/connector", "--no-screen", env=environ()),
                callscope("call", url, "--conformance", env=other),
                callscope("call", secured, *trusts, "--conformance", "--wav", wav, "--json", env=environ()),
                callscope("call", bad, "--conformance", "--wav", wav, env=environ()),
            )
        return All(found[0], recording, *found[1:])

    return asyncio.run(everything())


def test_a_call_with_a_file_is_one_object_and_ends_by_itself(ended: All) -> None:
    assert ended.whole.code == 0, ended.whole.stderr
    figures = ended.whole.json
    hook = figures["audiohook"]
    assert (hook["media"], hook["language"], hook["stage"]) == ("PCMU 8000 external", "de-DE", "closed")
    assert (hook["outputs"], hook["playback"]["count"]) == (["Outcome=resolved", "Turns=2"], 2)
    assert (figures["turns"]["count"], figures["verdict"]) == (1, "healthy")
    assert figures["turns"]["stages_ms"]["final_to_audio"]["p50"] is not None


async def test_a_call_that_was_recorded_is_told_again_as_it_was(ended: All) -> None:
    again = await callscope("probe", "--replay", str(ended.recording), "--json", env=environ())
    assert again.code == 0
    for part in ("turns", "audiohook", "verdict"):
        assert again.json[part] == ended.whole.json[part]
    assert b"Order" not in ended.recording.read_bytes()


def test_without_a_key_a_bot_that_asks_for_none_is_called_and_both_formats_are_offered(ended: All) -> None:
    facts = [event_from_line(line) for line in ended.unkeyed.stdout.splitlines()]
    assert ended.unkeyed.code == 0, ended.unkeyed.stderr
    assert [fact.media for fact in facts if isinstance(fact, HookOffered)] == [
        ("L16 8000 external", "PCMU 8000 external")
    ]
    assert [fact.by for fact in facts if isinstance(fact, SessionEnding)] == ["server", "client"]


def test_who_is_refused_is_told_apart_from_where_nobody_is(ended: All) -> None:
    assert (ended.refused.code, ended.nobody.code, ended.shut_out.code) == (3, 4, 3)
    assert "401" in ended.refused.stdout
    assert "CALLSCOPE_HOOK_KEYS must hold KEY:SECRET" in ended.refused.json["findings"][0]["remedy"]
    assert "does not take our key" in ended.shut_out.stderr
    for one in (ended.refused, ended.shut_out):
        assert "AAAA" not in one.stdout + one.stderr


def test_conformance_of_a_good_bot_behind_tls_is_one_object(ended: All) -> None:
    report = ended.passed.json
    assert ended.passed.code == 0
    unseen = {one["name"]: one["status"] for one in report["checks"] if one["status"] != "pass"}
    assert unseen == dict.fromkeys(("updated_unasked", "channel_unknown", "final_repeated"), "not seen")
    assert report["passed"] == len(report["checks"]) - 3
    assert report["figures"]["opened_ms"] > 0
    assert (report["endpoint"][:6], report["error"]) == ("wss://", None)


def test_conformance_of_one_that_breaks_rules_is_a_table_that_names_them(ended: All) -> None:
    assert ended.failed.code == 1
    rows = ended.failed.stdout.splitlines()
    assert [row.split()[1] for row in rows if row.startswith("FAIL")] == [
        "unknown_fields",
        "unknown_message",
        "bad_json",
    ]
    assert "sent: {" in [row.strip() for row in rows]
    assert [row for row in rows if row in tuple(Part)] == list(Part)
    assert " 3 failed" in rows[-1]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((), "there is no bot to call"),
        (("ws://bot.example.net/",), "must begin with wss://"),
        (("wss://bot.example.net/", "--wav", __file__), "it is no WAV file"),
        (("wss://bot.example.net/", "--input", "Order"), "must be NAME=VALUE"),
        (("wss://bot.example.net/", "--dtmf", "12x"), "--dtmf"),
        (("wss://bot.example.net/", "--media", "opus"), "--media"),
    ],
)
async def test_what_cannot_be_called_is_said_before_anything_is_dialled(flags: tuple[str, ...], told: str) -> None:
    ended = await callscope("call", *flags, "--no-screen", env=environ())
    assert ended.code == 2
    assert told in ended.stderr
