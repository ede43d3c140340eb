"""Genesys' own record of a conversation: what it amounts to, and what it says beside our own figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dashboard.call.conversation import GenesysLeg, GenesysRecord, GenesysVerdict
from dashboard.call.outages import latest
from dashboard.call.party import TROUBLE
from dashboard.call.state import CallState, GenesysView
from dashboard.call.terms import LinkState
from dashboard.call.words import cause_words
from dashboard.media.playout import Quality, playout

POOR_MOS = 3.5
"""A conversation below this is bad, there and here."""


def assess(record: GenesysRecord) -> tuple[GenesysVerdict, tuple[str, ...]]:
    """Judge a record, with reasons; one that holds nothing which speaks for the conversation is unknown."""
    voices = [leg for leg in record.legs if has_voice(leg)]
    reasons = [
        *_grouped("ended with", ((leg.disconnect_type, leg) for leg in voices if leg.disconnect_type in TROUBLE)),
        *_grouped("reports", ((leg.error_code, leg) for leg in voices if leg.error_code)),
    ]
    if record.errors:
        reasons.append(f"{record.errors} {'error' if record.errors == 1 else 'errors'} counted")
    if record.min_mos is not None and record.min_mos < POOR_MOS:
        reasons.append(f"MOS {record.min_mos:.2f} at worst")
    if reasons:
        return GenesysVerdict.BAD, tuple(reasons)
    ended_well = record.ended is not None and bool(disconnect_type(record))
    counted = record.errors is not None and not record.legs  # all that the tutorials' query yields
    if record.min_mos is not None or ended_well or counted:
        return GenesysVerdict.OK, ()
    return GenesysVerdict.UNKNOWN, ("indexed, but no media figures yet",)


def disconnect_type(record: GenesysRecord) -> str:
    """Return how the voice ended: the first type that means trouble, else the last one; empty while it goes on."""
    return telling(leg.disconnect_type for leg in record.legs if has_voice(leg))


def telling(values: Iterable[str]) -> str:
    """Return the first value that means trouble, else the last that says anything."""
    said = [value for value in values if value]
    return next((value for value in said if value in TROUBLE), said[-1] if said else "")


def has_voice(leg: GenesysLeg) -> bool:
    """Tell whether a leg carries sound; others end as they like."""
    return leg.media_type == "voice"


def is_troubled(leg: GenesysLeg) -> bool:
    """Tell whether a leg ended as none should, or reports an error."""
    return leg.disconnect_type in TROUBLE or bool(leg.error_code)


def our_sound(call: CallState) -> Quality:
    """Return the estimate for the whole call as its sound came in here."""
    buffer_s = call.targets.buffer_s
    return playout(call.inbound.pacing, buffer_s=buffer_s, window_s=None, now=call.now, rtt_s=call.rtt_s)


def is_provisional(view: GenesysView) -> bool:
    """Tell whether Genesys' conversation goes on, so that its record may still change."""
    record = None if view.known is None else view.known.record
    return record is not None and record.began is not None and record.ended is None


def verdict_words(view: GenesysView) -> str:
    """Return the verdict; `bad so far` while the conversation goes on."""
    verdict = view.answer.verdict
    return f"{verdict} so far" if verdict is not GenesysVerdict.UNKNOWN and is_provisional(view) else str(verdict)


def our_end(call: CallState) -> str:
    """Return how our connection last ended, in words; empty while it never did."""
    outage = latest(call.link)
    if outage is not None:
        return cause_words(outage.cause) + (f" ({outage.code})" if outage.code is not None else "")
    over = call.link.state in (LinkState.CLOSED, LinkState.GAVE_UP)
    return cause_words(call.link.cause) if over else ""


def compared(call: CallState) -> tuple[str, ...]:
    """Return what the two sides say together, a sentence each on the sound and on the end; empty without a record."""
    known = None if call.genesys is None else call.genesys.known
    if known is None or known.record is None:
        return ()
    return (*_sound(known.record.min_mos, our_sound(call).mos), *_end(known.record, call))


def _grouped(verb: str, found: Iterable[tuple[str, GenesysLeg]]) -> Iterator[str]:
    """Say of each trouble once on which legs it is."""
    legs: dict[str, list[str]] = {}
    for trouble, leg in found:
        legs.setdefault(trouble, []).append(leg.purpose)
    for trouble, purposes in legs.items():
        yield f"{' and '.join(dict.fromkeys(purposes))} {verb} {trouble}"


def _sound(theirs: float | None, ours: float | None) -> Iterator[str]:
    if theirs is None or ours is None:
        return
    there, here = theirs < POOR_MOS, ours < POOR_MOS
    figures = f"MOS {theirs:.2f} at worst there, {ours:.2f} here"
    if there and here:
        yield f"Poor on both sides ({figures}): look at what both share."
    elif there:
        yield f"Poor in Genesys, clear here ({figures}): the trouble is on the caller's side of Genesys."
    elif here:
        yield f"Clear in Genesys, poor here ({figures}): the trouble is between Genesys and this machine."
    else:
        yield f"Clear on both sides ({figures})."


def _end(record: GenesysRecord, call: CallState) -> Iterator[str]:
    there, broke = disconnect_type(record), latest(call.link) is not None
    here = our_end(call)
    if there in TROUBLE and broke:
        yield f"It broke on both sides: {there} there, {here} here."
    elif there in TROUBLE:
        yield f"It broke in Genesys ({there}); the connection here did not."
    elif broke and there:
        yield f"Only the connection here broke: {here}. Genesys' legs ended normally ({there})."
    elif broke and record.legs:
        yield f"Only the connection here broke: {here}. In Genesys the conversation goes on."
