"""A recording read back: what it says of itself, and its facts by time and by kind."""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dashboard.call.codec import event_from_line, is_known, kind_name
from dashboard.call.events import CallStarted, Event
from dashboard.call.ports import Sound
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.call.verdict import judge
from dashboard.errors import CodecError, RecordingError
from dashboard.storage import schema


@dataclass(frozen=True, slots=True)
class FindingSummary:
    """One finding of a recorded call, in short."""

    rule: str
    severity: str
    summary: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a recorded call: `healthy`, `degraded` or `failed`, and its findings, worst first."""

    verdict: str
    findings: tuple[FindingSummary, ...]


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """What a recording says of itself.

    started: Unix time of its first fact. length_s: seconds from its first fact to its last. complete: it was closed;
    else its process was killed, or is still writing. trigger: who or what asked for it. missing_s: seconds of the
    call that went by before its first fact. settings: without secrets. versions: of callscope and what it ran on.
    sound: whether it holds the call's sound. summary: None unless it was closed.
    """

    path: Path
    call_id: str
    started: float
    length_s: float
    facts: int
    complete: bool
    masked: bool
    size_bytes: int
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    trigger: str
    missing_s: float
    sound: bool
    summary: Summary | None

    @property
    def app_version(self) -> str:
        """Version of the callscope that wrote it, empty if it did not know."""
        return self.versions.get("callscope", "")


class Recording:
    """A recording opened for reading only; nothing is written to it or beside it that would stay.

    Also one whose process was killed or is still writing, one in a folder that may not be written to, and one of an
    older version. To be closed after use, as a context manager. Facts may be read in any thread, in one at a time.
    """

    def __init__(self, path: Path) -> None:
        """Open the recording.

        Raises:
            RecordingError: no such file, no recording, of a newer version, or damaged; it says what to do.
        """
        self.path = path
        version = schema.found_version(path)
        with ExitStack() as stack, self._reading():
            self._connection = self._open(stack, lifted=version < schema.VERSION)
            self.info = self._read_info()
            self._let_go = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._let_go.close()

    def facts(
        self,
        *,
        since_s: float | None = None,
        until_s: float | None = None,
        kinds: Collection[type[Event]] | None = None,
    ) -> Iterator[Event]:
        """Yield the facts in the order in which they were told.

        Those with since_s <= t < until_s, `t` in seconds from the first fact, so that spans that meet leave out none
        and repeat none; and only of these `kinds`. Of a kind that only a newer callscope knows nothing is told.

        Raises:
            RecordingError: the file is damaged, from there on.
        """
        where, values = _condition(since_s, until_s, kinds)
        with self._reading():
            for seq, kind, line in self._connection.execute(
                f"SELECT seq, kind, fact FROM facts WHERE {where} ORDER BY seq", values
            ):
                if is_known(kind):
                    yield self._fact(seq, line)

    def sounds(self, *, since_s: float | None = None, until_s: float | None = None) -> Iterator[Sound]:
        """Yield the sound that the facts of this span tell of, if it was recorded, in the order in which it came.

        `at` is that of the facts. Raises RecordingError as `facts`.
        """
        columns = "at_s, leg, encoding, rate, channels, position_s, payload"
        span = (-1.0 if since_s is None else since_s, math.inf if until_s is None else until_s)
        query = f"SELECT {columns} FROM sound WHERE at_s >= ? AND at_s < ? ORDER BY seq"
        with self._reading():
            began = next((fact.at for fact in self.facts(kinds=[CallStarted])), 0.0)
            for at_s, *row in self._connection.execute(query, span):
                yield Sound(self.info.call_id, began + at_s, *row)

    def call(self) -> CallState:
        """Return the call as the recording leaves it: every fact folded."""
        call = CallState(self.info.call_id)
        for fact in self.facts():
            call = step(call, fact)
        return call

    def copy_to(self, path: Path) -> None:
        """Write the recording to `path` as one plain file, also one that was never closed or is still written.

        Raises:
            RecordingError: the file is damaged, or the copy cannot be written.
        """
        with self._reading(), closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    def summary(self) -> Summary:
        """Return what came of the call; of a recording that was never closed, worked out from its facts."""
        return self.info.summary or _summary(summary_of(self.call()))

    # -- opening ----------------------------------------------------------------------------------------

    def _open(self, stack: ExitStack, *, lifted: bool) -> sqlite3.Connection:
        if not lifted:
            connection = stack.enter_context(_connected(f"{self.path.absolute().as_uri()}?mode=ro"))
            try:
                connection.execute("SELECT 1 FROM info").fetchone()
                return connection
            except sqlite3.OperationalError:  # what a killed process left is put together by who may write
                connection.close()
        copy = self._copied(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callscope-"))))
        connection = stack.enter_context(_connected(copy.as_uri()))
        schema.lift(connection)
        return connection

    def _copied(self, folder: Path) -> Path:
        for side in ("", *schema.SIDES):
            beside = self.path.with_name(self.path.name + side)
            if not side or beside.exists():
                shutil.copyfile(beside, folder / f"copy{side}")
        return folder / "copy"

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error, ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"{self.path}: is damaged: {error}", remedy=_DAMAGED) from None

    def _read_info(self) -> RecordingInfo:
        known = {name: json.loads(value) for name, value in self._connection.execute("SELECT name, value FROM info")}
        last = self._connection.execute("SELECT seq, at_s FROM facts ORDER BY seq DESC LIMIT 1").fetchone()
        facts, length_s = last or (0, 0.0)
        summary = known.get("summary")
        return RecordingInfo(
            path=self.path,
            call_id=known["call_id"],
            started=self._started(known["created"]),
            length_s=length_s,
            facts=facts,
            complete=known.get("complete", False),
            masked=known["masked"],
            size_bytes=sum(
                side.stat().st_size
                for side in (self.path.with_name(self.path.name + end) for end in ("", *schema.SIDES))
                if side.exists()
            ),
            settings=known["settings"],
            versions=known["versions"],
            trigger=known["trigger"],
            missing_s=known["missing_s"],
            sound=self._connection.execute("SELECT 1 FROM sound LIMIT 1").fetchone() is not None,
            summary=None if summary is None else _summary(summary),
        )

    def _fact(self, seq: int, line: str) -> Event:
        try:
            return event_from_line(line)
        except CodecError as error:
            said = f"{self.path}: fact {seq} cannot be read: {error}"
            raise RecordingError(said, remedy=error.remedy or _DAMAGED) from None

    def _started(self, created: float) -> float:
        query = "SELECT fact FROM facts WHERE kind = ? ORDER BY seq LIMIT 1"
        found = self._connection.execute(query, [kind_name(CallStarted)]).fetchone()
        wall: float = json.loads(found[0])["wall"] if found else created
        return wall


_DAMAGED = "Copy the recording anew from where it comes from; what was read before that place is good."


@contextmanager
def _connected(address: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        yield connection
    finally:
        connection.close()


def _condition(
    since_s: float | None, until_s: float | None, kinds: Collection[type[Event]] | None
) -> tuple[str, list[object]]:
    """Return a condition on rows and its values. Time never goes back from row to row: a span of it is one of rows."""
    parts: list[str] = ["TRUE"]
    values: list[object] = []
    if since_s is not None:
        parts.append("seq >= (SELECT seq FROM facts WHERE at_s >= ? ORDER BY at_s, seq LIMIT 1)")
        values.append(since_s)
    if until_s is not None:
        parts.append("seq <= (SELECT seq FROM facts WHERE at_s < ? ORDER BY at_s DESC, seq DESC LIMIT 1)")
        values.append(until_s)
    if kinds is not None:
        parts.append(f"kind IN ({', '.join('?' * len(kinds))})")
        values += map(kind_name, kinds)
    return " AND ".join(parts), values


def summary_of(call: CallState) -> dict[str, Any]:
    """Return what a recording keeps of the folded call, as JSON values."""
    return {
        "verdict": judge(call).level,
        "findings": [
            {"rule": finding.rule, "severity": str(finding.severity), "summary": finding.summary}
            for finding in call.findings.all
        ],
    }


def _summary(record: Mapping[str, Any]) -> Summary:
    return Summary(record["verdict"], tuple(FindingSummary(**finding) for finding in record["findings"]))
