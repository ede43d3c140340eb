"""The way to a host, from its name to its certificate: each way is gone once."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Any

from dashboard.call.events import Flaw
from dashboard.clock import Clock
from dashboard.doctor import answers
from dashboard.doctor.diagnosis import untrusted
from dashboard.doctor.steps import Check, Outcome, Place, StepResult
from dashboard.doctor.telling import Teller
from dashboard.resilience.retry import Failure, LinkError
from dashboard.transport.certificate import Certificate, Session
from dashboard.transport.path import Path


class Ways:
    """Goes to hosts as far as TLS, and tells of it."""

    def __init__(self, teller: Teller, clock: Clock, timeout_s: float) -> None:
        self._teller = teller
        self._clock = clock
        self._timeout_s = timeout_s
        self._gone: set[tuple[object, ...]] = set()  # the ways that were gone already
        self._path: Path | None = None

    async def to(self, url: str, role: str, named_by: str, tls: ssl.SSLContext) -> Place:
        """Go to the host of `url`, unless this way was gone before."""
        try:
            self._path = path = Path(url, clock=self._clock, timeout_s=self._timeout_s)
        except LinkError as error:  # the environment's proxy makes no sense
            self._teller.fail(answers.no_proxy(error.failure))
        proxy = f"{path.proxy.host}:{path.proxy.port}" if path.proxy else None
        place = Place(role, named_by, path.host, path.port, proxy)
        way = (place.where, proxy, path.secured, path.tunnels)
        if way not in self._gone:
            self._gone.add(way)
            await self._walk(path, place, tls)
        path.close()
        return place

    def close(self) -> None:
        """Leave nothing open."""
        if self._path is not None:
            self._path.close()

    async def _walk(self, path: Path, place: Place, tls: ssl.SSLContext) -> None:
        teller = self._teller
        addresses, took_s = await teller.timed(Check.DNS, place, path.resolve())
        teller.tell(answers.resolved(place, addresses, took_s))
        address, took_s = await teller.timed(Check.TCP, place, path.reach())
        teller.tell(answers.reached(place, address, addresses, took_s))
        if path.tunnels:
            _, took_s = await teller.timed(Check.PROXY, place, path.tunnel())
            teller.tell(answers.tunnelled(place, took_s))
        if not path.secured:
            teller.tell(answers.not_secured(place))
            return
        session, took_s = await teller.timed(Check.TLS, place, self._trusted(path, place, tls))
        teller.tell(answers.secured(place, session, self._clock.wall(), took_s))

    async def _trusted(self, path: Path, place: Place, tls: ssl.SSLContext) -> Session:
        began = self._clock.monotonic()
        try:
            return await path.secure(tls)
        except LinkError as error:
            if error.failure.flaw is None:
                raise
            took_s = self._clock.monotonic() - began
            self._teller.fail(await self._untrusted(path, place, error.failure, error.failure.flaw, took_s))

    async def _untrusted(self, path: Path, place: Place, failure: Failure, flaw: Flaw, took_s: float) -> StepResult:
        facts: dict[str, Any] = {**place.facts(), "flaw": flaw.value}
        wall = self._clock.wall()
        chain: tuple[Certificate, ...] = ()
        with suppress(LinkError):  # then there is only what the refused handshake told
            session = await path.look()
            chain = session.chain
            facts |= answers.session_facts(session, wall)
        diagnosis = untrusted(flaw, chain, failure.detail, place, wall)
        detail = f"{place.where}: {failure.detail}"
        return StepResult(Check.TLS, detail, Outcome.FAILED, took_s, facts, diagnosis)
