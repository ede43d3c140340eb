"""The README's table of exit codes is what the program does: every row is carried out."""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hosts import CALLSCOPE, bot_host, environment

README = Path(__file__).parents[2] / "README.md"
INTERRUPTED = 130


class Row(NamedTuple):
    code: int
    host: list[str]
    command: list[str]


def rows() -> list[Row]:
    """The rows of the table; commands without the program's name."""
    found = re.search(r"<!-- exit codes -->\n(.*?)<!-- /exit codes -->", README.read_text("utf-8"), re.DOTALL)
    assert found is not None, "README.md: the marks of the table of exit codes are gone"
    lines = re.findall(
        r"^\| (\d+) \|[^|]*\| `callscope simulate (.*?)` \| `callscope (.*?)` \|$", found[1], re.MULTILINE
    )
    return [Row(int(code), shlex.split(host), shlex.split(command)) for code, host, command in lines]


def test_the_table_names_every_code_that_a_probe_can_give() -> None:
    assert [row.code for row in rows()] == [0, 1, 2, 3, 4, INTERRUPTED]


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.code))
async def test_a_command_of_the_table_gives_its_code(row: Row) -> None:
    async with bot_host(*row.host) as ready:
        process = await asyncio.create_subprocess_exec(
            *CALLSCOPE, *row.command,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(ready),
        )  # fmt: skip
        assert process.stdout is not None
        if row.code == INTERRUPTED:
            while b"session_started" not in await process.stdout.readline():
                continue
            process.send_signal(signal.SIGINT)
        _, stderr = await process.communicate()
    assert process.returncode == row.code, stderr.decode()
