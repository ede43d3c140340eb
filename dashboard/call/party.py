"""Who takes part in a conversation that goes on, and how a part in it ends."""

from __future__ import annotations

from dataclasses import dataclass

TROUBLE = frozenset({"error", "transportFailure", "timeout", "sessionExpired", "inactivity", "system", "uncallable"})
"""Disconnect types with which no conversation should end."""


@dataclass(frozen=True, slots=True)
class Party:
    """One leg of one participant, as Genesys tells it. Names and numbers are not kept.

    purpose: customer, ivr, acd, agent …; disconnect_type: empty while it is connected. recording: none, active, paused.
    """

    participant_id: str
    purpose: str
    communication_id: str = ""
    media_type: str = ""
    connected: bool = True
    disconnect_type: str = ""
    held: bool = False
    muted: bool = False
    recording: str = ""
    wrap_up: str = ""
    error_code: str = ""


def disconnect_word(said: str) -> str:
    """Return a disconnect type as analytics writes it: transportFailure for TRANSPORT_FAILURE and transport.failure."""
    first, *others = (said.lower() if said.isupper() else said).replace(".", "_").split("_")
    return first + "".join(word.capitalize() for word in others)
