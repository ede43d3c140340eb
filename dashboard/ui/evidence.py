"""`e`: the evidence bundle of a call, written by a process of its own while the screen goes on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from dashboard.call.ports import Command, Save
from dashboard.call.records import Records
from dashboard.call.state import CallState
from dashboard.errors import RecordingError, WorkerError

Bundle = Callable[[Path, str, Path], Awaitable[None]]
"""Writes the bundle of a recording, with a picture of the screen (SVG), to a file; raises DashboardError."""

SAVE_S = 60.0
"""Longest wait for the worker to write down what has been seen."""

_NAME_LIMIT = 60


class Evidence:
    """Writes bundles of a recording, or of a live call, which the worker is asked to save for that; one at a time."""

    def __init__(
        self, bundle: Bundle, command: Callable[[Command], None], recording: Path | None, call_id: str
    ) -> None:
        """`recording`: what is replayed; None of a live call."""
        self._bundle = bundle
        self._command = command
        self._recording = recording
        self._call_id = call_id
        self._saved: asyncio.Future[None] | None = None
        self.saving: str | None = None
        """The recording that the worker is writing for the bundle."""

    def heard(self, records: Records) -> None:
        """Take what the worker told of recordings: the one that is waited for may be closed."""
        if self._saved is None or self._saved.done():
            return
        if any(fact.path == self.saving for fact in records.saved):
            self._saved.set_result(None)
        for fact in records.failed:
            if fact.path == self.saving:
                self._saved.set_exception(RecordingError(fact.reason, remedy=fact.remedy))
                return

    async def write(self, picture: str, out: Path) -> None:
        """Write a bundle to `out`.

        Raises:
            DashboardError: the call could not be saved, or the bundle not written.
        """
        if self._recording is not None:
            await self._bundle(self._recording, picture, out)
            return
        with TemporaryDirectory(prefix="callscope-") as folder:
            path = Path(folder) / "call.callscope"
            await self._save(path)
            await self._bundle(path, picture, out)

    async def _save(self, path: Path) -> None:
        self._saved, self.saving = asyncio.get_running_loop().create_future(), str(path)
        self._command(Save(str(path), self._call_id))
        try:
            async with asyncio.timeout(SAVE_S):
                await self._saved
        except TimeoutError:
            raise WorkerError(
                f"the call was not saved within {SAVE_S:.0f} s", remedy="Try again; s saves a recording by itself."
            ) from None


def bundle_name(call: CallState) -> str:
    """Return a file name without its ending, of the call's id and the UTC time of its newest fact.

    Nothing in it can leave the directory; the same moment again has the same name.
    """
    call_id = re.sub(r"[^A-Za-z0-9_-]", "_", call.call_id)[:_NAME_LIMIT] or "call"
    return f"callscope-{call_id}-{datetime.fromtimestamp(call.wall_at(call.now), UTC):%Y%m%dT%H%M%SZ}"
