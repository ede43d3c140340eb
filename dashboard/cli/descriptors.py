"""Room for many open files: every call has a socket, and what is kept of it is in files."""

from __future__ import annotations

from contextlib import suppress


def raise_limit() -> None:
    """Let this process open as many files as the system allows it to, where the system has such a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
