"""The settings of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator

from dashboard.cli.groups import RECORD
from dashboard.cli.values import Seconds, comma_list, switch_or_file


class RecordSettings(BaseModel):
    """They stand with all others in `Settings`."""

    record: Annotated[bool | Path, BeforeValidator(switch_or_file), RECORD] = False
    """Record the call to this file, or without a name to a new one in your data directory, where `callscope recordings`
    lists it; calls that come in to this folder, a file for each."""

    record_on: Annotated[tuple[Literal["finding", "outage", "mark"], ...], BeforeValidator(comma_list), RECORD] = ()
    """Record only the minutes around a finding, an outage or a mark, each time to a new file; several with commas."""

    pre_roll: Annotated[Seconds, RECORD] = 300.0
    """Seconds before it that such a recording holds, or those since the last such recording, if fewer."""

    mask: Annotated[bool, RECORD] = True
    """Take card and phone numbers, e-mail addresses and spoken digits out of what is recorded. --no-mask writes down
    what is said on the call as it is said: whoever gets the file gets the numbers."""

    record_audio: Annotated[bool, RECORD] = False
    """Record the sound as well, unmasked: whoever gets the file hears the people on the call. Ask whether you may."""
