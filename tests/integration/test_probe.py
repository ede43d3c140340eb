"""`probe` and `simulate` as processes: what goes to stdout, to the log, and how they end."""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import trustme

from dashboard.call.codec import event_from_line, kind_of
from dashboard.simulator.scenario import load_scenario
from dashboard.simulator.server import BotHost
from tests.hosts import CALLSCOPE, bot_host, callscope, environment


async def test_jsonl_prints_every_fact_and_the_summary_goes_to_stderr() -> None:
    async with bot_host("steady") as ready:
        ended = await callscope("probe", "--jsonl", "--duration", "2", env=environment(ready))
    facts = [event_from_line(line) for line in ended.stdout.splitlines()]
    kinds = [kind_of(fact) for fact in facts]
    assert (kinds[0], kinds[-1]) == ("call_started", "call_ended")
    assert {"link_changed", "connection_opened", "session_started", "audio_received", "ticked"} <= set(kinds)
    assert all(earlier.at <= later.at + 0.2 for earlier, later in pairwise(facts))
    assert ended.stderr.startswith("callscope: healthy")
    assert ended.code == 0


async def test_the_log_says_what_the_link_did_and_no_secret(tmp_path: Path) -> None:
    log = tmp_path / "link.log"
    async with bot_host("flapping") as ready:
        await callscope("probe", "--duration", "5", "--log-file", str(log), env=environment(ready))
    text = log.read_text()
    entries: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    names = {entry["event"] for entry in entries}
    assert {"call_started", "link_changed", "connection_opened", "connection_lost", "token_obtained"} <= names
    assert all(entry["level"] in ("info", "warning") and entry["time"] for entry in entries)
    for secret in (ready["client_secret"], "Bearer", "sig=", "parcel?"):
        assert secret not in text
    assert "where is my parcel" not in text


async def test_nothing_listening_is_unreachable() -> None:
    nowhere = {"base_url": "http://127.0.0.1:1", "client_id": "x", "client_secret": "y", "app_id": "z"}
    flags = ("--json", "--max-attempts", "2", "--backoff-base", "0.1")
    ended = await callscope("probe", *flags, env=environment(nowhere))
    assert ended.code == 4
    assert ended.json["verdict"] == "failed"
    assert ended.json["link"]["state"] == "gave up"
    assert ended.json["link"]["attempts"] == 2
    assert ended.json["link"]["log"][0]["cause"] == "tcp_refused"
    assert ended.json["link"]["uptime"] == 0.0


async def test_an_interrupted_probe_says_goodbye_and_still_reports() -> None:
    async with bot_host("steady") as ready:
        process = await asyncio.create_subprocess_exec(
            *CALLSCOPE, "probe", "--jsonl",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(ready),
        )  # fmt: skip
        assert process.stdout is not None
        while b"session_started" not in await process.stdout.readline():
            continue
        process.send_signal(signal.SIGINT)
        stdout, stderr = await process.communicate()
    assert process.returncode == 130
    assert kind_of(event_from_line(stdout.splitlines()[-1])) == "call_ended"
    assert b"link   closed" in stderr


async def test_a_reader_that_leaves_early_is_no_error() -> None:
    async with bot_host("steady") as ready:
        line = f"{sys.executable} -m dashboard probe --jsonl --duration 2 | head -1"
        process = await asyncio.create_subprocess_shell(
            line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(ready)
        )
        stdout, stderr = await process.communicate()
    assert len(stdout.splitlines()) == 1
    assert b"Traceback" not in stderr


async def test_a_private_authority_is_trusted_only_when_it_is_named(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    host = BotHost(load_scenario("steady"), tls=tls)
    await host.start()
    try:
        env = environment(host.ready())
        known = await callscope("probe", "--json", "--duration", "2", "--ca-file", str(tmp_path / "ca.pem"), env=env)
        unknown = await callscope("probe", "--json", "--duration", "2", env=env)
    finally:
        await host.stop()
    assert known.code == 0
    assert known.json["link"]["clock"] == ("kernel" if sys.platform == "linux" else "process")
    assert unknown.code == 4
    assert unknown.json["link"]["log"][0]["cause"] == "tls_certificate"


@pytest.mark.parametrize("how", ["terminate", "end of input"])
async def test_the_bot_host_ends_when_it_is_told_to(how: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *CALLSCOPE, "simulate", "steady", "--until-eof",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert json.loads(await process.stdout.readline())["scenario"] == "steady"
    if how == "terminate":
        process.terminate()
    else:
        process.stdin.close()
    async with asyncio.timeout(5):
        _, stderr = await process.communicate()
    assert (process.returncode, stderr) == (0, b"")
