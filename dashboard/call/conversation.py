"""What Genesys' own record says of a conversation (genesys-cloud.md, 4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dashboard.call.terms import Event


class GenesysVerdict(StrEnum):
    """What Genesys' own record says of a conversation; no data is UNKNOWN, never OK."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GenesysLeg:
    """One session of one participant, as analytics tells it; None and empty: not in the record.

    disconnect_type, error_code: of its last segment that has one, but one that means trouble goes before. Packets and
    codecs are those of all its media endpoints together, `min_mos` and `min_r_factor` the worst of them.
    """

    purpose: str
    media_type: str
    disconnect_type: str = ""
    error_code: str = ""
    sip_codes: tuple[int, ...] = ()
    errors: int | None = None  # metric nError
    flow: str = ""
    codecs: tuple[str, ...] = ()
    min_mos: float | None = None
    min_r_factor: float | None = None
    max_latency_s: float | None = None
    received: int | None = None
    discarded: int | None = None  # came too early or too late to be played; over- and underrun are part of it
    overrun: int | None = None
    underrun: int | None = None
    duplicate: int | None = None
    invalid: int | None = None


@dataclass(frozen=True, slots=True)
class GenesysRecord:
    """What Genesys keeps of a conversation. `began`, `ended`: Unix time by its clock, `ended` None while it lasts."""

    began: float | None = None
    ended: float | None = None
    duration_s: float | None = None
    errors: int | None = None
    min_mos: float | None = None
    min_r_factor: float | None = None
    legs: tuple[GenesysLeg, ...] = ()
    legs_left_out: int = 0


@dataclass(frozen=True, slots=True)
class GenesysReported(Event):
    """Genesys was asked about a conversation: its answer, or why there is none.

    reasons: in words, why BAD or why UNKNOWN. error: why the answer could not be fetched, with what to do about it;
    a conversation that is not indexed yet is none. requests: sent so far about this conversation. again_at: when the
    next one is sent (monotonic), None after the last. correlation_id: what Genesys' support asks for.
    """

    conversation_id: str
    verdict: GenesysVerdict
    reasons: tuple[str, ...] = ()
    record: GenesysRecord | None = None
    error: str = ""
    status: int | None = None
    correlation_id: str = ""
    requests: int = 0
    again_at: float | None = None
