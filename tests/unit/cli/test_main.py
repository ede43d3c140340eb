from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from dashboard.cli.commands import COMMANDS, Command
from dashboard.cli.main import run
from dashboard.cli.settings import FIELDS, Settings, flag, is_secret, variable
from dashboard.errors import ConfigError, DashboardError, RefusedError, UnreachableError

HEAVY = {"textual", "websockets", "httpx", "aiohttp", "structlog", "plotext", "asyncio"}

DIAL = ("--auth", "none", "--url", "wss://bridge.example.net/ws")

Plugged = Callable[[str, Callable[[argparse.Namespace], int]], None]


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the person who runs the tests has set plays no part."""
    for name in FIELDS:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.delenv("CALLSCOPE_DEBUG", raising=False)


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Plugged:
    """Have a command do what the test says."""

    def plug(name: str, run_it: Callable[[argparse.Namespace], int]) -> None:
        module = ModuleType(f"dashboard.cli.{name}")
        module.run = run_it  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)

    return plug


def failing(error: BaseException) -> Callable[[argparse.Namespace], int]:
    def run_it(_args: argparse.Namespace) -> int:
        raise error

    return run_it


@pytest.fixture
def no_settings(tmp_path: Path) -> str:
    """A settings file with nothing in it, so that the user's own plays no part."""
    file = tmp_path / "config.toml"
    file.touch()
    return str(file)


def test_a_command_gets_its_arguments_and_its_settings_and_its_code_is_returned(
    plugged: Plugged, no_settings: str
) -> None:
    seen: list[argparse.Namespace] = []

    def run_it(args: argparse.Namespace) -> int:
        seen.append(args)
        return 3

    plugged("probe", run_it)
    assert run(["probe", "--json", "--config", no_settings, *DIAL, "--buffer-ms", "90"]) == 3
    (args,) = seen
    assert (args.profile, args.json, args.jsonl) == (None, True, False)
    assert args.settings == Settings(auth="none", url="wss://bridge.example.net/ws", buffer_ms=90)
    assert args.settings.model_fields_set == {"auth", "url", "buffer_ms"}


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--say", "a", "--say", "b"], {"say": ("a", "b")}),
        (["--no-reconnect-on-1000"], {"reconnect_on_1000": False}),
        (["--insecure"], {"insecure": True}),
        (["--max-attempts=0"], {"max_attempts": 0}),
    ],
)
def test_flags_are_made_from_the_settings(
    words: list[str], settings: dict[str, object], plugged: Plugged, no_settings: str
) -> None:
    seen: list[argparse.Namespace] = []

    def run_it(args: argparse.Namespace) -> int:
        seen.append(args)
        return 0

    plugged("probe", run_it)
    assert run(["probe", "--config", no_settings, *DIAL, *words]) == 0
    dial = {"url": "wss://bridge.example.net/ws", "auth": "none"}
    assert seen[0].settings == Settings.model_validate(dial | settings)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (ConfigError("no such thing", remedy="Give another."), 2, "callscope: no such thing\n  Give another.\n"),
        (RefusedError("the app is not ACTIVE"), 3, "callscope: the app is not ACTIVE\n"),
        (UnreachableError("no answer\x1b[2J"), 4, "callscope: no answer␛[2J\n"),
        (ExceptionGroup("tasks", [UnreachableError("no answer")]), 4, "callscope: no answer\n"),
        (DashboardError("first\nsecond"), 1, "callscope: first\ncallscope: second\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_went_wrong_is_told_without_a_traceback(
    error: BaseException,
    code: int,
    told: str,
    plugged: Plugged,
    no_settings: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plugged("probe", failing(error))
    assert run(["probe", *DIAL, "--config", no_settings]) == code
    assert capsys.readouterr() == ("", told)


def test_a_bug_is_one_line_and_its_traceback_goes_to_the_log_file(
    plugged: Plugged, no_settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_file = tmp_path / "link.log"
    plugged("probe", failing(KeyError("client_secret=hunter2-hunter2")))
    assert run(["probe", *DIAL, "--config", no_settings, "--log-file", str(log_file)]) == 70
    out, told = capsys.readouterr()
    assert out == ""
    assert told.startswith("callscope: unexpected KeyError: 'client_secret=***'\n")
    assert f"please report it; {log_file} shows where it happened" in told
    assert "Traceback" not in told
    (entry,) = map(json.loads, log_file.read_text(encoding="utf-8").splitlines())
    assert (entry["event"], entry["level"]) == ("crash", "critical")
    assert entry["traceback"].startswith("Traceback (most recent call last)")
    assert "hunter2" not in entry["traceback"]


def test_a_bug_shows_its_traceback_to_who_asks_for_it(
    plugged: Plugged, no_settings: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plugged("probe", failing(ZeroDivisionError("division by zero")))
    assert run(["probe", *DIAL, "--config", no_settings]) == 70
    assert "CALLSCOPE_DEBUG=1 shows where" in capsys.readouterr().err
    monkeypatch.setenv("CALLSCOPE_DEBUG", "1")
    assert run(["probe", *DIAL, "--config", no_settings]) == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_a_command_needs_and_gives_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = COMMANDS[name]
    assert run([name, "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert command.needs in out
    assert all(example in out and example.split()[1] == name for example in command.examples)
    assert command.hidden or command.examples
    assert "exit codes:" in out


def test_the_help_of_four_commands_names_every_setting_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["probe", "--help"]) == 0
    assert run(["call", "--help"]) == 0
    assert run(["listen", "--help"]) == 0
    assert run(["tap", "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert [name for name in FIELDS if flag(name) not in out and not is_secret(name)] == []
    assert "--client-secret" not in out
    assert "GENESYS_CLIENT_SECRET" in out
    assert "Seconds between pings; below the idle limit of whatever stands between (often 60). Default: 20." in out


def test_the_overview_lists_the_commands_but_not_the_hidden_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert {"demo", "watch", "probe", "doctor", "listen", "simulate", "analyze"} <= listed
    assert "worker" not in listed


@pytest.mark.parametrize(
    ("words", "what", "remedy"),
    [
        (["prob"], "there is no command prob", "Did you mean probe?"),
        (
            ["xyzzy"],
            "there is no command xyzzy",
            "The commands are demo, watch, probe, replay, ",
        ),
        (["wrker"], "there is no command wrker", "The commands are"),
        (["--json", "probe"], "the command comes first", "callscope COMMAND [options]"),
        (["probe", "--bufer-ms=3"], "probe: there is no option --bufer-ms", "Did you mean --buffer-ms?"),
        (["probe", "--buffer", "3"], "probe: there is no option --buffer", "Did you mean --buffer-ms?"),
        (["watch", "--xyzzy"], "watch: there is no option --xyzzy", "callscope watch --help lists them."),
        (["probe", "prod", "test"], "probe: too many arguments", "usage: callscope probe [PROFILE] [options]"),
        (["probe", "--json", "--jsonl"], "probe: --jsonl: not allowed with argument --json", "callscope probe --help"),
        (["probe", "--stale-after"], "probe: --stale-after: expected one argument", "callscope probe --help"),
        (["analyze"], "analyze: the following arguments are required: TRACE.csv", "callscope analyze --help"),
        (["simulate", "--port", "65536"], "simulate: --port: must be 65535 or less (got 65536)", "callscope simulate"),
        (
            ["doctor", "--max", "0"],
            "doctor: --max: must be a number of seconds, up to 86400 (got 0)",
            "callscope doctor",
        ),
        (["demo", "--seed=-1"], "demo: --seed: must be a whole number, 0 or more (got -1)", "callscope demo --help"),
    ],
)
def test_a_usage_error_says_what_was_probably_meant(
    words: list[str], what: str, remedy: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    out, err = capfd.readouterr()
    assert out == ""
    told, advice = err.splitlines()
    assert told == f"callscope: {what}"
    assert advice.startswith(f"  {remedy}")


@pytest.mark.parametrize(
    "words", [["--client-secret", "hunter2"], ["--client-secret=hunter2"], ["--client-secrt=hunter2"]]
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["probe", *words]) == 2
    err = capsys.readouterr().err
    assert "hunter2" not in err
    assert "GENESYS_CLIENT_SECRET" in err or "Did you mean --client-" in err


def test_the_overview_and_simulates_help_load_no_settings(fresh_python: Callable[[str], str]) -> None:
    run_both = "run(['--help']); run(['simulate', '--help'])"
    code = f"import sys; from dashboard.cli.main import run; {run_both}; print(*sys.modules)"
    assert (HEAVY | {"pydantic"}) & set(fresh_python(code).split()) == set()


def test_the_help_of_a_command_does_not_load_the_command(fresh_python: Callable[[str], str]) -> None:
    code = "import sys; from dashboard.cli.main import run; run(['probe', '--help']); print(*sys.modules)"
    loaded = set(fresh_python(code).split())
    assert "dashboard.cli.settings" in loaded
    assert (HEAVY | {"dashboard.cli.probe"}) & loaded == set()


def test_a_command_is_an_entry_and_a_module_of_that_name() -> None:
    files = {path.stem for path in Path(sys.modules["dashboard.cli.main"].__file__ or "").parent.glob("*.py")}
    assert set(COMMANDS) <= files
    assert all(isinstance(command, Command) for command in COMMANDS.values())
