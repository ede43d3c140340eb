"""From settings to what is recorded of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.call.ports import Overheard
from dashboard.cli.places import shelf
from dashboard.cli.settings import Settings
from dashboard.cli.version import versions
from dashboard.clock import SystemClock
from dashboard.storage.desk import Desk, Plan


def desk(source: Overheard, settings: Settings, call_id: str, *, keeps_history: bool) -> Desk:
    """Return `source` with what the settings say of recording; with `keeps_history` it can be saved on command."""
    plan = Plan(
        shelf=shelf(),
        record=settings.record,
        record_on=settings.record_on,
        pre_roll_s=settings.pre_roll,
        keeps_history=keeps_history,
        masks=settings.mask,
        settings=_told(settings),
        versions=versions,
    )
    around = Desk(source, call_id, plan, SystemClock())
    if settings.record_audio:
        source.overhear(around.hear)
    return around


def _told(settings: Settings) -> Mapping[str, Any]:
    told = settings.to_record()
    if settings.mask:
        from dashboard.call.masking import mask

        told["say"] = [mask(text) for text in told["say"]]
    return told
