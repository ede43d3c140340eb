"""Badges of the header: filled while what they tell is so now, plain when it is what is left of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.ui.draw.layout import Spans, join
from dashboard.ui.draw.spans import Role, Span

_FILLED: dict[Role, Role] = {"accent": "badge", "warn": "badge-warn", "bad": "badge-bad"}


@dataclass(frozen=True, slots=True)
class Badge:
    """`short`: what it says where there is little room. `now`: it is so at present."""

    text: str
    short: str
    role: Role
    now: bool = True

    def span(self, *, short: bool = False) -> Span:
        """Return how it looks."""
        text = self.short if short else self.text
        return f" {text} ", _FILLED.get(self.role, self.role) if self.now else self.role


def in_a_row(badges: Iterable[Badge], *, short: bool = False) -> Spans:
    """Return badges side by side."""
    return join([(badge.span(short=short),) for badge in badges], " ")
