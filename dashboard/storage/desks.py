"""A desk for each of many calls, around the source of them all."""

from __future__ import annotations

import asyncio

from dashboard.call.events import CallEnded, Event
from dashboard.call.ports import Command, Emit, Save, Sound, Source
from dashboard.clock import Clock
from dashboard.storage.desk import Desk, Plan
from dashboard.storage.packer import Packer
from dashboard.storage.packing import Item
from dashboard.storage.ring import LIMIT_BYTES

HISTORY_BYTES = 256 * 1024 * 1024
"""What is kept of all calls together to be saved later; each that is up has an equal share."""


class Desks:
    """A source around another. Facts of no call, whose id is empty, pass through."""

    def __init__(self, source: Source, plan: Plan, clock: Clock) -> None:
        """`plan` is that of every call; its `record` names no file, for each has one of its own."""
        self._source = source
        self._plan = plan
        self._clock = clock
        self._emit: Emit = _nowhere
        self._packer = Packer()
        self._strands: dict[str, _Strand] = {}

    def command(self, command: Command) -> None:
        """Save what has been seen of a call; pass every other command on."""
        if not isinstance(command, Save):
            self._source.command(command)
        elif (strand := self._strands.get(command.call_id)) is not None:
            strand.desk.command(command)

    async def run(self, emit: Emit) -> None:
        """Run the source; return when the recordings of all calls are closed."""
        self._emit = emit
        try:
            await self._source.run(self._take)
        finally:
            strands = list(self._strands.values())
            for strand in strands:
                strand.end()
            await asyncio.gather(*(strand.done for strand in strands))

    def hear(self, sound: Sound) -> None:
        """Take the sound that the last fact of its call tells of."""
        if (strand := self._strands.get(sound.call_id)) is not None:
            strand.put(sound)

    def _take(self, event: Event) -> None:
        if not event.call_id:
            self._emit(event)
            return
        strand = self._strands.get(event.call_id)
        if strand is None:
            strand = _Strand(event.call_id, self._plan, self._clock, self._packer, self._emit)
            self._strands[event.call_id] = strand
            strand.done.add_done_callback(lambda _: self._forget(event.call_id))
            self._share()
        strand.put(event)

    def _forget(self, call_id: str) -> None:
        del self._strands[call_id]
        self._share()

    def _share(self) -> None:
        each = min(LIMIT_BYTES, HISTORY_BYTES // max(1, len(self._strands)))
        for strand in self._strands.values():
            strand.desk.limit_history(each)


class _Strand:
    """One call out of many, as the source that its desk is around. `done`: the desk has closed its files."""

    def __init__(self, call_id: str, plan: Plan, clock: Clock, packer: Packer, emit: Emit) -> None:
        self.desk = Desk(self, call_id, plan, clock, packer=packer)
        self._emit: Emit | None = None
        self._early: list[Item] = []  # before the desk runs
        self._over = asyncio.Event()
        self.done = asyncio.create_task(self.desk.run(emit), name=f"desk of {call_id}")

    def put(self, item: Item) -> None:
        """Take a fact of the call, or the sound that the last one tells of."""
        if self._emit is None:
            self._early.append(item)
        elif isinstance(item, Sound):
            self.desk.hear(item)
        else:
            self._emit(item)
            if isinstance(item, CallEnded):
                self._over.set()

    def end(self) -> None:
        """The source of all calls has ended."""
        self._over.set()

    def command(self, command: Command) -> None:
        """Commands go to the source of all calls."""

    async def run(self, emit: Emit) -> None:
        self._emit = emit
        for item in self._early:
            self.put(item)
        self._early.clear()
        await self._over.wait()


def _nowhere(fact: Event) -> None:
    """Facts before `run` go nowhere: there are none."""
