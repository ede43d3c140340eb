"""On which line of a TOML text a key stands: tomllib keeps no positions.

Precise for tables, arrays of tables and the keys directly in them; what stands inside an inline value belongs to the
line of its key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+)(\s*\.\s*[\w-]+)*\s*=""")
_LONG_QUOTES = re.compile(r'"""|\'\'\'')


def line_numbers(text: str) -> Mapping[Path, int]:
    """Return the line (from 1) of each table header and key, by its path as pydantic names it."""
    lines: dict[Path, int] = {}
    counts: dict[str, int] = {}
    table: Path = ()
    inside: str | None = None  # the quotes of a multi-line string
    for number, line in enumerate(text.splitlines(), start=1):
        if inside is not None:
            if line.count(inside) % 2:
                inside = None
            continue
        if header := _HEADER.match(line):
            name = header[2]
            table = (name,)
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                table = (name, counts[name])
            lines[table] = number
            continue
        if key := _KEY.match(line):
            lines[(*table, key[1].strip("\"'"))] = number
        for quotes in _LONG_QUOTES.findall(line):
            inside = None if inside == quotes else inside or quotes
    return lines


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of `path`, else of the nearest thing that holds it; 1 where nothing does."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
