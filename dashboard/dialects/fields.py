"""JSON from the wire, and the fields of its objects; shared by the dialects that speak JSON.

Optional fields of a wrong type count as absent: the functions here return None for them.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from pydantic_core import from_json

from dashboard.dialects.base import Problem

Message = dict[str, Any]


class UnreadableError(Exception):
    """Ends the reading of a message that cannot be read; stays within the dialects."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def parsed(data: bytes) -> Message:
    """Read an object; raises UnreadableError."""
    # On a frame of 20 ms pydantic's parser takes a quarter of the time of json.loads, and it refuses what is
    # not UTF-8, lone surrogates, and nesting deeper than 200.
    try:
        message = from_json(data, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise UnreadableError(parse_problem(data, str(error))) from None
    if not isinstance(message, dict):
        raise UnreadableError(Problem.NOT_AN_OBJECT)
    return message


def parse_problem(data: bytes, said: str) -> Problem:
    if said.startswith("recursion limit"):
        return Problem.TOO_DEEP
    try:
        data.decode()
        from_json(data)
    except UnicodeDecodeError:
        return Problem.NOT_UTF8
    except ValueError:
        return Problem.NOT_JSON
    return Problem.NOT_FINITE  # what strictness alone refused


def number(value: object) -> float | None:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:  # an integer beyond 1e308
        return None
    return found if isfinite(found) else None


def whole(value: object) -> int | None:
    """Return a whole number; JSON has one kind of number, so 8000.0 is 8000."""
    if type(value) is int:  # bool is another type
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def ratio(value: object) -> float | None:
    """Return a number from 0 to 1."""
    found = number(value)
    return found if found is not None and 0.0 <= found <= 1.0 else None
