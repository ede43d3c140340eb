"""Thousands of messages that are nearly right: nothing raises, on either side, and what is told stays small."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from dashboard.dialects.audiohook_client import Offer
from dashboard.dialects.audiohook_connector import OFFERS, ConnectorClient
from dashboard.dialects.audiohook_server import HookServer
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.dialects.audiohook_wire import Side
from dashboard.dialects.base import AudioFrame, Item
from tests.unit.dialects.hook_dialogue import CONVERSATION, CORRELATION, ORGANIZATION, PARTICIPANT, SESSION, STEREO
from tests.unit.dialects.test_audiohook_parameters import FIELDS

UTTERED = {"alternatives": [{"interpretations": [{"transcript": "x"}]}], "isFinal": True, "id": SESSION}
ASSISTED = {"utterances": [{"text": "x", "channel": []}], "suggestions": [7, {"type": "faq", "answer": "<" * 50}]}
VALUES: list[Any] = [
    *(None, True, -1, 0, 1, 2**60, 10**40, 1.5, 1e308, "", "x" * 5000, "2", "PT1S", "PT9999999S", "PT-1S", "\x1b[31m"),
    *([], {}, [[]], [None], {"a": 1}, SESSION, "external", STEREO, [STEREO]),
    [{"type": "transcript", "data": UTTERED}, {"type": "agentassist", "data": ASSISTED}],
    [{"type": "bot_turn_response", "data": {"disposition": "match", "text": 7}}, {"type": "barge_in", "data": {}}],
]
KINDS = [*FIELDS["client"], *FIELDS["server"], "dance", ""]
LENGTHS = (0, 1, 3, 160, 1601, 70_000)


def message(chance: random.Random, side: Side, seq: int) -> bytes:
    """A message that is right, but for what chance changes."""
    kind = chance.choice(list(FIELDS[side]) if chance.random() < 0.7 else KINDS)
    said = {name: good[0] for name, (good, _) in FIELDS[side].get(kind, {}).items() if good[0] is not ...}
    said = {name: chance.choice(VALUES) if chance.random() < 0.3 else value for name, value in said.items()}
    fields: dict[str, Any] = {"version": "2", "id": SESSION, "type": kind, "seq": seq, "parameters": said}
    fields |= {"serverseq": 0, "position": "PT0S"} if side == "client" else {"clientseq": 1}
    if chance.random() < 0.3:
        fields[chance.choice(list(fields))] = chance.choice(VALUES)
    if chance.random() < 0.1:
        del fields[chance.choice(list(fields))]
    data = json.dumps(fields).encode()
    place = chance.randrange(len(data))
    match chance.randrange(10):
        case 0:
            return data[:place]
        case 1:
            return data[:place] + bytes([chance.randrange(256)]) + data[place:]
    return data


@pytest.mark.parametrize("seed", range(60))
def test_whatever_comes_neither_side_raises_and_each_goes_on(seed: int) -> None:
    chance, now, told = random.Random(seed), 100.0, list[Item]()
    server = HookServer("call", Announced(SESSION, ORGANIZATION, CORRELATION), now)
    media = (OFFERS[chance.choice(["pcmu", "l16"])],)
    caller = ConnectorClient("call", Offer(SESSION, ORGANIZATION, CONVERSATION, PARTICIPANT, CORRELATION, media))
    caller.start(now)
    for seq in range(1, 60):
        now += chance.choice([0.0, 0.01, 0.3, 3.0])
        for side, peer in (("client", server), ("server", caller)):
            text = chance.random() < 0.85
            data = message(chance, side, seq) if text else b"\xff" * chance.choice(LENGTHS)  # type: ignore[arg-type]
            told += peer.receive(data, text=text, at=now)
        told += server.tick(now)
        caller.tick(now)
        told += server.to_send(now)[1] + caller.to_send()[1]
    facts = [repr(item) for item in told if not isinstance(item, AudioFrame)]
    assert len(facts) > 60
    assert max(map(len, facts)) < 4000
