"""What a demo says whose scenario shows nothing on its wire."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import pytest

from dashboard.call.events import CallEnded, CallStarted, Event, Marked
from dashboard.call.ports import Command, Emit, Stop
from dashboard.cli import demo
from dashboard.cli.noted import note_of, noted
from dashboard.cli.settings import Settings


class Calls:
    """A source of these calls."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.commands: list[Command] = []

    def command(self, command: Command) -> None:
        self.commands.append(command)

    async def run(self, emit: Emit) -> None:
        for name in self._names:
            emit(CallStarted(name, 1.0, 1.9e9, "ws://host", "cognigy"))
            emit(CallEnded(name, 2.0, "stopped"))


async def test_the_note_stands_at_the_beginning_of_each_call() -> None:
    facts: list[Event] = []
    await noted(Calls(("a", "b")), "nothing to see").run(facts.append)
    assert [type(fact) for fact in facts] == [CallStarted, Marked, CallEnded] * 2
    assert [(fact.call_id, fact.note) for fact in facts if isinstance(fact, Marked)] == [
        ("a", "nothing to see"),
        ("b", "nothing to see"),
    ]


async def test_without_a_note_the_source_stays_as_it_is() -> None:
    calls = Calls(())
    assert noted(calls, "") is calls


def test_commands_go_to_the_source() -> None:
    calls = Calls(())
    noted(calls, "note").command(Stop())
    assert calls.commands == [Stop()]


def test_only_what_shows_nothing_has_a_note_and_it_says_why() -> None:
    assert note_of("steady", "cognigy") == note_of("/my/own.toml", "cognigy") == note_of("choppy", "appfoundry") == ""
    assert note_of("choppy", "cognigy") == (
        "choppy shows nothing on this wire: what goes wrong is in the sound, and this wire carries none"
    )


@pytest.mark.parametrize("dialect", ["audiohook", "notifications", "connector", "cognigy", "cognigy-rest"])
def test_every_demo_is_ordered_with_its_note(dialect: str) -> None:
    def ordered(scenario: str | None) -> Any:
        args = argparse.Namespace(dialect=dialect, scenario=scenario, calls=1, seed=None, settings=Settings())
        return demo.order(args)["note"]

    assert ordered("not-active").startswith("not-active shows nothing on this wire: ")
    assert ordered(None) == ordered("steady") == ""
