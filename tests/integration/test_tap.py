"""`tap` as processes between real clients and real servers: bytes under load and faults, calls, and what dies."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import re
import signal
import struct
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashboard.call.codec import event_from_line
from dashboard.call.events import AudioReceived, CallEnded, CallStarted, ConnectionLost, UtteranceSent
from dashboard.call.hook_events import DOOR, ListenerStarted
from dashboard.call.tap_events import TapMeasured, TapSkipped
from tests.hosts import CALLSCOPE, Ended, bot_host, callscope, environment
from tests.integration.test_listen import HERD, SCENARIO, environ, listening

SEED = 20_301


@pytest.fixture
def played(tmp_path: Path) -> str:
    path = tmp_path / "hooked.toml"
    path.write_text(SCENARIO)
    return str(path)


@dataclass
class Tapping:
    """A tap that runs; `ended` after the block."""

    url: str
    process: asyncio.subprocess.Process
    ended: Ended | None = None

    @property
    def json(self) -> dict[str, Any]:
        assert self.ended is not None
        return self.ended.json

    @property
    def facts(self) -> list[Any]:
        assert self.ended is not None
        return [event_from_line(line) for line in self.ended.stdout.splitlines()]

    @property
    def relay(self) -> int:
        (relay,) = children(self.process.pid)
        return relay

    @property
    def observer(self) -> int:
        (observer,) = children(self.relay)
        return observer


@asynccontextmanager
async def tapping(upstream: str, *flags: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Tapping]:
    """Run `callscope tap` on a free port; it is interrupted at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *CALLSCOPE, "tap", "--listen", "127.0.0.1:0", "--upstream", upstream, *flags,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=env or environ(""), limit=1 << 22,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stdout is not None
    stdout = asyncio.create_task(process.stdout.read())  # facts must not wait for us
    try:
        line = (await process.stderr.readline()).decode()
        found = re.search(r"listening on (\S+);", line)
        if found is None:
            raise AssertionError(line + (await process.stderr.read()).decode())
        tap = Tapping(found[1], process)
        yield tap
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(15):
            said = (await process.stderr.read()).decode()
            tap.ended = Ended(await process.wait(), (await stdout).decode(), line + said)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await stdout


def children(pid: int) -> list[int]:
    """The processes that a process has started and that live."""

    def parents() -> Iterator[tuple[int, int]]:
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, parent = path.read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    yield int(path.parent.name), int(parent)

    return [child for child, parent in parents() if parent == pid]


def until_child(pid: int) -> None:
    while not children(pid):
        time.sleep(0.02)


def until_gone(pid: int) -> None:
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.02)


# -- bytes --------------------------------------------------------------------------------------------------


class Recorded:
    """A connection of websockets' that keeps all bytes that leave it and come to it, heads of HTTP included."""

    sent: bytearray
    got: bytearray

    def connection_made(self, transport: Any) -> None:
        self.sent, self.got = bytearray(), bytearray()
        write = transport.write

        def recorded(data: bytes) -> None:
            write(data)
            self.sent += data

        transport.write = recorded
        super().connection_made(transport)  # type: ignore[misc]

    def data_received(self, data: bytes) -> None:
        self.got += data
        super().data_received(data)  # type: ignore[misc]


class Client(Recorded, ClientConnection):
    pass


class Server(Recorded, ServerConnection):
    pass


@dataclass
class Echo:
    """A server that answers every message with itself, in pieces if it is long; its connections by their path."""

    port: int = 0
    seen: dict[str, Server] = field(default_factory=dict)


@asynccontextmanager
async def echo(compression: str | None) -> AsyncIterator[Echo]:
    one = Echo()

    async def answer(connection: ServerConnection) -> None:
        assert isinstance(connection, Server)
        assert connection.request is not None
        one.seen[connection.request.path] = connection
        dice = random.Random(connection.request.path)
        with suppress(ConnectionClosed):
            async for message in connection:
                if dice.random() < 0.1:
                    await connection.ping()
                if len(message) > 1000 and dice.random() < 0.5:
                    await connection.send([message[at : at + 700] for at in range(0, len(message), 700)])
                else:
                    await connection.send(message)
                if message == b"close":
                    await connection.close(4_000 + dice.randrange(999), "as you like")
                if message == b"reset":
                    reset(connection.transport)

    async with serve(
        answer, "127.0.0.1", 0, compression=compression, create_connection=Server, ping_interval=None, max_size=None
    ) as server:
        one.port = next(iter(server.sockets)).getsockname()[1]
        yield one


def reset(transport: Any) -> None:
    sock = transport.get_extra_info("socket")
    sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER
    transport.abort()


ENDS = ("client closes", "server closes", "client resets", "server resets", "client half-closes")


async def talk(url: str, end: str, dice: random.Random, compression: str | None) -> Client:
    """Say much in every way there is, and end in the way that is asked for."""
    connection = await connect(
        url,
        compression=compression,
        create_connection=Client,
        ping_interval=None,
        max_size=None,
        user_agent_header=None,
    )
    assert isinstance(connection, Client)
    with suppress(ConnectionClosed):
        waiting = 0
        for turn in range(40):
            data = dice.randbytes(dice.choice((0, 3, 125, 126, 640, 5_000, 70_000)))
            message: str | bytes = data.hex() if dice.random() < 0.5 else data
            pieces: list[Any] = [message[at : at + 999] for at in range(0, len(message), 999)]
            await connection.send(pieces if len(pieces) > 1 and dice.random() < 0.3 else message)
            waiting += 1
            while waiting and (dice.random() < 0.7 or turn == 39):
                await connection.recv()
                waiting -= 1
            if not waiting and dice.random() < 0.3:
                await (await connection.ping())
        if end == "client closes":
            await connection.close(1000, "enough")
        elif end == "client resets":
            reset(connection.transport)
        elif end == "client half-closes":
            connection.transport.write_eof()
        else:
            await connection.send(end.split()[1][:5].removesuffix("s").encode())
        while True:
            await connection.recv()
    await connection.wait_closed()
    return connection


def digest(data: bytes | bytearray) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_under_load_and_faults_each_side_gets_what_the_other_sent_byte_for_byte(compression: str | None) -> None:
    async with echo(compression) as server:
        async with tapping(f"ws://127.0.0.1:{server.port}", "--jsonl") as tap:
            dice = random.Random(SEED)
            talking = [
                asyncio.create_task(
                    talk(f"{tap.url}/{n}?end=x", ENDS[n % 5], random.Random(dice.random()), compression)
                )
                for n in range(25)
            ]
            await asyncio.sleep(0.4)
            os.kill(tap.observer, signal.SIGKILL)  # in the middle of it
            clients = await asyncio.gather(*talking)
            await asyncio.to_thread(until_child, tap.relay)
            for connection in server.seen.values():
                await connection.wait_closed()
        for n, client in enumerate(clients):
            there, end = server.seen[f"/{n}?end=x"], ENDS[n % 5]
            if end.endswith("resets"):  # what was on its way is lost, by whoever sends a reset
                assert client.sent.startswith(bytes(there.got))
                assert there.sent.startswith(bytes(client.got))
            else:
                assert (digest(client.sent), digest(client.got)) == (digest(there.got), digest(there.sent)), end
            assert len(there.got) > 100_000
    assert tap.ended is not None
    assert "the observer was killed by SIGKILL" in tap.ended.stderr
    began, ended = ({fact.call_id for fact in tap.facts if isinstance(fact, kind)} for kind in (CallStarted, CallEnded))
    assert len(began - {DOOR}) == 25
    assert ended >= began


# -- calls --------------------------------------------------------------------------------------------------


async def test_both_legs_are_one_call_and_the_signature_holds_with_tls_on_both_sides(
    played: str, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    files, trusted = ("--cert", str(tmp_path / "both.pem")), ("--ca-file", str(tmp_path / "ca.pem"))
    async with (
        listening("--json", *files) as listener,
        tapping(listener.url.rpartition("/")[0], "--json", *files, *trusted) as tap,
    ):
        assert tap.url.startswith("wss://")
        url = f"{tap.url}/audiohook"  # for this name Genesys signs, and by it the listener is asked
        caller = await callscope("simulate", played, "--audiohook", url, *trusted, env=environ())
    assert (caller.code, caller.stderr) == (0, "")
    (seen,), (heard,) = tap.json["calls"], listener.json["calls"]
    for name in ("session_id", "conversation_id"):
        assert seen[name] == heard[name]
    assert seen["audiohook"]["end_reason"] == "end"
    assert seen["audiohook"]["broken"] == heard["audiohook"]["broken"] == {}
    assert seen["audio"]["inbound"]["frames"] == heard["audio"]["inbound"]["frames"] == 22
    assert (seen["link"]["state"], seen["link"]["outages"]) == ("closed", 0)
    sides = seen["tap"]["sides"]
    assert sides["client"]["messages"] > sides["upstream"]["messages"] > 2
    assert sides["client"]["skipped_bytes"] == sides["client"]["unread"] == 0
    assert sides["client"]["held_ms"]["p99"] is not None


async def test_an_appfoundry_call_through_the_tap_is_judged_on_both_of_its_ends_alike() -> None:
    async with bot_host("steady") as ready, tapping(ready["base_url"].replace("http", "ws", 1), "--jsonl") as tap:
        words = ("--url", f"{tap.url}/ws", "--say", "where is my parcel", "--duration", "3", "--json")
        probe = await callscope("probe", *words, env=environment(ready))
    facts = [fact for fact in tap.facts if fact.call_id != DOOR]
    frames = sum(len(fact.arrivals) for fact in facts if isinstance(fact, AudioReceived))
    assert probe.json["audio"]["inbound"]["frames"] == frames > 50
    assert [fact.text for fact in facts if isinstance(fact, UtteranceSent)] == ["where is my parcel"]
    assert [fact.reason for fact in facts if isinstance(fact, CallEnded)] == ["closed by the client with 1000"]
    assert {fact.side for fact in facts if isinstance(fact, TapMeasured)} == {"client", "upstream"}


async def test_calls_are_recorded_each_to_its_own_file(played: str, tmp_path: Path) -> None:
    env = environ("", XDG_DATA_HOME=str(tmp_path))
    async with (
        listening("--json", env=environ("")) as listener,
        tapping(listener.url.rpartition("/")[0], "--no-screen", "--record", env=env) as tap,
    ):
        url = f"{tap.url}/audiohook"
        await callscope("simulate", played, "--audiohook", url, "--calls", "2", env=environ(""))
    assert tap.ended is not None
    assert tap.ended.stderr.count("recorded ") == 2
    assert tap.ended.stdout.count("callscope: ") == 2
    recorded = await callscope("recordings", "--json", env=env)
    assert len(recorded.json["recordings"]) == 2


BROKEN = """
name = "broken"
summary = "the connection is reset once"
duration_s = 30

[[fault]]
kind = "abort"
at_s = 1.0
"""


async def test_a_client_that_comes_back_is_the_same_call_live_recorded_and_replayed(tmp_path: Path) -> None:
    scenario, env = tmp_path / "broken.toml", environ("", XDG_DATA_HOME=str(tmp_path))
    scenario.write_text(BROKEN)
    async with (
        bot_host(str(scenario)) as ready,
        tapping(ready["base_url"].replace("http", "ws", 1), "--json", "--record", env=env) as tap,
    ):
        words = ("--url", f"{tap.url}/ws", "--duration", "5", "--backoff-base", "0.2", "--json")
        probe = await callscope("probe", *words, env=environment(ready))
    (call,) = tap.json["calls"]
    (theirs,), (ours,) = probe.json["link"]["log"], call["link"]["log"]
    for name in ("cause", "code", "closed_by", "attempts", "resumed"):
        assert ours[name] == theirs[name], name
    assert ours["down_ms"] == pytest.approx(theirs["down_ms"], abs=200.0)
    assert (call["link"]["state"], call["session_id"]) == (
        "closed", probe.json["session_id"]
    )  # fmt: skip
    (file,) = (tmp_path / "callscope" / "recordings").iterdir()
    replayed = await callscope("probe", "--replay", str(file), "--json", env=env)
    assert replayed.json == call


async def test_callers_that_are_lost_and_come_back_together_are_a_herd_through_the_tap_too(tmp_path: Path) -> None:
    path = tmp_path / "herd.toml"
    path.write_text(HERD)
    async with (
        listening("--json", env=environ("")) as listener,
        tapping(listener.url.rpartition("/")[0], "--json") as tap,
    ):
        url = f"{tap.url}/audiohook"
        await callscope("simulate", str(path), "--audiohook", url, "--calls", "12", env=environ(""))
    calls = tap.json["calls"]
    assert [call["audiohook"]["sessions"] for call in calls] == [2] * 12
    for call in calls:
        assert [one["closed_by"] for one in call["link"]["log"]] == ["network"]
        assert "thundering_herd" in {finding["rule"] for finding in call["findings"]}


async def test_a_killed_observer_is_replaced_and_the_call_goes_on_in_sight() -> None:
    async with (
        echo(None) as server,
        tapping(f"ws://127.0.0.1:{server.port}", "--jsonl") as tap,
        connect(f"{tap.url}/one") as client,
    ):
        await client.send(b"\x00\x01" * 160)
        await client.recv()
        os.kill(tap.observer, signal.SIGKILL)
        for _ in range(150):
            await client.send(b"\x00\x01" * 160)
            assert await client.recv() == b"\x00\x01" * 160
            await asyncio.sleep(0.02)
    facts = tap.facts
    assert sum(isinstance(fact, ListenerStarted) for fact in facts) == 2
    assert {fact.side for fact in facts if isinstance(fact, TapSkipped)} == {"client", "upstream"}
    (ended,) = (at for at, fact in enumerate(facts) if isinstance(fact, CallEnded) and fact.call_id != DOOR)
    after = max(at for at, fact in enumerate(facts) if isinstance(fact, TapSkipped))
    assert sum(len(f.arrivals) for f in facts[after:ended] if isinstance(f, AudioReceived) and f.leg == "inbound") > 20
    assert len({fact.call_id for fact in facts} - {DOOR}) == 1


async def test_an_observer_that_stands_still_holds_nobody_up_and_is_told_what_it_missed_to_the_byte() -> None:
    block = bytes(64 * 1024)
    async with echo(None) as server, tapping(f"ws://127.0.0.1:{server.port}", "--json") as tap:
        client = await connect(f"{tap.url}/one", compression=None, create_connection=Client, max_size=None)
        assert isinstance(client, Client)
        observer = tap.observer
        os.kill(observer, signal.SIGSTOP)
        for _ in range(300):  # much more than is kept for it
            await client.send(block)
            assert await client.recv() == block
        os.kill(observer, signal.SIGCONT)
        for _ in range(100):
            await client.send(b"\x00\x01" * 160)
            await client.recv()
            await asyncio.sleep(0.02)
        assert tap.observer == observer
        await client.close()
    (call,) = tap.json["calls"]
    for side, passed in (("client", client.sent), ("upstream", client.got)):
        seen = call["tap"]["sides"][side]
        assert seen["bytes"] == len(passed) - passed.index(b"\r\n\r\n") - 4
        assert 300 * len(block) > seen["skipped_bytes"] > 100 * len(block)
    assert (call["link"]["state"], call["link"]["outages"]) == ("closed", 0)


async def test_a_call_that_went_on_with_another_connection_is_one_call_for_the_next_observer_too() -> None:
    begins = '{"type":"sessionStart","sessionId":"s-1","conversationId":"c-1"}'
    async with echo(None) as server, tapping(f"ws://127.0.0.1:{server.port}", "--jsonl") as tap:
        async with connect(f"{tap.url}/one") as first:
            await first.send(begins)
            await first.recv()
            await asyncio.sleep(0.3)
            reset(first.transport)
        async with connect(f"{tap.url}/two") as again:
            await again.send('{"type":"reconnect","sessionId":"s-1","timestamp":1}')
            await again.recv()
            await asyncio.sleep(2.5)  # so that the first connection is one of which the observer has told for sure
            old = tap.observer
            os.kill(old, signal.SIGKILL)
            while old in (now := children(tap.relay)) or not now:  # noqa: ASYNC110 - another process makes it happen
                await asyncio.sleep(0.05)
            for _ in range(40):  # what has been missed is over where frames can be read again
                await again.send(b"\x00\x01" * 160)
                await again.recv()
                await asyncio.sleep(0.03)
    call_ids = {fact.call_id for fact in tap.facts} - {DOOR}
    assert len(call_ids) == 1
    kinds = [type(fact) for fact in tap.facts if fact.call_id != DOOR]
    assert (kinds.count(ConnectionLost), kinds.count(CallStarted), kinds.count(CallEnded)) == (1, 2, 1)


async def test_when_whoever_looks_on_is_killed_the_relay_goes_on_and_takes_new_connections() -> None:
    async with echo(None) as server, tapping(f"ws://127.0.0.1:{server.port}", "--jsonl") as tap:
        relay = tap.relay
        async with connect(f"{tap.url}/one") as client:
            tap.process.kill()
            await tap.process.wait()
            for _ in range(30):
                await client.send("still there?")
                assert await client.recv() == "still there?"
                await asyncio.sleep(0.02)
            async with connect(f"{tap.url}/two") as another:
                await another.send("and me?")
                assert await another.recv() == "and me?"
        os.kill(relay, signal.SIGTERM)
        async with asyncio.timeout(10):
            await asyncio.to_thread(until_gone, relay)


# -- what is refused ----------------------------------------------------------------------------------------


async def test_an_upstream_that_is_not_there_is_told_to_the_client_and_to_the_operator() -> None:
    async with echo(None) as server:
        port = server.port
    async with tapping(f"ws://127.0.0.1:{port}", "--json") as tap:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{tap.url}/")
    assert refused.value.response.status_code == 502
    assert b"nothing listens there" in refused.value.response.body
    assert tap.json["listener"]["refused"]["reasons"] == {"tcp_refused": 1}
    assert tap.json["calls"] == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "upstream is not set"),
        (("--upstream", "ws://bot.example.net"), "plain ws goes to this machine only"),
        (("--upstream", "wss://bot.example.net/?key=1"), "the query is the client's"),
        (("--upstream", "wss://bot.example.net", "--listen", "0.0.0.0:8481"), "in clear"),
        (("--upstream", "wss://bot.example.net", "--listen", "nowhere"), "an address and a port"),
        (("--upstream", "wss://bot.example.net", "--record", "call.callscope"), "names a file"),
        (("--upstream", "wss://bot.example.net", "--listen", "192.0.2.1:1", "--cert", "{cert}"), "cannot listen"),
    ],
)
async def test_what_would_not_be_safe_or_cannot_be_is_refused(
    flags: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    trustme.CA().issue_cert("tap.test").private_key_and_cert_chain_pem.write_to_path(str(both))
    words = [word.format(cert=both) for word in flags]
    ended = await callscope("tap", "--json", *words, env=environ(""))
    assert ended.code == 2
    assert said in ended.stderr
