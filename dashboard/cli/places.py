"""Where things are kept on this machine."""

from __future__ import annotations

from platformdirs import user_data_path

from dashboard.storage.shelf import Shelf


def shelf() -> Shelf:
    """Return where recordings are kept unless they are given a name."""
    return Shelf(user_data_path("callscope", appauthor=False) / "recordings")
