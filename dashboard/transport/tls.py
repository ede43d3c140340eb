"""The one TLS context for all that we dial, where certificates are always checked; and the one to serve with."""

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
        except OSError as problem:  # ssl.SSLError is one, in OpenSSL's words
            why = "" if isinstance(problem, ssl.SSLError) else problem.strerror
            raise ConfigError(
                f"{ca_file} cannot be read as a file of certificates ({why or 'not PEM'})",
                remedy="--ca-file wants the PEM certificate of the authority that signed the server's own.",
            ) from None
    return context


def server_context(cert: Path, key: Path | None) -> ssl.SSLContext:
    """Serve with the certificate in `cert` (PEM, the chain behind it) and its key, which may stand in the same file.

    Raises ConfigError for files that are no such pair, and for a key that is locked with a passphrase.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key, password="")  # or OpenSSL asks the terminal for one
    except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError
        why = problem.strerror if isinstance(problem, OSError) and not isinstance(problem, ssl.SSLError) else ""
        raise ConfigError(
            f"{cert} and {key or 'the key in it'} cannot be served with ({why or 'no certificate with its key'})",
            remedy="--cert wants the PEM certificate with its chain, --key its private key without a passphrase.",
        ) from None
    return context
