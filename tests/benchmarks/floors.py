"""Who else receives: the C program that blocks in recvmsg, its form in Python, and websockets without callscope."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dashboard.clock import SystemClock
from dashboard.transport.kernel_time import StampedSocket
from tests.benchmarks.processes import answer, process

_SOURCE = Path(__file__).with_name("floor.c")
_TIMEOUT_S = 20.0

Arrivals = list[float]


@contextmanager
def blocking(port: int, size: int, folder: Path) -> Iterator[Arrivals]:
    """Receive messages of `size` bytes in a program that blocks in recvmsg; the list is filled when the sender ends."""
    arrivals: Arrivals = []
    compiler = shutil.which("cc")
    if compiler is None:
        with process(_blocking, port, size) as program:
            yield arrivals
            arrivals += answer(program, _TIMEOUT_S)
        return
    binary = folder / "floor"
    subprocess.run([compiler, "-O2", "-o", binary, _SOURCE], check=True)
    with subprocess.Popen([binary, str(port), str(size)], stdout=subprocess.PIPE, text=True) as floor:
        try:
            yield arrivals
            arrivals += map(float, floor.communicate(timeout=_TIMEOUT_S)[0].split())
        finally:
            floor.kill()


@contextmanager
def bare(url: str, ca_file: Path | None) -> Iterator[Arrivals]:
    """Receive with websockets alone, in a process of its own: the time after each message was awaited."""
    arrivals: Arrivals = []
    with process(_bare, url, ca_file) as receiver:
        yield arrivals
        arrivals += answer(receiver, _TIMEOUT_S)


def name_of_blocking() -> str:
    return "C blocking in recvmsg" if shutil.which("cc") else "Python blocking in recvmsg"


def _blocking(pipe: Connection, port: int, size: int) -> None:
    arrivals: Arrivals = []
    received, clock = 0, SystemClock()
    with StampedSocket(socket.AF_INET, clock) as tcp:
        tcp.connect(("127.0.0.1", port))
        while data := tcp.recv(65536):
            at = clock.monotonic() if tcp.arrived is None else tcp.arrived
            received += len(data)
            arrivals += [at] * (received // size - len(arrivals))
    pipe.send(arrivals)


def _bare(pipe: Connection, url: str, ca_file: Path | None) -> None:
    context = None if ca_file is None else ssl.create_default_context(cafile=ca_file)
    pipe.send(asyncio.run(_receive(url, context)))


async def _receive(url: str, context: ssl.SSLContext | None) -> Arrivals:
    arrivals: Arrivals = []
    async with connect(url, ssl=context, compression=None) as connection:
        await connection.recv()  # the start of the session
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.recv()
                arrivals.append(time.monotonic())
    return arrivals
