"""A report as one page: no script, no request, light or dark as its reader is, fit to be printed.

What was said on the call is hostile text. It gets into the page through one door: every string that a template prints
is bounded and loses its control characters (`_shown`), then Jinja escapes it. The page's own policy allows nothing but
its own style sheet, so that even markup that got through could neither run nor load anything.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dashboard.call import genesys, stages
from dashboard.call.bot_figures import asked_words
from dashboard.call.findings.rules import RULES
from dashboard.call.state import CallState, Turn
from dashboard.call.turns import SLOW_S, all_turns
from dashboard.call.units import NOTHING, clock, count, dbfs, millis, percent, ppm, span, utc, utc_date
from dashboard.call.words import cause_words, close_code_words, closed_by_words, span_words
from dashboard.exporters import charts, figures
from dashboard.exporters.compare import Comparison, figures_words, headline
from dashboard.exporters.drawing import shown
from dashboard.exporters.report import Report
from dashboard.exporters.svg import NARROW, SYMBOLS, WIDE, timeline

_UNITS = re.compile(r"(?<=\d) (?=(?:ms|s|min|h|dB|dBFS|ppm)\b|%)")

_FLAG = re.compile(r"--[a-z][a-z-]*")

VERDICTS = {"healthy": "●", "degraded": "▲", "failed": "✖"}
TONES = {"": "", "good": "● ", "warn": "▲ ", "bad": "✖ "}


def page(report: Report) -> str:
    """Return the report as HTML."""
    call = report.call
    top_s = stages.axis_top(call.turns)
    return _rendered(
        "report.html",
        report=report,
        call=call,
        tiles=figures.tiles(call),
        wide=Markup(timeline(report, WIDE).svg()),
        narrow=Markup(timeline(report, NARROW).svg()),
        bins=figures.histogram(call.inbound.pacing, call.now),
        axis=[top_s * tick / 4 for tick in range(4)],
        bar=lambda turn: _turn_bar(turn, call, top_s),
        stage_rows=_stage_rows(call),
        at=lambda moment: clock(moment - call.started_at),
        utc=lambda moment: utc(call.wall_at(moment)),
    )


def comparison_page(both: Comparison) -> str:
    """Return a comparison as HTML."""
    sides = [
        (report, Markup(timeline(report, WIDE).svg()), Markup(timeline(report, NARROW).svg()))
        for report in (both.a, both.b)
    ]
    return _rendered("compare.html", both=both, sides=sides, headline=headline(both), figures_words=figures_words(both))


def _rendered(template: str, **context: Any) -> str:
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return _environment().get_template(template).render(style=Markup(style), policy=policy, **context)


@cache
def _style() -> str:
    folder = files("dashboard.exporters").joinpath("templates")
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "drawing.css"))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("dashboard.exporters"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "millis": millis,
        "span": span,
        "span_words": span_words,
        "clock": clock,
        "percent": percent,
        "dbfs": dbfs,
        "ppm": ppm,
        "unbroken": _unbroken,
        "number": count,
        "cause_words": cause_words,
        "code_words": close_code_words,
        "closed_by_words": closed_by_words,
    }
    environment.globals |= {
        "NOTHING": NOTHING,
        "SLOW_S": SLOW_S,
        "SYMBOLS": SYMBOLS,
        "TONES": TONES,
        "VERDICTS": VERDICTS,
        "MEANS": {rule.name: rule.means for rule in RULES},
        "plural": figures.plural,
        "pacing_rows": figures.pacing_rows,
        "pacing_counts": figures.pacing_counts,
        "buffer_shares": figures.buffer_shares,
        "share_bar": lambda share, look: Markup(charts.share_bar(share, look, percent(share))),
        "wait_s": stages.wait_s,
        "STAGES": stages.STAGES,
        "barge_in_of": stages.barge_in_of,
        "genesys": genesys,
        "asked_words": asked_words,
        "date": utc_date,
    }
    return environment


def _shown(value: object) -> object:
    """Make text fit to be shown, whoever wrote it; markup of our own passes."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _unbroken(text: str) -> Markup:
    """Keep a number and its unit on one line, and the name of a flag."""
    whole = _UNITS.sub("&nbsp;", str(escape(shown(text))))
    return Markup(_FLAG.sub(r'<span class="flag">\g<0></span>', whole))


def _turn_bar(turn: Turn, call: CallState, top_s: float) -> Markup:
    marks = stages.marks_of(turn, call)
    waited = stages.wait_s(turn)
    label = f"turn {turn.number}: {'no answer' if waited is None else f'answered after {span(waited)}'}"
    return Markup(charts.turn_bar(marks, top_s, call.targets.silent_failure_after_s, label))


def _stage_rows(call: CallState) -> list[tuple[str, dict[str, float | None]]]:
    """Return p50 and p95 of every stage, of the whole wait, and of the barge-ins; seconds."""
    pairs = stages.stage_percentiles(call.turns)
    pairs["wait"] = stages.middle_and_high(map(stages.wait_s, all_turns(call.turns)))
    pairs["barge_in"] = stages.barge_in_percentiles(call.turns)
    return [(name, {stage: pair[place] for stage, pair in pairs.items()}) for place, name in enumerate(("p50", "p95"))]
