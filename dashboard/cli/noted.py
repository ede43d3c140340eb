"""A demo whose scenario shows nothing on its wire: it says so in every call, so that nobody looks for it in vain."""

from __future__ import annotations

from dashboard.call.events import CallStarted, Event, Marked
from dashboard.call.ports import Command, Emit, Source


def note_of(scenario: str, dialect: str) -> str:
    """Return what there is to say of a scenario in a dialect; empty where it shows what it is for."""
    from dashboard.simulator.wires import why_unseen

    why = why_unseen(scenario, dialect)
    return f"{scenario} shows nothing on this wire: {why}" if why else ""


def noted(source: Source, note: str) -> Source:
    """Return `source` with `note` as a mark at the beginning of each call; without a note, as it is."""
    return Noted(source, note) if note else source


class Noted:
    """A source that marks each call of another one."""

    def __init__(self, source: Source, note: str) -> None:
        self._source = source
        self._note = note

    def command(self, command: Command) -> None:
        self._source.command(command)

    async def run(self, emit: Emit) -> None:
        def take(event: Event) -> None:
            emit(event)
            if isinstance(event, CallStarted):
                emit(Marked(event.call_id, event.at, self._note))

        await self._source.run(take)
