"""The timeline of a call as SVG: link, findings, lateness, levels, turns and marks, one above the other on one axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from importlib.resources import files

from dashboard.call.events import LinkState
from dashboard.call.findings.finding import Severity
from dashboard.call.stages import asked_at
from dashboard.call.state import INBOUND, Outage, Turn
from dashboard.call.turns import SLOW_S
from dashboard.call.units import clock, span
from dashboard.call.words import cause_words
from dashboard.exporters.drawing import CHAR_WIDTH, Drawing, fitted
from dashboard.exporters.raster import Piece, Raster
from dashboard.exporters.report import Found, Report

WIDE = 920.0
NARROW = 358.0

SYMBOLS = {Severity.ERROR: "✖", Severity.WARNING: "▲", Severity.INFO: "●"}

_GUTTER = 48.0
_TITLE = 24.0
_GAP = 14.0
_MOST_FINDINGS = 10
_MOST_CHANNELS = 4
_LEAST = 1.5
"""Narrower things are drawn so wide, to be seen."""

_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_TICK_WIDTH = 84.0

_STATES: dict[LinkState, tuple[str, float]] = {
    LinkState.OPEN: ("s-open", 1.0),
    LinkState.STALE: ("s-stale", 1.0),
    LinkState.IDLE: ("s-step", 0.15),
    LinkState.AUTHORIZING: ("s-step", 0.5),
    LinkState.RESOLVING: ("s-step", 0.5),
    LinkState.CONNECTING: ("s-step", 0.5),
    LinkState.WAITING: ("s-wait", 0.25),
    LinkState.GAVE_UP: ("s-over", 0.25),
    LinkState.CLOSED: ("s-off", 0.15),
}
"""State → look, and how much of the lane's height it takes: the more, the better the call is."""

_FLOOR_S = 0.001
_DECADES_S = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
_QUIETEST_DBFS = -60.0


def timeline(report: Report, width: float = WIDE) -> Drawing:
    """Return the timeline, `width` units wide and as high as it needs to be."""
    label = f"Timeline of the call: {clock(report.duration_s)} of link, findings, lateness, levels and turns"
    return _Timeline(report, Drawing(width, 0.0, label)).drawn()


def standalone(report: Report) -> str:
    """Return the timeline as a file of its own, light or dark as its reader is."""
    style = files("dashboard.exporters").joinpath("templates", "drawing.css").read_text(encoding="utf-8")
    drawing = timeline(report)
    return f"{drawing.svg(style=style)}\n"


class _Timeline:
    def __init__(self, report: Report, drawing: Drawing) -> None:
        self._report = report
        self._drawing = drawing
        self._left = _GUTTER
        self._width = drawing.width - _GUTTER
        self._right = drawing.width
        self._top = 0.0  # of the next lane

    def drawn(self) -> Drawing:
        """Measure once to know how far the bands and the grid reach down, then draw."""
        lanes = self._lanes()
        height = sum(lane_height for lane_height, _ in lanes)
        self._grid(height)
        for lane_height, draw in lanes:
            draw()
            self._top += lane_height
        self._marks(height)
        self._axis(height)
        self._drawing.height = height + 22.0
        return self._drawing

    def _lanes(self) -> list[tuple[float, Callable[[], None]]]:
        """Return height and painter of every lane for which there is something to show."""
        report = self._report
        found = report.findings[:_MOST_FINDINGS]
        lanes: list[tuple[float, Callable[[], None]]] = [(_TITLE + 34.0 + _GAP, self._link)]
        if found:
            lanes.append((_TITLE + 27.0 * len(found) + _GAP, lambda: self._findings(found)))
        legs = sorted(report.rasters.items(), key=lambda leg: leg[0] != INBOUND)
        for name, raster in legs[:2]:
            lanes.append((_TITLE + 92.0 + _GAP, self._lateness_lane(name, raster)))
            for channel in range(min(len(raster.channels), _MOST_CHANNELS)):
                lanes.append((_TITLE + 38.0 + _GAP, self._level_lane(name, raster, channel)))
        if report.turns.items:
            lanes.append((_TITLE + 20.0 + _GAP, self._turns))
        return lanes

    # -- where things stand -------------------------------------------------------------------------------

    def _x(self, at: float) -> float:
        share = (at - self._report.began) / self._report.duration_s
        return self._left + self._width * min(1.0, max(0.0, share))

    def _stretch(self, began: float, ended: float, least: float = _LEAST) -> tuple[float, float]:
        """Return x and width of a length of time."""
        x, end = self._x(began), self._x(ended)
        width = max(least, end - x)
        return min(x, self._right - width), width

    def _title(self, text: str, right: str = "") -> float:
        """Write the title of a lane, and return where its body begins."""
        self._drawing.text(0.0, self._top + 13.0, text, "t-title")
        if right:
            self._drawing.text(self._right, self._top + 13.0, right, "t-note", anchor="end")
        return self._top + _TITLE

    # -- what lies behind and below ---------------------------------------------------------------------------

    def _ticks(self) -> list[float]:
        """Return seconds since the start at which the axis is labelled."""
        wanted = self._report.duration_s * _TICK_WIDTH / self._width
        step = next((step for step in _STEPS_S if step >= wanted), wanted)
        return [step * tick for tick in range(int(self._report.duration_s / step) + 1)]

    def _grid(self, height: float) -> None:
        for outage in self._outages():
            x, width = self._stretch(outage.started_at, self._ended(outage))
            tip = f"outage {outage.number}: {cause_words(outage.cause)}, {span(outage.down_s(self._report.call.now))}"
            self._drawing.rect(x, _TITLE, width, height - _TITLE, "band", tip=tip)
        for second in self._ticks():
            x = self._x(self._report.began + second)
            self._drawing.line(x, _TITLE, x, height, "t-grid")

    def _axis(self, height: float) -> None:
        self._drawing.line(self._left, height, self._right, height, "t-axis")
        ticks = self._ticks()
        step = ticks[1] if len(ticks) > 1 else 0.0
        for second in ticks:
            x = self._x(self._report.began + second)
            label = clock(second) if step >= 1.0 else f"{second:g} s"
            near_end = x > self._right - 3 * CHAR_WIDTH
            anchor = "end" if near_end else "start" if second == 0 else "middle"
            self._drawing.text(x, height + 15.0, label, "t-number", anchor=anchor)

    def _marks(self, height: float) -> None:
        for place, (at, note) in enumerate(self._report.marks.items, start=1):
            x = self._x(at)
            self._drawing.line(x, _TITLE, x, height, "mark")
            self._drawing.text(x + 3.0, height - 4.0, fitted(f"⚑ {note or place}", 150.0), "mark-note")

    def _outages(self) -> Sequence[Outage]:
        return [ending.outage for ending in self._report.endings.items]

    def _ended(self, outage: Outage) -> float:
        return self._report.call.now if outage.ended_at is None else outage.ended_at

    # -- lanes --------------------------------------------------------------------------------------------

    def _link(self) -> None:
        top, height = self._title("link", "high: open · half: connecting · low: waiting"), 22.0
        for stretch in self._report.stretches.items:
            look, share = _STATES[stretch.state]
            x, width = self._stretch(stretch.began, stretch.ended, least=0.4)
            tall = height * share
            tip = f"{stretch.state}, {span(stretch.ended - stretch.began)}: {cause_words(stretch.cause)}"
            self._drawing.rect(x, top + height - tall, width, tall, look, tip=tip)
            if share == 1.0 and width > 12 * CHAR_WIDTH:
                self._drawing.text(x + 6.0, top + 15.0, stretch.state.value, "s-word")
        free_from = 0.0
        for outage in self._outages():
            x = self._x(outage.started_at)
            text = f"✖ {outage.number}"
            if x >= free_from:
                self._drawing.text(x, top + height + 11.0, text, "t-outage")
                free_from = x + (len(text) + 1.5) * CHAR_WIDTH

    def _findings(self, found: Sequence[Found]) -> None:
        left_out = len(self._report.findings) - len(found)
        top = self._title("findings, while they stood", f"{left_out} more below" if left_out else "")
        for one in found:
            finding, severity = one.finding, one.finding.severity
            for began, ended in one.spans:
                x, width = self._stretch(began, ended, least=4.0)
                self._drawing.rect(x, top + 15.0, width, 6.0, f"f-{severity}", tip=finding.summary, corner=2.0)
            x = self._x(one.spans[0][0] if one.spans else finding.since)
            text = fitted(f"{SYMBOLS[severity]} {finding.summary}", self._width)
            x = max(self._left, min(x, self._right - len(text) * CHAR_WIDTH))
            self._drawing.text(x, top + 11.0, text, f"w-{severity}")
            top += 27.0

    def _lateness_lane(self, name: str, raster: Raster) -> Callable[[], None]:
        def draw() -> None:
            leg = "" if name == INBOUND else f" of {name}"
            buffer_s, spike_s = self._report.call.targets.buffer_s, self._report.call.targets.spike_s
            top, height = self._title(f"lateness{leg}, the latest frame", f"dashes: a buffer of {span(buffer_s)}"), 92.0
            columns = self._columns(raster)
            highest = max((piece.latest_s for piece in columns if piece), default=0.0)
            ticks = [tick for tick in _DECADES_S if tick < max(highest, 0.2) * 10]
            scale = _LogScale(ticks[-1], top, height)
            for tick in ticks:
                y = scale.y(tick)
                self._drawing.line(self._left, y, self._right, y, "t-rule")
                self._drawing.text(self._left - 6.0, y + 4.0, span(tick), "t-number", anchor="end")
            bars: dict[str, list[tuple[float, float, float, float]]] = {"late-ok": [], "late-warn": [], "late-bad": []}
            for x, width, piece in self._placed(columns):
                latest_s, y = piece.latest_s, scale.y(piece.latest_s)
                look = "late-ok" if latest_s <= buffer_s else "late-warn" if latest_s <= spike_s else "late-bad"
                bars[look].append((x, y, width, top + height - y))
            for look, drawn in bars.items():
                self._drawing.bars(drawn, look)
            y = scale.y(buffer_s)
            self._drawing.line(self._left, y, self._right, y, "t-limit")

        return draw

    def _level_lane(self, name: str, raster: Raster, channel: int) -> Callable[[], None]:
        def draw() -> None:
            speaker = raster.channels[channel]
            leg = "" if name == INBOUND else f" of {name}"
            scale = "" if channel else f"level, from {_QUIETEST_DBFS:.0f} dBFS to full scale".replace("-", "−")
            top, height = self._title(f"{speaker}{leg}", scale), 38.0
            middle = top + height / 2
            self._drawing.line(self._left, middle, self._right, middle, "t-rule")
            bars = []
            for x, width, piece in self._placed(self._columns(raster)):
                level = piece.level(channel)
                if level is not None:
                    half = max(0.3, height / 2 * (1 - max(level, _QUIETEST_DBFS) / _QUIETEST_DBFS))
                    bars.append((x, middle - half, width, 2 * half))
            self._drawing.bars(bars, f"l-{speaker}" if speaker in ("caller", "bot") else "l-other")

        return draw

    def _turns(self) -> None:
        top = self._title("turns: how long the caller waited", "thin: the bot speaks")
        limit_s = self._report.call.targets.silent_failure_after_s
        for turn in self._report.turns.items:
            began, ended = asked_at(turn), self._waited_until(turn, limit_s)
            x, width = self._stretch(began, ended, least=2.0)
            look, words = _turn_look(turn, ended - began, limit_s)
            self._drawing.rect(x, top + 2.0, width, 12.0, look, tip=f"turn {turn.number}: {words}", corner=1.5)
            if turn.silent:
                self._drawing.text(x + width + 2.0, top + 12.0, "✖", "w-error")
            if turn.audio_at is not None and turn.audio_until is not None:
                x, width = self._stretch(turn.audio_at, turn.audio_until)
                self._drawing.rect(x, top + 6.0, width, 4.0, "l-bot")

    def _waited_until(self, turn: Turn, limit_s: float) -> float:
        if turn.silent and turn.answered_at is None:
            return turn.ended_at + limit_s
        at = turn.answered_at if turn.audio_at is None else turn.audio_at
        return asked_at(turn) if at is None else at

    def _columns(self, raster: Raster) -> list[Piece | None]:
        """Return as many columns as there are units of width, or pieces where these are fewer."""
        pieces = max(1, math.ceil(self._report.duration_s / raster.piece_s))
        return raster.columns(self._report.duration_s, min(int(self._width), pieces))

    def _placed(self, columns: Sequence[Piece | None]) -> list[tuple[float, float, Piece]]:
        """Return x, width and piece of the columns in which something came."""
        width = self._width / len(columns)
        gap = 0.5 if width > 3.0 else 0.0
        return [(self._left + width * column, width - gap, piece) for column, piece in enumerate(columns) if piece]


class _LogScale:
    """From 1 ms at the bottom to `highest_s` at the top."""

    def __init__(self, highest_s: float, top: float, height: float) -> None:
        self._decades = math.log10(highest_s / _FLOOR_S)
        self._top = top
        self._height = height

    def y(self, seconds: float) -> float:
        share = math.log10(max(seconds, _FLOOR_S) / _FLOOR_S) / self._decades
        return self._top + self._height * (1.0 - min(1.0, share)) - (0.8 if seconds <= _FLOOR_S else 0.0)


def _turn_look(turn: Turn, waited_s: float, limit_s: float) -> tuple[str, str]:
    """Return class and words of a wait."""
    if turn.silent:
        return "late-bad", f"no sign of an answer within {span(limit_s)}"
    if turn.answered_at is None:
        return "s-step", "cut off by an outage" if turn.interrupted else "not answered yet"
    tone = "late-bad" if waited_s >= limit_s else "late-warn" if waited_s > SLOW_S else "turn-ok"
    return tone, f"answered after {span(waited_s)}"
