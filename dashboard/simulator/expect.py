"""What callscope must report of a scenario, compared with what it reported.

`[expect]` maps a dotted path into the JSON of `probe --json` to what must stand there; `exit_code` is the process's.
A path step is a key, an index, or `*` for every item of a list. What stands there must
be equal to a plain value, or keep within `{ min = …, max = … }`, or be one of `{ any = […] }`,
or, for a list, hold all of `{ has = […] }`, none of `{ lacks = […] }`, and so many as `{ count = … }`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic import ConfigDict, with_config

Scalar = bool | int | float | str


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Bounds and choices; every one that is given must hold."""

    min: float | None = None
    max: float | None = None
    any: tuple[Scalar, ...] | None = None
    has: tuple[Scalar, ...] | None = None
    lacks: tuple[Scalar, ...] | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        if all(getattr(self, one.name) is None for one in fields(self)):
            raise ValueError("must say min, max, any, has, lacks or count")

    def unmet(self, found: Any) -> str | None:
        """Return what is wrong with `found`, or None."""
        if self.any is not None and found not in self.any:
            return f"is {found!r}, not one of {list(self.any)}"
        if self.has is not None or self.lacks is not None or self.count is not None:
            return self._unmet_by_list(found)
        if self.min is None and self.max is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            return f"is {found!r}, no number"
        if self.min is not None and found < self.min:
            return f"is {found!r}, below {self.min:g}"
        if self.max is not None and found > self.max:
            return f"is {found!r}, above {self.max:g}"
        return None

    def _unmet_by_list(self, found: Any) -> str | None:
        if not isinstance(found, list):
            return f"is {found!r}, no list"
        if missing := [one for one in self.has or () if one not in found]:
            return f"is {found!r}, lacks {missing}"
        if unwanted := [one for one in self.lacks or () if one in found]:
            return f"is {found!r}, has {unwanted}"
        if self.count is not None and len(found) != self.count:
            return f"is {found!r}, not {self.count} of them"
        return None


Expectation = Scalar | Condition


def unmet(expect: Mapping[str, Expectation], report: Mapping[str, Any], exit_code: int) -> list[str]:
    """Return one line per expectation that the report does not meet."""
    lines = []
    for path, wanted in expect.items():
        found = exit_code if path == "exit_code" else _at(report, path.split("."))
        if isinstance(wanted, Condition):
            problem = wanted.unmet(found)
        else:
            problem = None if found == wanted else f"is {found!r}, not {wanted!r}"
        if problem is not None:
            lines.append(f"{path} {problem}")
    return lines


def _at(value: Any, steps: list[str]) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(value, list):
        if step == "*":
            return [_at(item, rest) for item in value]
        return _at(value[int(step)], rest) if step.isdigit() and int(step) < len(value) else None
    if isinstance(value, Mapping) and step in value:
        return _at(value[step], rest)
    return None
