"""What a peer's certificates say, and what is wrong with one that is not trusted."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.call.events import Flaw
from dashboard.wiretext import clean

_TEXT_LIMIT = 120
_NAMES_LIMIT = 20
_CHAIN_LIMIT = 10


_FLAWS = {  # X509_V_ERR_… of OpenSSL's x509_vfy.h
    2: Flaw.UNKNOWN_CA,
    9: Flaw.NOT_YET_VALID,
    10: Flaw.EXPIRED,
    18: Flaw.SELF_SIGNED,
    19: Flaw.UNKNOWN_CA,
    20: Flaw.UNKNOWN_CA,
    21: Flaw.UNKNOWN_CA,
    62: Flaw.OTHER_NAME,
    64: Flaw.OTHER_NAME,
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate; the times are Unix time. `names` are the hosts and addresses that it is for."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: float
    not_after: float


@dataclass(frozen=True, slots=True)
class Session:
    """A TLS session: the version, such as TLSv1.3, and the chain of certificates, the host's own first."""

    version: str
    chain: tuple[Certificate, ...]


def flaw_of(error: ssl.SSLCertVerificationError) -> Flaw:
    """Say what was wrong with a certificate that was not trusted."""
    return _FLAWS.get(error.verify_code, Flaw.OTHER)


def read_session(tls: ssl.SSLObject, *, verified: bool) -> Session:
    """Read a session: the chain as it was verified, up to the authority, or else as the peer sent it."""
    # The ssl module itself shows chains from Python 3.13 on only, and then as DER, which it cannot read. What it is
    # built on has shown and read them since 3.10.
    inner: Any = getattr(tls, "_sslobj", None)
    chain = inner.get_verified_chain() if verified else inner.get_unverified_chain()
    read = tuple(_certificate(one.get_info()) for one in (chain or ())[:_CHAIN_LIMIT])
    return Session(tls.version() or "", read)


def names_in(file: Path) -> tuple[str, ...]:
    """Return the hosts and addresses that the first certificate in a PEM file is for; none if it says none."""
    inner: Any = getattr(ssl, "_ssl", None)  # as above: the ssl module itself cannot read a certificate that is a file
    try:
        fields = inner._test_decode_cert(str(file))
    except (AttributeError, OSError, ValueError):
        return ()
    return _certificate(fields).names


def _certificate(fields: dict[str, Any]) -> Certificate:
    names = tuple(clean(str(value), _TEXT_LIMIT) for _, value in fields.get("subjectAltName", ()))
    return Certificate(
        subject=_name(fields.get("subject", ())) or next(iter(names), ""),
        issuer=_name(fields.get("issuer", ())),
        names=names[:_NAMES_LIMIT],
        not_before=ssl.cert_time_to_seconds(fields["notBefore"]),
        not_after=ssl.cert_time_to_seconds(fields["notAfter"]),
    )


def _name(relative_names: Any) -> str:
    """Return a distinguished name's common name, or what there is instead."""
    parts = {key: value for part in relative_names for key, value in part}
    for key in ("commonName", "organizationalUnitName", "organizationName"):
        if key in parts:
            return clean(str(parts[key]), _TEXT_LIMIT)
    return ""
