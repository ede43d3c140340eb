"""What a recording is made of, as lines: facts in the common encoding, and the sound between them."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict

from dashboard.call.codec import event_from_line, to_line
from dashboard.call.events import Event
from dashboard.call.masking import masked
from dashboard.call.ports import Sound

Item = Event | Sound

_SOUND = b"~"
"""First of a line that holds sound; a fact begins with a brace."""


def pack(item: Item, *, masks: bool) -> bytes:
    """Return one line, without its newline; a fact masked, if it is to be."""
    if isinstance(item, Sound):
        payload = base64.b64encode(item.payload).decode()
        return _SOUND + json.dumps({**asdict(item), "payload": payload}).encode()
    return to_line(masked(item) if masks else item).encode()


def unpack(line: bytes) -> Item:
    """Undo `pack`."""
    if line.startswith(_SOUND):
        record = json.loads(line[1:])
        return Sound(**{**record, "payload": base64.b64decode(record["payload"])})
    return event_from_line(line)
