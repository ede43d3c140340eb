"""A report for a ticket: Markdown, short, ready to be pasted.

Whoever renders it makes links, mentions and pictures of what looks like them, so text that could be taken for markup
stands in code spans, where nothing means anything. Our own plain sentences do not need that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dashboard.call.bot_figures import asked_words
from dashboard.call.units import NOTHING, clock, millis, percent, span, utc
from dashboard.call.words import cause_words, close_code_words, closed_by_words, span_words
from dashboard.exporters.drawing import shown
from dashboard.exporters.figures import round_trip_p95_s, tiles
from dashboard.exporters.report import Ending, Found, Report
from dashboard.exporters.svg import SYMBOLS

VERDICTS = {"healthy": "●", "degraded": "▲", "failed": "✖"}

MOST_FINDINGS = 12
MOST_ENDINGS = 10
TEXT_LIMIT = 300
"""Characters of one text."""

_PLAIN = re.compile(r"(?![-+=]|\d+[.)](?:\s|$))[\w ,.;:%()'+=/\x80-\U0010ffff-]*", re.ASCII)
_TELLING = re.compile(r"://|www\.|[A-Za-z]\.[A-Za-z]|:[A-Za-z+-][\w+-]*:|__|\b_|_\b", re.ASCII)
"""What a renderer makes something of though its characters are plain: addresses, emoji, emphasis."""


def ticket(report: Report) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def inert(text: str, *, cell: bool = False) -> str:
    """Return `text` so that it means nothing but itself; in a `cell` of a table a bar is no border."""
    text = shown(text)
    if len(text) > TEXT_LIMIT:
        text = f"{text[:TEXT_LIMIT]}… (+{len(text) - TEXT_LIMIT} more)"
    if _PLAIN.fullmatch(text) and not _TELLING.search(text):
        return text
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    code = f"{fence}{padding}{text}{padding}{fence}"
    return code.replace("|", "\\|") if cell else code


def _lines(report: Report) -> Iterator[str]:
    call, level = report.call, report.verdict.level
    yield f"## {VERDICTS[level]} {level}: {inert(report.headline)}"
    yield ""
    for sentence in report.story:
        yield inert(sentence)
        yield ""
    yield from _table(("figure", "value", ""), ((tile.label, tile.value, tile.note) for tile in tiles(call)))
    yield ""
    if report.findings:
        yield from _findings(report)
    if report.endings.items:
        yield from _endings(report)
    yield from _facts(report)


def _findings(report: Report) -> Iterator[str]:
    yield "### Findings"
    yield ""
    for found in report.findings[:MOST_FINDINGS]:
        yield from _finding(found, report)
    left_out = len(report.findings) - MOST_FINDINGS
    if left_out > 0:
        yield f"- and {left_out} more"
    yield ""


def _finding(found: Found, report: Report) -> Iterator[str]:
    one = found.finding
    spans = [f"{_at(began, report)} to {_at(ended, report)}" for began, ended in found.spans[:3]]
    more = f", and {len(found.spans) - 3} times more" if len(found.spans) > 3 else ""
    stood = f"{', '.join(spans)}{more}; {span_words(one.stood_s(report.call.now))} in all"
    yield f"- {SYMBOLS[one.severity]} **{one.severity}** {inert(one.summary)} ({stood})"
    for text in one.evidence:
        yield f"  - {inert(text)}"
    if one.remedy:
        yield f"  - → {inert(one.remedy)}"


def _endings(report: Report) -> Iterator[str]:
    shown_endings = report.endings.items[-MOST_ENDINGS:]
    of = "" if report.endings.total <= MOST_ENDINGS else f" (the newest {MOST_ENDINGS} of {report.endings.total})"
    yield f"### Outages{of}"
    yield ""
    columns = ("#", "UTC", "cause", "ended with", "attempts", "down", "media missing", "session")
    yield from _table(columns, (_ending(ending, report) for ending in shown_endings))
    yield ""


def _ending(ending: Ending, report: Report) -> tuple[str, ...]:
    outage, call = ending.outage, report.call
    if outage.code is None:
        ended = outage.detail or NOTHING
    else:
        by = "" if outage.closed_by is None else f", {closed_by_words(outage.closed_by)}"
        ended = f"{outage.code} {close_code_words(outage.code)}{by}" + (f": {outage.reason}" if outage.reason else "")
    down = span(outage.down_s(call.now)) + ("" if outage.ended_at is not None else ", still")
    session = {True: "went on", False: "new", None: NOTHING}[outage.resumed]
    return (
        str(outage.number),
        utc(call.wall_at(outage.started_at)),
        cause_words(outage.cause),
        ended,
        str(outage.attempts),
        down,
        span(outage.media_missing_s),
        session,
    )


def _facts(report: Report) -> Iterator[str]:
    call, origin = report.call, report.origin
    rtts = call.link.rtts
    masked = {None: "masking not known", True: "masked", False: "not masked"}[origin.masked]
    pairs = [
        ("endpoint", call.link.endpoint or call.endpoint),
        ("session", call.session_id or NOTHING),
        ("conversation", call.conversation_id or NOTHING),
        ("call", call.call_id),
        ("round trip", f"{millis(rtts[-1][1] if rtts else None)} ms, p95 {millis(round_trip_p95_s(call))} ms"),
        ("uptime", percent(report.figures["link"]["uptime"])),
        ("clock of the frames", call.link.clock or NOTHING),
        ("made from", f"{origin.name}, {masked}"),
        ("callscope", origin.read_by + (f", recorded by {origin.recorded_by}" if origin.recorded_by else "")),
    ]
    if call.bot is not None and call.bot.call is not None:
        pairs.append(("asked beside", f"{call.bot.profile}, session {call.bot.session_id}: {asked_words(call.bot)}"))
    if call.genesys is not None:
        pairs.append(("Genesys", "; ".join([str(call.genesys.answer.verdict), *call.genesys.answer.reasons])))
    yield from _table(("", ""), pairs)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = list(head)
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(inert(cell, cell=True) for cell in row)} |"


def _at(moment: float, report: Report) -> str:
    return clock(moment - report.began)
