"""Settings from defaults < file < environment < flags; each value remembers where it came from, for its errors."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from pydantic import ValidationError

from dashboard.cli.bot_settings import BOT_GROUPS, NOT_FROM_THE_ENVIRONMENT
from dashboard.cli.groups import CALL, LISTEN, TAP
from dashboard.cli.hints import did_you_mean
from dashboard.cli.settings import FIELDS, Settings, explanations, group_of, is_secret, settings_of, variable
from dashboard.errors import ConfigError
from dashboard.simulator.toml_lines import line_numbers
from dashboard.wiretext import clean, visible

OTHER_VARIABLES = frozenset({"CALLSCOPE_DEBUG"})
"""Variables of ours that are no settings."""

_WORDS = {
    "bool_parsing": "must be true or false",
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "path_not_file": "must be a file that exists",
    "string_pattern_mismatch": "must be an id: letters, digits and _ . : @ + -",
    "string_too_long": "must be shorter",
    "string_too_short": "must not be empty",
}
"""Kind of error → words, where the validator's own speak of programs."""

_SHAPES = {
    "conversation": "must be an id: letters, digits, _ and -",
    "dtmf": "must be keys of a telephone: digits, *, # and A to D, at most 40",
    "language": "must be a language tag, such as en-US",
    "path": "must begin with / and go on with letters, digits and . _ ~ / -",
}
"""Setting → what it looks like, where that is no id."""

_UNTOLD = ("dtmf", "input")
"""Settings that are no secrets, and whose values are not repeated: a PIN may be among them."""

_EVERY = "callscope probe --help, listen --help and tap --help list every setting."


@dataclass(frozen=True, slots=True)
class Given:
    """A value that somebody gave, and where: a flag, a variable, a key of the file."""

    value: object = field(repr=False)  # may be a secret
    origin: str | Key


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file, told as `~/.config/callscope/config.toml:7, [prod] stale_after`."""

    path: Path
    text: str = field(repr=False)  # may hold a secret
    table: str | None
    name: str

    def __str__(self) -> str:
        line = line_numbers(self.text).get((self.name,) if self.table is None else (self.table, self.name))
        place = f"{_shown(self.path)}:{line}" if line else _shown(self.path)
        table = "" if self.table is None else f"[{visible(self.table)}] "
        return f"{place}, {table}{visible(self.name)}"


def default_file() -> Path:
    """Return where the config file is looked for unless `--config` says otherwise."""
    return user_config_path("callscope", appauthor=False) / "config.toml"


def load(
    command: str,
    *,
    flags: Mapping[str, Given],
    environ: Mapping[str, str],
    config: Path | None = None,
    profile: str | None = None,
) -> Settings:
    """Return the settings of `command`; settings that it does not have keep their defaults.

    Raises ConfigError: an unknown name, a value out of bounds, a file that cannot be used.
    """
    names = settings_of(command)
    given: dict[str, Given] = {}
    for layer in (from_file(config, profile), from_environment(environ), flags):
        given.update((name, item) for name, item in layer.items() if name in names)
    settings = _checked(given)
    if command in CALL.commands:
        settings.require_call()
    if command in LISTEN.commands:
        from dashboard.cli.board import require_door  # only for those who listen

        require_door(settings)
    if command in TAP.commands:
        from dashboard.cli.between import require_tap  # as above

        require_tap(settings)
    if settings.bot is not None:
        origin = given["bot"].origin
        if command in CALL.commands:
            settings.require_beside(origin)
        settings = settings.with_bot(_bot(settings.bot, origin, environ, config))
    return settings


def _bot(profile: str, origin: object, environ: Mapping[str, str], config: Path | None) -> Settings:
    """Return the settings of the profile that names the bot beside the calls; a command's flags are not for it."""
    names = [name for name in FIELDS if group_of(name) in BOT_GROUPS]
    given = {name: item for name, item in from_file(config, profile).items() if name in names}
    told = from_environment(environ)
    given |= {name: told[name] for name in names if name in told and name not in NOT_FROM_THE_ENVIRONMENT}
    settings = _checked(given)
    settings.require_cognigy(origin, visible(profile))
    settings.require_endpoint()
    return settings


def _checked(given: Mapping[str, Given]) -> Settings:
    try:
        return Settings.model_validate({name: item.value for name, item in given.items()})
    except ValidationError as error:
        raise _refused(error, given) from None


def from_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    """Return what the environment sets; a variable that is empty counts as not set."""
    known = {variable(name): name for name in FIELDS}
    for key in environ:
        if key.startswith("CALLSCOPE_") and key not in known and key not in OTHER_VARIABLES:
            name = key.removeprefix("CALLSCOPE_").lower()
            nearest = did_you_mean(key, [*known, *OTHER_VARIABLES], f"{_EVERY} Unset it.")
            remedy = f"Did you mean {variable(name)}?" if name in FIELDS else nearest
            raise ConfigError(f"{visible(key)}: there is no such setting", remedy=remedy)
    return {known[key]: Given(text, key) for key, text in environ.items() if text and key in known}


def from_file(config: Path | None, profile: str | None) -> dict[str, Given]:
    """Return what the file sets: its top-level keys, then those of the profile's table."""
    path = default_file() if config is None else config
    if config is None and not os.path.exists(path):
        if profile is None:
            return {}
        raise ConfigError(
            f"there is no profile {visible(profile)}: {_shown(path)} does not exist",
            remedy=f"A profile is a table [{visible(profile)}] of settings in that file.",
        )
    text, shared = _read(path)
    tables = _tables(path, text)
    for unknown in (Key(path, text, table, key) for table in tables for key in tables[table] if key not in FIELDS):
        raise ConfigError(
            f"{unknown}: there is no such setting",
            remedy=did_you_mean(unknown.name, FIELDS, f"{_EVERY} Remove it."),
        )
    if shared and any(is_secret(key) for values in tables.values() for key in values):
        raise ConfigError(
            f"{_shown(path)}: holds a secret and can be read by others", remedy=f"chmod 600 {_shown(path)}"
        )
    if profile is not None and profile not in tables:
        raise ConfigError(
            f"{_shown(path)}: there is no profile {visible(profile)}",
            remedy=did_you_mean(profile, filter(None, tables), "A profile is a table of settings in that file."),
        )
    return {
        key: Given(value, Key(path, text, table, key))
        for table in dict.fromkeys((None, profile))
        for key, value in tables[table].items()
    }


def _read(path: Path) -> tuple[str, bool]:
    """Return the text, and whether others on this machine may read it (only POSIX modes tell)."""
    try:
        with path.open("rb") as file:
            shared = os.name == "posix" and bool(os.fstat(file.fileno()).st_mode & 0o077)
            return file.read().decode(), shared
    except OSError as error:
        raise ConfigError(
            f"{_shown(path)}: cannot be read: {error.strerror or type(error).__name__}",
            remedy="Name another file with --config, or make this one readable to you.",
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{_shown(path)}: is not UTF-8 text", remedy="Save it as UTF-8.") from None


def _tables(path: Path, text: str) -> dict[str | None, dict[str, Any]]:
    """Return table → key → value; the top level is the table None."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{_shown(path)}: is not valid TOML: {visible(str(error))}",
            remedy='A line is name = value, texts in quotes: region = "mypurecloud.ie"',
        ) from None
    top = {name: value for name, value in document.items() if not isinstance(value, dict)}
    return {None: top} | {name: value for name, value in document.items() if isinstance(value, dict)}


def _refused(error: ValidationError, given: Mapping[str, Given]) -> ConfigError:
    """Say of every refused value where it stands, what is wrong with it, and what the setting means."""
    lines: list[str] = []
    explained: dict[str, str] = {}
    for problem in error.errors(include_url=False):
        name = str(problem["loc"][0])
        origin = given[name].origin if name in given else f"{name} (its default)"
        what = _WORDS.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "string_pattern_mismatch":
            what = _SHAPES.get(name, what)
        got = "" if is_secret(name) or name in _UNTOLD else f" (got {_value(problem['input'])})"
        lines.append(f"{origin}: {what.replace('Input should be', 'must be')}{got}")
        explained[name] = f"{name}: {explain(name)}"
    return ConfigError("\n".join(lines), remedy="\n".join(explained.values()))


def _value(value: object) -> str:
    match value:
        case bool(on):
            return str(on).lower()
        case float(number):
            return f"{number:g}"
        case other:
            return visible(clean(str(other), 80))


def explain(name: str) -> str:
    """Return what a setting means, with its default."""
    text = explanations()[name]
    match FIELDS[name].default:
        case None | ():
            return text
        case bool(on):
            return f"{text} Default: {'on' if on else 'off'}."
        case float(number):
            return f"{text} Default: {number:g}."
        case (*words,):
            return f"{text} Default: {', '.join(words)}."
        case other:
            return f"{text} Default: {other}."


def _shown(path: Path) -> str:
    home = Path.home()
    inside = path.is_absolute() and path.is_relative_to(home)
    return visible(f"~/{path.relative_to(home).as_posix()}" if inside else str(path))
