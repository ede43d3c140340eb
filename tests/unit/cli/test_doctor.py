from __future__ import annotations

from pydantic import SecretStr

from dashboard.cli.doctor import conclusion, examination, step_line
from dashboard.cli.settings import Settings
from dashboard.doctor.steps import Check, Diagnosis, Outcome, StepResult

OK = StepResult(Check.TCP, "127.0.0.1:1, direct", took_s=0.0123)
WRONG = StepResult(
    Check.UPGRADE,
    "no\x1b[2J\nway",
    Outcome.FAILED,
    took_s=12.34,
    diagnosis=Diagnosis("not_found", "there is no socket", "Look " * 40 + "there.", 3),
)


def test_a_step_is_one_line_in_columns() -> None:
    assert step_line(OK) == "✓ ok        12.3 ms  tcp       127.0.0.1:1, direct"
    assert step_line(StepResult(Check.DNS, "none", Outcome.SKIPPED)) == "· skipped            dns       none"


def test_text_of_the_wire_is_shown_and_not_obeyed() -> None:
    assert step_line(WRONG) == "✗ failed     12.3 s  upgrade   no␛[2J↵way"


def test_colour_is_on_the_symbol_and_its_word_alone() -> None:
    assert step_line(WRONG, colour=True).startswith("\x1b[31m✗ failed \x1b[0m  ")


def test_cause_and_remedy_are_paragraphs() -> None:
    lines = conclusion([OK, WRONG]).splitlines()
    assert lines[:2] == ["", "cause   there is no socket"]
    assert lines[2].startswith("remedy  Look Look")
    assert all(line.startswith("        Look") for line in lines[3:])
    assert max(map(len, lines)) <= 100


def test_without_a_fault_it_says_so() -> None:
    assert conclusion([OK]) == "\nhealthy: a call can be made\n"
    assert conclusion([OK], interrupted=True) == "\ninterrupted\n"


def test_what_is_examined_is_the_call_that_watch_would_make() -> None:
    settings = Settings(region="eu_west_1", app_id="app-1", client_id="c", client_secret=SecretStr("s"), open_timeout=3)
    options = examination(settings)
    assert (options.login_url, options.api_url) == (
        "https://login.mypurecloud.ie/oauth/token",
        "https://api.mypurecloud.ie",
    )
    assert (options.policy.lookup, options.policy.authorize, options.app_id) == (True, True, "app-1")
    assert options.socket.open_timeout_s == 3
