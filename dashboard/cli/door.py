"""`callscope listen --check`: what can be known of the door before Genesys dials."""

from __future__ import annotations

import argparse
import ssl

from dashboard.cli.board import check_door, endpoint, keyring, server_tls
from dashboard.cli.doctor import Report
from dashboard.cli.settings import Settings
from dashboard.clock import SystemClock
from dashboard.doctor.door import Door, examine_door

_GOAL = "Genesys is let in; whether it gets here, its connection probe will show"


def run(args: argparse.Namespace) -> int:
    """Examine, print every step, and return the exit code of what was found.

    Raises:
        ConfigError: the address is taken, or the files are no certificate with its key.
    """
    settings: Settings = args.settings
    names, keys = check_door(settings), keyring(settings)
    signed = keys is not None and keys.signs
    door = Door(endpoint(settings), len(settings.hook_keys), signed, server_tls(settings), settings.cert, names)
    report = Report(as_json=args.json)
    for result in examine_door(door, SystemClock(), ssl.create_default_context()):
        report.tell(result)
    return report.conclude(_GOAL)
