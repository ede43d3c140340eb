"""The rules of the protocol that a bot can break by what it says: held against all that it said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.conformance.result import Part, Result, Status
from dashboard.conformance.visit import UNREADABLE, Breach, Visit
from dashboard.dialects.audiohook_rules import RULES, Rule

_ANY = "any"

_TOLD_BY: dict[Rule, str] = {
    **dict.fromkeys(
        (
            *(Rule.BAD_VERSION, Rule.BAD_ID, Rule.ID_DIFFERS, Rule.BAD_SEQ, Rule.SEQ_GAP, Rule.BAD_ACK, Rule.ACK_AHEAD),
            *(Rule.ACK_BACK, Rule.BAD_POSITION, Rule.NO_PARAMETERS, Rule.BAD_PARAMETERS),
            *(Rule.UNKNOWN_TYPE, Rule.WRONG_SIDE),
        ),
        _ANY,
    ),
    Rule.OPENED_UNASKED: "opened",
    Rule.MEDIA_NOT_OFFERED: "opened",
    Rule.LANGUAGES_UNASKED: "opened",
    Rule.UPDATED_UNASKED: "updated",
    Rule.PONG_UNASKED: "pong",
    Rule.PONG_MISMATCH: "pong",
    Rule.CLOSED_UNASKED: "closed",
    Rule.AFTER_CLOSE: "closed",
    Rule.AUDIO_UNEXPECTED: "audio",
    Rule.AUDIO_EMPTY: "audio",
    Rule.AUDIO_ODD: "audio",
    Rule.RATE_EXCEEDED: "audio",
    Rule.EVENT_UNEXPECTED: "event",
    Rule.NO_ENTITIES: "event",
    Rule.BAD_ENTITY: "event",
    Rule.CHANNEL_UNKNOWN: "event",
    Rule.FINAL_REPEATED: "event",
    Rule.TURN_LATE: "event",
    Rule.DISCONNECT_EARLY: "disconnect",
}
"""Rule → the messages that show whether it is kept."""

_HOLDING = {
    Rule.CHANNEL_UNKNOWN: '"transcript"',
    Rule.FINAL_REPEATED: '"transcript"',
    Rule.TURN_LATE: '"bot_turn_response"',
    Rule.DISCONNECT_EARLY: '"completed"',
}
"""Rule → what these must hold."""


def results(visits: Sequence[Visit]) -> Iterator[Result]:
    """Yield a result for every rule: what the bot said on these visits keeps it, breaks it, or tells nothing of it."""
    breaches: dict[str, list[Breach]] = {}
    for visit in visits:
        for breach in visit.client.breaches:
            breaches.setdefault(breach.rule, []).append(breach)
    said = [one for visit in visits for one in visit.client.said]
    texts = sum(one.kind != "audio" for one in said)
    yield _result(UNREADABLE, "every text message is one of JSON", breaches.get(UNREADABLE, []), texts)
    for rule, kind in _TOLD_BY.items():
        holding = _HOLDING.get(rule, "")
        seen = texts if kind == _ANY else sum(one.kind == kind and holding in one.text for one in said)
        yield _result(rule.value, RULES[rule], breaches.get(rule.value, []), seen)


def _result(name: str, means: str, breaches: Sequence[Breach], seen: int) -> Result:
    if breaches:
        first = breaches[0]
        more = f" ({len(breaches)} times)" if len(breaches) > 1 else ""
        return Result(name, means, Status.FAIL, f"{first.detail}{more}".strip(), name, first.message, Part.SAID)
    if not seen:
        return Result(name, means, Status.NOT_SEEN, "it said nothing that would tell", part=Part.SAID)
    return Result(name, means, Status.PASS, f"{seen} message{'s' * (seen != 1)}", part=Part.SAID)
