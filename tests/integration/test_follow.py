"""A conversation followed by processes as a user starts them: `probe --conversation`, and `listen --follow`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dashboard.storage.recording import Recording
from tests.hosts import bot_host, callscope
from tests.integration.test_listen import environ, listening

SCENARIO = """
name = "followed"
summary = "a short conversation that drops once"
duration_s = 6

[notifications]
transcripts_after_s = 0.5

[[turn]]
who = "bot"
at_s = 0.3
clip = "bot-goodbye"

[[turn]]
who = "caller"
at_s = 0.6
clip = "caller-twelve"

[[fault]]
kind = "abort"
at_s = 4.2
"""


@pytest.fixture
def played(tmp_path: Path) -> str:
    path = tmp_path / "followed.toml"
    path.write_text(SCENARIO)
    return str(path)


def client(ready: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a client of the host, and nothing of an app."""
    return environ(
        GENESYS_BASE_URL=ready["base_url"],
        GENESYS_CLIENT_ID=ready["client_id"],
        GENESYS_CLIENT_SECRET=ready["client_secret"],
    )


async def test_a_conversation_is_followed_to_its_end_with_transcript_gap_and_no_word_of_sound(
    played: str, tmp_path: Path
) -> None:
    log, record = tmp_path / "link.log", tmp_path / "call.callscope"
    async with bot_host(played) as ready:
        flags = ("--conversation", ready["conversation_id"], "--linger", "2", "--json")
        ended = await callscope("probe", *flags, "--log-file", str(log), "--record", str(record), env=client(ready))
    report = ended.json
    assert ended.code == 1  # it dropped, and that stands at the end
    assert report["conversation_id"] == ready["conversation_id"]
    told = report["notifications"]
    assert (told["transcripts"], told["gaps"], told["over"]) == (2, 1, True)
    assert {party["disconnect_type"] for party in told["parties"]} == {"peer"}
    rules = {finding["rule"] for finding in report["findings"]}
    assert rules - {"self_late"} == {"abnormal_closures"}
    assert report["audio"]["inbound"]["frames"] == 0
    with Recording(record) as kept:
        again = kept.call()
    assert again.notices is not None
    assert again.notices.transcripts == 2
    written = log.read_text() + ended.stdout + ended.stderr + record.read_bytes().decode("latin-1")
    for private in ("/channels/", "streaming-", "Doe", "4930901820", ready["client_secret"]):
        assert private not in written
    events = {json.loads(line)["event"] for line in log.read_text().splitlines()}
    assert {"channel_subscribed", "gap_marked", "party_left"} <= events
    assert "speech_transcribed" not in events


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (("--conversation", "not-that-one"), 3, "the conversation is not known (404)"),
        (("--conversation", "c", "--url", "ws://127.0.0.1:1/ws"), 2, "different ways to a call"),
        (("--conversation", "c", "--auth", "none"), 2, "with a token"),
        (("--conversation", "a/b"), 2, "must be an id"),
    ],
)
async def test_what_cannot_be_followed_is_told(flags: tuple[str, ...], code: int, said: str, played: str) -> None:
    async with bot_host(played) as ready:
        ended = await callscope("probe", *flags, env=client(ready))
    assert ended.code == code
    assert said in ended.stdout + ended.stderr


async def test_sound_and_transcript_are_one_call_of_a_listener(played: str) -> None:
    async with bot_host(played) as ready:
        async with listening("--json", "--follow", env=client(ready)) as listener:
            conversation = ready["conversation_id"]
            caller = await callscope(
                "simulate", "steady", "--audiohook", listener.url, "--conversation", conversation, env=environ()
            )
        assert caller.stderr == ""
    (call,) = listener.json["calls"]
    assert call["conversation_id"] == conversation
    assert call["audio"]["inbound"]["frames"] > 100
    assert call["notifications"]["transcripts"] == 2
    assert call["audiohook"]["stage"] == "closed"


async def test_a_listener_that_follows_needs_an_oauth_client() -> None:
    ended = await callscope("listen", "--follow", "--no-screen", "--duration", "1", env=environ())
    assert ended.code == 2
    assert "credentials are missing: GENESYS_CLIENT_ID" in ended.stderr
