"""Ways to break AudioHook's rules, by the name of the rule: each changes one message of a client before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Fields = dict[str, Any]

_OTHER_ID = "b2c3d4e5-0009-4000-8000-00000000beef"

BREACHES: Mapping[str, Callable[[Fields], Fields | str]] = MappingProxyType(
    {
        "bad_version": lambda fields: {**fields, "version": 2},
        "bad_id": lambda fields: {**fields, "id": "session-1"},
        "id_differs": lambda fields: {**fields, "id": _OTHER_ID},
        "bad_seq": lambda fields: {**fields, "seq": str(fields["seq"])},
        "seq_gap": lambda fields: {**fields, "seq": fields["seq"] + 3},
        "ack_ahead": lambda fields: {**fields, "serverseq": fields["serverseq"] + 50},
        "bad_position": lambda fields: {**fields, "position": "PT1M"},
        "position_back": lambda fields: {**fields, "position": "PT0S"},
        "position_mismatch": lambda fields: {**fields, "position": "PT9000S"},
        "no_parameters": lambda fields: {name: value for name, value in fields.items() if name != "parameters"},
        "bad_parameters": lambda fields: {**fields, "parameters": {"language": "english"}},
        "unknown_type": lambda fields: {**fields, "type": "telemetry"},
        "wrong_side": lambda fields: {**fields, "type": "pong"},
        "open_repeated": lambda fields: {**fields, "type": "open", "parameters": {}},
        "resumed_unexpected": lambda fields: {**fields, "type": "resumed", "parameters": {}},
        "not_json": lambda fields: "this is no JSON",
        "too_long": lambda fields: '{"type":"update","note":"' + "x" * 70_000 + '"}',
    }
)
