"""What a session that Genesys opened says of its sound: in place of the way to a host, which Genesys has gone."""

from __future__ import annotations

from dashboard.call.hook_view import HookView
from dashboard.ui.draw.layout import Spans, join_fitting
from dashboard.ui.draw.spans import Role
from dashboard.ui.draw.units import NOTHING, count, minus, span

SLOW_S = 1.0
"""Genesys gives up a session that is not opened within 5 s: a fifth of that is worth a look."""

APART_S = 0.5
"""Media positions, Genesys' and ours, that are further apart mean that sound is missing or late."""


def draw_session(hook: HookView, width: int, more: Spans = ()) -> Spans:
    """Return one row: how fast the session opened, how far Genesys' media position is from ours, what was left out.

    more: what else there is to say, where there is room.
    """
    opened: Role = "warn" if hook.opened_s is not None and hook.opened_s > SLOW_S else "text"
    parts: list[Spans] = [(("opened in ", "dim"), (span(hook.opened_s), opened)), _position(hook)]
    if hook.discards:
        parts.append((("discarded ", "dim"), (span(hook.discarded_s), "warn")))
    if hook.breaches:
        plural = "breach" if hook.breaches == 1 else "breaches"
        parts.append(((f"{count(hook.breaches)} {plural}", "warn"),))
    if hook.pauses:
        parts.append(((f"paused {count(hook.pauses)}×", "text"),))
    return join_fitting([*parts, more], width, " · ")


def _position(hook: HookView) -> Spans:
    error_s = hook.position_error_s
    if error_s is None:
        return (("position ", "dim"), (NOTHING, "faint"))
    role: Role = "warn" if abs(error_s) > APART_S else "text"
    return (("position ", "dim"), (minus(f"{error_s * 1000:+.0f} ms"), role))
