"""What the fields of a JSON object must be: tests of values, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dashboard.dialects.fields import ratio

Test = Callable[[object], bool]
Shape = Mapping[str, Test]
"""Field → what it must be; a question mark behind its name marks one that may be missing."""


def is_a(*kinds: type) -> Test:
    return lambda value: isinstance(value, kinds)


def each(test: Test) -> Test:
    return lambda value: isinstance(value, list) and all(map(test, value))


def some(test: Test) -> Test:
    """A list of at least one."""
    return lambda value: value != [] and each(test)(value)


def one_of(*words: str) -> Test:
    return lambda value: isinstance(value, str) and value in words


def shaped(shape: Shape) -> Test:
    return lambda value: isinstance(value, dict) and not any(lacking(shape, value))


def lacking(shape: Shape, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the fields that are missing, or not what they must be."""
    for field, test in shape.items():
        name = field.rstrip("?")
        if name in values:
            if not test(values[name]):
                yield name
        elif name == field:
            yield name


def is_ratio(value: object) -> bool:
    return ratio(value) is not None


text, flag, anything = is_a(str), is_a(bool), is_a(object)


def is_text_map(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
