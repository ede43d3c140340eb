"""Every failure that can be met has words and a remedy."""

from __future__ import annotations

import pytest

from dashboard.call.events import Cause, Flaw
from dashboard.doctor.diagnosis import diagnose, untrusted
from dashboard.doctor.steps import STREAMING, Check, Place
from dashboard.resilience.retry import Failure
from dashboard.transport.certificate import Certificate

HOST = Place("socket host", "--url", "bot.test", 443)
PROXIED = Place("socket host", "--url", "bot.test", 443, "proxy.test:3128")
CHANNEL = Place(STREAMING, "Genesys' connectUri", "streaming.test", 443)
OWN = Certificate("bot {0} test", "Own CA", ("a.test", "b.test"), 1_800_000_000.0, 1_900_000_000.0)
ROOT = Certificate("Old CA", "Old CA", (), 1_500_000_000.0, 1_850_000_000.0)


@pytest.mark.parametrize("place", [HOST, PROXIED, CHANNEL])
@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("check", Check)
def test_whatever_fails_is_told_in_words_with_a_remedy(check: Check, cause: Cause, place: Place) -> None:
    diagnosis = diagnose(check, Failure(cause, "a {detail} of the wire", 418, 3.0), place)
    assert diagnosis.cause
    assert diagnosis.words
    assert diagnosis.remedy.endswith((".", "3128"))
    assert "{" not in (diagnosis.words + diagnosis.remedy).replace("a {detail} of the wire", "")
    assert diagnosis.exit_code in (1, 3, 4)


@pytest.mark.parametrize("chain", [(), (OWN,), (OWN, ROOT)])
@pytest.mark.parametrize("flaw", Flaw)
def test_every_flaw_of_a_certificate_is_told_in_words_with_a_remedy(flaw: Flaw, chain: tuple[Certificate, ...]) -> None:
    diagnosis = untrusted(flaw, chain, "certificate not trusted (why {not})", HOST, wall=1_860_000_000.0)
    assert diagnosis.cause.startswith("certificate_")
    assert diagnosis.words
    assert diagnosis.remedy.endswith((".", ".)"))
    assert diagnosis.exit_code == 4


def test_of_an_expired_chain_the_certificate_that_ended_is_named() -> None:
    diagnosis = untrusted(Flaw.EXPIRED, (OWN, ROOT), "expired", HOST, wall=1_860_000_000.0)
    assert diagnosis.words == "the certificate Old CA in the chain of bot.test expired on 2028-08-16"
    diagnosis = untrusted(Flaw.EXPIRED, (OWN,), "expired", HOST, wall=1_960_000_000.0)
    assert diagnosis.words == "the certificate of bot.test expired on 2030-03-17"


def test_a_proxys_refusal_is_never_laid_at_the_hosts_door() -> None:
    for check in (Check.DNS, Check.TCP, Check.PROXY):
        diagnosis = diagnose(check, Failure(Cause.TIMEOUT, "timed out"), PROXIED)
        assert diagnosis.cause == "proxy_unreachable"
        assert "proxy.test:3128" in diagnosis.words
    assert diagnose(Check.TLS, Failure(Cause.TIMEOUT, "timed out"), PROXIED).cause == "timeout"
