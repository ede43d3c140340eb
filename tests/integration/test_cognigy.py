"""`callscope probe --dialect cognigy` and `cognigy-rest` against the bot host, as processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.hosts import bot_host, callscope, environment

BOTH = pytest.mark.parametrize("dialect", ["cognigy", "cognigy-rest"])
NUMBER = "I can look that up. What is your tracking number?"


def endpoint(ready: Mapping[str, Any], **more: str) -> dict[str, str]:
    """An environment in which the bot host is a Cognigy endpoint, its address as Cognigy shows it."""
    return environment(ready, **{"CALLSCOPE_URL": f"{ready['cognigy_url']}/{ready['url_token']}"} | more)


@BOTH
async def test_what_is_said_is_answered_and_measured_and_then_the_probe_ends_by_itself(dialect: str) -> None:
    async with bot_host("steady") as ready:
        say = ("--say", "Hi, where is my parcel?", "--say", "anything else")
        ended = await callscope("probe", "--dialect", dialect, *say, "--json", env=endpoint(ready))
    assert (ended.code, ended.stderr) == (0, "")
    told = ended.json["cognigy"]
    assert told["test_mode"] is True
    assert told["session_id"] == f"callscope-{ended.json['call_id']}"
    assert [said["status"] for said in told["utterances"]] == ["finished", "finished"]
    first, second = told["utterances"]
    assert (first["outputs"], first["intent"], first["intent_score"]) == ([NUMBER], "TrackParcel", 0.94)
    assert second["sent_s"] * 1000 >= first["sent_s"] * 1000 + first["whole_turn_ms"] - 2
    assert (first["first_output_ms"] is None) == (dialect == "cognigy-rest")
    assert ended.json["messages"]["sent"] == 2
    assert ready["url_token"] not in ended.stdout


@BOTH
async def test_a_wrong_token_is_refused_and_never_shown(dialect: str) -> None:
    async with bot_host("steady") as ready:
        env = endpoint(ready, CALLSCOPE_URL_TOKEN="a-token-that-is-wrong", CALLSCOPE_URL=ready["cognigy_url"])
        ended = await callscope("probe", "--dialect", dialect, "--say", "hi", "--json", env=env)
    assert ended.code == 3
    assert ended.json["findings"][0]["rule"] == "endpoint_refused"
    assert "a-token-that-is-wrong" not in ended.stdout + ended.stderr


@BOTH
async def test_a_host_that_is_not_there_is_unreachable(dialect: str) -> None:
    async with bot_host("steady") as ready:
        env = endpoint(ready)
    flags = ("--max-attempts", "1", "--say", "hi", "--json")
    ended = await callscope("probe", "--dialect", dialect, *flags, env=env)
    assert ended.code == 4
    assert ended.json["cognigy"] is None


async def test_a_profile_holds_the_endpoint(tmp_path: Path) -> None:
    async with bot_host("steady") as ready:
        file = tmp_path / "config.toml"
        url = f"{ready['cognigy_url']}/{ready['url_token']}"
        file.write_text(f'[parcel]\ndialect = "cognigy"\nurl = "{url}"\nuser_id = "dash-op3"\n', "utf-8")
        file.chmod(0o600)
        flags = ("--config", str(file), "--session-id", "dash-7f01", "--say", "hi")
        ended = await callscope("probe", "parcel", *flags, "--json", env=environment(ready, CALLSCOPE_APP_ID=""))
    assert ended.code == 0
    told = ended.json["cognigy"]
    assert (told["user_id"], told["session_id"]) == ("dash-op3", "dash-7f01")


async def test_a_token_on_the_command_line_is_refused_and_not_repeated() -> None:
    token = "4be1c0de" * 8
    flags = ("--dialect", "cognigy", "--url", f"https://endpoint-trial.cognigy.ai/{token}")
    nobody = {"base_url": "", "client_id": "", "client_secret": "", "app_id": ""}
    ended = await callscope("probe", *flags, env=environment(nobody))
    assert ended.code == 2
    assert "a secret is never a flag" in ended.stderr
    assert token not in ended.stderr
