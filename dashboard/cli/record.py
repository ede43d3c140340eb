"""From settings to what is recorded of a call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.call.ports import Overheard, Source
from dashboard.cli.places import shelf
from dashboard.cli.settings import Settings
from dashboard.cli.version import versions
from dashboard.clock import SystemClock
from dashboard.errors import ConfigError
from dashboard.storage.desk import Desk, Plan
from dashboard.storage.schema import SUFFIX
from dashboard.storage.shelf import Shelf


def desk(source: Overheard, settings: Settings, call_id: str, *, keeps_history: bool) -> Desk:
    """Return `source` with what the settings say of recording; with `keeps_history` it can be saved on command."""
    around = Desk(source, call_id, _plan(settings, shelf(), settings.record, keeps_history), SystemClock())
    if settings.record_audio:
        source.overhear(around.hear)
    return around


def desks(source: Overheard, settings: Settings, *, keeps_history: bool) -> Source:
    """Return a source of many calls with what the settings say of recording: a file for each call.

    Raises:
        ConfigError: `record` names what is no folder.
    """
    if not (settings.record or settings.record_on or keeps_history):
        return source
    from dashboard.storage.desks import Desks  # for those who have many calls: one call should be up soon

    folder = shelf() if isinstance(settings.record, bool) else Shelf(_folder(settings.record))
    around = Desks(source, _plan(settings, folder, bool(settings.record), keeps_history), SystemClock())
    if settings.record_audio:
        source.overhear(around.hear)
    return around


def check_folder(settings: Settings) -> None:
    """Raise ConfigError unless `record` names a folder, or what may become one."""
    if isinstance(settings.record, Path):
        _folder(settings.record)


def _folder(path: Path) -> Path:
    if path.suffix == SUFFIX or (path.exists() and not path.is_dir()):
        raise ConfigError(
            f"--record {path}: names a file, and every call that comes in has one of its own",
            remedy="Name a folder, such as ./calls.",
        )
    return path


def _plan(settings: Settings, kept: Shelf, record: Path | bool, keeps_history: bool) -> Plan:
    return Plan(
        shelf=kept,
        record=record,
        record_on=settings.record_on,
        pre_roll_s=settings.pre_roll,
        keeps_history=keeps_history,
        masks=settings.mask,
        settings=_told(settings),
        versions=versions,
    )


def _told(settings: Settings) -> Mapping[str, Any]:
    told = settings.to_record()
    if settings.mask:
        from dashboard.call.masking import mask

        told["say"] = [mask(text) for text in told["say"]]
    return told
