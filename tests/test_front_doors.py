"""The commands as processes: exit codes, what goes to stdout and what to stderr."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest


class Done(NamedTuple):
    code: int
    out: str
    err: list[str]


CallScope = Callable[..., Done]


@pytest.fixture
def callscope(tmp_path: Path) -> CallScope:
    """Run `callscope` for somebody who has set nothing, besides the variables given."""
    ours = ("CALLSCOPE_", "GENESYS_", "TARGET_", "XDG_")
    bare = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    bare |= {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "PYTHONUTF8": "1"}

    def run(*words: str, **variables: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "dashboard", *words],
            env=bare | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr.splitlines())

    return run


def test_no_command_is_answered_with_the_list_of_commands(callscope: CallScope) -> None:
    code, out, err = callscope()
    assert (code, out, err[0]) == (2, "", "usage: callscope COMMAND [options]")


def test_the_version_is_the_installed_one(callscope: CallScope) -> None:
    assert callscope("--version") == Done(0, f"callscope {version('callscope')}\n", [])


def test_an_unknown_command_is_a_usage_error(callscope: CallScope) -> None:
    assert callscope("porbe") == Done(2, "", ["callscope: there is no command porbe", "  Did you mean probe?"])


def test_an_unknown_option_is_a_usage_error(callscope: CallScope) -> None:
    assert callscope("probe", "--bufer-ms", "60") == Done(
        2, "", ["callscope: probe: there is no option --bufer-ms", "  Did you mean --buffer-ms?"]
    )


def test_a_bad_value_is_told_with_its_flag_or_variable(callscope: CallScope) -> None:
    code, out, err = callscope("demo", "--buffer-ms", "-3", CALLSCOPE_STALE_AFTER="soon")
    assert (code, out) == (2, "")
    assert err == [
        "callscope: CALLSCOPE_STALE_AFTER: must be a number (got soon)",
        "callscope: --buffer-ms: must be greater than 0 (got -3)",
        "  stale_after: Seconds without an inbound message after which the socket is replaced. Default: 30.",
        "  buffer_ms: Milliseconds of the playout buffer that late frames are judged against. Default: 60.",
    ]


def test_a_bad_settings_file_is_told_with_file_line_table_and_key(callscope: CallScope, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[prod]\nstale_after = -3\n", encoding="utf-8")
    assert callscope("probe", "prod", "--config", str(file)) == Done(
        2,
        "",
        [
            "callscope: ~/own.toml:2, [prod] stale_after: must be greater than 0 (got -3)",
            "  stale_after: Seconds without an inbound message after which the socket is replaced. Default: 30.",
        ],
    )


def test_an_unknown_profile_is_answered_with_the_nearest_one(callscope: CallScope, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[prod]\n", encoding="utf-8")
    assert callscope("watch", "prd", "--config", str(tmp_path / "own.toml")) == Done(
        2, "", ["callscope: ~/own.toml: there is no profile prd", "  Did you mean prod?"]
    )


def test_a_settings_file_that_is_not_there_is_a_usage_error(callscope: CallScope) -> None:
    code, out, err = callscope("demo", "--config", "nowhere.toml")
    assert (code, out) == (2, "")
    assert err == [
        "callscope: nowhere.toml: cannot be read: No such file or directory",
        "  Name another file with --config, or make this one readable to you.",
    ]


def test_a_secret_is_taken_neither_from_a_flag_nor_from_a_file_that_others_can_read(
    callscope: CallScope, tmp_path: Path
) -> None:
    code, out, err = callscope("probe", "--client-secret", "hunter2-hunter2")
    assert (code, out) == (2, "")
    assert err[0].startswith("callscope: --client-secret: a secret is never a flag")
    assert err[1].startswith("  Set GENESYS_CLIENT_SECRET in the environment, or client_secret in a config file")
    assert "hunter2" not in " ".join(err)
    (tmp_path / "own.toml").write_text('client_secret = "hunter2-hunter2"\n', encoding="utf-8")
    (tmp_path / "own.toml").chmod(0o644)
    assert callscope("probe", "--config", str(tmp_path / "own.toml")) == Done(
        2, "", ["callscope: ~/own.toml: holds a secret and can be read by others", "  chmod 600 ~/own.toml"]
    )


def test_missing_credentials_are_told_before_anything_is_dialled(callscope: CallScope) -> None:
    code, out, err = callscope("probe", "--app-id", "app-31c0", GENESYS_CLIENT_ID="client-1")
    assert (code, out, err[0]) == (2, "", "callscope: credentials are missing: GENESYS_CLIENT_SECRET")


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dashboard", "--help"],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


# -- what is loaded -------------------------------------------------------------------------------------------

HELP = {
    "cli",
    "cli.arguments",
    "cli.commands",
    "cli.hints",
    "cli.main",
    "cli.opening",
    "cli.plain",
    "cli.version",
    "errors",
    "wiretext",
}
"""All of the house that the list of commands needs: no settings, no call, no screen."""

SCREEN_LIBRARIES = {"platformdirs", "rich", "textual", "typing_extensions"}
"""Textual and what it takes along; what dials, checks settings or draws plots is loaded when it is needed."""

SCREEN_ROOMS = {"bus", "call", "cli", "errors", "frozen", "media", "ui", "wiretext"}


def loaded_by(code: str, fresh_python: Callable[[str], str]) -> tuple[set[str], set[str]]:
    """Return what `code` has loaded besides the standard library: other people's packages, and our own modules."""
    bare = set(fresh_python("import sys; print(*sys.modules)").split())
    loaded = set(fresh_python(f"import sys; {code}; print(); print(*sys.modules)").splitlines()[-1].split()) - bare
    packages = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"audioop", "dashboard"}
    return packages, {name.partition(".")[2] for name in loaded if name.startswith("dashboard.")}


def test_help_loads_the_list_of_commands_and_nothing_else(fresh_python: Callable[[str], str]) -> None:
    assert loaded_by("from dashboard.cli.main import run; run(['--help'])", fresh_python) == (set(), HELP)


def test_the_screen_loads_textual_the_call_and_no_wire(fresh_python: Callable[[str], str]) -> None:
    packages, modules = loaded_by("import dashboard.cli.screen", fresh_python)
    assert packages == SCREEN_LIBRARIES
    assert {name.partition(".")[0] for name in modules} == SCREEN_ROOMS
