"""A bot beside a call, through processes: `probe --conversation`, `listen`, and the demo of three wires."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dashboard.call.codec import event_from_line
from dashboard.call.figures import probe_object
from dashboard.storage.recording import Recording
from tests.hosts import CALLSCOPE, bot_host, callscope
from tests.integration.test_follow import client
from tests.integration.test_listen import environ, listening
from tests.terminal import Terminal

SCENARIO = """
name = "beside"
summary = "a conversation, and an endpoint that answers"
duration_s = 60

[notifications]
transcripts_after_s = 0.5

[answer]
text = "Here is your parcel."
delay_s = 0.2
intent = "TrackParcel"
confidence = 0.9

[[turn]]
who = "bot"
at_s = 0.3
clip = "bot-goodbye"
"""


@pytest.fixture
def played(tmp_path: Path) -> str:
    path = tmp_path / "beside.toml"
    path.write_text(SCENARIO)
    return str(path)


def config(folder: Path, ready: Mapping[str, Any], **fields: str) -> str:
    """A settings file with a profile for calls and one for the bot that it names."""
    told = {"dialect": "cognigy", "url": ready["cognigy_url"], "url_token": ready["url_token"], **fields}
    bot = "\n".join(f'{name} = "{value}"' for name, value in told.items())
    path = folder / "config.toml"
    path.write_text(f'[support]\nfollow = true\nbot = "parcel-bot"\n\n[parcel-bot]\n{bot}\n', "utf-8")
    path.chmod(0o600)
    return str(path)


@pytest.mark.parametrize("dialect", ["cognigy", "cognigy-rest"])
async def test_what_is_asked_beside_a_conversation_is_answered_recorded_and_replayed_alike(
    dialect: str, played: str, tmp_path: Path
) -> None:
    record, log = tmp_path / "call.callscope", tmp_path / "link.log"
    async with bot_host(played) as ready:
        flags = ("--config", config(tmp_path, ready, dialect=dialect), "--conversation", ready["conversation_id"])
        kept = ("--record", str(record), "--log-file", str(log), "--json")
        say = ("--say", "where is it", "--say", "thank you")
        ended = await callscope("probe", "support", *flags, *say, *kept, env=client(ready))
    assert (ended.code, ended.json["verdict"]) == (0, "healthy"), ended.stdout + ended.stderr
    bot = ended.json["bot"]
    session = f"callscope-{ready['conversation_id']}"
    assert (bot["profile"], bot["session_id"], bot["test_mode"]) == ("parcel-bot", session, True)
    assert [said["status"] for said in bot["cognigy"]["utterances"]] == ["finished", "finished"]
    assert bot["cognigy"]["utterances"][0]["outputs"] == ["Here is your parcel."]
    assert (ended.json["turns"]["count"], ended.json["messages"]["sent"], ended.json["cognigy"]) == (0, 0, None)
    with Recording(record) as recording:
        assert probe_object(recording.call()) == ended.json
    assert "asked beside | parcel-bot, session" in (await callscope("report", str(record), env=client(ready))).stdout
    report = await callscope("report", str(record), "--format", "html", env=client(ready))
    assert "nobody on the call said or heard them" in report.stdout
    assert "◂ test" in report.stdout
    written = log.read_text()
    assert {"bot_endpoint_ready", "bot_turn_finished"} <= {json.loads(line)["event"] for line in written.splitlines()}
    for text in (ended.stdout, ended.stderr, written, report.stdout, record.read_bytes().decode("latin-1")):
        assert ready["url_token"] not in text


async def test_every_fact_is_a_line_that_can_be_read_back(played: str, tmp_path: Path) -> None:
    async with bot_host(played) as ready:
        flags = ("--config", config(tmp_path, ready), "--conversation", ready["conversation_id"], "--say", "hello")
        ended = await callscope("probe", "support", *flags, "--jsonl", env=client(ready))
    kinds = [json.loads(line)["fact"]["kind"] for line in ended.stdout.splitlines() if '"bot_told"' in line]
    assert kinds[0] == "call_started"
    assert kinds[-1] == "call_ended"
    assert {"utterance_held", "utterance_sent", "endpoint_ready", "text_received", "turn_finished"} <= set(kinds)
    assert len([event_from_line(line) for line in ended.stdout.splitlines()]) > len(kinds)


async def test_an_endpoint_that_refuses_is_named_and_the_conversation_is_followed_all_the_same(
    played: str, tmp_path: Path
) -> None:
    async with bot_host(played) as ready:
        flags = ("--config", config(tmp_path, ready, url_token="wrong"), "--conversation", ready["conversation_id"])
        more = ("--say", "hello", "--duration", "8", "--json")
        ended = await callscope("probe", "support", *flags, *more, env=client(ready))
    assert ended.code == 1
    assert {finding["rule"] for finding in ended.json["findings"]} - {"self_late"} == {"endpoint_refused"}
    assert ended.json["link"]["state"] == "closed"
    assert ended.json["notifications"]["transcripts"] == 1
    assert "wrong" not in ended.stdout.replace("a wrong URL token", "") + ended.stderr


@pytest.mark.parametrize(
    ("bot", "said"),
    [
        ("nobody", "there is no profile nobody"),
        ("support", "the profile support is of no Cognigy endpoint: its dialect is appfoundry"),
    ],
)
async def test_a_listener_refuses_a_bot_that_is_none(bot: str, said: str, tmp_path: Path) -> None:
    nowhere = {"cognigy_url": "http://127.0.0.1:1", "url_token": "t"}
    flags = ("--config", config(tmp_path, nowhere), "--bot", bot, "--no-screen")
    ended = await callscope("listen", *flags, env=environ())
    assert ended.code == 2
    assert said in ended.stderr
    assert ended.stderr.count("\n") >= 2  # and what to do


async def test_a_listener_with_a_bot_dials_it_for_nobody_who_says_nothing(tmp_path: Path) -> None:
    short, conversation = tmp_path / "short.toml", "7be0c7d2-1111-4222-8333-9a9a9a9a9a9a"
    short.write_text(SCENARIO.replace("duration_s = 60", "duration_s = 3"))
    nowhere = {"cognigy_url": "http://127.0.0.1:1", "url_token": "t"}
    flags = ("--config", config(tmp_path, nowhere), "--bot", "parcel-bot", "--json")
    async with listening(*flags) as listener:
        call_it = ("simulate", str(short), "--audiohook", listener.url, "--conversation", conversation)
        caller = await callscope(*call_it, env=environ())
    assert caller.stderr == ""
    (call,) = listener.json["calls"]
    assert (call["bot"]["session_id"], call["bot"]["link"]) == (f"callscope-{conversation}", None)
    assert not {finding["rule"] for finding in call["findings"]} & {"side_link_down", "endpoint_refused"}


async def test_the_demo_of_three_wires_is_one_call_that_can_be_asked(tmp_path: Path) -> None:
    argv = [*CALLSCOPE, "demo", "--dialect", "combined", "steady", "--json-out", "figures.json"]
    with Terminal(argv, columns=120, rows=36, cwd=tmp_path, env=environ(keys="")) as terminal:
        for keys, shown in (
            ("", "calls · 1"),
            ("\r", "3 transcript"),
            ("u", "at parcel-bot · no caller hears it"),
            ("anything else\r", "» test   anything else"),
            ("", "◂ test"),
            ("\x1b", "enter opens the call"),
            ("q", "1 call is being watched"),
        ):
            if keys:
                await asyncio.to_thread(terminal.press, keys)
            await asyncio.to_thread(terminal.until, shown)
        await asyncio.to_thread(terminal.press, "y")
        assert await asyncio.to_thread(terminal.ended) == 0
    (call,) = json.loads((tmp_path / "figures.json").read_text())["calls"]
    assert call["audio"]["inbound"]["frames"] > 50
    assert call["notifications"]["link"] is not None
    said = [one["text"] for one in call["bot"]["cognigy"]["utterances"]]
    assert "anything else" in said
    assert call["bot"]["session_id"] == f"callscope-{call['conversation_id']}"
