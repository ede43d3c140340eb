"""The real bot host and the real command line as processes, for tests that go from end to end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

CALLSCOPE = (sys.executable, "-m", "dashboard")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        found: dict[str, Any] = json.loads(self.stdout)
        return found


@asynccontextmanager
async def bot_host(*args: str) -> AsyncIterator[dict[str, Any]]:
    """Run `callscope simulate`; yields the addresses that it printed."""
    host = await asyncio.create_subprocess_exec(
        *CALLSCOPE, "simulate", *args, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert host.stdout is not None
    assert host.stderr is not None
    try:
        line = await host.stdout.readline()
        if not line:
            raise AssertionError((await host.stderr.read()).decode())
        yield json.loads(line)
    finally:
        if host.returncode is None:
            host.terminate()
        await host.communicate()


def environment(ready: Mapping[str, Any], **more: str) -> dict[str, str]:
    """An environment in which callscope finds the bot host, and no setting of the machine's own user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CALLSCOPE_", "GENESYS_"))}
    return {
        **kept,
        "XDG_CONFIG_HOME": "/nonexistent",
        "GENESYS_BASE_URL": ready["base_url"],
        "GENESYS_CLIENT_ID": ready["client_id"],
        "GENESYS_CLIENT_SECRET": ready["client_secret"],
        "CALLSCOPE_APP_ID": ready["app_id"],
        **more,
    }


async def callscope(*args: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        *CALLSCOPE,
        *args,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
    )
    stdout, stderr = await process.communicate()
    return Ended(process.returncode or 0, stdout.decode(), stderr.decode())
