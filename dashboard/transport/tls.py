"""The one TLS context for every connection: certificates are always checked."""

from __future__ import annotations

import ssl
from pathlib import Path

from dashboard.errors import ConfigError


def client_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Trust the system's authorities, and those in `ca_file` (PEM) too.

    Raises ConfigError for a file that holds none. Takes some milliseconds: make one and hand it around.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as problem:  # ssl.SSLError is one
            raise ConfigError(
                f"{ca_file} cannot be read as a file of certificates ({problem.strerror or 'not PEM'})",
                remedy="--ca-file wants the PEM certificate of the authority that signed the server's own.",
            ) from None
    return context
