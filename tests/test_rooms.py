"""Who may import whom, read from the imports themselves: the map of the house and the code tell the same story."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dashboard"

FLOOR = {"errors", "clock", "wiretext", "frozen"}
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "clock": set(),
    "wiretext": set(),
    "frozen": set(),
    "media": {"errors", "frozen"},
    "call": {"errors", "wiretext", "frozen", "media"},
    "dialects": {"errors", "wiretext", "media", "call"},
    "resilience": {"errors", "wiretext", "call"},
    "bus": {"errors", "clock", "wiretext", "call"},
    "transport": {"errors", "clock", "wiretext", "call", "resilience"},
    "worker": {"errors", "clock", "wiretext", "media", "call", "dialects", "resilience", "transport"},
    "conformance": {"errors", "clock", "wiretext", "call", "dialects", "resilience", "transport", "worker"},
    "tap": {"errors", "clock", "wiretext", "call", "dialects", "resilience", "transport"},
    "doctor": {"errors", "clock", "wiretext", "call", "dialects", "resilience", "transport"},
    "storage": {"errors", "clock", "call"},
    "exporters": {"errors", "wiretext", "media", "call"},
    "simulator": {"errors", "clock", "wiretext", "media", "call", "dialects", "transport"},
    "ui": {"errors", "wiretext", "media", "call"},
    "cli": {
        *FLOOR,
        "media",
        "call",
        "dialects",
        "resilience",
        "bus",
        "transport",
        "worker",
        "conformance",
        "tap",
        "doctor",
        "exporters",
        "storage",
        "simulator",
        "ui",
    },
    "__init__": set(),
    "__main__": {"cli"},
}
"""Room (or single file) → the rooms that it may import besides itself."""

HOMES: dict[str, set[str]] = {
    "textual": {"ui"},
    "rich": {"ui"},
    "plotext": {"ui"},
    "websockets": {"transport"},
    "httpx": {"transport"},
    "aiohttp": {"transport"},
    "structlog": {"exporters"},
    "jinja2": {"exporters"},
    "markupsafe": {"exporters"},
    "pydantic": {"cli", "simulator", "dialects"},
    "pydantic_core": {"cli", "simulator", "dialects", "call"},
    "platformdirs": {"cli"},
    "audioop": {"media"},
    "sqlite3": {"storage"},
}
"""Library → the rooms that may know of it. Any other library is a stranger."""

PURE = ("media", "call", "dialects", "resilience")
IMPURE = {"asyncio", "select", "selectors", "signal", "socket", "ssl", "subprocess", "threading", "time"}
HEAVY = {"textual", "rich", "plotext", "websockets", "httpx", "aiohttp", "structlog", "jinja2", "sqlite3", "asyncio"}


class Import(NamedTuple):
    importer: str
    line: int
    imported: str
    """A module where there is one of that name, else the package or module that the name comes from."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imports_of(module: str) -> Iterator[Import]:
    """Every import of a module: at its top, in its functions, and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for alias in node.names:
                full = f"{source}.{alias.name}"
                yield Import(module, node.lineno, full if full in FILES else source)


IMPORTS = [found for module in FILES for found in imports_of(module)]
INSIDE = [found for found in IMPORTS if found.imported.split(".")[0] == "dashboard"]
OUTSIDE = [found for found in IMPORTS if found.imported.split(".")[0] != "dashboard"]


def told(found: list[Import]) -> list[str]:
    return [f"{one.importer}:{one.line} imports {one.imported}" for one in found]


def test_every_room_is_on_the_map() -> None:
    assert {room_of(module) for module in FILES} == set(ROOMS)


def test_no_room_imports_one_that_the_map_does_not_allow() -> None:
    strays = [
        one
        for one in INSIDE
        if room_of(one.imported) not in ROOMS[room_of(one.importer)] | {room_of(one.importer), "__init__"}
    ]
    assert told(strays) == []


def test_the_map_has_no_circle() -> None:
    TopologicalSorter(ROOMS).prepare()


def test_imports_name_the_package_in_full() -> None:
    assert told([one for one in IMPORTS if one.imported.startswith(".")]) == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in FILES}
    for one in INSIDE:
        graph[one.importer].add(one.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_a_library_is_known_only_in_its_home() -> None:
    strays = []
    for one in OUTSIDE:
        library = one.imported.split(".")[0]
        homes = HOMES.get(library, set(ROOMS) if library in sys.stdlib_module_names else set())
        if room_of(one.importer) not in homes:
            strays.append(one)
    assert told(strays) == []


def test_what_is_imported_is_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {spec.split(">=")[0] for spec in project["dependencies"]}
    modules = {
        "audioop": "audioop-lts",
        "pydantic_core": "pydantic",
        "rich": "textual",  # part of its API
        "markupsafe": "jinja2",  # part of its API
    }
    used = {one.imported.split(".")[0] for one in OUTSIDE}
    assert {modules.get(name, name) for name in used & set(HOMES) - {"sqlite3"}} == declared


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_reads_no_clock_and_does_no_input_or_output(room: str) -> None:
    strays = [one for one in OUTSIDE if room_of(one.importer) == room and one.imported.split(".")[0] in IMPURE]
    assert told(strays) == []


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_loads_nothing_heavy(room: str, fresh_python: Callable[[str], str]) -> None:
    modules = [module for module in FILES if room_of(module) == room]
    loaded = fresh_python(f"import sys, {', '.join(modules)}; print(*sys.modules)").split()
    assert set(modules) <= set(loaded)
    assert HEAVY & set(loaded) == set()


def test_the_top_level_holds_nothing_but_what_the_layout_names() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout
    top = {line.split("/")[0] for line in listed.splitlines()}
    assert {name for name in top if not name.startswith(".")} == {
        "pyproject.toml",
        "dashboard",
        "tests",
        "screenshots",
        "README.md",
    }
