"""Which callscope this is, and what it runs on."""

from __future__ import annotations


def own_version() -> str:
    """Return the version that is installed."""
    from importlib.metadata import PackageNotFoundError, version  # slow to load, seldom asked for

    try:
        return version("callscope")
    except PackageNotFoundError:
        return "(not installed)"


def versions() -> dict[str, str]:
    """Return what a reader of a recording may want to know of the machine that wrote it."""
    import platform

    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {"callscope": own_version(), "python": platform.python_version(), "system": system}
