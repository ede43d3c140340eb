"""What a line needs to know besides its parts."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.call.events import Targets
from dashboard.worker.intake import Policy


@dataclass(frozen=True, slots=True)
class LineOptions:
    """`endpoint` is safe to show."""

    call_id: str
    endpoint: str
    dialect: str
    targets: Targets = field(default_factory=Targets)
    audio_limit: int = 100
    control_limit: int = 50
    drop_policy: Policy = "oldest"
