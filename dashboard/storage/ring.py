"""The newest hours of a call, kept so that they can be saved once somebody finds that they should have been.

Facts are packed a hundred at a time, on the packer's thread, and put into temporary files that have no name. When
these have grown to the limit the oldest goes. What is packed is masked before: it is on a disk.
"""

from __future__ import annotations

import tempfile
import threading
import weakref
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dashboard.errors import RecordingError
from dashboard.storage.packer import Packer
from dashboard.storage.packing import Item, pack, unpack
from dashboard.storage.standing import Standing

LIMIT_BYTES = 64 * 1024 * 1024
"""Some five hours of a stereo call."""

_SEGMENTS = 8
_PACK = 100


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Facts from some moment on. missing_s: seconds of the call before it; the facts begin with what held there."""

    missing_s: float
    facts: Iterator[Item]


@dataclass(frozen=True, slots=True)
class Place:
    """Between two facts: so many had been told, and it was `at` (monotonic)."""

    told: int
    at: float


@dataclass(frozen=True, slots=True)
class _Pack:
    """Facts in a row. told: how many there were before. before: what held when the first of them was told."""

    told: int
    segment: _Segment
    offset: int
    size: int
    before: Standing
    first_at: float
    last_at: float

    def facts(self) -> Iterator[Item]:
        return map(unpack, zlib.decompress(self.segment.read(self.offset, self.size)).splitlines())


class _Segment:
    """A temporary file; it is closed, and gone, when nobody reads it any more."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="callscope-")  # noqa: SIM115
        self._lock = threading.Lock()
        self.size = 0
        weakref.finalize(self, self._file.close)

    def append(self, data: bytes) -> int:
        """Write `data` at the end; return where it begins."""
        offset = self.size
        with self._lock:
            self._file.seek(offset)
            self._file.write(data)
            self._file.flush()
        self.size += len(data)
        return offset

    def read(self, offset: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(offset)
            return self._file.read(size)


class Ring:
    """A sink that keeps what it is given, within a limit. Facts are put and read in one thread."""

    def __init__(
        self,
        *,
        masks: bool,
        failed: Callable[[RecordingError], None],
        limit_bytes: int = LIMIT_BYTES,
        packer: Packer | None = None,
    ) -> None:
        """`failed` is called on the packer's thread, once, if nothing more can be kept. `packer`: that of many."""
        self.limit_bytes = limit_bytes
        self.failure: RecordingError | None = None
        self._masks = masks
        self._failed = failed
        self._started_at: float | None = None
        self._told = 0
        self._at = 0.0
        self._pending: deque[Item] = deque()  # not packed yet
        self._standing = Standing()  # before the first of them
        self._packs: deque[_Pack] = deque()
        self._packed = 0
        self._segment: _Segment | None = None
        self._lock = threading.Lock()
        self._packing = threading.Lock()
        self._closed = False
        self._packer = packer or Packer()
        self._packer.serve(self)

    @property
    def size_bytes(self) -> int:
        """What is on the disk."""
        with self._lock:
            return sum(pack.size for pack in self._packs)

    @property
    def oldest_at(self) -> float | None:
        """Time of the oldest fact that is kept, monotonic; None before the first."""
        with self._lock:
            if self._packs:
                return self._packs[0].first_at
            return self._pending[0].at if self._pending else None

    def put(self, event: Item) -> None:
        """Take one fact, or the sound that it tells of; never waits."""
        if self._started_at is None:
            self._started_at = event.at
        self._at = max(self._at, event.at)
        if self.failure is None:
            self._told += 1
            self._pending.append(event)

    @property
    def place(self) -> Place:
        """After the newest fact."""
        return Place(self._told, self._at)

    def read(self, since: float | None = None, *, after: Place | None = None) -> Excerpt:
        """Return what is kept, as of now, from `since` (monotonic) on; to be read in any thread.

        Where `after` is later, return what was told after it: two excerpts that meet there repeat and lack nothing.
        """
        with self._lock:
            packs, pending, standing = list(self._packs), list(self._pending), self._standing
        oldest_at = packs[0].first_at if packs else pending[0].at if pending else 0.0
        started_at = oldest_at if self._started_at is None else self._started_at
        begin = max(oldest_at, started_at if since is None else since)
        if after is not None and after.at >= begin:
            packs = [pack for pack in packs if pack.told + _PACK > after.told]
            told = packs[0].told if packs else self._told - len(pending)
            cut = _Cut(after.at, skipped=max(0, after.told - told))
        elif begin > started_at:
            packs = [pack for pack in packs if pack.last_at >= begin]
            cut = _Cut(begin)
        else:
            return Excerpt(0.0, self._facts(packs, pending))
        before = packs[0].before if packs else standing
        return Excerpt(cut.begin - started_at, cut.of(self._facts(packs, pending), before))

    def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self._packer.leave(self)
        with self._packing, self._lock:
            self._packs.clear()
            self._pending.clear()
            self._segment = None

    def _facts(self, packs: Sequence[_Pack], pending: Sequence[Item]) -> Iterator[Item]:
        for packed in packs:
            yield from packed.facts()
        for item in pending:
            yield unpack(pack(item, masks=self._masks))

    def pack_what_waits(self) -> None:
        """Move to the disk what waits, but for the newest; called on the packer's thread."""
        try:
            with self._packing:
                while len(self._pending) >= _PACK and not self._closed:
                    self._pack()
        except OSError as error:
            room = f"Make room in {tempfile.gettempdir()}, or set TMPDIR to a folder where there is some."
            self._fail(error.strerror or type(error).__name__, room)
        except Exception as error:  # a bug of ours: the call goes on, and the operator is told that this does not
            self._fail(f"unexpected {type(error).__name__}: {error}", "This is a bug; please report it.")

    def _fail(self, why: str, remedy: str) -> None:
        self.failure = RecordingError(f"what has been seen cannot be kept: {why}", remedy=remedy)
        self._pending.clear()
        self._failed(self.failure)

    def _pack(self) -> None:
        """Move the oldest hundred of the facts that wait to the disk."""
        facts = [self._pending[place] for place in range(_PACK)]
        data = zlib.compress(b"\n".join(pack(fact, masks=self._masks) for fact in facts))
        if self._segment is None or self._segment.size + len(data) > self.limit_bytes // _SEGMENTS:
            self._segment = _Segment()
        offset = self._segment.append(data)
        after = self._standing
        for fact in facts:
            after = after.after(fact)
        last_at = max(fact.at for fact in facts)
        packed = _Pack(self._packed, self._segment, offset, len(data), self._standing, facts[0].at, last_at)
        self._packed += _PACK
        with self._lock:
            self._packs.append(packed)
            self._standing = after
            for _ in facts:
                self._pending.popleft()
            self._make_room()

    def _make_room(self) -> None:
        while sum(pack.size for pack in self._packs) > self.limit_bytes:
            oldest = self._packs[0].segment
            while self._packs and self._packs[0].segment is oldest:
                self._packs.popleft()


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where an excerpt begins: at a moment, or behind so many facts."""

    begin: float
    skipped: int | None = None

    def of(self, facts: Iterator[Item], before: Standing) -> Iterator[Item]:
        """Leave out what was told before, but for what still holds there."""
        for number, fact in enumerate(facts):
            if fact.at >= self.begin if self.skipped is None else number >= self.skipped:
                yield from before.opening(self.begin)
                yield fact
                yield from facts
                return
            before = before.after(fact)
        yield from before.opening(self.begin)
