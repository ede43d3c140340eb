"""A call told step by step, kept as the facts that a file of it would hold."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.call.events import Event
from dashboard.exporters.report import Origin, Report, report_of
from tests.builders import Story

ORIGIN = Origin("call.jsonl", read_by="1.2.3")


class Told(Story):
    """A story that remembers what it has told."""

    def __init__(self, **ways: object) -> None:
        self.facts: list[Event] = []
        super().__init__(**ways)  # type: ignore[arg-type]

    def fact(self, event: Event) -> None:
        self.facts.append(event)
        super().fact(event)

    @property
    def call_id(self) -> str:
        return self.call.call_id

    def report(self) -> Report:
        return report(self.facts)


def report(facts: Iterable[Event]) -> Report:
    """Return the view of these facts, read from a file that says nothing else."""
    return report_of(facts, ORIGIN)
