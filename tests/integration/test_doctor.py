"""`doctor` as a process against the bot host: the good case, its scenarios, and what is printed."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.hosts import CALLSCOPE, bot_host, callscope, environment
from tests.terminal import Terminal

FOLLOWED = """
name = "followed"
summary = "a conversation that notifications tell about"
duration_s = 60
{more}
[[turn]]
who = "caller"
at_s = 0.3
clip = "caller-twelve"
"""

NOWHERE = {"base_url": "http://127.0.0.1:1", "client_id": "x", "client_secret": "y", "app_id": "z"}
"""An address where nothing listens."""


async def test_a_good_way_is_one_line_for_each_step() -> None:
    async with bot_host("steady") as ready:
        ended = await callscope("doctor", env=environment(ready))
    assert (ended.code, ended.stderr) == (0, "")
    steps, blank, verdict = ended.stdout.splitlines()[:-2], *ended.stdout.splitlines()[-2:]
    assert [line.split("  ")[0].split()[1] for line in steps] == [
        *("ok", "skipped", "ok", "skipped", "ok"),  # settings, dns, tcp, tls, clock
        *("ok", "ok", "ok", "ok", "ok"),  # token, lookup, upgrade, message, ping
    ]
    assert {line[:1] for line in steps} == {"✓", "·"}
    assert (blank, verdict) == ("", "healthy: a call can be made")
    assert "\x1b" not in ended.stdout


@pytest.mark.parametrize(
    ("scenario", "code", "step", "cause"),
    [
        ("bad-credentials", 3, "token", "credentials_refused"),
        ("not-active", 3, "lookup", "app_inactive"),
        ("rate-limited", 3, "upgrade", "rate_limited"),
    ],
)
async def test_a_scenario_that_refuses_is_recognised(scenario: str, code: int, step: str, cause: str) -> None:
    async with bot_host(scenario) as ready:
        ended = await callscope("doctor", "--json", env=environment(ready))
    assert ended.code == code
    told = ended.json
    assert (told["version"], told["verdict"], told["cause"]) == (1, "failed", cause)
    assert (told["steps"][-1]["name"], told["steps"][-1]["ok"]) == (step, False)
    assert told["remedy"]
    assert "✗ failed" in ended.stderr
    assert ready["client_secret"] not in ended.stdout + ended.stderr


async def test_a_token_that_dies_young_is_a_warning() -> None:
    async with bot_host("token-expiry") as ready:
        ended = await callscope("doctor", env=environment(ready))
    assert ended.code == 1
    assert "! warning" in ended.stdout
    assert "cause   the token lives 5 s only" in ended.stdout


async def test_the_idle_limit_of_the_path_is_found() -> None:
    async with bot_host("idle-timeout") as ready:
        ended = await callscope("doctor", "--find-idle", "--max", "4", "--json", env=environment(ready))
    assert ended.code == 1
    told = ended.json
    assert (told["cause"], told["verdict"]) == ("idle_timeout", "degraded")
    idle = told["steps"][-1]["facts"]
    assert (idle["exact"], idle["limit_s"]) == (True, pytest.approx(2.0, abs=0.5))
    assert idle["limit_s"] / 3 <= idle["recommended_ping_interval_s"] <= idle["limit_s"] / 2


async def test_an_interrupted_search_tells_what_is_known() -> None:
    async with bot_host("steady") as ready:
        process = await asyncio.create_subprocess_exec(
            *CALLSCOPE, "doctor", "--find-idle",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(ready),
        )  # fmt: skip
        assert process.stdout is not None
        while b"ping" not in await process.stdout.readline():
            continue
        process.send_signal(signal.SIGINT)
        stdout, stderr = await process.communicate()
    assert (process.returncode, stderr) == (130, b"")
    assert b"idle      interrupted; 0 s of silence were borne" in stdout
    assert stdout.endswith(b"\ninterrupted\n")


async def test_nothing_listening_is_unreachable() -> None:
    ended = await callscope("doctor", env=environment(NOWHERE))
    assert ended.code == 4
    assert ended.stdout.splitlines()[-3] == "cause   nothing listens on 127.0.0.1:1"


async def test_settings_that_cannot_be_used_are_the_first_step() -> None:
    env = environment(NOWHERE, CALLSCOPE_APP_ID="")
    ended = await callscope("doctor", "--json", env=env)
    assert ended.code == 2
    told = ended.json
    assert (told["verdict"], told["cause"]) == ("failed", "settings")
    assert [step["name"] for step in told["steps"]] == ["settings"]
    shown = await callscope("doctor", env=env)
    assert shown.code == 2
    assert shown.stdout.startswith("✗ failed")


@pytest.mark.parametrize(
    ("more", "code", "verdict", "cause", "last"),
    [
        ("", 0, "healthy", None, "left"),
        ('[notifications]\nrejected = ["transcription"]', 1, "degraded", "topics_refused", "left"),
        ('[notifications]\nrejected = ["transcription", "events"]', 3, "failed", "permission_missing", "topics"),
        ('[notifications]\nconversation = "forbidden"', 1, "degraded", "permission_missing", "left"),
        ('[notifications]\nconversation = "unknown"', 3, "failed", "not_found", "call"),
        ('[[fault]]\nkind = "refuse"\nat_s = 0\nwhere = "channel"\nstatus = 429\nretry_after_s = 9', 3, "failed",
         "rate_limited", "channel"),
        ('[[fault]]\nkind = "refuse"\nat_s = 0\nwhere = "subscription"\nstatus = 503', 4, "failed", "unavailable",
         "topics"),
    ],
)  # fmt: skip
async def test_a_conversation_is_examined_as_it_is_followed(
    more: str, code: int, verdict: str, cause: str | None, last: str, tmp_path: Path
) -> None:
    scenario = tmp_path / "followed.toml"
    scenario.write_text(FOLLOWED.format(more=more))
    async with bot_host(str(scenario)) as ready:
        env = environment(ready)
        del env["CALLSCOPE_APP_ID"]
        ended = await callscope("doctor", "--conversation", ready["conversation_id"], "--json", env=env)
    told = ended.json
    assert (ended.code, told["verdict"], told["cause"]) == (code, verdict, cause)
    assert told["steps"][-1]["name"] == last
    assert (told["remedy"] is None) == (code == 0)
    assert ("healthy: the conversation can be followed" in ended.stderr) == (code == 0)
    for secret in (ready["client_secret"], "streaming-", "/channels/"):
        assert secret not in ended.stdout + ended.stderr


async def test_a_silence_is_not_looked_for_where_heartbeats_come() -> None:
    env = environment(NOWHERE)
    del env["CALLSCOPE_APP_ID"]
    ended = await callscope("doctor", "--conversation", "c-1", "--find-idle", env=env)
    assert (ended.code, ended.stdout.count("\n")) == (2, 4)
    assert "heartbeat every 30 s" in ended.stdout


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
async def test_colour_is_for_terminals_that_want_it(no_color: str, coloured: bool, tmp_path: Path) -> None:
    env = environment(NOWHERE, NO_COLOR=no_color, PYTHONUTF8="1")
    argv = [sys.executable, "-m", "dashboard", "doctor"]
    with Terminal(argv, columns=100, rows=24, cwd=Path(__file__).parents[2], env=env) as terminal:
        assert await asyncio.to_thread(terminal.ended) == 4
        assert "✗ failed" in terminal.text
        assert (b"\x1b[31m" in terminal.written) == coloured
