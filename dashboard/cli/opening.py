"""The way to the screen: one process checks what was asked for while this one loads what draws.

Nothing opens before the check has passed; what it refuses it says itself, on the stderr that both share. So this
process loads no settings, and the other nothing else.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from dashboard.errors import ConfigError

CHECK_ONLY = "--check-only"
_SCREENLESS = ("listen", "call", "tap")


def open_screen(name: str, words: list[str], args: argparse.Namespace) -> int:
    """Have the words of a command checked, open its screen, and return its exit code."""
    gc.disable()  # what the start leaves behind is not worth looking for before the first frame
    try:
        return _open_screen(name, words, args)
    finally:
        gc.enable()


def _open_screen(name: str, words: list[str], args: argparse.Namespace) -> int:
    argv = [sys.executable, "-m", "dashboard", name, *words, CHECK_ONLY]
    environ = {**os.environ, "PYDANTIC_DISABLE_PLUGINS": "__all__"}  # they cost time, and would see the secrets
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environ) as check:
        import dashboard.cli.screen  # noqa: F401 - loads while the other checks

        said, _ = check.communicate()
    if check.returncode:
        return check.returncode
    if not sys.stderr.isatty():  # where the screen is painted
        without = f"callscope {name} --no-screen does" if name in _SCREENLESS else "callscope probe does"
        raise ConfigError("the screen needs a terminal, and stderr is none", remedy=f"{without} without a screen.")
    order: dict[str, Any] = json.loads(said)
    args.log_file = _path(order.get("settings", {}).get("log_file"))
    code: int = import_module(f"dashboard.cli.{name}").show(order, _path(order["json_out"]))
    return code


def print_order(name: str, args: argparse.Namespace) -> int:
    """Say on stdout, which is a pipe, what the screen of a command needs to know, secrets in clear."""
    order = import_module(f"dashboard.cli.{name}").order(args)
    for name, path in (("--json-out", args.json_out), ("--log-file", getattr(args, "log_file", None))):
        if path is not None:
            _check_writable(name, path)
    json.dump({**order, "json_out": args.json_out and str(args.json_out)}, sys.stdout)
    return 0


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _check_writable(name: str, path: Path) -> None:
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise ConfigError(f"{name} {path}: cannot be written: {error.strerror}", remedy="Name another file.") from None
