"""What a check says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Part(StrEnum):
    """What a check is about."""

    TALK = "a conversation"
    PROVOKED = "what is provoked"
    SAID = "what it said, rule by rule"


class Status(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Result:
    """One check: its name, the rule that it checks in words, and how that came out.

    rule: the rule that was broken, where another one than the check's own. message: the one that broke it.
    """

    name: str
    means: str
    status: Status
    detail: str = ""
    rule: str = ""
    message: str = ""
    part: Part = Part.PROVOKED

    def to_json(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "part": self.part.name.lower(),
            "name": self.name,
            "means": self.means,
            "status": self.status.value,
            "detail": self.detail or None,
            "rule": self.rule or None,
            "message": self.message or None,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check came out, said by the check itself."""

    status: Status
    detail: str = ""
    rule: str = ""
    message: str = ""


def passed(detail: str = "") -> Outcome:
    return Outcome(Status.PASS, detail)


def failed(detail: str, message: str = "", rule: str = "") -> Outcome:
    return Outcome(Status.FAIL, detail, rule, message)


def not_seen(detail: str) -> Outcome:
    return Outcome(Status.NOT_SEEN, detail)


def counts(results: Iterable[Result]) -> dict[Status, int]:
    """Return how many came out how."""
    statuses = [one.status for one in results]
    return {status: statuses.count(status) for status in Status}
