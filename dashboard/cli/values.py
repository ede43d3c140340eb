"""What the values of settings may look like, and how a text becomes one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints


def home(value: object) -> object:
    """Expand the user's home in a text that names a file."""
    return Path(value).expanduser() if isinstance(value, str) else value


def one_or_many(value: object) -> object:
    """Make one text a list of one."""
    return (value,) if isinstance(value, str) else value


def switch_or_file(value: object) -> object:
    """Read a switch, or the name of a file, which also switches on."""
    switch = {"true": True, "on": True, "1": True, "yes": True, "false": False, "off": False, "0": False, "no": False}
    if not isinstance(value, str):
        return value
    if value.lower() in switch:
        return switch[value.lower()]
    if not Path(value).suffix and Path(value).name == value:
        raise ValueError(
            "must name a file, such as call.callscope, or of many calls a folder, such as ./calls; a SCENARIO or"
            " PROFILE goes before it"
        )
    return Path(value).expanduser().absolute()


def comma_list(value: object) -> object:
    """Read words with commas between them, given once or several times."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return value
    return tuple(dict.fromkeys(word for text in texts for word in text.replace(",", " ").split()))


def socket_address(value: str) -> str:
    """Check an address with its port, such as 127.0.0.1:8481, [::1]:8481 or a port alone."""
    host, port = split_address(value)
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ValueError("must be an address and a port, such as 127.0.0.1:8481")
    return value.strip()


def split_address(value: str) -> tuple[str, str]:
    """Return host and port of an address; a port alone is one of this machine."""
    host, _, port = value.strip().rpartition(":")
    if not host and ":" not in value:
        return "127.0.0.1", port
    return host.removeprefix("[").removesuffix("]"), port


Seconds = Annotated[float, Field(gt=0, le=86_400)]
Milliseconds = Annotated[float, Field(gt=0, le=60_000)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[A-Za-z0-9_.:@+-]+$")]
ConversationId = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
UrlPath = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^/[A-Za-z0-9_./~-]*$")]
