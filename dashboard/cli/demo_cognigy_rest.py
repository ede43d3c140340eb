"""`callscope demo --dialect cognigy-rest`: the same, with a request for every utterance."""

from __future__ import annotations

import argparse
from typing import Any

from dashboard.cli import demo_cognigy

show = demo_cognigy.show


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    return demo_cognigy.order(args, "cognigy-rest")
