"""Small drawings that stand in tables: the bar of a bin, the bar of a turn."""

from __future__ import annotations

from dashboard.call.stages import Marks
from dashboard.call.turns import SLOW_S
from dashboard.exporters.drawing import Drawing

_TURN_WIDTH, _TURN_HEIGHT = 300.0, 18.0
_SHARE_WIDTH, _SHARE_HEIGHT = 200.0, 10.0


def share_bar(share: float, look: str, label: str) -> str:
    """Draw a share of 0..1."""
    drawing = Drawing(_SHARE_WIDTH, _SHARE_HEIGHT, label)
    drawing.rect(0.0, 0.0, _SHARE_WIDTH, _SHARE_HEIGHT, "track", corner=2.0)
    if share > 0.0:
        drawing.rect(0.0, 0.0, max(1.5, _SHARE_WIDTH * min(1.0, share)), _SHARE_HEIGHT, look, corner=2.0)
    return drawing.svg()


def turn_bar(marks: Marks, top_s: float, limit_s: float, label: str) -> str:
    """Draw a turn on an axis of `top_s` seconds: the wait for the bot, then its speech; ticks at quarters.

    From the left: until the final transcript, until the first sound (or sign), the sound; diamonds are the intent,
    triangles the first text. A wait of more than 2 s, and of more than `limit_s`, looks worse.
    """
    drawing = Drawing(_TURN_WIDTH, _TURN_HEIGHT, label)

    def x(at: float) -> float:
        return _TURN_WIDTH * min(1.0, at / top_s)

    def bar(start: float | None, end: float | None, y: float, height: float, look: str) -> None:
        if start is not None and end is not None and end > start and x(start) < _TURN_WIDTH:
            drawing.rect(x(start), y, max(1.5, x(end) - x(start)), height, look, corner=1.0)

    for tick in range(1, 4):
        drawing.line(_TURN_WIDTH * tick / 4, 0.0, _TURN_WIDTH * tick / 4, _TURN_HEIGHT, "t-grid")
    waited = marks.sign if marks.audio is None else marks.audio
    tone = "turn-ok" if waited is None or waited <= SLOW_S else "late-warn" if waited < limit_s else "late-bad"
    bar(0.0, marks.final, 7.0, 4.0, "s-step")
    bar(marks.final, waited, 7.0, 4.0, tone)
    bar(marks.final, marks.failed, 7.0, 4.0, "late-bad")
    bar(marks.final, marks.waits, 7.0, 4.0, "s-step")
    bar(marks.audio, marks.audio_until, 4.0, 10.0, "l-bot")
    bar(marks.barge_in, marks.silent or marks.audio_until, 4.0, 10.0, "late-warn" if marks.silent else "late-bad")
    if marks.failed is not None:
        drawing.text(min(x(marks.failed), _TURN_WIDTH - 12.0) + 2.0, 13.0, "✖", "w-error")
    for at, shape in ((marks.intent, _diamond), (marks.text, _triangle)):
        if at is not None and at <= top_s:
            drawing.path(shape(x(at)), "sign")
    return drawing.svg()


def _diamond(x: float) -> str:
    return f"M{x:.1f} 4.5l4.5 4.5l-4.5 4.5l-4.5 -4.5z"


def _triangle(x: float) -> str:
    return f"M{x:.1f} 4.5v9l-6 -4.5z"
