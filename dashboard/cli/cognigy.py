"""The settings of a Cognigy endpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from dashboard.cli.groups import CALL, COGNIGY
from dashboard.cli.values import Id, Seconds, comma_list
from dashboard.errors import ConfigError

PATIENCE_S = 30.0
"""A flow may call services before it answers: so long until it counts as hung."""

_WITH_TOKEN = re.compile(r"(?P<host>.*?)(?:/test)?/(?P<token>[0-9A-Fa-f]{64})/?")
_SCHEMES = {"cognigy": "ws", "cognigy-rest": "http"}

# As it stands in an address: nothing that an address would have to encode, for servers decode it once less or more.
_Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]
_Path = Annotated[str, StringConstraints(pattern=r"^[^.\s]{1,60}(\.[^.\s]{1,60}){0,9}$")]


class CognigySettings(BaseModel):
    """What only an endpoint needs, and the choice of a dialect."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,  # only `Settings`, which has these fields too, is ever made: its validator is enough
    )

    dialect: Annotated[Literal["appfoundry", "cognigy", "cognigy-rest"], CALL] = "appfoundry"
    """What is spoken: AppFoundry's JSON, or test utterances to a Cognigy endpoint, over Socket.IO or REST."""

    url_token: Annotated[SecretStr | None, COGNIGY] = None
    """Last part of the endpoint's address in Cognigy, its only credential; from the environment or the file."""

    user_id: Annotated[_Name, COGNIGY] = "callscope"
    """Contact profile to speak as: never a caller's own, or the test would stand in it."""

    session_id: Annotated[_Name | None, COGNIGY] = None
    """Session to speak in; by default a fresh one for each call. A caller's own session answers here, unheard there."""

    channel: Annotated[Id, COGNIGY] = "callscope"
    """Channel that the flow and Cognigy's analytics see."""

    test_mode: Annotated[bool, COGNIGY] = True
    """Speak in test mode: not billed, not in Cognigy's analytics, up to 600 utterances an hour."""

    intent_keys: Annotated[tuple[_Path, ...], BeforeValidator(comma_list), Field(max_length=2), COGNIGY] = (
        "data.intent",
        "data.intentScore",
    )
    """Where in an output the flow puts the intent, and behind a comma its score."""

    turn_limit: Annotated[Seconds, COGNIGY] = PATIENCE_S
    """Seconds after which a bot that has not finished its turn is waited for no more, and the next utterance goes."""

    engine_io: Annotated[int, Field(ge=3, le=4), COGNIGY] = 3
    """Version of Engine.IO to ask for; what the server then speaks is told by what it does."""

    @model_validator(mode="before")
    @classmethod
    def _endpoint_as_cognigy_shows_it(cls, values: Any) -> Any:
        """Take the token out of an address that ends with it; be as patient with a flow as it needs."""
        if not isinstance(values, Mapping) or values.get("dialect") not in _SCHEMES:
            return values
        values = {"silent_failure_after": PATIENCE_S, **values}
        found = token_in(values.get("url"))
        if found is not None:
            host, token = found
            values |= {"url": host, "url_token": values.get("url_token") or token}
        return values

    def require_endpoint(self) -> None:
        """Raise ConfigError for a Cognigy endpoint without its address or its token."""
        if self.dialect not in _SCHEMES:
            return
        if getattr(self, "url", None) is None:
            raise ConfigError(
                "there is no endpoint to speak to: url is not set",
                remedy="Set CALLSCOPE_URL, or url in a config file that only you can read, to the Endpoint URL that "
                "Cognigy shows (Deploy, Endpoints).",
            )
        if self.url_token is None:
            raise ConfigError(
                "the endpoint's token is missing: CALLSCOPE_URL_TOKEN",
                remedy="It is the last part of the Endpoint URL in Cognigy. Set CALLSCOPE_URL_TOKEN in the "
                "environment, or url_token in a config file that only you can read.",
            )


def token_in(url: object) -> tuple[str, str] | None:
    """Return host and token of an endpoint's address that ends with its token."""
    found = _WITH_TOKEN.fullmatch(url.strip()) if isinstance(url, str) else None
    return None if found is None else (found["host"], found["token"])


def refuse_token_flag(url: object) -> None:
    """Raise ConfigError for a flag that ends with an endpoint's token."""
    if token_in(url) is not None:
        raise ConfigError(
            "--url: ends with the endpoint's token, and a secret is never a flag: other users could read it in the "
            "process list",
            remedy="Set CALLSCOPE_URL in the environment instead, or url in a config file that only you can read. "
            "What you typed is in your shell's history: delete it there.",
        )


def endpoint_scheme(dialect: str) -> str:
    """Return the plain scheme in which a dialect's endpoint is dialled; empty if it is none of Cognigy's."""
    return _SCHEMES.get(dialect, "")


def endpoint_address(url: str, scheme: str) -> str:
    """Return an endpoint's host with the scheme (`scheme`, or it with "s") in which it is dialled."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # whoever checks the address says so
        return url
    secure = {"https": "s", "wss": "s", "http": "", "ws": ""}.get(parts.scheme)
    return url if secure is None else urlunsplit((f"{scheme}{secure}", *parts[1:]))
