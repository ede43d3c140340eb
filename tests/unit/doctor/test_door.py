"""A door before anybody dials: its keys, and its certificate as Genesys will see it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from dashboard.clock import SystemClock
from dashboard.doctor.door import Door, examine_door
from dashboard.doctor.steps import Check, Outcome, StepResult, exit_code
from tests.unit.doctor.stage import asked, found
from tests.unit.transport.authority import authority, server_context, trusting

FILE = Path("/etc/callscope/chain.pem")
BAD = {
    "unknown": ("unknown_ca", "leads to no public authority (1 certificate in the file)", "fullchain.pem"),
    "expired": ("expired", "expired on", "Renew it"),
    "not yet": ("not_yet_valid", "is valid from", "clock"),
    "self": ("self_signed", "is signed by itself", "public authority"),
}


def examined(
    kind: str | None, *, keys: int = 1, signed: bool = True, names: tuple[str, ...] = ("127.0.0.1",)
) -> list[StepResult]:
    tls = None if kind is None else server_context(kind)
    cert = None if kind is None else FILE
    return list(examine_door(Door("wss://0.0.0.0:443/a", keys, signed, tls, cert, names), SystemClock(), trusting()))


def test_a_door_as_it_should_be() -> None:
    results = examined("between")
    assert asked(results) == "settings keys tls"
    assert {result.outcome for result in results} == {Outcome.OK}
    tls = found(results, Check.TLS)
    assert (tls.facts["days_left"], tls.facts["sent"], len(tls.facts["chain"])) == (100, 2, 3)
    assert "a public authority, 100 days left" in tls.detail


@pytest.mark.parametrize("kind", BAD)
def test_a_certificate_with_which_genesys_will_not_connect(kind: str) -> None:
    results = examined(kind)
    flaw, words, remedy = BAD[kind]
    tls = results[-1]
    assert (tls.outcome, tls.facts["flaw"], exit_code(results)) == (Outcome.FAILED, flaw, 1)
    assert tls.diagnosis is not None
    assert tls.diagnosis.words.startswith(f"Genesys will not connect: the certificate in {FILE} ")
    assert words in tls.diagnosis.words
    assert remedy in tls.diagnosis.remedy


def test_a_chain_that_lacks_its_middle_leads_nowhere() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = authority("good").create_child_ca().issue_cert("127.0.0.1")
    with leaf.cert_chain_pems[0].tempfile() as alone, leaf.private_key_pem.tempfile() as key:
        context.load_cert_chain(alone, key)
    (_, _, tls) = examine_door(Door("wss://x/a", 1, True, context, FILE, ("127.0.0.1",)), SystemClock(), trusting())
    assert (tls.outcome, tls.facts["flaw"], tls.facts["sent"]) == (Outcome.FAILED, "unknown_ca", 1)


def test_a_certificate_that_names_nobody_serves_nobody() -> None:
    tls = examined("good", names=())[-1]
    assert (tls.outcome, tls.facts["flaw"]) == (Outcome.FAILED, "other_name")


def test_a_certificate_that_ends_soon_is_a_warning() -> None:
    results = examined("ending")
    assert (results[-1].outcome, exit_code(results)) == (Outcome.WARNING, 1)
    assert results[-1].diagnosis is not None
    assert results[-1].diagnosis.cause == "certificate_expires_soon"


def test_behind_a_proxy_there_is_no_certificate_to_read() -> None:
    results = examined(None)
    assert (results[-1].outcome, exit_code(results)) == (Outcome.SKIPPED, 0)
    assert "pass Host and path on" in results[-1].detail


@pytest.mark.parametrize(("keys", "words"), [(0, "whoever dials gets in"), (2, "are not signed")])
def test_calls_that_need_not_be_signed_are_a_warning(keys: int, words: str) -> None:
    results = examined("good", keys=keys, signed=False)
    step = found(results, Check.KEYS)
    assert (step.outcome, exit_code(results)) == (Outcome.WARNING, 1)
    assert words in step.detail
