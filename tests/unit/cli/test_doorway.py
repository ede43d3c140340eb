"""What an empty board says of the place where calls come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme

from dashboard.cli.board import check_door
from dashboard.cli.doorway import doorway
from dashboard.cli.settings import Settings
from dashboard.transport.certificate import names_in

KEYS = ("lab-1:QUJDRA==", "lab-2:QUJDRA==")


def told(settings: Settings, *names: str) -> dict[str, Any]:
    said = doorway(settings, names)
    return {**dict(said["fields"]), "notes": " · ".join(said["notes"])}


@pytest.fixture
def cert(tmp_path: Path) -> Path:
    issued = trustme.CA().issue_cert("listen.example.net", "10.0.0.1")
    both = tmp_path / "both.pem"
    both.write_bytes(issued.cert_chain_pems[0].bytes() + issued.private_key_pem.bytes())
    return both


def test_behind_a_certificate_the_uri_has_the_name_that_it_is_for(cert: Path) -> None:
    settings = Settings(host="127.0.0.1", port=443, cert=cert, hook_keys=KEYS)  # type: ignore[arg-type]
    assert names_in(cert) == ("listen.example.net", "10.0.0.1")
    said = told(settings, *names_in(cert))
    assert said["connection URI"] == "wss://listen.example.net/audiohook"
    assert "KEY of CALLSCOPE_HOOK_KEYS" in said["API key"]
    assert "one of 2" in said["API key"]
    assert "every call must be signed" in said["notes"]
    assert "lab-1" not in str(said)
    assert "QUJD" not in str(said)


def test_a_port_of_its_own_is_part_of_the_uri(cert: Path) -> None:
    settings = Settings(port=8443, path="/calls", cert=cert)
    assert told(settings, "*.example.net")["connection URI"] == "wss://NAME.example.net:8443/calls"
    assert told(settings)["connection URI"].endswith(", with the name that the certificate is for")


def test_in_clear_it_is_a_proxy_that_genesys_dials() -> None:
    said = told(Settings(port=8480))
    assert said["connection URI"].startswith("wss://NAME/audiohook, with the name of the proxy")
    assert said["connection URI"].endswith("ws://127.0.0.1:8480/audiohook")
    assert "a proxy has to end TLS" in said["notes"]
    assert "whoever knocks may come in" in said["notes"]
    assert said["credentials"] == "none are asked for"


def test_a_key_without_a_secret_is_told_for_what_it_is() -> None:
    settings = Settings(hook_keys=("lab-1:QUJDRA==", "lab-2"))  # type: ignore[arg-type]
    assert "a key without a secret gets in unsigned" in told(settings)["notes"]


def test_the_check_of_a_door_returns_the_names_of_its_certificate(cert: Path, tmp_path: Path) -> None:
    assert check_door(Settings(port=0, cert=cert)) == ("listen.example.net", "10.0.0.1")
    assert check_door(Settings(port=0)) == ()


def test_a_file_that_is_no_certificate_has_no_names(tmp_path: Path) -> None:
    file = tmp_path / "none.pem"
    file.write_text("nothing")
    assert names_in(file) == ()
    assert names_in(tmp_path / "nowhere.pem") == ()
