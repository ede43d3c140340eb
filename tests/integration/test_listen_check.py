"""`listen --check`: a door is examined before Genesys dials, and no call is taken."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.hosts import Ended, callscope
from tests.integration.test_listen import environ
from tests.unit.transport.authority import authority


async def checked(*flags: str, keys: bool = True) -> Ended:
    env = environ() if keys else environ("")
    return await callscope("listen", "--check", "--port", "0", *flags, env=env)


@pytest.fixture
def served_with(tmp_path: Path) -> tuple[str, ...]:
    """A certificate that a private authority has signed."""
    file = tmp_path / "chain.pem"
    authority("good").issue_cert("hook.lan").private_key_and_cert_chain_pem.write_to_path(str(file))
    return ("--cert", str(file))


async def test_behind_a_proxy_there_is_little_to_see_and_it_is_in_order() -> None:
    ended = await checked()
    assert (ended.code, ended.stderr) == (0, "")
    assert [line.split()[1] for line in ended.stdout.splitlines()[:3]] == ["ok", "ok", "skipped"]
    assert "healthy: Genesys is let in; whether it gets here, its connection probe will show" in ended.stdout


async def test_a_door_without_a_key_is_a_warning() -> None:
    ended = await checked("--json", keys=False)
    assert (ended.code, ended.json["verdict"], ended.json["cause"]) == (1, "degraded", "calls_unsigned")
    assert "CALLSCOPE_HOOK_KEYS" in ended.json["remedy"]


async def test_a_certificate_of_a_private_authority_is_told_with_what_genesys_wants(
    served_with: tuple[str, ...],
) -> None:
    ended = await checked("--host", "0.0.0.0", *served_with, "--json")
    assert (ended.code, ended.json["verdict"], ended.json["cause"]) == (1, "failed", "certificate_unknown_ca")
    tls = ended.json["steps"][-1]
    assert (tls["name"], tls["facts"]["names"], tls["facts"]["sent"]) == ("tls", ["hook.lan"], 1)
    assert "Genesys will not connect" in ended.stderr
    assert "PRIVATE KEY" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--host", "0.0.0.0"), "in clear would show every call"),
        (("--cert", __file__), "cannot be served with"),
        (("--key", __file__), "--key is given and --cert is not"),
    ],
)
async def test_what_cannot_be_listened_with_is_refused_as_without_the_check(flags: tuple[str, ...], told: str) -> None:
    ended = await checked(*flags)
    assert (ended.code, ended.stdout) == (2, "")
    assert told in ended.stderr


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = await checked("--port", str(server.getsockname()[1]))
    assert ended.code == 2
    assert "Address already in use" in ended.stderr
