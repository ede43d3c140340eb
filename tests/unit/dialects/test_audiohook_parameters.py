"""What each message must hold, field by field (audiohook.md, 3 to 5 and 7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.dialects import audiohook_wire as wire
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_wire import Side, read
from dashboard.dialects.base import Problem
from dashboard.dialects.fields import UnreadableError
from tests.unit.dialects.hook_dialogue import CONVERSATION, MONO, ORGANIZATION, PARTICIPANT, SESSION, STEREO

WHO = {"id": PARTICIPANT, "ani": "tel:+15550100", "aniName": "", "dnis": ""}
BEFORE = {"id": CONVERSATION, "serverseq": 4, "clientseq": 9}

FIELDS: dict[Side, dict[str, dict[str, tuple[list[Any], list[Any]]]]] = {
    "client": {
        "open": {
            "organizationId": ([ORGANIZATION, ORGANIZATION.upper(), wire.NIL], [..., "us-east", 7, None]),
            "conversationId": ([CONVERSATION, wire.NIL], [..., "conversation-1", f"{CONVERSATION} "]),
            "participant": (
                [WHO, {**WHO, "more": 1}],
                [..., [], *({k: v for k, v in WHO.items() if k != name} for name in WHO), {**WHO, "ani": 15550100}],
            ),
            "media": (
                [[STEREO, MONO], [{**MONO, "format": "L16"}], []],
                [
                    *(..., STEREO, [7], [{**MONO, "type": "video"}], [{**MONO, "format": "OPUS"}]),
                    *([{**MONO, "rate": 16000}], [{**MONO, "rate": "8000"}], [{**MONO, "channels": []}]),
                    *([{**MONO, "channels": ["both"]}], [{**MONO, "channels": ["external"] * 3}]),
                ],
            ),
            "language": ([..., "en-US", "deu-CHE"], ["english", "en", "EN-us", "en_US", 7]),
            "supportedLanguages": ([..., True, False], ["true", 1]),
            "continuedSessions": (
                [..., [], [BEFORE]],
                [BEFORE, [CONVERSATION], [{**BEFORE, "id": 7}], [{**BEFORE, "serverseq": -1}], [{"id": CONVERSATION}]],
            ),
            "customConfig": ([..., {}, {"a": [1]}], [[], "x"]),
            "inputVariables": ([..., {}, {"Order": "4711"}], [{"Order": 4711}, []]),
        },
        "close": {"reason": (["end", "error", "disconnect", "reconnect"], [..., "bye", "END", 7])},
        "ping": {"rtt": ([..., "PT0.04S"], ["40", 0.04, "PT-1S"])},
        "paused": {},
        "resumed": {
            "start": (["PT1S"], [..., 1.0, "PT1M"]),
            "discarded": (["PT.5S"], [..., 0.5, "0.5"]),
        },
        "discarded": {
            "start": (["PT1S"], [..., 1.0, "PT1M"]),
            "discarded": (["PT.5S"], [..., 0.5, "0.5"]),
        },
        "update": {"language": (["es-US", ...], ["spanish", 7])},
        "error": {
            "code": ([400, 408, 429, 503, 9999], [..., 399, 10_000, "400", True]),
            "message": ([""], [..., 7]),
            "retryAfter": ([..., "PT3S"], [3, "3"]),
        },
        "dtmf": {"digit": (["5", "#"], [..., 5])},
        "playback_started": {},
        "playback_completed": {},
    },
    "server": {
        "opened": {
            "media": ([[], [STEREO]], [..., STEREO, [7]]),
            "startPaused": ([..., True], ["true", 0]),
            "discardTo": ([..., "PT1S"], [1, "1"]),
            "supportedLanguages": ([..., [], ["en-US"]], ["en-US", [7]]),
        },
        "closed": {},
        "disconnect": {
            "reason": (["completed", "unauthorized", "error"], [..., "end", 7]),
            "info": ([..., "no capacity"], [7, {}]),
            "outputVariables": ([..., {"Outcome": "resolved"}], [{"Turns": 2}, []]),
        },
        "event": {"entities": ([[{"type": "x", "data": None}]], [..., {}, [{"type": "x"}], [{"data": {}}], [7]])},
        "pause": {},
        "resume": {},
        "pong": {},
        "reconnect": {"info": ([..., "update"], [7])},
        "updated": {},
    },
}
"""Side → type → field → what may stand there, the first in all other messages, and what may not; … is nothing."""


def cases() -> Iterator[tuple[Side, str, str, Any, bool]]:
    for side, kinds in FIELDS.items():
        for kind, fields in kinds.items():
            yield side, kind, "", ..., True
            for field, (good, bad) in fields.items():
                yield from ((side, kind, field, value, True) for value in good)
                yield from ((side, kind, field, value, False) for value in bad)


def message(side: Side, kind: str, parameters: dict[str, Any]) -> bytes:
    own = {"serverseq": 0, "position": "PT0S"} if side == "client" else {"clientseq": 0}
    return json.dumps(
        {"version": "2", "id": SESSION, "type": kind, "seq": 1, **own, "parameters": parameters}, ensure_ascii=False
    ).encode()


@pytest.mark.parametrize(("side", "kind", "field", "value", "fits"), cases(), ids=lambda one: str(one)[:30])
def test_each_field_of_each_message_is_what_the_protocol_says(
    side: Side, kind: str, field: str, value: Any, fits: bool
) -> None:
    said = {name: good[0] for name, (good, _) in FIELDS[side][kind].items()} | {field: value}
    found = read(message(side, kind, {name: one for name, one in said.items() if one is not ...}), side)
    assert [(one.rule, one.detail) for one in found.broken] == ([] if fits else [(Rule.BAD_PARAMETERS, field)])


def test_the_other_side_has_messages_of_its_own() -> None:
    for side, kinds in FIELDS.items():
        for kind in kinds:
            assert wire.is_known(kind, side)
            broken = read(message(wire.OTHER[side], kind, {}), wire.OTHER[side]).broken
            assert [one.rule for one in broken] == [Rule.WRONG_SIDE]


@pytest.mark.parametrize("letter", ["x", "ü", "🐟"])
def test_a_text_may_have_65535_characters_and_no_more(letter: str) -> None:
    rest = len(message("client", "dtmf", {"digit": ""}))
    longest = message("client", "dtmf", {"digit": letter * (65_535 - rest)})
    assert read(longest, "client").broken == ()
    with pytest.raises(UnreadableError) as caught:
        read(longest.replace(b"dtmf", b"dtmf_"), "client")
    assert caught.value.problem is Problem.TOO_LONG
