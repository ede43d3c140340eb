"""What callscope must report of a scenario, compared with what it reported.

`[expect]` maps a dotted path into the JSON of `probe --json` to what must stand there; `exit_code` is the process's.
A path step is a key, an index, or `*` for every item of a list. What stands there must
be equal to a plain value, or keep within `{ min = …, max = … }`, or be one of `{ any = […] }`,
or, for a list, hold all of `{ has = […] }`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

    def __post_init__(self) -> None:
        if self.min is None and self.max is None and self.any is None and self.has is None:
            raise ValueError("must say min, max, any or has")

    def unmet(self, found: Any) -> str | None:
        """Return what is wrong with `found`, or None."""
        if self.any is not None and found not in self.any:
            return f"is {found!r}, not one of {list(self.any)}"
        if self.has is not None:
            missing = [one for one in self.has if not isinstance(found, list) or one not in found]
            return f"is {found!r}, lacks {missing}" if missing else None
        if self.min is None and self.max is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            return f"is {found!r}, no number"
        if self.min is not None and found < self.min:
            return f"is {found!r}, below {self.min:g}"
        if self.max is not None and found > self.max:
            return f"is {found!r}, above {self.max:g}"
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
