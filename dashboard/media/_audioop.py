"""The one place that imports audioop: stdlib up to 3.12, where it warns; the audioop-lts package from 3.13 on."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

__all__ = ["audioop"]
