"""`call` to a bot behind TLS: a private authority that is trusted, and certificates that are not to be."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hosts import Ended, callscope
from tests.integration.test_call import a_bot_behind_tls, a_tone, environ
from tests.unit.transport.authority import authority
from tests.unit.worker.connectors import scenario, turn

BAD = {
    "unknown": ("comes from an authority that is not known here", "--ca-file"),
    "expired": ("has expired", "renew its certificate"),
    "name": ("is for another name", "Dial the name that the certificate is for"),
    "self": ("is signed by itself", "--ca-file"),
}
"""What is wrong with the certificate → what is said of it, and of the remedy."""


PLAYED = scenario(turn("welcome to us"), turn("on its way"))


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of the good authority."""
    file = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority("good").cert_pem.write_to_path(str(file))
    return str(file)


async def called(url: str, *flags: str) -> Ended:
    return await callscope("call", url, *flags, env=environ())


async def test_a_bot_of_a_private_authority_is_called(ca_file: str, tmp_path: Path) -> None:
    async with a_bot_behind_tls(PLAYED) as url:
        assert url.startswith("wss://")
        ended = await called(url, "--ca-file", ca_file, "--wav", a_tone(tmp_path / "tone.wav"), "--json")
    assert (ended.code, ended.stderr.count("✖")) == (0, 0)
    assert ended.json["audiohook"]["stage"] == "closed"
    assert ended.json["audiohook"]["playback"]["count"] == 2


@pytest.mark.parametrize("kind", BAD)
async def test_a_certificate_that_is_not_to_be_trusted_ends_it_with_its_remedy(kind: str, ca_file: str) -> None:
    what, remedy = BAD[kind]
    trusts = ("--ca-file", ca_file)
    async with a_bot_behind_tls(PLAYED, kind) as url:
        shown, told, checked, listed = await asyncio.gather(
            called(url, *trusts, "--no-screen"),
            called(url, *trusts, "--json"),
            called(url, *trusts, "--conformance"),
            called(url, *trusts, "--conformance", "--json"),
        )
    assert {shown.code, told.code, checked.code, listed.code} == {4}
    assert f"The host's certificate {what}" in shown.stdout
    assert remedy in shown.stdout
    (finding,) = told.json["findings"]
    assert (finding["rule"], finding["summary"]) == ("tls_failure", f"The host's certificate {what}")
    assert remedy in finding["remedy"]
    assert told.json["verdict"] == "failed"
    assert checked.stdout.splitlines() == [f"conformance of {url}"]
    assert checked.stderr.startswith(f"callscope: The host's certificate {what}: nothing can be checked\n")
    assert remedy in checked.stderr
    report = listed.json
    assert (report["checks"], report["failed"]) == ([], 0)
    assert (report["error"]["cause"], report["error"]["summary"]) == (
        "tls_certificate",
        f"The host's certificate {what}",
    )
    assert remedy in report["error"]["remedy"]


async def test_without_the_authority_its_certificate_is_not_known() -> None:
    async with a_bot_behind_tls(PLAYED) as url:
        ended = await called(url, "--conformance")
    assert ended.code == 4
    assert "an authority that is not known here" in ended.stderr


async def test_tls_and_its_absence_are_not_taken_for_one_another() -> None:
    async with a_bot_behind_tls(PLAYED, None) as plain, a_bot_behind_tls(PLAYED) as secured:
        ended = await asyncio.gather(
            *(called(plain.replace("ws://", "wss://"), *flags) for flags in (("--no-screen",), ("--conformance",))),
            *(called(secured.replace("wss://", "ws://"), *flags) for flags in (("--no-screen",), ("--conformance",))),
        )
    for one in ended:
        assert one.code == 4
        assert "whether that port speaks TLS" in one.stdout + one.stderr


@contextmanager
def nobody() -> Iterator[str]:
    """An address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield f"wss://127.0.0.1:{port}/connector"


@pytest.mark.parametrize(
    ("path", "code", "cause", "remedy"),
    [
        ("/nowhere", 3, "not_found", "Check the path of the address."),
        (None, 4, "tcp_refused", "Check host and port"),
    ],
)
async def test_conformance_of_nobody_is_one_cause_and_no_list_of_failures(
    path: str | None, code: int, cause: str, remedy: str, ca_file: str
) -> None:
    async with a_bot_behind_tls(PLAYED) as url:
        with nobody() as address:
            target = address if path is None else url.replace("/connector", path)
            ended = await called(target, "--conformance", "--json", "--ca-file", ca_file)
    assert ended.code == code
    assert (ended.json["checks"], ended.json["error"]["cause"]) == ([], cause)
    assert remedy in ended.stderr
