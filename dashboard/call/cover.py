"""A call with its texts masked, for showing it to others.

Recordings mask facts, before anything is made of them. Here the state is there already, and with it what has been made
of texts: evidence quotes the beginning of one, a trail keeps so many characters. So what was cut off counts as a number
or address that goes on.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Hashable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from dashboard.call.masking import MAIL, TELEPHONE, mask, mask_interim, text_fields
from dashboard.call.state import CallState, Line
from dashboard.call.trail import TEXT_LIMIT, Message
from dashboard.media.tail import Tail

_CUT_MAIL = re.compile(
    r"""(?x) (?<![\w.%+-]) (?:
        [\w.%+-]+ @ [\w.-]*  # jane@exam
      | (?= [\w-]* [^\W\d_] ) \w [\w-]* (?: [._%+] [\w%+-]+ )+ [._%+]?  # jane.doe
      | [^\W\d_]{2,} \d{2,} [._%+]?  # jane78
    ) $"""
)
"""An address, or what may be the beginning of one: no plain word has a full stop within."""

_CUT_TELEPHONE = re.compile(r"\+\d[\d ()/.-]*$")

Path = tuple[Hashable, ...]


class Cover:
    """Masks one sample of a call after the other. What has not changed since the last one is not looked at again."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Any, Any]] = {}

    def masked(self, call: CallState) -> CallState:
        """Return `call` without numbers and addresses that belong to people."""
        covered: CallState = self._at((), call)
        return covered

    def text(self, text: str) -> str:
        """Return a text of callscope's own, which may quote others, masked."""
        return _masked_text(text)

    def _at(self, path: Path, value: Any) -> Any:
        """Return the value at a place within the call, masked."""
        known = self._known.get(path)
        if known is not None and known[0] is value:
            return known[1]
        if isinstance(value, Tail):
            after: Any = _masked_tail(value, *(known or (None, None)))
        elif isinstance(value, Mapping):
            after = MappingProxyType({key: self._at((*path, key), item) for key, item in value.items()})
        elif _is_record(value) and not isinstance(value, Line):
            after = _with(value, {name: self._at((*path, name), getattr(value, name)) for name in _fields(value)})
        else:
            after = _masked(value)
        self._known[path] = value, after
        return after


def _masked_tail(tail: Tail[Any], before: Any, masked_before: Any) -> Tail[Any]:
    if _goes_on(before, tail):
        more: Tail[Any] = masked_before.extend(map(_masked, tail.since(before.total)))
        return more
    return tail.map(_masked)


def _goes_on(before: Any, tail: Tail[Any]) -> bool:
    """Tell whether `tail` is `before` with more items at its end."""
    if not before or not tail.dropped < before.total <= tail.total:
        return False
    return tail[before.total - 1 - tail.dropped] is before[-1]


@lru_cache(4096)
def _masked_text(text: str) -> str:
    *cut, end = mask(text).split("…")
    return "…".join([*map(_masked_cut, cut), end])


def _masked_cut(text: str) -> str:
    return _CUT_TELEPHONE.sub(TELEPHONE, _CUT_MAIL.sub(MAIL, mask_interim(text)))


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _masked_text(value)
    if isinstance(value, Line) and not value.final:
        return dataclasses.replace(value, text=mask_interim(value.text))
    if isinstance(value, Message) and len(value.text) >= TEXT_LIMIT:
        return dataclasses.replace(value, text=_masked_cut(value.text))
    if isinstance(value, tuple):
        return tuple(map(_masked, value))
    if _is_record(value):
        return _with(value, {name: _masked(getattr(value, name)) for name in _fields(value)})
    return value


def _fields(record: Any) -> tuple[str, ...]:
    kind: Any = type(record)
    return text_fields(kind)


def _is_record(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _with(record: Any, values: Mapping[str, Any]) -> Any:
    changes = {name: value for name, value in values.items() if value is not getattr(record, name)}
    return dataclasses.replace(record, **changes) if changes else record
