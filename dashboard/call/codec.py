"""Facts and commands as versioned JSON: one encoding for the worker's stream, `--jsonl`, recordings and fleets.

One fact is one object: `{"v": 1, "kind": "link_changed", "call_id": …, "at": …, …}` with the fields of its class in
`events.py` or in the file of facts of its dialect. Numbers that JSON does not know (NaN, infinity) never appear. Older
versions are lifted step by step.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from dashboard.call import (
    bot_events,
    cognigy_events,
    events,
    hook_events,
    notification_events,
    ports,
    record_events,
    tap_events,
)
from dashboard.errors import CodecError

VERSION = 1

UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Version found → the step to the next one; a step returns an object of the next version."""

MAX_LINE = 4 * 1024 * 1024
"""Characters of one encoded fact that are read; ours are far smaller."""


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _kinds(base: type, module: object) -> dict[str, type]:
    found = (item for item in vars(module).values() if isinstance(item, type) and issubclass(item, base))
    return {_snake(item.__name__): item for item in found if item is not base}


_EVENTS = {
    kind: item
    for module in (events, hook_events, cognigy_events, bot_events, notification_events, tap_events, record_events)
    for kind, item in _kinds(events.Event, module).items()
}
_COMMANDS = {_snake(item.__name__): item for item in get_args(ports.Command)}
_NAMES: dict[type, str] = {item: kind for kind, item in (_EVENTS | _COMMANDS).items()}


def kind_of(event: events.Event) -> str:
    """Return the identifier of a fact's class, such as `link_changed`."""
    return _NAMES[type(event)]


def kind_name(kind: type[events.Event]) -> str:
    """Return the identifier of a class of facts."""
    return _NAMES[kind]


def is_known(kind: str) -> bool:
    """Tell whether a fact of this identifier can be read; a newer callscope may know more of them."""
    return kind in _EVENTS


def to_dict(item: events.Event | ports.Command) -> dict[str, Any]:
    """Return the versioned dictionary of a fact or a command; its values are what `json` takes as they are."""
    kind: Any = type(item)
    record: dict[str, Any] = {"v": VERSION, "kind": _NAMES[kind]}
    nested = _nested(kind)
    for name in _fields(kind):
        value = getattr(item, name)
        record[name] = _nested_dict(value) if name in nested and value is not None else value
    return record


def _nested_dict(value: Any) -> dict[str, Any]:
    """Return what a dataclass within a fact is written as; a fact within it is one as well."""
    return to_dict(value) if isinstance(value, events.Event) else dataclasses.asdict(value)


def to_line(item: events.Event | ports.Command) -> str:
    """Return one line of JSON without its newline; control characters and all but ASCII are escaped."""
    # On a batch of audio, mostly floats, pydantic's writer takes a quarter of the time of json.dumps. Loading it
    # takes 15 ms: not before somebody writes, which a screen does at its first command.
    from pydantic_core import to_json

    record = to_dict(item)
    try:
        line = to_json(record, ensure_ascii=True, inf_nan_mode="null").decode()
    except ValueError:  # a lone surrogate, as an operator's terminal can give
        line = json.dumps(record, separators=(",", ":"), allow_nan=False)
    return line.replace("\x7f", "\\u007f")


def event_from_dict(record: Mapping[str, Any]) -> events.Event:
    """Read a fact of this or an older version.

    Raises:
        CodecError: the object is no fact, misses a field, or was written by a newer callscope.
    """
    fact = _read(record, _EVENTS)
    assert isinstance(fact, events.Event)
    return fact


def event_from_line(line: str | bytes) -> events.Event:
    """Read one line of JSON as a fact.

    Raises:
        CodecError: as `event_from_dict`, or the line is not JSON.
    """
    return event_from_dict(_object(line))


def command_from_line(line: str | bytes) -> ports.Command:
    """Read one line of JSON as a command.

    Raises:
        CodecError: the line is no command of this version.
    """
    return cast(ports.Command, _read(_object(line), _COMMANDS))


def _object(line: str | bytes) -> Mapping[str, Any]:
    if len(line) > MAX_LINE:
        raise CodecError(f"a line of {len(line)} characters is no fact")
    try:
        record = _parsed(line)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"not JSON: {error}") from None
    if not isinstance(record, dict):
        raise CodecError("not a JSON object")
    return record


def _parsed(line: str | bytes) -> object:
    from pydantic_core import from_json  # takes two thirds of json.loads' time; loaded late, as in `to_line`

    try:
        return from_json(line)
    except (ValueError, TypeError):  # it knows no lone surrogates; on all else the two agree
        return json.loads(line)


def _read(record: Mapping[str, Any], kinds: Mapping[str, type]) -> object:
    version = record.get("v")
    if not isinstance(version, int) or version < 1:
        raise CodecError("no version: not written by callscope")
    if version > VERSION:
        raise CodecError(f"version {version} is newer than {VERSION}", remedy="Update callscope to read this.")
    data = dict(record)
    for step in range(version, VERSION):
        data = UPGRADES[step](data)
    kind = kinds.get(str(data.get("kind")))
    if kind is None:
        raise CodecError(f"unknown kind {data.get('kind')!r:.80}")
    try:
        return _build(kind, data)
    except (TypeError, ValueError, KeyError) as error:
        raise CodecError(f"{data['kind']}: {error}") from None


@cache
def _fields(kind: Any) -> dict[str, Callable[[Any], Any]]:
    hints = get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}


@cache
def _nested(kind: Any) -> frozenset[str]:
    """Return the names of the fields that hold a dataclass."""
    hints = get_type_hints(kind)
    return frozenset(name for name in _fields(kind) if any(map(dataclasses.is_dataclass, _parts(hints[name]))))


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _build(kind: type, data: Mapping[str, Any]) -> object:
    return kind(**{name: read(data[name]) for name, read in _fields(kind).items() if name in data})


def _reader(hint: Any) -> Callable[[Any], Any]:
    """Return the function that checks and converts a JSON value to the type of a field."""
    if hint is float:
        return _number
    if get_origin(hint) is tuple:
        return _tuple_reader(get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        inner = _reader(next(arg for arg in get_args(hint) if arg is not type(None)))
        return lambda value: None if value is None else inner(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if hint is events.Event:
        return _within
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return lambda value: _build(hint, value)
    return lambda value: _exactly(hint, value)


def _tuple_reader(args: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(args) != 2 or args[1] is not Ellipsis:
        raise TypeError(f"a field may hold tuple[X, ...], not tuple{list(args)}")
    if args[0] is float:
        return _numbers
    inner = _reader(args[0])
    return lambda value: tuple(map(inner, _exactly(list, value)))


def _within(value: Any) -> events.Event:
    """Read a fact that another one tells; facts stand in one another no deeper than that."""
    record = _exactly(dict, value)
    if record.get("kind") == _NAMES[bot_events.BotTold]:
        raise ValueError("a fact within a fact within a fact")
    return event_from_dict(record)


_FLOATS = {float}


def _number(value: Any) -> float:
    if type(value) not in (float, int) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _numbers(value: Any) -> tuple[float, ...]:
    numbers = tuple(_exactly(list, value))
    if set(map(type, numbers)) <= _FLOATS and math.isfinite(sum(numbers)):
        return numbers
    return tuple(map(_number, numbers))


def _exactly(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r:.80} is not {kind.__name__}")
    return value
