"""The command line: parses, then imports only the chosen command."""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from dashboard.cli import opening
from dashboard.cli.commands import COMMANDS
from dashboard.cli.hints import did_you_mean
from dashboard.cli.plain import speak_plainly
from dashboard.cli.version import own_version
from dashboard.errors import ConfigError, DashboardError
from dashboard.wiretext import clean, redact, visible

EXIT_BUG = 70
"""An error that callscope did not foresee (EX_SOFTWARE), so that no script takes it for a degraded call."""
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141
"""The reader of stdout went away (as after SIGPIPE)."""

_EXIT_CODES = """\
exit codes:
  0 healthy   1 the call or the link is degraded or failed   2 usage or settings
  3 refused (credentials, permission, app not active, handshake)   4 unreachable
  70 a bug in callscope   130 interrupted   141 the reader of stdout went away
"""


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; what goes wrong is said on stderr, without a traceback."""
    speak_plainly()
    args = argparse.Namespace()
    try:
        code = _dispatch(list(sys.argv[1:] if argv is None else argv), args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        return _report(_cause(error), args)
    return code


def _dispatch(words: list[str], args: argparse.Namespace) -> int:
    if not words:
        sys.stderr.write(_overview())
        return ConfigError.exit_code
    name, *rest = words
    if name in ("-h", "--help"):
        sys.stdout.write(_overview())
        return 0
    if name == "--version":
        sys.stdout.write(f"callscope {own_version()}\n")
        return 0
    if name in COMMANDS:
        return _command(name, rest, args)
    if name.startswith("-"):
        raise ConfigError("the command comes first", remedy="callscope COMMAND [options]; callscope --help lists them.")
    shown = [known for known, command in COMMANDS.items() if not command.hidden]
    raise ConfigError(
        f"there is no command {visible(name)}",
        remedy=did_you_mean(name, shown, f"The commands are {', '.join(shown)}."),
    )


def _command(name: str, words: list[str], args: argparse.Namespace) -> int:
    command = COMMANDS[name]
    asks_help = bool({"-h", "--help"} & set(words))
    screen = command.screen and not command.screenless & {word.partition("=")[0] for word in words}
    if screen and not asks_help and opening.CHECK_ONLY not in words:
        return opening.open_screen(name, words, args)
    parser = _Parser(
        prog=name,
        usage=f"callscope {name} {command.positional} [options]",
        description=f"{command.summary[0].upper()}{command.summary[1:]}.\n\n{command.needs}",
        epilog="\n  ".join(["examples:", *command.examples]) + f"\n\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="store_true", help="Show this and exit.")
    command.arguments(parser)
    if command.settings:
        from dashboard.cli import flags  # pydantic: only for those who have settings

        flags.add_flags(parser, name, explained=asks_help)
    if asks_help:
        parser.print_help()
        return 0
    parser.parse(words, args)
    if command.settings:
        args.load_settings = partial(flags.settings_from, args, name, os.environ)
        if not command.loads_settings and not getattr(args, command.settings_unless, None):
            args.settings = args.load_settings()
            args.log_file = args.settings.log_file
            sys.stderr.writelines(args.settings.risks())
    if screen:
        return opening.print_order(name, args)
    code: int = import_module(f"dashboard.cli.{name}").run(args)
    return code


class _Parser(argparse.ArgumentParser):
    """Raises ConfigError instead of leaving the process, and knows what a mistyped option was meant to be."""

    def parse(self, words: list[str], args: argparse.Namespace) -> None:
        _, rest = self.parse_known_args(words, args)
        options = [word.partition("=")[0] for word in rest if word.startswith("-")]
        listed = f"callscope {self.prog} --help lists them."
        if options:  # only its name: what follows may be a secret
            raise ConfigError(
                f"{self.prog}: there is no option {visible(options[0])}",
                remedy=did_you_mean(options[0], self._option_string_actions, listed),
            )
        if rest:
            raise ConfigError(f"{self.prog}: too many arguments", remedy=self.format_usage().strip())

    def error(self, message: str) -> NoReturn:
        raise ConfigError(
            f"{self.prog}: {message.removeprefix('argument ')}",
            remedy=f"callscope {self.prog} --help explains its options.",
        )


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items() if not command.hidden]
    return "\n".join(
        [
            "usage: callscope COMMAND [options]",
            "",
            "An oscilloscope for live voice-bot calls, in a terminal.",
            "",
            "commands:",
            *lines,
            "",
            "callscope COMMAND --help says what a command needs. callscope --version names the version.",
            "",
            _EXIT_CODES,
        ]
    )


def _cause(error: Exception) -> Exception:
    """Return the one error inside a group of one: a task group wraps even a single failure."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _report(error: Exception, args: argparse.Namespace) -> int:
    if isinstance(error, DashboardError):
        problems = str(error).splitlines() or [type(error).__name__]
        _narrate([f"callscope: {line}" for line in problems], error.remedy)
        return error.exit_code
    details = redact("".join(traceback.format_exception(error)))
    if os.environ.get("CALLSCOPE_DEBUG"):
        sys.stderr.write(details)
    log_file = getattr(args, "log_file", None)
    if log_file is not None:
        _log_crash(log_file, details)
    if isinstance(error, BrokenPipeError):  # stdout's: those of sockets and of the worker end at their edge
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains when it leaves
        return EXIT_PIPE
    where = f"{log_file} shows" if log_file else "CALLSCOPE_DEBUG=1 shows"
    what = f"callscope: unexpected {type(error).__name__}: {clean(str(error), 300)}"
    _narrate([what], f"This is a bug in callscope, please report it; {where} where it happened.")
    return EXIT_BUG


def _narrate(problems: list[str], remedy: str) -> None:
    lines = [*problems, *(f"  {line}" for line in remedy.splitlines())]
    sys.stderr.write("".join(f"{visible(line)}\n" for line in lines))


def _log_crash(log_file: Path, details: str) -> None:
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    entry = {"event": "crash", "level": "critical", "time": time, "traceback": details}
    try:
        with log_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    except OSError as error:
        sys.stderr.write(f"callscope: the log file cannot be written: {error.strerror}\n")
