"""A conversation followed over a real channel of a real host on loopback, and what goes wrong with channels."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Literal

import pytest

from dashboard.call.codec import to_line
from dashboard.call.events import (
    AttemptFailed,
    CallEnded,
    Cause,
    ConnectionLost,
    ConnectionOpened,
    LinkChanged,
    LinkState,
    PingMeasured,
    Speaker,
    TokenObtained,
    UtteranceExpired,
)
from dashboard.call.figures import probe_object
from dashboard.call.notification_events import (
    ChannelMoved,
    ChannelSubscribed,
    ClosingAnnounced,
    ConversationRead,
    GapMarked,
    HeartbeatReceived,
    PartyJoined,
    PartyLeft,
    RequestFailed,
    SpeechTranscribed,
    SubscriptionLost,
)
from dashboard.call.ports import Say
from dashboard.call.verdict import judge
from dashboard.simulator.faults import (
    Abort,
    AnnounceClose,
    Close,
    Evict,
    HalfOpen,
    Hold,
    Refuse,
    TokenLife,
    Unsubscribe,
)
from tests.unit.worker.channels import POLICY, QUICK, Followed, following, scenario


def gave_up(followed: Followed) -> LinkChanged | None:
    ends = [fact for fact in followed.of(LinkChanged) if fact.state is LinkState.GAVE_UP]
    return ends[0] if ends else None


# -- a conversation that goes well ----------------------------------------------------------------------


async def test_a_transcript_is_told_with_its_age_and_is_no_turn() -> None:
    async with following(scenario()) as followed:
        await followed.until_told(SpeechTranscribed, 2)
        bot, caller = followed.of(SpeechTranscribed)
        assert (bot.speaker, bot.text) == (Speaker.BOT, "Hi.")
        assert (caller.speaker, caller.text) == (Speaker.CALLER, "Yes.")
        assert all(fact.age_s is not None and 0.1 < fact.age_s < 5.0 for fact in (bot, caller))
        assert followed.call.turns.current is None
        assert followed.call.messages["transcript"] == 2
        assert judge(followed.call).level == "healthy"


async def test_topics_parties_heartbeats_and_round_trips_are_told() -> None:
    async with following(scenario()) as followed:
        subscribed = await followed.until_told(ChannelSubscribed)
        assert subscribed.topics[0] == "transcription"
        assert len(subscribed.topics) == 10
        assert subscribed.created
        await followed.until_told(HeartbeatReceived)
        await followed.until_told(PingMeasured, 3)
        await followed.until_told(PartyJoined)
        await followed.until_told(ConversationRead)
        assert {party.purpose for party in followed.view.parties if party.connected} >= {"customer"}
        assert followed.view.recording == "active"
        assert all(0 < ping.rtt_s < 5 for ping in followed.of(PingMeasured))


async def test_a_conversation_that_is_over_is_followed_on_for_late_transcripts_and_then_left() -> None:
    async with following(scenario(seconds=2.0)) as followed:
        left = await followed.until_told(PartyLeft)
        ended = await followed.until_told(CallEnded)
        assert (left.role, left.disconnect_type) == ("flow", "peer")
        assert ended.reason == "the conversation is over"
        assert [fact.text for fact in followed.of(SpeechTranscribed)] == ["Hi.", "Yes."]
        assert "transcription ended" in followed.rows


async def test_a_hold_and_a_paused_recording_are_told() -> None:
    held = scenario(Hold(kind="hold", at_s=0.0))
    async with following(held) as followed:
        await followed.until_told(PartyJoined)
        await followed.until(lambda: "customer is on hold" in followed.rows)
        assert followed.view.recording == "paused"


async def test_nothing_can_be_said_to_anybody() -> None:
    async with following(scenario()) as followed:
        await followed.until_told(ConnectionOpened)
        followed.follower.command(Say("hello"))
        assert "nobody listens" in (await followed.until_told(UtteranceExpired)).why


# -- the socket ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Abort(kind="abort", at_s=0.6), Cause.ABNORMAL_CLOSURE),
        (Close(kind="close", at_s=0.6, code=1001, reason="idle"), Cause.GOING_AWAY),
        (Close(kind="close", at_s=0.6, code=1000), Cause.SERVER_CLOSED),
    ],
)
async def test_a_lost_socket_is_dialled_again_on_the_same_channel_and_the_gap_is_marked(
    fault: Abort | Close, cause: Cause
) -> None:
    async with following(scenario(fault)) as followed:
        gap = await followed.until_told(GapMarked)
        (lost,) = followed.of(ConnectionLost)
        assert (lost.cause, gap.since) == (cause, lost.last_inbound_at)
        await followed.until(lambda: followed.view.gaps == 1 and followed.call.link.resumed == 1)
        assert any(row.startswith("gap of ") for row in followed.rows)
        assert {fact.channel for fact in followed.of(ChannelSubscribed)} == {followed.view.channel}
        await followed.until(lambda: followed.of(ConversationRead)[-1].at > gap.at)


async def test_a_channel_that_says_nothing_is_stale() -> None:
    silent = scenario(HalfOpen(kind="half_open", at_s=0.5, for_s=50.0))
    async with following(silent, policy=replace(POLICY, stale_after_s=1.0)) as followed:
        await followed.until_told(GapMarked)
        assert followed.of(ConnectionLost)[0].cause is Cause.STALE


async def test_an_announced_close_is_not_waited_for_and_nothing_is_missed() -> None:
    announced = scenario(AnnounceClose(kind="announce_close", at_s=0.6, after_s=30.0))
    async with following(announced) as followed:
        await followed.until_told(ClosingAnnounced)
        moved = await followed.until_told(ChannelMoved)
        assert moved.why == "its close was announced"
        await followed.until_told(PingMeasured, len(followed.of(PingMeasured)) + 2)
        assert not followed.of(ConnectionLost)
        assert not followed.of(GapMarked)
        assert followed.call.link.outage_count == 0
        assert followed.view.channels == 1
        texts = [fact.text for fact in followed.of(SpeechTranscribed)]
        assert len(texts) == len(set(texts))


async def test_a_subscription_that_is_lost_is_made_anew_on_the_same_socket_and_the_gap_is_marked() -> None:
    async with following(scenario(Unsubscribe(kind="unsubscribe", at_s=0.5))) as followed:
        lost = await followed.until_told(SubscriptionLost)
        assert lost.reason == "another_channel_subscribed"
        gap = await followed.until_told(GapMarked)
        assert gap.since == lost.at
        await followed.until(lambda: "Yes." in followed.rows)
        assert followed.call.link.outage_count == 0
        assert not followed.of(ChannelMoved)
        assert {fact.channel for fact in followed.of(ChannelSubscribed)} == {followed.view.channel}


async def test_topics_that_are_taken_again_and_again_are_not_fought_for() -> None:
    taken = scenario(Unsubscribe(kind="unsubscribe", at_s=0.3, every_s=0.3))
    async with following(taken, policy=replace(POLICY, stable_after_s=1.0)) as followed:
        await followed.until_told(SubscriptionLost, 5)
        assert len(followed.of(ChannelSubscribed)) <= 4


async def test_an_evicted_channel_is_replaced_by_a_new_one() -> None:
    async with following(scenario(Evict(kind="evict", at_s=0.6))) as followed:
        await followed.until(lambda: followed.view.channels == 2)
        await followed.until_told(GapMarked)
        first, second = followed.of(ChannelSubscribed)
        assert first.channel != second.channel
        assert followed.call.link.resumed == 0
        assert followed.of(AttemptFailed)[0].status == 404


async def test_a_renewed_token_gets_a_channel_of_its_own_before_the_old_one_is_left() -> None:
    lives = scenario(TokenLife(kind="token_life", expires_in_s=2))
    async with following(lives) as followed:
        moved = await followed.until_told(ChannelMoved)
        assert moved.why == "token expired"
        await followed.until(lambda: followed.view.channels == 2)
        assert not followed.of(ConnectionLost)


async def test_a_token_that_dies_before_its_time_ends_the_channel_and_is_replaced_with_it() -> None:
    dies = scenario(TokenLife(kind="token_life", expires_in_s=3600, dies_after_s=1.0))
    async with following(dies) as followed:
        await followed.until(lambda: followed.view.channels == 2)
        assert followed.of(ConnectionLost)[0].code == 4401
        assert followed.of(TokenObtained)[-1].refresh
        await followed.until_told(GapMarked)


async def test_a_token_that_was_revoked_is_not_used_for_another_connection() -> None:
    dies = scenario(
        TokenLife(kind="token_life", expires_in_s=3600, dies_after_s=0.8, close_code=1001),
        AnnounceClose(kind="announce_close", at_s=0.1, after_s=30.0),
    )
    async with following(dies, policy=replace(POLICY, stable_after_s=0.9)) as followed:
        await followed.until(lambda: followed.view.channels == 2)
        assert gave_up(followed) is None


async def test_topics_are_subscribed_again_before_the_channel_ends() -> None:
    brief = scenario(notices=replace(QUICK, channel_life_s=1.0))
    async with following(brief) as followed:
        again = await followed.until_told(ChannelSubscribed, 3)
        assert not again.created
        assert not followed.of(ConnectionLost)
        assert not followed.of(ChannelMoved)
        told = followed.of(ChannelSubscribed)[:3]
        assert [again.channel] * 3 == [fact.channel for fact in told]
        for before, after in pairwise(told):  # it lives on from then, and is due again when most of that is over
            assert before.expires_at is not None
            assert after.expires_at is not None
            assert after.expires_at > before.expires_at + 0.5


# -- what Genesys refuses -----------------------------------------------------------------------------------


async def test_an_unknown_conversation_is_not_followed() -> None:
    async with following(scenario(), conversation_id="not-that-one") as followed:
        await followed.until(lambda: gave_up(followed))
        end = gave_up(followed)
        assert end is not None
        assert end.cause is Cause.NOT_FOUND
        assert "conversation is not known (404)" in end.detail


async def test_whoever_may_not_read_the_conversation_follows_it_all_the_same() -> None:
    async with following(scenario(notices=replace(QUICK, conversation="forbidden"))) as followed:
        failed = await followed.until_told(RequestFailed)
        assert failed.status == 403
        assert "conversation:communication:view" in failed.detail
        assert failed.correlation_id
        await followed.until_told(SpeechTranscribed)


async def test_a_topic_that_is_not_permitted_is_told_with_what_is_missing() -> None:
    async with following(scenario(notices=replace(QUICK, rejected=("transcription",)))) as followed:
        subscribed = await followed.until_told(ChannelSubscribed)
        assert "transcription" not in subscribed.topics
        assert subscribed.refused == ("transcription: the OAuth client lacks conversation:transcription:view",)
        await followed.until_told(PartyJoined)


async def test_without_any_permitted_topic_there_is_nothing_to_follow() -> None:
    async with following(scenario(notices=replace(QUICK, rejected=("transcription", "events")))) as followed:
        await followed.until(lambda: gave_up(followed))
        end = gave_up(followed)
        assert end is not None
        assert end.cause is Cause.PERMISSION_MISSING


async def test_more_topics_than_a_channel_takes_are_refused_in_words() -> None:
    async with following(scenario(notices=replace(QUICK, topic_limit=5))) as followed:
        await followed.until(lambda: gave_up(followed))
        end = gave_up(followed)
        assert end is not None
        assert "more topics than a channel takes" in end.detail


@pytest.mark.parametrize("where", ["conversation", "channel", "subscription"])
async def test_a_rate_limit_is_waited_out(where: Literal["conversation", "channel", "subscription"]) -> None:
    limited = scenario(Refuse(kind="refuse", where=where, status=429, attempts=1, retry_after_s=1))
    async with following(limited) as followed:
        failed = await followed.until_told(AttemptFailed)
        assert (failed.cause, failed.status) == (Cause.RATE_LIMITED, 429)
        assert failed.wait_s is not None
        assert failed.wait_s >= 1.0
        opened = await followed.until_told(ConnectionOpened)
        assert opened.at - failed.at >= 0.99


async def test_wrong_credentials_end_it() -> None:
    async with following(scenario(), secret="wrong") as followed:
        await followed.until(lambda: gave_up(followed))
        end = gave_up(followed)
        assert end is not None
        assert end.cause is Cause.CREDENTIALS_REFUSED


# -- what nobody may see ----------------------------------------------------------------------------------


async def test_neither_the_address_of_a_channel_nor_numbers_nor_names_of_people_are_told() -> None:
    async with following(scenario(Abort(kind="abort", at_s=1.0), seconds=3.0)) as followed:
        await followed.until_told(CallEnded)
        channel = followed.follower._genesys.channel
        assert channel is not None
        told = "\n".join(map(to_line, followed.facts)) + repr(followed.call) + str(probe_object(followed.call))
        for secret in (channel.id.reveal(), channel.address.reveal(), channel.owner.value.reveal()):
            assert secret not in told
            assert secret not in repr(channel)
        assert "Doe" not in told
        assert "4930901820" not in told
