"""What the answers about a conversation that is followed mean: each function reads one and returns the step."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.doctor.answers import span
from dashboard.doctor.steps import Check, Diagnosis, Outcome, Place, StepResult
from dashboard.resilience.channels import CHANNEL_LIMIT, Channel, Conversation, Subscribed
from dashboard.resilience.retry import Failure


def known(place: Place, conversation_id: str, found: Conversation, took_s: float) -> StepResult:
    """Genesys knows the conversation."""
    parties = [
        {"purpose": one.purpose, "connected": one.connected, "disconnect_type": one.disconnect_type or None}
        for one in found.parties
    ]
    facts = {**place.facts(), "status": 200, "parties": parties, "over": found.over}
    present = list(dict.fromkeys(one.purpose for one in found.parties if one.connected))
    if present:
        detail = f"{conversation_id} is known, connected: {', '.join(present)}"
        return StepResult(Check.CALL, detail, took_s=took_s, facts=facts)
    diagnosis = _nobody(found)
    return StepResult(Check.CALL, f"{conversation_id}: {diagnosis.words}", Outcome.WARNING, took_s, facts, diagnosis)


def _nobody(found: Conversation) -> Diagnosis:
    if found.over:
        return Diagnosis(
            "conversation_over",
            "the conversation is over: nobody is connected any more",
            "There is nothing to follow but transcripts that come late: take the id of a conversation that goes on.",
        )
    return Diagnosis(
        "no_voice",
        "there is no telephone call in the conversation",
        "Notifications tell transcripts of calls only: if it is a chat or a message, there is nothing to follow. A "
        "call that begins later can be followed then.",
    )


def unread(place: Place, failure: Failure, took_s: float) -> StepResult:
    """The OAuth client may not ask how the conversation stands; it is followed all the same."""
    facts = {**place.facts(), "status": failure.status, "headers": dict(failure.headers)}
    diagnosis = Diagnosis(
        str(failure.cause),
        failure.detail,
        "Without it a wrong id is not found out, and neither holds and recording nor who took part before are known: "
        "give a role of the OAuth client conversation:communication:view.",
    )
    return StepResult(Check.CALL, failure.detail, Outcome.WARNING, took_s, facts, diagnosis)


def made(place: Place, channel: Channel, before: int | None, headers: Mapping[str, str], took_s: float) -> StepResult:
    """A channel was made; `before` that the OAuth client had so many."""
    facts = {
        **place.facts(),
        "status": 200,
        "channel": channel.name,
        "life_s": round(channel.life_s, 1),
        "channels_before": before,
        "channels_limit": CHANNEL_LIMIT,
        "headers": dict(headers),
    }
    beside = "" if before is None else f", beside {before} of {CHANNEL_LIMIT}"
    detail = f"{channel.name} made, lives {span(channel.life_s)}{beside}"
    if before is None or before < CHANNEL_LIMIT:
        return StepResult(Check.CHANNEL, detail, took_s=took_s, facts=facts)
    diagnosis = Diagnosis(
        "channels_used_up",
        f"the OAuth client had {before} notification channels, and may have {CHANNEL_LIMIT}: each new one ends another",
        "Give callscope an OAuth client that nothing else uses. What nobody listens to ends first, and by itself "
        "within a day.",
    )
    return StepResult(Check.CHANNEL, detail, Outcome.WARNING, took_s, facts, diagnosis)


def subscribed(place: Place, told: Subscribed, took_s: float) -> StepResult:
    """At least one topic is permitted."""
    facts = {**place.facts(), "status": 200, "permitted": list(told.topics), "refused": list(told.refused)}
    detail = f"permitted: {', '.join(told.topics)}"
    if not told.refused:
        return StepResult(Check.TOPICS, detail, took_s=took_s, facts=facts)
    reasons = list(dict.fromkeys(refused.partition(": ")[2] for refused in told.refused))
    names = ", ".join(refused.partition(": ")[0] for refused in told.refused)
    diagnosis = Diagnosis(
        "topics_refused",
        f"not permitted: {names}; {' and '.join(reasons)}",
        "What is permitted is followed all the same; for the rest give a role of the OAuth client what it lacks.",
    )
    return StepResult(Check.TOPICS, f"{detail}; not: {names}", Outcome.WARNING, took_s, facts, diagnosis)


def heard(rtt_s: float, place: Place) -> StepResult:
    """The channel's ping was answered."""
    facts = {**place.facts(), "rtt_ms": round(rtt_s * 1000, 3)}
    return StepResult(Check.PING, "the channel answers", took_s=rtt_s, facts=facts)


def unanswered(place: Place, waited_s: float, took_s: float) -> StepResult:
    """No pong came, but something else did."""
    facts = {**place.facts(), "rtt_ms": None}
    diagnosis = Diagnosis(
        "pong_missing",
        f"Genesys answers no ping within {waited_s:g} s, and yet the channel tells",
        "The conversation can be followed; only round trips are not known, and a dead connection is found out by its "
        "silence. If it stays so, look at Genesys' status page.",
    )
    detail = f"no pong within {waited_s:g} s, but other messages"
    return StepResult(Check.PING, detail, Outcome.WARNING, took_s, facts, diagnosis)


def left(place: Place, status: int, took_s: float) -> StepResult:
    """The channel was left."""
    facts = {**place.facts(), "status": status}
    if 200 <= status < 300:
        detail = "its topics are removed; unused, the channel ends by itself within a day"
        return StepResult(Check.LEFT, detail, took_s=took_s, facts=facts)
    detail = f"its topics could not be removed ({status}); the channel ends by itself within a day"
    return StepResult(Check.LEFT, detail, Outcome.SKIPPED, took_s, facts)
