"""The settings of a call that we make in Genesys' place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, FilePath, StringConstraints, field_validator

from dashboard.cli.groups import CALLER
from dashboard.cli.values import Text, comma_list, one_or_many

Keys = Annotated[str, StringConstraints(pattern=r"^[0-9*#A-Da-d]{1,40}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""The parts of BCP 47 that name a language, a script and a region."""


class CallerSettings(BaseModel):
    """They stand with all others in `Settings`."""

    wav: Annotated[tuple[FilePath, ...], BeforeValidator(one_or_many), CALLER] = ()
    """WAV file that the caller says, each when the bot has ended; several in their order. By default clips."""

    dtmf: Annotated[Keys | None, Field(repr=False), CALLER] = None
    """Keys that the caller presses when all has been said, such as 123#."""

    barge_in: Annotated[bool, CALLER] = False
    """The caller does not let the bot finish, but speaks a second into its speech."""

    media: Annotated[tuple[Literal["pcmu", "l16"], ...], BeforeValidator(comma_list), CALLER] = ("pcmu",)
    """Formats that are offered to the bot, best first; pcmu, l16, or both with a comma."""

    language: Annotated[Language, CALLER] = "en-US"
    """Language that is offered to the bot."""

    input: Annotated[tuple[Text, ...], BeforeValidator(one_or_many), Field(repr=False), CALLER] = ()
    """Input variable for the bot, NAME=VALUE; may be given several times."""

    @field_validator("media")
    @classmethod
    def _something_to_offer(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("must name pcmu, l16, or both")
        return value

    @field_validator("input")
    @classmethod
    def _named_values(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(one.partition("=")[0].strip() and "=" in one for one in value):
            raise ValueError("must be NAME=VALUE")
        return value
