"""Processes of a benchmark: fresh interpreters that run one function and talk through a pipe."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

_SPAWN = multiprocessing.get_context("spawn")
_ENDING_S = 5.0


@contextmanager
def process(work: Callable[..., None], *args: object, core: int | None = None) -> Iterator[Connection]:
    """Run `work(pipe, *args)` in a process of its own, on one core where the system can hold it there.

    Yields the other end of its pipe; leaving waits for its end and kills it if that does not come.
    """
    ours, theirs = _SPAWN.Pipe()
    running = _SPAWN.Process(target=_run, args=(work, theirs, core, args), daemon=True)
    running.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        running.join(_ENDING_S)
        if running.is_alive():
            running.kill()
            running.join()
        running.close()


def answer(pipe: Connection, timeout_s: float) -> Any:
    """Return what the process says next; raises TimeoutError."""
    if not pipe.poll(timeout_s):
        raise TimeoutError(f"a process of the benchmark said nothing for {timeout_s:g} s")
    return pipe.recv()


def two_cores() -> tuple[int | None, int | None]:
    """Return the core to measure on and the one to send from; None where processes cannot be held on one."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]


@contextmanager
def spawning_on(core: int | None) -> Iterator[None]:
    """Let the processes that are started inside begin life on one core, and stay there."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _run(work: Callable[..., None], pipe: Connection, core: int | None, args: tuple[object, ...]) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})
    work(pipe, *args)
