"""The environment in which the doctor is tested."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def no_proxy_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxies of whoever runs the tests play no part."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
