"""The flags of settings, made from the model."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin

from dashboard.cli.cognigy import refuse_token_flag
from dashboard.cli.groups import GROUPS
from dashboard.cli.layers import Given, explain, load
from dashboard.cli.settings import FIELDS, Settings, flag, group_of, is_secret, settings_of, variable
from dashboard.errors import ConfigError


def add_flags(parser: argparse.ArgumentParser, command: str, *, explained: bool) -> None:
    """Give `parser` `--config`, and a flag for every setting of `command`; explained only for who asks for help.

    Values stay text, for the model to check; a flag that is not given leaves no trace in the namespace.
    """
    parser.add_argument("--config", type=Path, metavar="FILE", help="Settings file instead of the user's own.")
    for group in GROUPS:
        names = [name for name in settings_of(command) if group_of(name) is group]
        if names:
            section = parser.add_argument_group(group.title)
            for name in names:
                _add_flag(section, name, explained=explained)


def _add_flag(section: argparse._ArgumentGroup, name: str, *, explained: bool) -> None:
    if is_secret(name):
        section.add_argument(
            flag(name), action=_RefuseSecret, nargs="?", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
        return
    text = explain(name).replace("%", "%%") if explained else None
    section.add_argument(flag(name), dest=name, default=argparse.SUPPRESS, help=text, **_shape(name))


def settings_from(args: argparse.Namespace, command: str, environ: Mapping[str, str]) -> Settings:
    """Return the settings of `command` from parsed flags, environment and file; raises ConfigError."""
    flags = {name: Given(getattr(args, name), flag(name)) for name in settings_of(command) if hasattr(args, name)}
    settings = load(command, flags=flags, environ=environ, config=args.config, profile=getattr(args, "profile", None))
    if settings.dialect != "appfoundry":
        refuse_token_flag(getattr(args, "url", None))
    return settings


def _shape(name: str) -> dict[str, Any]:
    annotation = FIELDS[name].annotation
    if annotation is bool:
        return {"action": argparse.BooleanOptionalAction}
    if bool in get_args(annotation):  # a switch, or a switch with a name
        return {"nargs": "?", "const": "true", "metavar": "FILE"}
    if get_origin(annotation) is tuple:
        (item, _) = get_args(annotation)
        return {"action": "append", "metavar": _metavar(name, item)}
    return {"metavar": _metavar(name, annotation)}


def _metavar(name: str, annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "{" + ",".join(get_args(annotation)) + "}"
    suffix = name.rpartition("_")[2]
    if suffix in ("url", "id", "file", "ms", "mib"):
        return suffix.upper()
    if suffix == "conversation":
        return "ID"
    types = str(annotation)
    if "path" in types.lower():
        return "FILE"
    return "N" if re.search(r"\bint\b", types) else "SECONDS" if "float" in types else "TEXT"


class _RefuseSecret(argparse.Action):
    """A secret on a command line is in the process list and the shell's history: refused, never repeated."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> NoReturn:
        raise ConfigError(
            f"{option_string}: a secret is never a flag, other users could read it in the process list",
            remedy=f"Set {variable(self.dest)} in the environment, or {self.dest} in a config file that only you "
            "can read. What you typed is in your shell's history: delete it there.",
        )
