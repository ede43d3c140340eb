"""The operator's test utterances: held, sent, answered, expired. Pure steps over the newest of them."""

from __future__ import annotations

from typing import Any

from dashboard.call.events import UtteranceExpired, UtteranceHeld, UtteranceSent
from dashboard.call.state import Utterance, UtteranceStatus
from dashboard.frozen import replace

Utterances = tuple[Utterance, ...]

KEPT = 100


def held(said: Utterances, fact: UtteranceHeld, outage: int | None) -> Utterances:
    """An utterance waits for a session, in the outage of that number if there is one."""
    return (*said[-KEPT + 1 :], Utterance(fact.utterance, fact.text, fact.at, "held", outage=outage))


def sent(said: Utterances, fact: UtteranceSent) -> Utterances:
    """An utterance went out."""
    return _changed(said, fact.utterance, status="sent", sent_at=fact.at)


def answered(said: Utterances, number: int, at: float) -> Utterances:
    """The bot reacted to an utterance."""
    return _changed(said, number, status="answered", answered_at=at)


def expired(said: Utterances, fact: UtteranceExpired) -> Utterances:
    """An utterance was not sent in time."""
    return _changed(said, fact.utterance, status="expired", why=fact.why)


def ended(said: Utterances, number: int | None, status: UtteranceStatus, why: str = "") -> Utterances:
    """It is known what became of an utterance, or that it will not be."""
    return said if number is None else _changed(said, number, status=status, why=why)


def disconnected(said: Utterances, *, ends: bool, typing: bool = False) -> Utterances:
    """The connection was lost: nobody knows whether an utterance that nothing came back to has arrived.

    `ends`: the bot says when it has finished, which it cannot say any more of what it was answering. `typing`: it was
    at it, so the utterance has arrived.
    """
    lost: dict[str, tuple[UtteranceStatus, str]] = {
        "sent": ("unknown", "the connection was lost before anything came back")
    }
    if typing:
        lost["sent"] = "unfinished", "the bot was typing when the connection was lost"
    if ends:
        lost["answered"] = "unfinished", "the connection was lost meanwhile"
    if not any(one.status in lost for one in said):
        return said
    return tuple(
        replace(one, status=lost[one.status][0], why=lost[one.status][1]) if one.status in lost else one for one in said
    )


def settled(said: Utterances) -> int:
    """Return how many are over: nothing more will be heard of them."""
    return sum(one.status not in ("held", "sent", "answered") for one in said)


def outage_of(said: Utterances, number: int) -> int | None:
    """Return the number of the outage in which an utterance was held, if there was one."""
    return next((one.outage for one in said if one.number == number), None)


def _changed(said: Utterances, number: int, **changes: Any) -> Utterances:
    return tuple(replace(one, **changes) if one.number == number else one for one in said)
