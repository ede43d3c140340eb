"""Certificates for loopback, good and bad."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import cache

import trustme

from dashboard.transport.tls import client_context

_DAYS = {"expired": (-9, -1), "not yet": (2, 9), "ending": (-9, 5)}


@cache
def authority(name: str) -> trustme.CA:
    return trustme.CA(organization_name=name)


@cache
def server_context(kind: str = "good") -> ssl.SSLContext:
    """A server's context.

    `good`, or with an `unknown` authority, another `name`, `expired`, `not yet` valid, `ending` in five days,
    `self` signed, or `between`: issued by an intermediate authority, which it sends along.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer = authority("unknown" if kind == "unknown" else "good")
    if kind == "self":
        own = authority("self")
        with own.cert_pem.tempfile() as certificate, own.private_key_pem.tempfile() as key:
            context.load_cert_chain(certificate, key)
        return context
    if kind == "between":
        issuer = issuer.create_child_ca()
    since, until = _DAYS.get(kind, (-9, 100))
    today = datetime.now(UTC) + timedelta(hours=1)  # for as many whole days as long as tests take
    host = "elsewhere.test" if kind == "name" else "127.0.0.1"
    issuer.issue_cert(
        host, not_before=today + timedelta(days=since), not_after=today + timedelta(days=until)
    ).configure_cert(context)
    return context


@cache
def trusting() -> ssl.SSLContext:
    """A client's context that trusts the good authority."""
    context = client_context()
    authority("good").configure_trust(context)
    return context
