"""`callscope compare`: two calls that were written down, side by side."""

from __future__ import annotations

import argparse
import json
import shutil

from dashboard.cli.evidence import opened
from dashboard.cli.outputs import writing
from dashboard.exporters.compare import compare, compare_object, compare_text


def run(args: argparse.Namespace) -> int:
    """Write the comparison: text, one JSON object, or a page.

    Raises:
        RecordingError: a file cannot be read.
        ConfigError: the page cannot be written there.
    """
    with opened(args.a) as first, opened(args.b) as second:
        both = compare(first.report(), second.report())
    if args.json:
        text = f"{json.dumps(compare_object(both))}\n"
    elif args.output == "-":
        text = compare_text(both, shutil.get_terminal_size().columns)
    else:
        from dashboard.exporters.html import comparison_page  # jinja2: only for those who want a page

        text = comparison_page(both)
    with writing(args.output, sources=(args.a, args.b)) as file:
        file.write(text.encode("utf-8", "replace"))
    return 0
