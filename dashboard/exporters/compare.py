"""Two calls side by side, such as a good one and a bad one: figures, distribution of lateness, findings."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from dashboard.call.findings.finding import Finding, Severity
from dashboard.call.genesys import our_sound
from dashboard.call.stages import middle_and_high, wait_s
from dashboard.call.state import CallState
from dashboard.call.turns import all_turns
from dashboard.call.units import count, millis, percent, span
from dashboard.call.words import span_words
from dashboard.exporters.drawing import shown
from dashboard.exporters.figures import BINS_S, Bin, down_s, round_trip_p95_s, uptime
from dashboard.exporters.report import Report
from dashboard.exporters.story import lowered
from dashboard.exporters.svg import SYMBOLS
from dashboard.media.readings import histogram_bins, lateness

VERSION = 1

CLEAR = 0.1
"""Figures that differ by less than this share of the larger one count as alike."""

CLEAR_S = 0.001
"""So do lengths of time that differ by less than this."""

Side = Literal["a", "b", ""]
_Value = float | int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a call; `low` says that less of it is better."""

    name: str
    key: str
    of: Callable[[CallState], _Value]
    write: Callable[[Any], str]
    low: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of both calls. worse: the side on which it is clearly worse, empty where they are alike."""

    measure: Measure
    a: _Value
    b: _Value
    worse: Side

    @property
    def texts(self) -> tuple[str, str]:
        return self.measure.write(self.a), self.measure.write(self.b)


@dataclass(frozen=True, slots=True)
class Comparison:
    """bins: of each bin of lateness the share of either call's frames. findings: rule → what each call had of it."""

    a: Report
    b: Report
    rows: tuple[Row, ...]
    bins: tuple[tuple[str, float, float], ...]
    findings: tuple[tuple[str, Finding | None, Finding | None], ...]


def _ms(seconds: float | None) -> str:
    return f"{millis(seconds)} ms"


def _waits(call: CallState) -> tuple[float | None, float | None]:
    return middle_and_high(map(wait_s, all_turns(call.turns)))


def _late(share: Literal["p50", "p95", "p99"]) -> Callable[[CallState], float | None]:
    def of(call: CallState) -> float | None:
        found = lateness(call.inbound.pacing, None, call.now)
        return None if found is None else float(getattr(found, share))

    return of


def _a_minute(number: Callable[[CallState], int]) -> Callable[[CallState], float | None]:
    """Calls are of different length: counts are told by the minute."""

    def of(call: CallState) -> float | None:
        minutes = (call.now - call.started_at) / 60
        return number(call) / minutes if minutes > 0.0 else None

    return of


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


MEASURES = (
    Measure("up", "uptime", uptime, percent, low=False),
    Measure("outages", "outages", lambda call: call.link.outage_count, count),
    Measure("down", "down_s", down_s, span),
    Measure("round trip p95", "rtt_p95_s", round_trip_p95_s, _ms),
    Measure("lateness p50", "lateness_p50_s", _late("p50"), _ms),
    Measure("lateness p95", "lateness_p95_s", _late("p95"), _ms),
    Measure("lateness p99", "lateness_p99_s", _late("p99"), _ms),
    Measure("jitter mean", "jitter_mean_s", lambda call: call.inbound.pacing.jitter.mean, _ms),
    Measure("spikes a minute", "spikes_per_minute", _a_minute(lambda call: call.inbound.pacing.spikes), _rate),
    Measure("stalls a minute", "stalls_per_minute", _a_minute(lambda call: call.inbound.pacing.stalls), _rate),
    Measure("late or lost", "effective_loss", lambda call: our_sound(call).effective_loss, percent),
    Measure(
        "MOS estimate", "mos", lambda call: our_sound(call).mos, lambda mos: "–" if mos is None else f"{mos:.2f}", False
    ),
    Measure("answer p50", "answer_p50_s", lambda call: _waits(call)[0], span),
    Measure("answer p95", "answer_p95_s", lambda call: _waits(call)[1], span),
    Measure("turns unanswered", "silent_failures", lambda call: call.turns.silent_failures, count),
)


def compare(a: Report, b: Report) -> Comparison:
    """Return both calls side by side."""
    return Comparison(a, b, tuple(_row(measure, a.call, b.call) for measure in MEASURES), _bins(a, b), _findings(a, b))


def _row(measure: Measure, a: CallState, b: CallState) -> Row:
    first, second = measure.of(a), measure.of(b)
    worse: Side = ""
    if first is not None and second is not None:
        least = CLEAR_S if measure.key.endswith("_s") else 0.0
        if abs(first - second) > max(least, CLEAR * max(abs(first), abs(second))):
            worse = "b" if (second > first) is measure.low else "a"
    return Row(measure, first, second, worse)


def _bins(a: Report, b: Report) -> tuple[tuple[str, float, float], ...]:
    shares = [_shares(report.call) for report in (a, b)]
    edges = pairwise([*BINS_S, None])
    rows = [
        (Bin(low or 0.0, high, 0, 0.0).label, first, second)
        for (low, high), first, second in zip(edges, *shares, strict=True)
    ]
    while rows and not rows[-1][1] and not rows[-1][2]:
        rows.pop()
    return tuple(rows)


def _shares(call: CallState) -> list[float]:
    pacing = call.inbound.pacing
    return [frames / max(1, pacing.measured) for frames in histogram_bins(pacing, BINS_S, None, call.now)]


def _findings(a: Report, b: Report) -> tuple[tuple[str, Finding | None, Finding | None], ...]:
    """Return every rule that found something in either call, worst first, else in the order of the reports."""
    first, second = ({one.finding.rule: one.finding for one in report.findings} for report in (a, b))
    rows = [(rule, first.get(rule), second.get(rule)) for rule in dict.fromkeys([*first, *second])]
    return tuple(sorted(rows, key=lambda row: min(one.severity.rank for one in row[1:] if one is not None)))


# -- in words -----------------------------------------------------------------------------------------------


def headline(both: Comparison) -> str:
    """Return in one line what tells the calls apart."""
    only_a, only_b = (
        [one.summary for _, *sides in both.findings if (one := _only(sides[here], sides[1 - here])) is not None]
        for here in (0, 1)
    )
    if only_a and only_b:
        return f"Each had trouble of its own, and {lowered(figures_words(both))}"
    if only_a or only_b:
        return f"Only in the {'first' if only_a else 'second'}: {lowered((only_a or only_b)[0])}"
    alike = "The same was found in both" if any(map(_harmful, both.findings)) else "Nothing harmful was found in either"
    return f"{alike}, and {lowered(figures_words(both))}"


def figures_words(both: Comparison) -> str:
    """Say which call has the worse figures."""
    known = sum(row.a is not None and row.b is not None for row in both.rows)
    counts = [("first", _worse(both, "a")), ("second", _worse(both, "b"))]
    (more, most), (other, least) = sorted(counts, key=lambda one: -one[1])
    if not most:
        return f"The {known} figures that both have are alike"
    rest = f", the {other} in {least}" if least else ""
    return f"The {more} is worse in {most} of {known} figures{rest}"


def _worse(both: Comparison, side: Side) -> int:
    return sum(row.worse == side for row in both.rows)


def _only(here: Finding | None, there: Finding | None) -> Finding | None:
    """Return what was found here and not there, and does harm."""
    return here if here is not None and there is None and here.severity is not Severity.INFO else None


def _harmful(row: tuple[str, Finding | None, Finding | None]) -> bool:
    return any(one is not None and one.severity is not Severity.INFO for one in row[1:])


def compare_object(both: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON values; seconds, ratios of 0..1, null: not measured."""
    return {
        "version": VERSION,
        "headline": headline(both),
        "a": {"file": both.a.origin.name, **both.a.figures},
        "b": {"file": both.b.origin.name, **both.b.figures},
        "figures": [{"name": row.measure.key, "a": row.a, "b": row.b, "worse": row.worse or None} for row in both.rows],
        "lateness": [{"bin": label, "a": round(first, 5), "b": round(second, 5)} for label, first, second in both.bins],
        "findings": {
            "both": [rule for rule, first, second in both.findings if first and second],
            "only_a": [rule for rule, first, second in both.findings if not second],
            "only_b": [rule for rule, first, second in both.findings if not first],
        },
    }


# -- in a terminal ------------------------------------------------------------------------------------------


def compare_text(both: Comparison, width: int) -> str:
    """Return the comparison as plain text in lines of at most `width` cells, which is 40 or more."""
    return "\n".join(_lines(both, max(40, width))) + "\n"


def _lines(both: Comparison, width: int) -> Iterator[str]:
    label = 17
    marks = _MARKS if width >= _ROOMY else _ARROWS
    column = min(28, (width - label - max(map(len, marks.values()))) // 2)
    names = [shown(report.origin.name) for report in (both.a, both.b)]
    yield from textwrap.wrap(shown(headline(both)), width)
    yield ""
    heads = [_cut(name, column - 1) for name in names]
    yield f"{'':{label}}{heads[0]:>{column}}{heads[1]:>{column}}"
    levels = [report.verdict.level for report in (both.a, both.b)]
    yield f"{'verdict':{label}}{levels[0]:>{column}}{levels[1]:>{column}}"
    lengths = [span(report.duration_s) for report in (both.a, both.b)]
    yield f"{'lasted':{label}}{lengths[0]:>{column}}{lengths[1]:>{column}}"
    yield ""
    for row in both.rows:
        yield _line(row.measure.name, row.texts, marks[row.worse], label, column)
    yield ""
    yield "share of frames by lateness"
    for name, first, second in both.bins:
        yield _line(name, (percent(first), percent(second)), "", label, column)
    for title, chosen in _grouped(both):
        yield ""
        yield title
        for finding, report in chosen:
            stood = span_words(finding.stood_s(report.call.now))
            text = f"{SYMBOLS[finding.severity]} {shown(finding.summary)} (for {stood})"
            yield from textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ")


_ROOMY = 60
"""Columns from which on there is room to say “worse”; else the arrow alone says on which side."""

_MARKS: dict[Side, str] = {"a": "  ◂ worse", "b": "  worse ▸", "": ""}
_ARROWS: dict[Side, str] = {"a": " ◂", "b": " ▸", "": ""}


def _line(name: str, texts: tuple[str, str], mark: str, label: int, column: int) -> str:
    return f"{name:{label}}{texts[0]:>{column}}{texts[1]:>{column}}{mark}"


def _cut(name: str, width: int) -> str:
    """Shorten the name of a file: its ending goes first, then its beginning."""
    stem = name if len(name) <= width else name.rpartition(".")[0] or name
    return stem if len(stem) <= width else f"…{stem[-(width - 1) :]}"


def _grouped(both: Comparison) -> Iterator[tuple[str, list[tuple[Finding, Report]]]]:
    only_a = [(first, both.a) for _, first, second in both.findings if first and not second]
    only_b = [(second, both.b) for _, first, second in both.findings if second and not first]
    common = [(second, both.b) for _, first, second in both.findings if first and second]
    for title, chosen in (
        ("found only in the first", only_a),
        ("found only in the second", only_b),
        ("found in both (as in the second)", common),
    ):
        if chosen:
            yield title, chosen
