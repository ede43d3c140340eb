"""Every setting, once: its name, type, default and bounds, what it means, and which commands have it.

The flags (`flags.py`), the environment's variables and the keys of the file (`layers.py`) all come from this model.
A field's docstring is what `--help` prints and what an error offers as its remedy.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo

from dashboard.cli import regions
from dashboard.cli.bot_settings import BotSettings
from dashboard.cli.caller_settings import CallerSettings
from dashboard.cli.cognigy import CognigySettings, endpoint_address, endpoint_scheme
from dashboard.cli.door_settings import DoorSettings
from dashboard.cli.follow_settings import FollowSettings
from dashboard.cli.groups import (
    ALARMS,
    API,
    AUDIO,
    CALL,
    GENESYS,
    LOG,
    LOGIN,
    PACING,
    PROBE,
    QUEUES,
    TIME,
    WHOM,
    Group,
)
from dashboard.cli.link_settings import LinkSettings
from dashboard.cli.record_settings import RecordSettings
from dashboard.cli.tap_settings import TapSettings
from dashboard.cli.trust_settings import TrustSettings
from dashboard.cli.values import (
    Id,
    Milliseconds,
    Seconds,
    Text,
    home,
    one_or_many,
)
from dashboard.errors import ConfigError
from dashboard.resilience.bounds import MINUTE_S, is_secure
from dashboard.wiretext import safe_url


class Settings(
    CognigySettings,
    FollowSettings,
    BotSettings,
    CallerSettings,
    DoorSettings,
    TapSettings,
    RecordSettings,
    TrustSettings,
    LinkSettings,
):
    """What the operator asked for, checked."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=False,
    )

    region: Annotated[str, API] = "mypurecloud.com"
    """Genesys Cloud region, as a domain (mypurecloud.ie) or by name (eu_west_1)."""

    base_url: Annotated[str | None, API] = None
    """Address of the REST API; by default https://api.<domain of the region>."""

    token_url: Annotated[str | None, API] = None
    """Address that grants tokens; by default the login host beside the REST API."""

    url: Annotated[str | None, Field(repr=False), WHOM] = None  # its query may be a signature
    """Address to dial: an AppFoundry WebSocket, which skips the app's lookup, the host of a Cognigy endpoint, or the
    WebSocket of an Audio Connector bot."""

    app_id: Annotated[Id | None, CALL] = None
    """The app to look up before dialling: it must be ACTIVE and may name the address."""

    websocket_id: Annotated[Id | None, CALL] = None
    """The app's WebSocket, for apps whose lookup names no address."""

    org_id: Annotated[Id | None, CALL] = None
    """The organisation, for login hosts that ask for it."""

    conversation_id: Annotated[Id | None, CALL] = None
    """The conversation that the call belongs to."""

    client_id: Annotated[Id | None, LOGIN] = None
    """OAuth client (client credentials grant)."""

    client_secret: Annotated[SecretStr | None, LOGIN] = None
    """The OAuth client's secret; from the environment or the file, never a flag."""

    auth: Annotated[Literal["bearer", "none"], LOGIN] = "bearer"
    """How the socket is opened: with a token, or without fetching one."""

    token_form: Annotated[Literal["basic", "body"], LOGIN] = "basic"
    """Where the login host wants the credentials: as Genesys Cloud in a Basic header, or in the form's body."""

    duration: Annotated[Seconds | None, TIME] = None
    """Seconds to listen; by default until stopped, with Cognigy until everything said has been answered."""

    say: Annotated[tuple[Text, ...], BeforeValidator(one_or_many), PROBE] = ()
    """Test utterance to send once the session has started; may be given several times."""

    audio_format: Annotated[Literal["pcm16", "pcmu"], AUDIO] = "pcm16"
    """What binary frames and unlabelled audio are: 16-bit little-endian samples, or G.711 µ-law."""

    audio_rate: Annotated[int, Field(ge=8000, le=192_000), AUDIO] = 8000
    """Its samples per second."""

    audio_channels: Annotated[int, Field(ge=1, le=8), AUDIO] = 1
    """Its channels."""

    spike_ms: Annotated[Milliseconds, PACING] = 200.0
    """Milliseconds between two frames above which the gap is a spike."""

    buffer_ms: Annotated[Milliseconds, PACING] = 60.0
    """Milliseconds of the playout buffer that late frames are judged against."""

    silent_failure_after: Annotated[Seconds, ALARMS] = 5.0
    """Seconds after which a turn without an answer is a silent failure; with Cognigy 30 unless given."""

    dead_air_after: Annotated[Seconds, ALARMS] = 5.0
    """Seconds of silence on both sides that are dead air."""

    one_way_after: Annotated[Seconds, ALARMS] = 10.0
    """Seconds of silence on one side, while the other speaks, that are one-way audio."""

    analytics: Annotated[Literal["off", "details", "tutorial"] | None, GENESYS] = None
    """Ask for Genesys' own record of the conversation: details, the tutorials' query (for mocks), or off. By default
    details where the REST API is Genesys Cloud's and there is a token to ask with, else off."""

    analytics_every: Annotated[Seconds, GENESYS] = 60.0
    """Seconds until it is asked for again, growing to four times that; at Genesys Cloud at least 60."""

    audio_queue: Annotated[int, Field(ge=1, le=100_000), QUEUES] = 100
    """Audio messages that may wait."""

    control_queue: Annotated[int, Field(ge=1, le=100_000), QUEUES] = 50
    """Control messages that may wait; when it is full the socket waits, for none is dropped."""

    drop_policy: Annotated[Literal["oldest", "newest"], QUEUES] = "oldest"
    """Which audio message goes when the audio queue is full."""

    log_file: Annotated[Path | None, BeforeValidator(home), LOG] = None
    """File for a structured log of what the link did, without secrets."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_bool_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        # TOML tells true from 1, pydantic would take one for the other.
        annotation = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and annotation is not bool and bool not in get_args(annotation):
            raise ValueError("must not be true or false")
        return value

    @field_validator("region")
    @classmethod
    def _region_to_domain(cls, value: str) -> str:
        return regions.domain_of(value)

    @field_validator("base_url", "token_url")
    @classmethod
    def _http_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        insecure = info.data.get("insecure", False)
        return None if value is None else _address(value, plain="http", insecure=insecure).rstrip("/")

    @field_validator("url")
    @classmethod
    def _websocket_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        scheme = endpoint_scheme(info.data.get("dialect", ""))
        address = endpoint_address(value, scheme) if scheme else value
        return _address(address, plain=scheme or "ws", insecure=info.data.get("insecure", False))

    @field_validator("upstream")
    @classmethod
    def _upstream_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else _address(value, plain="ws", insecure=info.data.get("insecure", False))

    @property
    def api_url(self) -> str:
        """Address of the REST API."""
        return self.base_url or f"https://api.{self.region}"

    @property
    def login_url(self) -> str:
        """Address that grants tokens."""
        from dashboard.resilience.oauth import token_url  # the check before the first frame does not need it

        return self.token_url or token_url(self.api_url)

    @property
    def authorizes(self) -> bool:
        """Whether a token of Genesys opens the call."""
        return self.auth == "bearer" and self.dialect == "appfoundry"

    @property
    def analytics_query(self) -> Literal["off", "details", "tutorial"]:
        """What Genesys is asked for."""
        if self.analytics is not None:
            return self.analytics
        return "details" if self.authorizes and _is_genesys(self.api_url) else "off"

    def require_call(self) -> None:
        """Raise ConfigError unless there is somebody to call, and credentials where they are needed."""
        self.require_endpoint()
        if self.conversation is not None:
            elsewhere = ("url", "app_id") if self.bot else ("url", "app_id", "say")
            self.require_followable(self.authorizes, [name for name in elsewhere if getattr(self, name)])
        elif self.url is None and self.app_id is None:
            raise ConfigError(
                "there is no call to dial: neither url nor app_id nor conversation is set",
                remedy="Give --url wss://…, --app-id ID or --conversation ID; callscope demo needs none of them.",
            )
        self.require_credentials()
        self._require_fair_questions()

    def require_credentials(self) -> None:
        """Raise ConfigError where a token is needed and there is nothing to get it with."""
        lacking = [name for name in ("client_id", "client_secret") if not getattr(self, name)]
        if self.authorizes and lacking:
            variables = " and ".join(variable(name) for name in lacking)
            raise ConfigError(
                f"credentials are missing: {variables}",
                remedy=f"Set {variables} in the environment, or {' and '.join(lacking)} in a config file that "
                "only you can read; --auth none dials without a token.",
            )

    def _require_fair_questions(self) -> None:
        if self.analytics_query == "off":
            return
        if not self.authorizes:
            raise ConfigError(
                f"analytics {self.analytics_query} needs a token, and this call fetches none",
                remedy="Leave auth none out, or set analytics to off.",
            )
        if self.analytics_every < MINUTE_S and _is_genesys(self.api_url):
            raise ConfigError(
                f"analytics_every {self.analytics_every:g} asks Genesys Cloud too often",
                remedy=f"It must be at least {MINUTE_S:g}; less is for mocks.",
            )

    def risks(self) -> list[str]:
        """Return what is to be said before anything is recorded, a line each."""
        numbers = "callscope: --no-mask: card and phone numbers are recorded as they are said\n"
        voices = "callscope: --record-audio: the voices of the people on the call are recorded\n"
        return [numbers] * (not self.mask) + [voices] * self.record_audio

    def replace(self, **changes: object) -> Settings:
        """Return a copy with `changes`, checked like the rest."""
        return Settings.model_validate({**dict(self), **changes}).with_bot(self.bot_settings)

    def to_record(self) -> dict[str, Any]:
        """Return what a recording may tell of the settings: nothing that opens a door."""
        untold = {"client_id", "client_secret", "url_token", "dtmf", "input"}
        values = self.model_dump(mode="json", exclude=untold, exclude_none=True)
        return {name: safe_url(value) if name in _ADDRESSES else value for name, value in values.items()}

    def to_worker(self) -> dict[str, Any]:
        """Return every setting as JSON values, secrets in clear: for a pipe, never for a file or a log."""
        values = self.model_dump(mode="json")
        if self.client_secret is not None:
            values["client_secret"] = self.client_secret.get_secret_value()
        if self.url_token is not None:
            values["url_token"] = self.url_token.get_secret_value()
        values["hook_keys"] = [one.get_secret_value() for one in self.hook_keys]
        values["bot_settings"] = None if self.bot_settings is None else self.bot_settings.to_worker()
        return values

    @classmethod
    def from_worker(cls, values: dict[str, Any]) -> Self:
        """Undo `to_worker`."""
        bot = values.get("bot_settings")
        own = {name: value for name, value in values.items() if name != "bot_settings"}
        return cls.model_validate(own).with_bot(None if bot is None else cls.from_worker(bot))


FIELDS: dict[str, FieldInfo] = dict(Settings.model_fields)
"""Setting → what pydantic knows of it, in the order of the model."""

_ADDRESSES = ("url", "base_url", "token_url", "upstream")

_VARIABLES = {
    "client_id": "GENESYS_CLIENT_ID",
    "client_secret": "GENESYS_CLIENT_SECRET",
    "base_url": "GENESYS_BASE_URL",
    "conversation_id": "TARGET_CONVERSATION_ID",
}


@cache
def explanations() -> dict[str, str]:
    """Return setting → the docstring beneath it. Only help and errors ask, so the model is built without them."""
    models = (model for model in Settings.__mro__ if issubclass(model, BaseModel) and model is not BaseModel)
    return {name: words for model in models for name, words in _docstrings(model)}


def _docstrings(model: type) -> Iterator[tuple[str, str]]:
    (parsed,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(parsed, ast.ClassDef)
    for field, text in pairwise(parsed.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, inspect.cleandoc(words)


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return _VARIABLES.get(name, f"CALLSCOPE_{name.upper()}")


def flag(name: str) -> str:
    """Return the flag of a setting."""
    return f"--{name.replace('_', '-')}"


def is_secret(name: str) -> bool:
    """Whether a setting may come from the environment or the file only."""
    return "SecretStr" in str(FIELDS[name].annotation)


def group_of(name: str) -> Group:
    """Return the group that a setting stands in."""
    return next(item for item in FIELDS[name].metadata if isinstance(item, Group))


def settings_of(command: str) -> list[str]:
    """Return the names of the settings that a command has, in the order of the model."""
    return [name for name in FIELDS if command in group_of(name).commands]


def _is_genesys(api_url: str) -> bool:
    """Tell whether this REST API is one of Genesys Cloud's own."""
    host = urlsplit(api_url).hostname or ""
    return host.startswith("api.") and host.removeprefix("api.") in regions.DOMAINS.values()


def _has_possible_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _address(value: str, *, plain: str, insecure: bool) -> str:
    """Return `value` if it is an address of scheme `plain` + "s", or of `plain` where that is allowed."""
    value = value.strip()
    try:
        parts = urlsplit(value)
    except ValueError:  # in Python's own words
        raise ValueError("must be a well-formed address") from None
    if parts.scheme not in (plain, f"{plain}s") or not parts.hostname:
        raise ValueError(f"must be an address that begins with {plain}s://")
    if any(char.isspace() or not char.isprintable() for char in value):
        raise ValueError("must be a well-formed address")
    if not _has_possible_port(parts):
        raise ValueError("must have a port from 1 to 65535, or none")
    if parts.username is not None:
        raise ValueError("must not hold a user or password")
    if plain == "ws" and parts.fragment:
        raise ValueError("must not hold a fragment (#)")  # RFC 6455, 3
    if plain == "http" and (parts.query or parts.fragment):
        raise ValueError("must end with its path")
    if not (insecure or is_secure(value)):
        raise ValueError(
            f"must begin with {plain}s://; plain {plain} goes to this machine only, unless insecure is set"
        )
    return value
