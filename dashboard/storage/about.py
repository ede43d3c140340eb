"""What a recording says of itself when it begins, and what is said of it when it is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class About:
    """What a recording says of itself from its first moment on.

    created: Unix time. trigger: who or what asked for it, in words. missing_s: seconds of the call that went by before
    its first fact. settings: without secrets. versions: of callscope and what it runs on.
    """

    call_id: str
    created: float
    trigger: str
    masked: bool = True
    missing_s: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """A recording that is closed."""

    path: Path
    facts: int
    size_bytes: int
    missing_s: float
