"""The jitter panel: how evenly the media arrives, what a listener would hear of it, and how loud it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.call.state import CallState, Leg
from dashboard.media import readings
from dashboard.media.levels import LevelMeter
from dashboard.media.pacing import WINDOW_S, Pacing
from dashboard.media.playout import Quality, playout, what_if
from dashboard.ui.draw.bars import METER_FLOOR_DBFS, meter
from dashboard.ui.draw.findings import finding_marks
from dashboard.ui.draw.layout import Spans, crop, join, join_fitting, merged, pad
from dashboard.ui.draw.spans import Role, Span, cells, tame
from dashboard.ui.draw.sparkline import down_columns, outage_spans, scale_top, sparkline
from dashboard.ui.draw.units import NOTHING, count, dbfs, millis, percent, ppm

BUFFERS_S = (0.020, 0.040, 0.060, 0.100, 0.200)
"""Playout buffers of the what-if, s."""

_LABEL = 10
_COLUMN = 8
_WIDEST_COLUMN = 13
_SCALE = 5
_FEW_ROWS = 9
"""With fewer rows the panel is compact."""


@dataclass(frozen=True, slots=True)
class JitterFigures:
    """What the panel shows besides the sparkline; worked out twice a second."""

    pacing: Pacing
    late: readings.Percentiles | None
    late_now: float | None
    shares: Sequence[float | None]
    batched: bool
    drift_ppm: float | None
    quality: Quality


def measure_jitter(call: CallState, window_s: float | None) -> JitterFigures:
    """Ask the pacing of the inbound leg for its figures over a window; None is the whole call."""
    pacing, now = call.inbound.pacing, call.now
    return JitterFigures(
        pacing=pacing,
        late=readings.lateness(pacing, window_s, now),
        late_now=pacing.samples[-1][1] if pacing.samples else None,
        shares=what_if(pacing, BUFFERS_S, window_s, now),
        batched=readings.batched(pacing, now, window_s or WINDOW_S),
        drift_ppm=readings.drift_ppm(pacing, now),
        quality=playout(pacing, buffer_s=call.targets.buffer_s, window_s=window_s, now=now, rtt_s=call.rtt_s),
    )


def draw_jitter(
    call: CallState, figures: JitterFigures, width: int, height: int, *, window_s: float | None
) -> list[Spans]:
    """Return `height` rows of at most `width` cells; the sparkline takes what the figures leave."""
    leg = call.inbound
    if height < _FEW_ROWS:
        below = _compact(call, figures, leg, width)
        return [*_scope(call, width, max(1, height - len(below)), window_s, axis=False), *below][:height]
    meters = _meters(leg, width) if height >= _FEW_ROWS + 4 else []
    below = [
        *_table(figures, width),
        _counts(figures, width),
        _what_if(call, figures, width),
        *([_mos(figures, call), *meters] if meters else [_mos_and_meters(figures, call, leg, width)]),
    ]
    return [*_scope(call, width, height - len(below) - 1, window_s, axis=True), *(crop(row, width) for row in below)]


# -- the sparkline --------------------------------------------------------------------------------------


def _scope(call: CallState, width: int, height: int, window_s: float | None, *, axis: bool) -> list[Spans]:
    shown_s = window_s or WINDOW_S
    columns = max(1, width - _SCALE)
    values = readings.columns(call.inbound.pacing, call.now, shown_s, columns)
    down = down_columns(outage_spans(call), call.now, shown_s, columns)
    top_s = scale_top(values, call.targets.spike_s)
    drawn = sparkline(values, down, height, top_s=top_s, warn_s=call.targets.buffer_s, bad_s=call.targets.spike_s)
    labels = [""] * height
    labels[-1] = "0"
    labels[0] = f"{top_s * 1000:.0f}"
    if height > 2:
        labels[1] = "ms"
    rows: list[Spans] = [((f"{label:>{_SCALE - 1}} ", "dim"), *row) for label, row in zip(labels, drawn, strict=True)]
    return [*rows, _time_axis(call, shown_s, columns)] if axis else rows


def _time_axis(call: CallState, shown_s: float, columns: int) -> Spans:
    """Times, and a sign where a finding was raised, or as near to that as the times leave room."""
    start, middle, end = f"−{shown_s:.0f} s", f"−{shown_s / 2:.0f} s", "now"
    line = start.ljust(columns // 2 - len(middle) // 2) + middle
    line = line.ljust(columns - len(end)) + end
    cells_of_line: list[Span] = [(char, "dim") for char in line]
    free = [column for column in range(columns) if line[max(0, column - 1) : column + 2].isspace()]
    for column, mark in finding_marks(call, shown_s, columns).items():
        cells_of_line[min(free, key=lambda place: abs(place - column), default=column)] = mark
    return merged([(" " * _SCALE, "dim"), *cells_of_line])


# -- the figures ----------------------------------------------------------------------------------------


def _table(figures: JitterFigures, width: int) -> list[Spans]:
    pacing, late = figures.pacing, figures.late
    jitter, lag = pacing.jitter, pacing.media_lag
    percentiles = (None, None, None, None) if late is None else (late.p50, late.p95, late.p99, late.max)
    column = max(_COLUMN, min(_WIDEST_COLUMN, (width - _LABEL) // 6))
    heads = ("now", "mean", "p50", "p95", "p99", "max")
    return [
        (("ms".ljust(_LABEL), "dim"), ("".join(head.rjust(column) for head in heads), "dim")),
        _figures("lateness", column, figures.late_now, "", *percentiles, strong=(5,)),
        _figures("jitter", column, jitter.current, jitter.mean, "", "", "", jitter.max),
        _figures("media lag", column, lag.current, "", "", "", "", lag.max),
    ]


def _figures(label: str, column: int, *values: float | str | None, strong: tuple[int, ...] = ()) -> Spans:
    spans: list[Span] = [(label.ljust(_LABEL), "dim")]
    for place, value in enumerate(values, start=1):
        text = value if isinstance(value, str) else millis(value)
        spans.append((text.rjust(column), "strong" if place in strong else "text"))
    return tuple(spans)


def _counts(figures: JitterFigures, width: int) -> Spans:
    pacing = figures.pacing
    lost = pacing.lost
    return join_fitting(
        [
            _tally("spikes", pacing.spikes),
            _tally("stalls", pacing.stalls),
            (("lost ", "dim"), (count(lost), "bad" if lost else "text")),
            (("batched ", "dim"), ("yes", "warn") if figures.batched else ("no", "text")),
            (("drift ", "dim"), (f"{ppm(figures.drift_ppm)} ppm", "text")),
        ],
        width,
        "   " if width < 80 else "      ",
    )


def _tally(label: str, value: int) -> Spans:
    return ((f"{label} ", "dim"), (count(value), "warn" if value else "text"))


def _what_if(call: CallState, figures: JitterFigures, width: int) -> Spans:
    parts: list[Spans] = []
    for buffer_s, share in zip(BUFFERS_S, figures.shares, strict=True):
        unit = " ms" if not parts else ""
        role: Role = "bad" if share is not None and share > 0.01 else "text"
        mine = abs(buffer_s - call.targets.buffer_s) < 1e-9
        parts.append(
            (
                (f"{buffer_s * 1000:.0f}{unit} ", "strong" if mine else "dim"),
                (percent(share), role),
            )
        )
    parts[0] = (("late with ", "dim"), *parts[0])
    return join_fitting(parts, width, " · " if width < 80 else "   ·   ")


def _mos(figures: JitterFigures, call: CallState) -> Spans:
    quality = figures.quality
    if quality.mos is None or quality.r_factor is None:
        why = "no audio yet" if quality.effective_loss is None else "after the first round trip"
        return (("MOS ", "dim"), (NOTHING, "text"), (f"  {why}", "faint"))
    return (
        ("MOS ", "dim"),
        (f"{quality.mos:.2f}", _mos_role(quality.mos)),
        (" estimate", "dim"),
        (f"   R {quality.r_factor:.0f}", "text"),
        (f" with a buffer of {call.targets.buffer_s * 1000:.0f} ms", "dim"),
    )


def _mos_role(mos: float) -> Role:
    return "good" if mos >= 4.03 else "warn" if mos >= 3.6 else "bad"  # G.107 annex B: satisfied, some, many are not


def _mos_short(figures: JitterFigures) -> Spans:
    mos = figures.quality.mos
    if mos is None:
        return (("MOS ", "dim"), (NOTHING, "text"))
    return (("MOS ", "dim"), (f"{mos:.2f}", _mos_role(mos)), (" est.", "dim"))


# -- levels ---------------------------------------------------------------------------------------------


def _meters(leg: Leg, width: int) -> list[Spans]:
    if not leg.meters:
        return [(("level ", "dim"), (NOTHING, "text"))]
    label = max(len(name) for name in leg.channels) + 1
    clip: Spans = ((f"  clipped {count(leg.clipped)}", "bad"),) if leg.clipped else ()
    rows = [
        _meter(name, heard, label, width - cells(clip) if not index else width)
        for index, (name, heard) in enumerate(zip(leg.channels, leg.meters, strict=True))
    ]
    return [(*rows[0], *clip), *rows[1:]]


def _meter(name: str, heard: LevelMeter, label: int, width: int) -> Spans:
    text, role = _level_words(heard)
    size = max(4, min(40, width - label - 12))
    drawn = meter(
        METER_FLOOR_DBFS if heard.level is None else heard.level,
        METER_FLOOR_DBFS if heard.peak is None else heard.peak,
        size,
    )
    return ((tame(name).ljust(label), "dim"), *drawn, (text.rjust(12), role))


def _level_words(heard: LevelMeter) -> Span:
    if heard.level is None:
        return NOTHING, "text"
    return ("○ silent", "dim") if heard.silent else (f"{dbfs(heard.level)} dBFS", "text")


def _mos_and_meters(figures: JitterFigures, call: CallState, leg: Leg, width: int) -> Spans:
    mos = pad(_mos_short(figures), 14)
    return (*mos, ("  ", "text"), *_meter_row(leg, width - cells(mos) - 2))


def _meter_row(leg: Leg, width: int) -> Spans:
    """All channels side by side."""
    if not leg.meters:
        return (("level ", "dim"), (NOTHING, "text"))
    clip: Spans = ((f"clip {count(leg.clipped)}", "bad"),) if leg.clipped else ()
    each = (width - cells(clip) - 2 * len(leg.meters)) // len(leg.meters)
    parts = []
    for name, heard in zip(leg.channels, leg.meters, strict=True):
        short = tame(name)
        level = "silent" if heard.silent else dbfs(heard.level)
        size = max(3, min(24, each - len(short) - 8))
        drawn = meter(
            METER_FLOOR_DBFS if heard.level is None else heard.level,
            METER_FLOOR_DBFS if heard.peak is None else heard.peak,
            size,
        )
        parts.append(((f"{short} ", "dim"), *drawn, (level.rjust(7), "dim" if heard.silent else "text")))
    return join([*parts, clip])


# -- little room ----------------------------------------------------------------------------------------


def _compact(call: CallState, figures: JitterFigures, leg: Leg, width: int) -> list[Spans]:
    late = figures.late
    percentiles = (None, None, None) if late is None else (late.p95, late.p99, late.max)
    named = zip(("p95", "p99", "max"), percentiles, strict=True)
    lateness = join(
        [
            (("late ", "dim"), (millis(figures.late_now), "text")),
            *(((f"{name} ", "dim"), (millis(value), "strong" if name == "p99" else "text")) for name, value in named),
            (("jitter ", "dim"), (f"{millis(figures.pacing.jitter.current)} ms", "text")),
            (("lag ", "dim"), (f"{millis(figures.pacing.media_lag.current)} ms", "text")),
        ]
    )
    mine = min(range(len(BUFFERS_S)), key=lambda place: abs(BUFFERS_S[place] - call.targets.buffer_s))
    share = figures.shares[mine]
    counts = join_fitting(
        [
            _tally("spikes", figures.pacing.spikes),
            _tally("stalls", figures.pacing.stalls),
            (("lost ", "dim"), (count(figures.pacing.lost), "bad" if figures.pacing.lost else "text")),
            ((f"{BUFFERS_S[mine] * 1000:.0f} ms: ", "dim"), (f"{percent(share)} late", "text")),
            _mos_short(figures),
            (("batched", "warn"),) if figures.batched else (),
        ],
        width,
    )
    return [crop(lateness, width), counts, crop(_meter_row(leg, width), width)]
