"""The scenarios that come with callscope, as files."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable


def shipped() -> Mapping[str, Traversable]:
    """Return name → file."""
    folder = files("dashboard.simulator") / "scenarios"
    return {file.name.removesuffix(".toml"): file for file in folder.iterdir() if file.name.endswith(".toml")}
