"""Both sides of an AudioHook session as an observer reads them."""

from __future__ import annotations

import json
from typing import Any

from dashboard.call.hook_events import RuleBroken
from dashboard.dialects.audiohook import AudioHook
from dashboard.dialects.base import Item
from tests.unit.dialects.hook_dialogue import SESSION, STEREO, open_parameters

AT = 1000.0


class Wire:
    """Both sides of a session, read by one observer."""

    def __init__(self, selected: dict[str, Any] | None = STEREO, **offered: Any) -> None:
        self.hook = AudioHook("call")
        self.seqs = {"client": 0, "server": 0}
        self.client("open", **open_parameters(**offered))
        self.server("opened", media=[selected] if selected else [])

    def client(self, kind: str, **parameters: Any) -> list[Item]:
        return self.hook.client(self._written("client", kind, parameters), text=True, at=AT).items

    def server(self, kind: str, **parameters: Any) -> list[Item]:
        return self.hook.server(self._written("server", kind, parameters), text=True, at=AT).items

    def entity(self, kind: str, data: Any) -> list[Item]:
        return self.server("event", entities=[{"type": kind, "data": data}])

    def _written(self, side: str, kind: str, parameters: dict[str, Any]) -> bytes:
        self.seqs[side] += 1
        fields = {"version": "2", "id": SESSION, "type": kind, "seq": self.seqs[side], "parameters": parameters}
        if side == "client":
            fields |= {"serverseq": self.seqs["server"], "position": "PT0S"}
        else:
            fields |= {"clientseq": self.seqs["client"]}
        return json.dumps(fields).encode()


def rules(items: list[Item]) -> list[str]:
    return [item.rule for item in items if isinstance(item, RuleBroken)]
