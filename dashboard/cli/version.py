"""Which callscope this is."""

from __future__ import annotations


def own_version() -> str:
    """Return the version that is installed."""
    from importlib.metadata import PackageNotFoundError, version  # slow to load, seldom asked for

    try:
        return version("callscope")
    except PackageNotFoundError:
        return "(not installed)"
