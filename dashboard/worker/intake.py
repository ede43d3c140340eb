"""Between the socket and the facts: bounded queues, and frames gathered into batches.

A message is decoded where it arrives, which is cheap, and only then is it certain whether it is audio or control.
What waits is the rest: measuring, gathering, and all that emitting sets off. Both queues share one line in the
order of the wire, so facts leave in that order too: a control fact first closes the batch before it.

When a queue is full, its reader may be slow, or may only not have had a turn: one read of the socket can bring
seconds of audio that a stall held back. So a full queue is first worked off on the spot, in order. Control always
is, for it is never dropped; audio up to `BURST` messages in one turn of the loop, and what goes beyond that is
dropped by the policy. A dropped frame has had its place on the timeline, so those after it stand where they should.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress
from typing import Literal

from dashboard.call.events import AudioReceived, QueueMeasured
from dashboard.call.ports import Emit, Hear, Sound
from dashboard.clock import Clock
from dashboard.dialects.base import AudioFrame, Codec, Item
from dashboard.media.levels import measure, misfit_db

BATCH_S = 0.100
"""What one fact covers at most, and how long its first frame waits at most."""
BATCH_FRAMES = 100
"""A burst that came at one moment makes several facts."""
BURST = 2_000
"""40 s of 20 ms frames, more than can be held back before silence makes the link stale; some 10 ms of work."""
WAITS_KEPT = 1_000
_SEAM_S = 0.0005
"""Positions are rounded by those who send them: this is no hole."""
_FRAMES_TOLD_BY = 5
"""A tenth of a second tells whether sound is read as what it is; more of a burst would say the same."""

Policy = Literal["oldest", "newest"]


@dataclass(slots=True)
class _Queue:
    name: str
    limit: int
    policy: str
    depth: int = 0
    deepest: int = 0
    dropped: int = 0
    waits: deque[float] = field(default_factory=lambda: deque(maxlen=WAITS_KEPT))


class Intake:
    """Takes one call's messages from the socket and emits its facts.

    `offer` never waits. `run` is the consumer; `flush` and `reanchor` mark the joints between connections.
    `emit` may be called from any of these and from `work`, and must not call back into the intake.
    """

    def __init__(
        self,
        codec: Codec,
        *,
        emit: Emit,
        clock: Clock,
        audio_limit: int = 100,
        control_limit: int = 50,
        policy: Policy = "oldest",
    ) -> None:
        self._codec = codec
        self._emit = emit
        self._clock = clock
        self._drops_newest = policy == "newest"
        self._audio = _Queue("audio", audio_limit, policy)
        self._control = _Queue("control", control_limit, "never")
        self._line: deque[Item] = deque()
        self._batches: dict[str, _Batch] = {}
        self._on_the_spot = BURST
        self._wake = asyncio.Event()
        self._last_inbound_at: float | None = None
        self._hear: Hear | None = None

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself to `hear` as well, after the fact that tells of it."""
        self._hear = hear

    @property
    def last_inbound_at(self) -> float | None:
        """When the newest message of this connection arrived, whatever it was; None before the first."""
        return self._last_inbound_at

    def offer(self, data: bytes, text: bool, at: float, late: bool = False) -> None:
        """Take one message that arrived at `at`, or before if `late`; never blocks, never raises."""
        self._last_inbound_at = at
        items = self._codec.receive(data, text=text, at=at)
        self.take([item._replace(late=True) if late and isinstance(item, AudioFrame) else item for item in items])

    def take(self, items: Iterable[Item]) -> None:
        """Take what has been decoded already."""
        for item in items:
            self._admit(item, self._audio if isinstance(item, AudioFrame) else self._control)
        self._wake.set()

    async def run(self) -> None:
        """Work off what is offered until cancelled."""
        loop = asyncio.get_running_loop()
        alarm: asyncio.TimerHandle | None = None

        def ring() -> None:
            nonlocal alarm
            alarm = None
            self._wake.set()

        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self.work():
                    loop.call_soon(self._wake.set)  # the sockets have their turn first
                if alarm is None and (due := self._due_at()) is not None:
                    alarm = loop.call_later(due - self._clock.monotonic(), ring)
        finally:
            if alarm is not None:
                alarm.cancel()

    def work(self) -> bool:
        """Do one turn's share: process at most `BURST` messages, emit what is due; return whether more wait."""
        self._on_the_spot = BURST
        for _ in range(min(BURST, len(self._line))):
            self._process()
        due = self._due_at()
        if due is not None and due <= self._clock.monotonic():
            self._close_batches()
        return bool(self._line)

    def flush(self) -> None:
        """Emit all that was offered so far: before the link moves, before a tick, at the end."""
        while self._line:
            self._process()
        self._close_batches()

    def reanchor(self) -> None:
        """A new connection begins: nothing has arrived on it."""
        self.flush()
        self._last_inbound_at = None

    def measured(self) -> list[QueueMeasured]:
        """Return a fact per queue: greatest depth and newest waits since the last call, drops since the start."""
        return [self._measured(queue) for queue in (self._audio, self._control)]

    def _measured(self, queue: _Queue) -> QueueMeasured:
        fact = QueueMeasured(
            self._codec.call_id,
            self._clock.monotonic(),
            queue.name,
            queue.deepest,
            queue.limit,
            queue.dropped,
            queue.policy,
            tuple(queue.waits),
        )
        queue.deepest = queue.depth
        queue.waits.clear()
        return fact

    def _admit(self, item: Item, queue: _Queue) -> None:
        while queue.depth >= queue.limit and (queue is self._control or self._on_the_spot > 0):
            self._on_the_spot -= 1
            self._process()
        if queue.depth >= queue.limit:
            queue.dropped += 1
            if self._drops_newest:
                return
            self._drop_oldest_frame()
        self._line.append(item)
        queue.depth += 1
        if queue.depth > queue.deepest:
            queue.deepest = queue.depth

    def _drop_oldest_frame(self) -> None:
        index = next(i for i, item in enumerate(self._line) if isinstance(item, AudioFrame))
        del self._line[index]
        self._audio.depth -= 1

    def _process(self) -> None:
        """Take the head of the line: gather a frame, emit a fact."""
        item = self._line.popleft()
        if isinstance(item, AudioFrame):
            queue, batch = self._audio, self._batch_for(item)
            waited = max(0.0, self._clock.monotonic() - item.at)
            batch.frames.append(item)
            batch.waits.append(waited)
        else:
            queue = self._control
            self._close_batches()
            self._emit(item)
            waited = max(0.0, self._clock.monotonic() - item.at)
        queue.depth -= 1
        queue.waits.append(waited)

    def _batch_for(self, frame: AudioFrame) -> _Batch:
        batch = self._batches.get(frame.leg)
        if batch is not None:
            if batch.takes(frame):
                return batch
            self._tell(batch)
        self._batches[frame.leg] = fresh = _Batch(frame)
        return fresh

    def _due_at(self) -> float | None:
        return min((batch.begun_at + BATCH_S for batch in self._batches.values()), default=None)

    def _close_batches(self) -> None:
        for batch in self._batches.values():
            self._tell(batch)
        self._batches.clear()

    def _tell(self, batch: _Batch) -> None:
        fact = batch.fact(self._codec.call_id)
        self._emit(fact)
        if self._hear is not None:
            for sound in batch.sounds(fact):
                self._hear(sound)


class _Batch:
    """Frames of one leg in one format: a fact to be."""

    def __init__(self, first: AudioFrame) -> None:
        self.begun_at = first.at
        self._first = first
        self.frames: list[AudioFrame] = []
        self.waits: list[float] = []

    def takes(self, frame: AudioFrame) -> bool:
        first = self._first
        return (
            abs(frame.at - self.begun_at) < BATCH_S
            and len(self.frames) < BATCH_FRAMES
            and frame.format == first.format
            and frame.positioned is first.positioned
            and frame.channels == first.channels
        )

    def fact(self, call_id: str) -> AudioReceived:
        """Return the batch as a fact, stamped with its newest arrival."""
        payloads, _, _, positions, durations, _, _, arrivals, late = zip(*self.frames, strict=True)
        encoding, _, channels = self._first.format
        levels = measure(payloads, encoding=encoding, channels=channels)
        return AudioReceived(
            call_id,
            max(arrivals),
            leg=self._first.leg,
            arrivals=arrivals,
            positions=positions,
            durations=durations,
            levels=levels.rms,
            peaks=levels.peak,
            waits=tuple(self.waits),
            channels=self._first.channels,
            size_bytes=sum(map(len, payloads)),
            clipped=levels.clipped,
            positioned=self._first.positioned,
            encoding=encoding,
            misfit_db=misfit_db(b"".join(payloads[:_FRAMES_TOLD_BY]), encoding),
            late=tuple(compress(range(len(late)), late)),
        )

    def sounds(self, fact: AudioReceived) -> Iterator[Sound]:
        """Yield the sound that `fact` tells of, a piece for every run of frames without a hole."""
        encoding, rate, channels = self._first.format
        begin, due = 0, self._first.position
        for place, frame in enumerate([*self.frames, None]):
            if frame is not None and abs(frame.position - due) <= _SEAM_S:
                due = frame.position + frame.duration
                continue
            payload = b"".join(one.payload for one in self.frames[begin:place])
            position = self.frames[begin].position
            yield Sound(fact.call_id, fact.at, fact.leg, encoding, rate, channels, position, payload)
            if frame is not None:
                begin, due = place, frame.position + frame.duration
