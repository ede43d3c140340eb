"""`callscope report`: a call that was written down, as a page, a ticket, a table, its sound or an evidence bundle."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from dashboard.call.codec import to_line
from dashboard.cli.evidence import Evidence, opened
from dashboard.cli.outputs import STDOUT, writing
from dashboard.errors import ConfigError, RecordingError

DEFAULT = "md"
BUNDLE = "zip"
SOUND = "wav"


def run(args: argparse.Namespace) -> int:
    """Write the report.

    Raises:
        RecordingError: the file cannot be read.
        ConfigError: the report cannot be written there, or in that form.
    """
    form = args.format or _form_of(args.output)
    if args.screen is not None and form != BUNDLE:
        raise ConfigError("--screen belongs into an evidence bundle", remedy="Name one: -o FILE.zip, or --format zip.")
    with opened(args.file) as evidence, writing(args.output, sources=_sources(args)) as file:
        if form == BUNDLE:
            _bundle(evidence, args.screen, file)
        elif form == SOUND:
            _wav(evidence, file)
        else:
            for chunk in FORMS[form](evidence):
                file.write(chunk.encode("utf-8", "replace"))
    return 0


def _sources(args: argparse.Namespace) -> tuple[Path, ...]:
    return (args.file,) if args.screen is None else (args.file, args.screen)


def _form_of(output: str) -> str:
    """Return the form that the name of a file stands for; of stdout it is the ticket."""
    if output == STDOUT:
        return DEFAULT
    suffix = Path(output).suffix.removeprefix(".").lower()
    form = "html" if suffix == "htm" else suffix
    if form not in ALL:
        raise ConfigError(
            f"{output}: its ending does not say in what form the report is to be",
            remedy=f"Give --format, or one of the endings .{', .'.join(ALL)}.",
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


def _wav(evidence: Evidence, file: BinaryIO) -> None:
    if evidence.write_sound is None:
        raise RecordingError(
            f"{evidence.path}: holds no sound",
            remedy="Sound is recorded only where --record-audio stands beside --record or --record-on.",
        )
    evidence.write_sound(file)


def _bundle(evidence: Evidence, screen: Path | None, file: BinaryIO) -> None:
    """Write every form of the report, the recording and the picture of the screen, with their checksums."""
    from dashboard.exporters.bundle import write_bundle
    from dashboard.exporters.html import page
    from dashboard.exporters.markdown import ticket
    from dashboard.exporters.tables import timing_rows

    if screen is not None and not screen.is_file():
        raise ConfigError(f"--screen {screen}: there is no such file", remedy="Name the SVG that the screen exported.")
    report = evidence.report()
    with TemporaryDirectory(prefix="callscope-") as folder:
        copy, sound = None, None
        if evidence.copy_to is not None:
            copy = Path(folder) / "call.callscope"
            evidence.copy_to(copy)
        if evidence.write_sound is not None:
            sound = Path(folder) / "sound.wav"
            with sound.open("wb") as out:
                evidence.write_sound(out)
        texts: dict[str, Iterable[str]] = {
            "report.html": (page(report),),
            "report.md": (ticket(report),),
            "figures.json": (f"{json.dumps(report.figures, indent=1)}\n",),
            "timing.csv": timing_rows(report),
            "facts.jsonl": _jsonl(evidence),
        }
        write_bundle(file, report, texts, {"call.callscope": copy, "sound.wav": sound, "screen.svg": screen})


FORMS: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "html": _html,
    "md": _md,
    "csv": _csv,
    "jsonl": _jsonl,
    "json": _json,
    "svg": _svg,
}
ALL = (*FORMS, SOUND, BUNDLE)
