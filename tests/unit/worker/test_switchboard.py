"""Calls that come in, over real sockets: who may, what belongs together, and how it ends."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import tracemalloc
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashboard.call.events import (
    AudioReceived,
    CallEnded,
    CallStarted,
    Cause,
    ClosedBy,
    ConnectionLost,
    ConnectionOpened,
    LinkChanged,
    LinkState,
    MalformedReceived,
    Marked,
    SessionStarted,
)
from dashboard.call.figures import probe_object
from dashboard.call.hook_events import HookAccepted, ProbeAnswered, RuleBroken, UpgradeRefused
from dashboard.call.ports import Mark, Say, Stop
from dashboard.clock import SystemClock
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_client import Offer
from dashboard.dialects.audiohook_signature import Keyring
from dashboard.dialects.audiohook_wire import NIL
from dashboard.errors import DashboardError
from dashboard.simulator.faults import Abort, Breach, Close, Drop, Hold, NoPings, Return, Stall
from dashboard.simulator.hookcaller import someone
from dashboard.transport.websocket import SocketOptions
from dashboard.worker.accepted import CallOptions
from dashboard.worker.switchboard import REFUSED_AFTER_S, Switchboard, SwitchboardOptions
from tests.unit.transport.authority import server_context, trusting
from tests.unit.worker.hooks import ACCESS, KEY, KEYS, SECRET, Board, caller, scenario, switchboard


async def test_a_call_comes_in_is_measured_and_ends_as_it_should() -> None:
    async with switchboard() as told:
        outcome = await caller(told, scenario(1.5)).run()
        await told.until_told(CallEnded)
    assert (outcome.closed, outcome.frames, outcome.broken, outcome.errors) == (True, 15, [], [])
    assert len(outcome.rtts_s) == 2
    kinds = [type(fact) for fact in told.facts if fact.call_id == "call-1"]
    assert kinds[:5] == [CallStarted, ConnectionOpened, LinkChanged, SessionStarted, kinds[4]]
    assert [kind for kind in kinds if kind in (HookAccepted, CallEnded)] == [HookAccepted, CallEnded]
    call = told.call
    assert call.ended == "closed: end"
    assert (call.link.state, call.link.cause) == (LinkState.CLOSED, Cause.SESSION_ENDED)
    assert call.dialect == "audiohook"
    assert call.inbound.channels == ("caller", "agent")
    assert call.inbound.pacing.frames == 15
    assert call.inbound.pacing.lost == 0
    assert call.inbound.positioned
    assert call.hook is not None
    assert dict(call.hook.broken) == {}
    assert call.hook.opened_s is not None
    assert call.hook.opened_s < 1.0
    assert call.link.clock == ("kernel" if sys.platform == "linux" else "process")
    figures = probe_object(call)
    assert figures["audiohook"]["media"] == "PCMU 8000 external+internal"
    assert figures["audiohook"]["pings"] == 2
    assert set(figures["audio"]["inbound"]["channels"]) == {"caller", "agent"}
    json.dumps(figures)


async def test_over_tls_it_is_the_same() -> None:
    async with switchboard(tls=server_context()) as told:
        assert told.url.startswith("wss://")
        outcome = await caller(told, scenario(0.4), tls=trusting()).run()
        await told.until_told(CallEnded)
    assert outcome.closed
    assert told.call.link.clock == ("kernel" if sys.platform == "linux" else "process")


async def test_two_calls_at_once_are_two_calls() -> None:
    async with switchboard() as told:
        outcomes = await asyncio.gather(*(caller(told, offer=someone(seed)).run() for seed in (1, 2)))
        await told.until_told(CallEnded, 2)
    assert [outcome.closed for outcome in outcomes] == [True, True]
    assert [call.inbound.pacing.frames for call in told.calls] == [10, 10]
    assert len({call.conversation_id for call in told.calls}) == 2


async def test_the_same_participant_twice_at_once_is_two_calls() -> None:
    offer = someone(7)
    other = someone(8)
    again = Offer(
        other.session_id, offer.organization_id, offer.conversation_id, offer.participant_id, offer.correlation_id
    )
    async with switchboard() as told:
        await asyncio.gather(caller(told, offer=offer).run(), caller(told, offer=again).run())
        await told.until_told(CallEnded, 2)
    assert [call.sessions for call in told.calls] == [1, 1]


# -- who may come in ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "reason"),
    [
        (Access("nobodys", ACCESS.secret), "key_unknown"),
        (Access(KEY), "unsigned"),
        (Access(KEY, b"another secret"), "mismatch"),
        (Access(""), "key_missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_who_cannot_prove_it_is_refused_before_the_upgrade_after_half_a_second(
    access: Access, reason: str
) -> None:
    async with switchboard() as told:
        began = time.monotonic()
        with pytest.raises(DashboardError, match="401"):
            await caller(told, access=access).run()
        took_s = time.monotonic() - began
    assert took_s >= REFUSED_AFTER_S
    (refused,) = told.of(UpgradeRefused)
    assert (refused.status, refused.reason, refused.call_id) == (401, reason, "")
    assert told.calls == []
    assert dict(told.store.door.refused) == {reason: 1}
    assert KEY not in repr(told.facts)


async def test_a_signature_that_was_seen_before_its_time_ran_out_for_another_path_is_refused() -> None:
    offer = someone(3)
    async with switchboard() as told:
        headers = ACCESS.headers(offer, told.url, nonce="n" * 24, wall=time.time())
        with pytest.raises(InvalidStatus, match="401"):
            await connect(f"{told.url}?other=1", additional_headers=headers, proxy=None)
        async with connect(told.url, additional_headers=headers, proxy=None):
            pass
    assert told.of(UpgradeRefused)[0].reason == "mismatch"


async def test_a_request_that_was_overheard_lets_nobody_in_a_second_time() -> None:
    async with switchboard() as told:
        headers = ACCESS.headers(someone(3), told.url, nonce="n" * 24, wall=time.time())
        async with connect(told.url, additional_headers=headers, proxy=None):
            with pytest.raises(InvalidStatus, match="401"):
                await connect(told.url, additional_headers=headers, proxy=None)
    assert told.of(UpgradeRefused)[0].reason == "replayed"


async def test_while_the_secret_is_being_changed_both_let_in() -> None:
    keys = Keyring.read([f"{KEY}:{b64encode(b'the new secret').decode()}", f"{KEY}:{SECRET}"])
    async with switchboard(keys) as told:
        for seed, access in ((1, ACCESS), (2, Access(KEY, b"the new secret"))):
            assert (await caller(told, offer=someone(seed), access=access).run()).closed


async def test_another_path_is_not_found() -> None:
    async with switchboard() as told:
        with pytest.raises(InvalidStatus, match="404"):
            await connect(told.url.replace("/audiohook", "/other"), proxy=None)
    assert [fact.reason for fact in told.of(UpgradeRefused)] == ["path"]


async def test_a_key_without_a_secret_needs_no_signature() -> None:
    async with switchboard(Keyring.read(["bare-key"])) as told:
        assert (await caller(told, access=Access("bare-key")).run()).closed
    assert not told.store.door.signed


async def test_without_keys_anybody_comes_in_and_a_missing_header_is_told() -> None:
    async with switchboard(None) as told:
        assert (await caller(told, access=Access("")).run()).closed
        await told.until_told(CallEnded)
    assert [(fact.rule, fact.detail) for fact in told.of(RuleBroken)] == [("header_missing", "x-api-key")]


async def test_headers_that_are_no_ids_are_told_by_name_alone() -> None:
    async with switchboard(None) as told:
        headers = {"audiohook-session-id": "s-1", "audiohook-organization-id": "o" * 36, "x-api-key": "two keys"}
        async with connect(told.url, additional_headers=headers, proxy=None) as client:
            await client.send(_text("open", 1, **someone(9).parameters()))
            await client.recv()
            await told.until_told(RuleBroken, 2)
    assert [(fact.rule, fact.detail) for fact in told.of(RuleBroken)][:2] == [
        ("header_missing", "audiohook-correlation-id"),
        ("bad_header", "audiohook-organization-id, audiohook-session-id, x-api-key"),
    ]


async def test_more_calls_than_it_may_hold_are_refused() -> None:
    async with switchboard(most_calls=1) as told:
        first = asyncio.create_task(caller(told, scenario(2.0), offer=someone(1)).run())
        await told.until_told(CallStarted)
        with pytest.raises(DashboardError, match="503"):
            await caller(told, offer=someone(2)).run()
        assert (await first).closed
    assert [fact.reason for fact in told.of(UpgradeRefused)] == ["busy"]


# -- probes -------------------------------------------------------------------------------------------------


async def test_a_probe_is_answered_and_never_a_call() -> None:
    one = someone(4)
    probe = Offer(one.session_id, one.organization_id, NIL, NIL, one.correlation_id, media=())
    async with switchboard() as told:
        outcome = await caller(told, scenario(0.1), offer=probe).run()
        await told.until_told(ProbeAnswered)
    assert (outcome.closed, outcome.frames) == (True, 0)
    (answered_probe,) = told.of(ProbeAnswered)
    assert answered_probe.took_s is not None
    assert answered_probe.broken == ()
    assert (told.calls, told.store.door.probes) == ([], 1)
    assert {fact.call_id for fact in told.facts} == {""}


async def test_what_a_probe_sends_is_not_kept() -> None:
    one = someone(9)
    probe = Offer(one.session_id, one.organization_id, NIL, NIL, one.correlation_id).parameters()
    sound = b"\xff" * 4_000_000
    async with switchboard() as told:
        async with connect(told.url, additional_headers=_headers(told), proxy=None, compression=None) as client:
            await client.send(_text("open", 1, **probe))
            await client.recv()
            tracemalloc.start()
            for _ in range(10):
                await client.send(sound)
            await client.send(_text("close", 2, reason="end"))
            await client.recv()
            kept, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        await told.until_told(ProbeAnswered)
    assert kept < 2 * len(sound)
    assert told.of(ProbeAnswered)[0].broken == ("position_mismatch",)


# -- what belongs together ----------------------------------------------------------------------------------


async def test_a_participant_that_comes_back_after_a_loss_goes_on_with_the_call() -> None:
    faults = (Abort(kind="abort", at_s=0.5), Return(kind="return", after_s=0.4))
    async with switchboard() as told:
        outcome = await caller(told, scenario(1.6, faults=faults)).run()
        await told.until_told(CallEnded)
    assert (outcome.sessions, outcome.closed) == (2, True)
    call = told.call
    assert (call.sessions, call.link.connections, call.link.outage_count) == (2, 2, 1)
    (outage,) = call.link.outages
    assert outage.cause is Cause.ABNORMAL_CLOSURE
    assert outage.ended_at is not None
    assert 0.4 <= outage.down_s(call.now) < 5.0
    assert outage.resumed is False
    assert [fact.rule for fact in told.of(RuleBroken)] == ["close_missing"]
    (lost,) = told.of(ConnectionLost)
    assert (lost.code, lost.closed_by) == (1006, ClosedBy.NETWORK)
    assert [fact.state for fact in told.of(LinkChanged)] == [
        LinkState.OPEN,
        LinkState.WAITING,
        LinkState.OPEN,
        LinkState.CLOSED,
    ]
    assert call.ended == "closed: end"


async def test_a_lost_call_that_nobody_goes_on_with_ends_after_a_while() -> None:
    async with switchboard(call=CallOptions(rejoin_s=0.5)) as told:
        await caller(told, scenario(1.0, faults=(Close(kind="close", at_s=0.3, code=1001),))).run()
        await told.until_told(CallEnded)
    call = told.call
    assert call.ended == "lost, and no other session came"
    assert call.link.outage is not None
    assert call.link.outage.cause is Cause.GOING_AWAY
    assert call.link.state is LinkState.CLOSED


async def test_a_client_that_closes_to_reconnect_goes_on_with_the_call() -> None:
    async with switchboard() as told:
        for number, reason in enumerate(("reconnect", "end")):
            async with connect(told.url, additional_headers=_headers(told, 10 + number), proxy=None) as client:
                await client.send(_text("open", 1, **someone(9).parameters()))
                await client.recv()
                await client.send(_text("close", 2, reason=reason))
                await client.recv()
            await told.until_told(LinkChanged, 2 * number + 2)
    assert (told.call.link.connections, told.call.ended) == (2, "closed: end")
    assert [fact.code for fact in told.of(ConnectionLost)] == [1000]


async def test_another_participant_of_the_conversation_is_a_call_of_its_own() -> None:
    one, other = someone(1), someone(2)
    sibling = Offer(
        other.session_id, one.organization_id, one.conversation_id, other.participant_id, other.correlation_id
    )
    async with switchboard() as told:
        faults = (Abort(kind="abort", at_s=0.3),)
        await caller(told, scenario(0.6, faults=faults), offer=one).run()
        await caller(told, scenario(0.3), offer=sibling).run()
        await told.until(lambda: any(call.ended for call in told.calls))
        assert [call.sessions for call in told.calls] == [1, 1]
        assert told.calls[0].conversation_id == told.calls[1].conversation_id


# -- what is measured ---------------------------------------------------------------------------------------


async def test_a_stall_shows_in_the_jitter_and_a_pause_does_not() -> None:
    stalled = scenario(2.4, frame_ms=50, faults=(Stall(kind="stall", at_s=0.8, for_s=0.6),))
    paused = scenario(2.4, frame_ms=50, faults=(Hold(kind="hold", at_s=0.8, for_s=0.6),))
    async with switchboard() as told:
        await asyncio.gather(
            caller(told, stalled, offer=someone(1)).run(), caller(told, paused, offer=someone(2)).run()
        )
        await told.until_told(CallEnded, 2)
    by_pauses = {call.hook.pauses: call for call in told.calls if call.hook is not None}
    stall, pause = by_pauses[0].inbound.pacing, by_pauses[1].inbound.pacing
    assert (stall.spikes, stall.stalls, stall.lost) == (1, 1, 0)
    assert stall.lateness.max is not None
    assert stall.lateness.max > 0.5
    assert (pause.spikes, pause.stalls, pause.lost, pause.jumps) == (0, 0, 0, 0)
    assert pause.lateness.max is not None
    assert pause.lateness.max < 0.4
    hook = by_pauses[1].hook
    assert hook is not None
    assert hook.paused_s == pytest.approx(0.6, abs=0.3)
    assert dict(hook.broken) == {}


async def test_what_the_client_discards_is_lost_and_its_position_goes_on() -> None:
    faults = (Drop(kind="drop", at_s=0.4, for_s=0.3, probability=1.0),)
    async with switchboard() as told:
        await caller(told, scenario(1.5, faults=faults)).run()
        await told.until_told(CallEnded)
    call = told.call
    assert call.hook is not None
    assert call.inbound.pacing.lost == 3
    assert call.hook.discards == 1
    assert call.hook.discarded_s == pytest.approx(0.3)
    assert dict(call.hook.broken) == {}
    positions = [position for fact in told.of(AudioReceived) for position in fact.positions]
    assert positions == pytest.approx([0.1 * frame for frame in range(15) if frame not in (4, 5, 6)])


async def test_each_breach_of_a_client_is_told_and_the_call_stays_up() -> None:
    rules = ("id_differs", "bad_version", "ack_ahead", "position_mismatch", "no_parameters", "unknown_type")
    faults = (Breach(kind="breach", at_s=0.1, every_s=0.2, rules=rules),)
    async with switchboard() as told:
        outcome = await caller(told, scenario(1.4, faults=faults)).run()
        await told.until_told(CallEnded)
    assert outcome.closed
    assert told.call.hook is not None
    assert set(told.call.hook.broken) >= set(rules)
    assert told.call.inbound.pacing.frames == 14


async def test_a_client_that_never_pings_is_heard_all_the_same() -> None:
    async with switchboard() as told:
        outcome = await caller(told, scenario(1.3, faults=(NoPings(kind="no_pings"),))).run()
        await told.until_told(CallEnded)
    assert outcome.rtts_s == []
    assert told.call.inbound.pacing.frames == 13


# -- hostile callers ----------------------------------------------------------------------------------------


def _headers(told: Board, seed: int = 9) -> dict[str, str]:
    return ACCESS.headers(someone(seed), told.url, nonce=f"{seed:024}", wall=time.time())


async def _until_closed(client: ClientConnection) -> None:
    while True:
        await client.recv()


def _text(kind: str, seq: int, **parameters: Any) -> str:
    fields = {"version": "2", "id": someone(9).session_id, "type": kind, "seq": seq, "serverseq": 0, "position": "PT0S"}
    return json.dumps({**fields, "parameters": parameters})


async def test_whoever_opens_no_session_is_no_call() -> None:
    async with switchboard() as told:
        async with connect(told.url, additional_headers=_headers(told), proxy=None) as client:
            await client.send(b"\xff" * 3200)
            await client.send("not json")
            await client.send(_text("ping", 1))
        await told.until_told(UpgradeRefused)
    (refused,) = told.of(UpgradeRefused)
    assert (refused.status, refused.reason) == (0, "no_open")
    assert told.calls == []


async def test_many_who_ask_for_nothing_do_not_keep_a_call_out_nor_disturb_one() -> None:
    async with switchboard(most_calls=2) as told:
        first = asyncio.create_task(caller(told, scenario(1.0), offer=someone(1)).run())
        await told.until_told(CallStarted)
        address = urlsplit(told.url)
        waiting = [await asyncio.open_connection(address.hostname, address.port) for _ in range(258)]
        await told.until_told(UpgradeRefused)
        assert (await caller(told, offer=someone(2)).run()).closed
        assert (await first).closed
        for _, writer in waiting:
            writer.close()
    refused = told.of(UpgradeRefused)[0]
    assert (refused.status, refused.reason) == (0, "crowded")
    assert [call.inbound.pacing.lost for call in told.calls] == [0, 0]


async def test_megabytes_of_nonsense_before_and_after_open_do_no_harm() -> None:
    offer = someone(9).parameters() | {"conversationId": "[red]not a uuid\x1b[2J", "media": [{"type": "audio"}] * 5000}
    async with switchboard() as told:
        async with connect(told.url, additional_headers=_headers(told), proxy=None, compression=None) as client:
            for junk in (b"\x00" * 3_000_000, "x" * 3_000_000, '{"type":' + '"y"' * 900_000):
                await client.send(junk)
            await client.send(json.dumps({**json.loads(_text("open", 1)), "parameters": offer})[:60_000])
            good = someone(9).parameters() | {"conversationId": "[red]not a uuid\x1b[2J"}
            await client.send(_text("open", 2, **good))
            assert json.loads(await client.recv())["type"] == "opened"
            for _ in range(3):
                await client.send(b"\xff" * 3_200_001)
            await client.send(_text("close", 3, reason="end"))
            assert json.loads(await client.recv())["type"] == "closed"
        await told.until_told(CallEnded)
    call = told.call
    assert call.conversation_id == ""
    assert call.inbound.pacing.frames == 3
    assert call.hook is not None
    assert {"audio_unexpected", "audio_odd", "seq_gap", "bad_parameters"} <= set(call.hook.broken)
    assert "not a uuid" not in repr(told.facts)


async def test_a_message_over_the_limit_ends_the_session_and_not_the_listener() -> None:
    async with switchboard(socket=SocketOptions(max_message_bytes=10_000, close_timeout_s=1.0)) as told:
        async with connect(told.url, additional_headers=_headers(told), proxy=None, compression=None) as client:
            await client.send(_text("open", 1, **someone(9).parameters()))
            await client.recv()
            await client.send(b"\xff" * 10_001)
            with pytest.raises(ConnectionClosed):
                await _until_closed(client)
        await told.until_told(ConnectionLost)
        assert (await caller(told, offer=someone(1)).run()).closed
    assert told.of(ConnectionLost)[0].cause is Cause.MESSAGE_TOO_BIG


async def test_text_that_cannot_be_read_is_a_fact_of_the_call() -> None:
    async with switchboard() as told:
        async with connect(told.url, additional_headers=_headers(told), proxy=None) as client:
            await client.send(_text("open", 1, **someone(9).parameters()))
            await client.recv()
            await client.send("this is no JSON")
            await told.until_told(MalformedReceived)
        assert told.of(MalformedReceived)[0].call_id == told.call.call_id


# -- the end ------------------------------------------------------------------------------------------------


async def test_stopping_asks_every_client_to_close_and_waits_for_it() -> None:
    async with switchboard() as told:
        calls = [asyncio.create_task(caller(told, scenario(30.0), offer=someone(seed)).run()) for seed in (1, 2)]
        await told.until_told(AudioReceived, 4)
        told.board.command(Stop())
        outcomes = await asyncio.gather(*calls)
        await told.until_told(CallEnded, 2)
    assert [(outcome.closed, outcome.broken) for outcome in outcomes] == [(True, []), (True, [])]
    assert [call.ended for call in told.calls] == ["closed: disconnect"] * 2


async def test_stopping_does_not_wait_long_for_a_client_that_does_not_answer() -> None:
    async with switchboard(stop_s=0.2) as told:
        async with connect(told.url, additional_headers=_headers(told), proxy=None) as client:
            await client.send(_text("open", 1, **someone(9).parameters()))
            await client.recv()
            told.board.command(Stop())
            with pytest.raises(ConnectionClosed) as caught:
                await _until_closed(client)
        await told.until_told(CallEnded)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001
    assert told.call.ended == "stopped"
    assert told.call.link.cause is Cause.STOPPED


async def test_a_call_that_waits_for_its_participant_ends_with_the_listener() -> None:
    async with switchboard() as told:
        await caller(told, scenario(0.6, faults=(Abort(kind="abort", at_s=0.2),))).run()
        await told.until_told(ConnectionLost)
    assert told.call.ended == "stopped"


async def test_a_mark_is_of_its_call_alone_and_nothing_is_said_to_anybody() -> None:
    async with switchboard() as told:
        playing = [asyncio.create_task(caller(told, scenario(1.0)).run()) for _ in range(2)]
        await told.until(lambda: len({fact.call_id for fact in told.of(AudioReceived)}) == 2)
        told.board.command(Mark("here", "call-2"))
        told.board.command(Say("hello", "call-2"))
        told.board.command(Mark("nowhere", "call-99"))
        assert [(await one).broken for one in playing] == [[], []]
    assert [(fact.call_id, fact.note) for fact in told.of(Marked)] == [("call-2", "here")]


async def test_a_port_that_is_taken_is_an_os_error() -> None:
    async with switchboard() as told:
        port = int(told.url.split(":")[2].partition("/")[0])
        second = Switchboard(SwitchboardOptions(port=port), KEYS, SystemClock(), new_id=lambda: "none")
        with pytest.raises(OSError, match="in use"):
            await second.run(told.put)
    assert SECRET not in repr(told.facts)
