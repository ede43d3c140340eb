"""What the one sentence on the present moment is made of; `verdict.py` finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Headline:
    """One sentence on the present moment, and what may follow it where there is room: `more` in this order, then
    `offer`, which is what the operator of a live call can do.
    """

    level: Literal["ok", "warn", "bad", "idle"]
    text: str
    more: tuple[str, ...] = ()
    offer: str = ""
