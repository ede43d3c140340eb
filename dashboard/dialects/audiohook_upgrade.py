"""What the headers of an AudioHook upgrade say, and the rules that they break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dashboard.dialects import audiohook_wire as wire
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_signature import is_key
from dashboard.dialects.audiohook_wire import Broken

SESSION, ORGANIZATION, CORRELATION = (f"audiohook-{one}-id" for one in ("session", "organization", "correlation"))
KEY = "x-api-key"


@dataclass(frozen=True, slots=True)
class Announced:
    """What the upgrade's headers say of the session to come; empty where they do not."""

    session_id: str = ""
    organization_id: str = ""
    correlation_id: str = ""

    @classmethod
    def of_headers(cls, headers: Mapping[str, str]) -> Announced:
        """Read headers, by lower-case name; what is no UUID counts as absent."""
        named = (SESSION, ORGANIZATION, CORRELATION)
        return cls(*(wire.uuid(headers.get(name, "").strip()) or "" for name in named))


def breaches(headers: Mapping[str, str]) -> Iterator[Broken]:
    """Yield the rules that an upgrade's headers, by lower-case name, break; not a word of what they hold."""
    named = {name: headers.get(name, "").strip() for name in (ORGANIZATION, SESSION, CORRELATION, KEY)}
    if missing := [name for name, value in named.items() if not value]:
        yield Broken(Rule.HEADER_MISSING, ", ".join(missing))
    fits = {name: is_key(value) if name == KEY else wire.uuid(value) is not None for name, value in named.items()}
    if bad := [name for name, value in named.items() if value and not fits[name]]:
        yield Broken(Rule.BAD_HEADER, ", ".join(bad))
