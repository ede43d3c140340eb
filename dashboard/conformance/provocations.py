"""What a bot is provoked with: messages that are unusual, and messages that break the protocol's rules."""

from __future__ import annotations

import asyncio
from typing import Any

from dashboard.conformance.visit import Visit
from dashboard.dialects.audiohook_wire import TEXT_LIMIT

_ANOTHER = "b2c3d4e5-0009-4000-8000-00000000beef"


async def lengths(visit: Visit) -> None:
    """Frames of 20, 100, 200 and 37.5 ms."""
    for size in (160, 800, 1600, 300):
        visit.do(lambda now, size=size: visit.client.audio(b"\xff" * size, now))  # type: ignore[misc]
        await asyncio.sleep(size / 8000)


async def hold(visit: Visit) -> None:
    visit.do(visit.client.pause)
    await asyncio.sleep(0.4)
    visit.do(visit.client.resume)


def unknown_type(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "type": "callscope", "parameters": {}}


def unknown_fields(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "callscope": 1, "parameters": {**fields["parameters"], "callscope": {"new": True}}}


def gap(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "seq": fields["seq"] + 3}


def other_id(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "id": _ANOTHER}


def ahead(fields: dict[str, Any]) -> dict[str, Any]:
    """Claim to have seen what the bot has not sent yet."""
    return {**fields, "serverseq": fields["serverseq"] + 50}


def bad_parameters(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "type": "discarded", "parameters": {"start": 7}}


def too_long(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "parameters": {"language": "x" * TEXT_LIMIT}}


def open_again(visit: Visit) -> None:
    again = visit.client.offer.parameters()
    visit.send(lambda fields: {**fields, "type": "open", "parameters": again})
