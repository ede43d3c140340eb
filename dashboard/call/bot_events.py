"""Facts of the bot beside a call: an endpoint that test utterances are spoken to while the call itself goes its way."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.call.terms import Event


@dataclass(frozen=True, slots=True)
class BotOffered(Event):
    """Where test utterances of this call go, and in which session; nothing is dialled before the first of them.

    profile: its settings' name. why_not: why there is none for this call, in words; empty where there is one.
    """

    profile: str
    endpoint: str = ""
    dialect: str = ""
    session_id: str = ""
    user_id: str = ""
    test_mode: bool = True
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class BotTold(Event):
    """What happened on the wire to that endpoint: a fact as of a call of its own, with the id of this one."""

    fact: Event
