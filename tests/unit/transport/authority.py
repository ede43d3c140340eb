"""Certificates for loopback, good and bad."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import cache

import trustme

from dashboard.transport.tls import client_context


@cache
def authority(name: str) -> trustme.CA:
    return trustme.CA(organization_name=name)


@cache
def server_context(kind: str = "good") -> ssl.SSLContext:
    """A server's context: `good`, `unknown` authority, wrong `name`, or `expired`."""
    today = datetime.now(UTC)
    since, until = today - timedelta(days=9), today + timedelta(days=-1 if kind == "expired" else 1)
    host = "elsewhere.test" if kind == "name" else "127.0.0.1"
    issuer = authority("unknown" if kind == "unknown" else "good")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(host, not_before=since, not_after=until).configure_cert(context)
    return context


@cache
def trusting() -> ssl.SSLContext:
    """A client's context that trusts the good authority."""
    context = client_context()
    authority("good").configure_trust(context)
    return context
