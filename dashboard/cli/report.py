"""`callscope report`: a call that was written down, as a page, a ticket, a table or an evidence bundle."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dashboard.call.codec import to_line
from dashboard.cli.evidence import Evidence, opened
from dashboard.cli.outputs import STDOUT, writing
from dashboard.errors import ConfigError

DEFAULT = "md"


def run(args: argparse.Namespace) -> int:
    """Write the report.

    Raises:
        RecordingError: the file cannot be read.
        ConfigError: the report cannot be written there, or in that form.
    """
    form = args.format or _form_of(args.output)
    with opened(args.file) as evidence, writing(args.output, sources=(args.file,)) as file:
        for chunk in FORMS[form](evidence):
            file.write(chunk.encode("utf-8", "replace"))
    return 0


def _form_of(output: str) -> str:
    """Return the form that the name of a file stands for; of stdout it is the ticket."""
    if output == STDOUT:
        return DEFAULT
    suffix = Path(output).suffix.removeprefix(".").lower()
    form = "html" if suffix == "htm" else suffix
    if form not in FORMS:
        raise ConfigError(
            f"{output}: its ending does not say in what form the report is to be",
            remedy=f"Give --format, or one of the endings .{', .'.join(FORMS)}.",
        )
    return form


def _html(evidence: Evidence) -> Iterable[str]:
    from dashboard.exporters.html import page  # jinja2: only for those who want a page

    return (page(evidence.report()),)


def _md(evidence: Evidence) -> Iterable[str]:
    from dashboard.exporters.markdown import ticket

    return (ticket(evidence.report()),)


def _csv(evidence: Evidence) -> Iterable[str]:
    from dashboard.exporters.tables import timing_rows

    return timing_rows(evidence.report())


def _svg(evidence: Evidence) -> Iterable[str]:
    from dashboard.exporters.svg import standalone

    return (standalone(evidence.report()),)


def _json(evidence: Evidence) -> Iterable[str]:
    return (f"{json.dumps(evidence.report().figures, indent=1)}\n",)


def _jsonl(evidence: Evidence) -> Iterable[str]:
    return (f"{to_line(fact)}\n" for fact in evidence.facts())


FORMS: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "html": _html,
    "md": _md,
    "csv": _csv,
    "jsonl": _jsonl,
    "json": _json,
    "svg": _svg,
}
