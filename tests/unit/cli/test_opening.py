"""The way to the screen, up to where it would open."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.cli.main import run
from dashboard.cli.opening import CHECK_ONLY
from dashboard.cli.settings import Settings, variable


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the person who runs the tests has set plays no part."""
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def ordered(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert run([*words, CHECK_ONLY]) == 0
    order: dict[str, object] = json.loads(capsys.readouterr().out)
    return order


def test_a_demo_takes_what_its_scenario_advises_unless_the_operator_says_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    advised = ordered(capsys, "demo", "bad-day")
    assert (advised["title"], advised["scenario"], advised["seed"]) == ("demo: bad-day", "bad-day", None)
    host = {"analytics": "details", "analytics_every": 10}
    assert advised["settings"] == Settings.model_validate({**host, "stale_after": 6}).to_worker()
    own = ordered(capsys, "demo", "bad-day", "--stale-after", "9", "--seed", "7")
    assert (own["settings"], own["seed"]) == (Settings.model_validate({**host, "stale_after": 9}).to_worker(), 7)


def test_a_demo_of_the_connector_has_a_key_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    order = ordered(capsys, "demo", "--dialect", "connector")
    assert (order["title"], order["dialect"], order["scenario"]) == ("demo: steady", "connector", "steady")
    settings = order["settings"]
    assert isinstance(settings, dict)
    assert settings["hook_keys"][0].startswith("demo:")


def test_a_call_hands_its_settings_on_with_the_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLSCOPE_HOOK_KEYS", "lab:c2VjcmV0")
    order = ordered(capsys, "call", "wss://bot.example.net/connector?sig=abc", "--dtmf", "1#")
    assert order["title"] == "calling wss://bot.example.net/connector"
    given = {"url": "wss://bot.example.net/connector?sig=abc", "hook_keys": ["lab:c2VjcmV0"], "dtmf": "1#"}
    assert order["settings"] == Settings.model_validate(given).to_worker()


def test_watch_hands_its_settings_on_with_the_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GENESYS_CLIENT_ID", "client-1")
    monkeypatch.setenv("GENESYS_CLIENT_SECRET", "hunter2-hunter2")
    out = tmp_path / "call.json"
    order = ordered(capsys, "watch", "--app-id", "app-31c0", "--json-out", str(out))
    given = {"app_id": "app-31c0", "client_id": "client-1", "client_secret": "hunter2-hunter2"}
    assert order["settings"] == Settings.model_validate(given).to_worker()
    assert order["json_out"] == str(out)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["demo", "no-such-thing"], "callscope: there is no scenario 'no-such-thing'"),
        (["demo", "--buffer-ms", "-3"], "callscope: --buffer-ms: must be greater than 0 (got -3)"),
        (["demo", "--json-out", "/nonexistent/call.json"], "callscope: --json-out /nonexistent/call.json"),
        (
            ["demo", "--log-file", "/nonexistent/link.log"],
            "callscope: --log-file /nonexistent/link.log: cannot be written",
        ),
        (["demo", "--calls", "3"], "callscope: --calls needs a dialect in which calls come in"),
        (["demo", "--dialect", "audiohook", "--calls", "0"], "callscope: --calls must be from 1 to 200 (got 0)"),
        (["demo", "--dialect", "audiohook", "no-such-thing"], "callscope: there is no scenario 'no-such-thing'"),
        (["watch"], "callscope: there is no call to dial"),
    ],
)
def test_what_cannot_be_is_refused_before_the_screen_opens(
    words: list[str], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(told)
    assert gc.isenabled()


def test_the_screens_process_loads_nothing_that_only_the_check_or_the_worker_needs(
    fresh_python: Callable[[str], str],
) -> None:
    code = "import sys, dashboard.cli.main, dashboard.cli.screen; from dashboard.cli import demo, watch"
    loaded = set(fresh_python(f"{code}; print(*sys.modules)").split())
    assert {"textual.app", "dashboard.ui.app", "dashboard.call.state"} <= loaded
    facts = {f"dashboard.call.{name}" for name in ("events", "hook_events", "cognigy_events")}
    reads_and_folds = {"dashboard.bus.runtime", "dashboard.bus.store", "dashboard.call.codec", "dashboard.call.reducer"}
    judges = {"dashboard.call.verdict", "dashboard.call.findings.rules", "dashboard.call.figures"}
    assert (facts | reads_and_folds | judges) & loaded == set()  # they wait for the first frame
    opened_by_keys = {name for name in loaded if name.startswith("dashboard.ui.screens.")}
    assert opened_by_keys == {f"dashboard.ui.screens.{name}" for name in ("call", "detail", "ground", "modal")}
    strangers = {"pydantic", "pydantic_core", "websockets", "httpx", "aiohttp", "structlog", "plotext"}
    assert strangers & loaded == set()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("dashboard.")}
    assert rooms == {"bus", "call", "cli", "errors", "frozen", "media", "ui", "wiretext"}


def test_the_board_waits_for_no_fact_and_no_rule(fresh_python: Callable[[str], str]) -> None:
    code = "import sys, dashboard.cli.main, dashboard.cli.screen, dashboard.ui.board_app; print(*sys.modules)"
    loaded = set(fresh_python(code).split())
    assert {"dashboard.call.events", "dashboard.call.reducer", "dashboard.call.findings.rules"} & loaded == set()
    assert {"pydantic", "websockets", "httpx", "aiohttp", "plotext"} & loaded == set()


def test_the_check_loads_nothing_that_draws_or_dials(fresh_python: Callable[[str], str]) -> None:
    code = "import sys; from dashboard.cli.main import run"
    loaded = set(fresh_python(f"{code}; run(['demo', '{CHECK_ONLY}']); print(); print(*sys.modules)").split())
    assert "dashboard.cli.settings" in loaded
    heavy = {"textual", "rich", "plotext", "asyncio", "websockets", "httpx", "aiohttp", "structlog"}
    assert heavy & loaded == set()


def test_the_check_of_a_call_loads_no_facts(fresh_python: Callable[[str], str]) -> None:
    words = ["watch", "--auth", "none", "--url", "ws://127.0.0.1:9/", CHECK_ONLY]
    code = f"import sys; from dashboard.cli.main import run; run({words}); print(); print(*sys.modules)"
    loaded = set(fresh_python(code).split())
    assert "dashboard.resilience.bounds" in loaded
    assert {name for name in loaded if name.startswith("dashboard.call.")} == set()


@pytest.mark.parametrize("dialect", ["cognigy", "cognigy-rest"])
def test_a_demo_of_an_endpoint_says_what_the_caller_of_its_scenario_says(
    capsys: pytest.CaptureFixture[str], dialect: str
) -> None:
    order = ordered(capsys, "demo", "silent-bot", "--dialect", dialect)
    assert order["words"][0][1] == "Hi, where is my parcel?"  # type: ignore[index]
    assert order["round_s"] == 14
    settings = Settings.from_worker(order["settings"])  # type: ignore[arg-type]
    assert (settings.dialect, settings.silent_failure_after, settings.turn_limit) == (dialect, 2, 2)


def test_a_demo_in_which_calls_come_in_lets_nobody_else_in(capsys: pytest.CaptureFixture[str]) -> None:
    order = ordered(capsys, "demo", "--dialect", "audiohook", "--calls", "8", "--seed", "3")
    settings = Settings.from_worker(order["settings"])  # type: ignore[arg-type]
    assert (settings.host, settings.port, len(settings.hook_keys)) == ("127.0.0.1", 0, 1)
    assert (order["calls"], order["seed"]) == (8, 3)
    assert {"steady", "stalls"} <= set(order["scenarios"])  # type: ignore[call-overload]


def test_a_demo_of_one_call_that_comes_in_plays_the_scenario_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert ordered(capsys, "demo", "--dialect", "audiohook", "stalls")["scenarios"] == ["stalls"]
    assert ordered(capsys, "demo", "--dialect", "audiohook")["scenarios"] == ["bad-day"]
