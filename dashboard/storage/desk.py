"""Stands between a call and those who follow it: passes everything on, and sees to what is recorded."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dashboard.call.events import CallEnded, CallStarted, Event, Ticked
from dashboard.call.ports import Command, Emit, Save, Sound, Source
from dashboard.call.record_events import WHOLE, HistoryMeasured, RecordingFailed, RecordingSaved, RecordingStarted
from dashboard.clock import Clock
from dashboard.errors import RecordingError
from dashboard.storage.about import About, Written
from dashboard.storage.packer import Packer
from dashboard.storage.packing import Item
from dashboard.storage.recorder import Recorder
from dashboard.storage.ring import Place, Ring
from dashboard.storage.shelf import Shelf

if TYPE_CHECKING:
    from dashboard.storage.blackbox import BlackBox

CLOSE_S = 3.0
"""Longest wait for the disk at the end of a call; what is committed by then can be read."""

_MEASURE_EVERY = 20  # ticks: five seconds

Trigger = Literal["finding", "outage", "mark"]
"""What the black box can begin for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be recorded of a call.

    record: everything, to this file; True = to a new one on the shelf. record_on: what the black box begins for, with
    `pre_roll_s` of what came before, or with what came since its last recording where that is less. keeps_history:
    whether `Save` is to find something. settings: without secrets. versions: of callscope and what it runs on; a
    function, for finding them out takes time.
    """

    shelf: Shelf
    record: Path | bool = False
    record_on: tuple[Trigger, ...] = ()
    pre_roll_s: float = 300.0
    keeps_history: bool = True
    masks: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Callable[[], Mapping[str, str]] = dict


class Desk:
    """A source around another."""

    def __init__(self, source: Source, call_id: str, plan: Plan, clock: Clock, *, packer: Packer | None = None) -> None:
        """`packer`: that of all desks, where there are many."""
        self._source = source
        self._call_id = call_id
        self._plan = plan
        self._clock = clock
        self._emit: Emit = _nowhere
        self._loop: asyncio.AbstractEventLoop | None = None
        self._at = 0.0  # of the newest fact: what is told of recordings lets no time pass
        self._ticks = 0
        self._ended: CallEnded | None = None
        self._ring = self._new_ring(packer) if plan.keeps_history or plan.record_on else None
        self._box = _black_box(call_id, plan.record_on) if plan.record_on else None
        self._following: list[Recorder] = []  # they get every fact
        self._boxed: Recorder | None = None  # the one among them that the black box began
        self._boxed_until: Place | None = None  # where its last recording ended
        self._open: list[Recorder] = []  # all whose files are not closed
        self._outcomes: deque[tuple[Recorder | None, Written | RecordingError]] = deque()

    def command(self, command: Command) -> None:
        """Save what has been seen; pass every other command on."""
        if isinstance(command, Save):
            self._save(command.path)
        else:
            self._source.command(command)

    async def run(self, emit: Emit) -> None:
        """Run the source; its last fact is told when the recordings are closed."""
        self._emit, self._loop = emit, asyncio.get_running_loop()
        try:
            await self._source.run(self._take)
        finally:
            await asyncio.to_thread(self._close)
            self._tell_outcomes()
            if self._ended is not None:
                emit(self._ended)

    def hear(self, sound: Sound) -> None:
        """Take the sound that the last fact tells of; it goes to recordings and nowhere else."""
        if self._ring is not None:
            self._ring.put(sound)
        for recorder in self._following:
            recorder.put(sound)

    def limit_history(self, limit_bytes: int) -> None:
        """Let what is kept to be saved later take so much from now on."""
        if self._ring is not None:
            self._ring.limit_bytes = limit_bytes

    # -- facts ------------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        self._at = max(self._at, event.at)
        if isinstance(event, CallEnded):
            self._ended = event
        else:
            self._emit(event)
        if self._ring is not None:
            self._ring.put(event)
        for recorder in self._following:
            recorder.put(event)
        if isinstance(event, CallStarted) and self._plan.record:
            self._following.append(self._begin(self._path(self._plan.record), WHOLE, [event]))
        if self._box is not None and self._ring is not None:
            self._watch(self._box, self._ring, event)
        if isinstance(event, Ticked):
            self._measure()

    def _watch(self, box: BlackBox, ring: Ring, event: Event) -> None:
        """Begin and end what the black box records."""
        news = box.take(event)
        if news is not None:
            before = ring.read(box.now - self._plan.pre_roll_s, after=self._boxed_until)
            self._boxed = self._begin(self._path(True), news, before.facts, before.missing_s)
            self._following.append(self._boxed)
        elif self._boxed is not None and not box.is_recording:
            self._following.remove(self._boxed)
            self._boxed.finish()
            self._boxed = None
            self._boxed_until = ring.place

    def _measure(self) -> None:
        self._ticks += 1
        ring = self._ring
        if ring is None or self._ticks % _MEASURE_EVERY != 1 or (oldest_at := ring.oldest_at) is None:
            return
        self._emit(HistoryMeasured(self._call_id, self._at, oldest_at, ring.size_bytes, ring.limit_bytes))

    # -- recordings -------------------------------------------------------------------------------------

    def _save(self, path: str | None) -> None:
        where = self._path(True if path is None else Path(path).expanduser())
        if self._ring is None or self._ring.oldest_at is None or self._ring.failure is not None:
            error = None if self._ring is None else self._ring.failure
            self._tell(
                where, error or RecordingError("nothing has been seen yet", remedy="Save once the call has begun.")
            )
            return
        seen = self._ring.read()
        self._begin(where, "s", seen.facts, seen.missing_s).finish()

    def _path(self, wish: Path | bool) -> Path:
        if isinstance(wish, Path):
            return wish
        begun = {recorder.path for recorder in self._open}  # their files may not be there yet
        return self._plan.shelf.place(self._call_id, self._clock.wall(), taken=begun)

    def _begin(self, path: Path, trigger: str, before: Iterable[Item], missing_s: float = 0.0) -> Recorder:
        created = self._clock.wall()
        plan = self._plan

        def about() -> About:
            return About(self._call_id, created, trigger, plan.masks, missing_s, plan.settings, plan.versions())

        recorder = Recorder(path, about, before=before, ended=self._recorder_ended)
        self._open.append(recorder)
        self._emit(RecordingStarted(self._call_id, self._at, str(path), trigger))
        return recorder

    def _recorder_ended(self, recorder: Recorder | None, outcome: Written | RecordingError) -> None:
        """Called on any thread."""
        self._outcomes.append((recorder, outcome))
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._tell_outcomes)

    def _tell_outcomes(self) -> None:
        while self._outcomes:
            recorder, outcome = self._outcomes.popleft()
            if recorder is not None:
                self._forget(recorder)
            self._tell(Path() if recorder is None else recorder.path, outcome)

    def _forget(self, recorder: Recorder) -> None:
        self._open.remove(recorder)
        if recorder in self._following:
            self._following.remove(recorder)
        if recorder is self._boxed:
            self._boxed = None

    def _tell(self, path: Path, outcome: Written | RecordingError) -> None:
        if isinstance(outcome, Written):
            fact: Event = RecordingSaved(
                self._call_id, self._at, str(path), outcome.facts, outcome.size_bytes, outcome.missing_s
            )
        else:
            fact = RecordingFailed(self._call_id, self._at, str(path), str(outcome), outcome.remedy)
        self._emit(fact)

    def _close(self) -> None:
        """Close every file, all of them within `CLOSE_S`; called on a thread."""
        for recorder in self._open:
            recorder.finish()
        end = time.monotonic() + CLOSE_S
        for recorder in self._open:
            recorder.close(max(0.0, end - time.monotonic()))
        if self._ring is not None:
            self._ring.close()

    def _new_ring(self, packer: Packer | None) -> Ring:
        return Ring(masks=self._plan.masks, failed=lambda error: self._recorder_ended(None, error), packer=packer)


def _black_box(call_id: str, triggers: Sequence[Trigger]) -> BlackBox:
    from dashboard.storage.blackbox import BlackBox  # as in `recorder.py`: for those who ask only

    return BlackBox(call_id, triggers)


def _nowhere(fact: Event) -> None:
    """Facts before `run` go nowhere: there are none."""
