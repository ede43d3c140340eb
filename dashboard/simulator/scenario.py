"""A scenario: a dialogue, what goes wrong in it, and what callscope is expected to say about it.

A scenario is a TOML file. Its tables and keys are the fields of the classes of this room; an unknown key is refused
by name, and an error says file, line and key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import ErrorDetails

from dashboard.errors import ScenarioError
from dashboard.simulator.analytics import Analytics
from dashboard.simulator.dialogue import Answer, OverlapError, Turn, place
from dashboard.simulator.expect import Expectation
from dashboard.simulator.faults import Count, Fault, Moment, Seconds, SomeSeconds, Window
from dashboard.simulator.notices import Notices
from dashboard.simulator.shipped import shipped
from dashboard.simulator.toml_lines import Path as KeyPath
from dashboard.simulator.toml_lines import line_numbers, line_of
from dashboard.simulator.voices import AudioFormat, Placed

_Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Settings that a client should use to see the point soon; named and measured as callscope's own settings."""

    auth: Literal["bearer", "none"] | None = None
    max_attempts: Annotated[int, Field(strict=True, ge=0)] | None = None
    backoff_base: SomeSeconds | None = None
    backoff_cap: SomeSeconds | None = None
    stale_after: SomeSeconds | None = None
    ping_interval: SomeSeconds | None = None
    ping_timeout: SomeSeconds | None = None
    open_timeout: SomeSeconds | None = None
    spike_ms: SomeSeconds | None = None
    buffer_ms: SomeSeconds | None = None
    silent_failure_after: SomeSeconds | None = None
    dead_air_after: SomeSeconds | None = None
    one_way_after: SomeSeconds | None = None
    analytics: Literal["off", "details", "tutorial"] | None = None
    analytics_every: SomeSeconds | None = None
    audio_format: Literal["pcm16", "pcmu"] | None = None
    audio_rate: Count | None = None
    audio_channels: Count | None = None
    say: tuple[str, ...] | None = None

    def given(self) -> dict[str, Any]:
        """Return the settings that the scenario names."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A scenario, checked. `turns`, `faults` and `expect` stand in the file as [[turn]], [[fault]] and [expect]."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
    summary: _Line
    duration_s: SomeSeconds
    """Length of one round; without `loop` the host then ends the call with close 1000."""
    probe_s: SomeSeconds | None = None
    """How long a probe listens to meet the expectations."""
    loop: bool = False
    vary_s: Seconds = 0.0
    """From the second round on each fault comes earlier or later by up to this much."""
    unknown_session: Literal["new", "close"] = "new"
    """What a `reconnect` with an ended or unknown session gets: a new session, or close 4404."""
    audio: AudioFormat = field(default_factory=AudioFormat)
    settings: ClientSettings = field(default_factory=ClientSettings)
    analytics: Analytics = field(default_factory=Analytics)
    """What Genesys' own record says of the call."""
    notifications: Notices = field(default_factory=Notices)
    """How Genesys' notifications tell about it."""
    answer: Answer | None = None
    """What a test utterance is answered with; without it the bot does not answer."""
    turns: Annotated[tuple[Turn, ...], Field(alias="turn")] = ()
    faults: Annotated[tuple[Fault, ...], Field(alias="fault")] = ()
    expect: Mapping[str, Expectation] = field(default_factory=dict)

    @property
    def frames_per_round(self) -> int:
        return round(self.duration_s / self.audio.frame_s)

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """The turns on the timeline of one round."""
        return place(self.turns, self.duration_s)


def list_scenarios() -> list[tuple[str, str]]:
    """Return name and summary of each scenario that comes with callscope, by name."""
    found = [_read(file.read_text("utf-8"), file.name) for file in shipped().values()]
    return sorted((one.name, one.summary) for one in found)


def load_scenario(name_or_path: str) -> Scenario:
    """Return a shipped scenario by its name, or one's own by the path of its file. Raises ScenarioError."""
    known = shipped()
    if name_or_path in known:
        file = known[name_or_path]
        return _read(file.read_text("utf-8"), file.name)
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.is_file():
        raise ScenarioError(f"there is no scenario {name_or_path!r}; there are {', '.join(sorted(known))}")
    try:
        return _read(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: is not UTF-8") from error


_SCENARIO: TypeAdapter[Scenario] = TypeAdapter(Scenario)


def _read(text: str, file: str) -> Scenario:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = found[1] if found else str(len(text.splitlines()))
        raise ScenarioError(f"{file}:{line}: {str(error).partition(' (at ')[0]}") from error
    lines = line_numbers(text)
    try:
        scenario = _SCENARIO.validate_python(values)
        _check(scenario)
    except ValidationError as error:
        path, problem = _first_problem(error)
        raise _impossible(file, lines, path, problem) from error
    except _ImpossibleError as error:
        raise _impossible(file, lines, error.path, str(error)) from error
    return scenario


class _ImpossibleError(ValueError):
    """Values that are fine alone and contradict one another."""

    def __init__(self, path: KeyPath, problem: str) -> None:
        super().__init__(problem)
        self.path = path


def _impossible(file: str, lines: Mapping[KeyPath, int], path: KeyPath, problem: str) -> ScenarioError:
    key = ".".join(step for step in path if isinstance(step, str))
    return ScenarioError(f"{file}:{line_of(lines, path)}: {key}: {problem}")


def _first_problem(error: ValidationError) -> tuple[KeyPath, str]:
    """Return the path as the file has it, and the problem in words."""
    details = error.errors(include_url=False, include_input=True)
    details.sort(key=lambda one: one["type"] != "extra_forbidden" and one["type"] != "unexpected_keyword_argument")
    first = details[0]
    return _file_path(first), _words(first)


def _file_path(details: ErrorDetails) -> KeyPath:
    path = details["loc"]
    if path[:1] == ("fault",) and len(path) > 2:  # the third step is the kind, which is no key of the file
        return (*path[:2], *path[3:])
    if path[:1] == ("expect",):
        return path[:2]
    if details["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return (*path, "kind")
    return path


def _words(details: ErrorDetails) -> str:
    if details["loc"][:1] == ("expect",) and details["type"] not in ("unexpected_keyword_argument", "value_error"):
        return "must be a plain value or a table of min, max, any, has, lacks, count"
    match details["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return "unknown key"
        case "missing" | "missing_keyword_only_argument" | "union_tag_not_found":
            return "is missing"
        case "union_tag_invalid":
            context = details["ctx"]
            return f"knows no {context['tag']!r}; there are {context['expected_tags']}"
        case "value_error":
            return details["msg"].removeprefix("Value error, ")
        case _:
            return f"{details['msg'].replace('Input s', 's')}, found {details['input']!r}"


def _check(scenario: Scenario) -> None:
    """Refuse values that contradict one another."""
    audio = scenario.audio
    if audio.encoding == "pcmu" and audio.rate != 8000:
        raise _ImpossibleError(("audio", "rate"), "pcmu is 8000 Hz")
    if audio.transport == "binary" and audio.position:
        raise _ImpossibleError(("audio", "position"), "binary frames cannot carry one: set it to false")
    if abs(scenario.frames_per_round * audio.frame_s - scenario.duration_s) > 1e-9:
        raise _ImpossibleError(("duration_s",), f"must be a whole number of frames of {audio.frame_ms} ms")
    for number, fault in enumerate(scenario.faults):
        if isinstance(fault, Window | Moment):
            _check_time(("fault", number), fault, scenario.duration_s)
    try:
        scenario.placed  # noqa: B018 - placing is the check
    except OverlapError as error:
        key = "after_s" if scenario.turns[error.turn].at_s is None else "at_s"
        raise _ImpossibleError(("turn", error.turn, key), str(error)) from error


def _check_time(path: KeyPath, fault: Window | Moment, duration_s: float) -> None:
    if fault.at_s >= duration_s:
        raise _ImpossibleError((*path, "at_s"), f"is not before the scenario's duration_s, {duration_s:g}")
    if isinstance(fault, Window) and fault.for_s is not None:
        if fault.at_s + fault.for_s > duration_s:
            raise _ImpossibleError((*path, "for_s"), f"ends after the scenario's duration_s, {duration_s:g}")
        if fault.every_s is not None and fault.every_s <= fault.for_s:
            raise _ImpossibleError((*path, "every_s"), "must be longer than for_s")
