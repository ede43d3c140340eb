"""One thread that packs for many."""

from __future__ import annotations

import threading
from collections.abc import Collection

import pytest

from dashboard.call.events import Event
from dashboard.storage import packer as packer_module
from dashboard.storage import ring as ring_module
from dashboard.storage.packer import Packer
from dashboard.storage.ring import Ring
from tests.unit.storage.outcomes import wait_for


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packer_module, "EVERY_S", 0.001)


def rings(count: int) -> list[Ring]:
    packer = Packer()
    return [Ring(masks=False, failed=lambda error: None, packer=packer) for _ in range(count)]


def packers(but: Collection[threading.Thread] = ()) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "packer" and thread not in but]


def test_many_rings_are_packed_on_one_thread_each_with_its_own(facts: list[Event]) -> None:
    before, many = packers(), rings(30)
    for place, ring in enumerate(many):
        for fact in facts[: 150 + place]:
            ring.put(fact)
    assert len(packers(before)) == 1
    wait_for(lambda: all(len(ring._pending) < ring_module._PACK for ring in many))
    for place, ring in enumerate(many):
        assert list(ring.read().facts) == facts[: 150 + place]
        ring.close()


def test_the_thread_ends_with_the_last_ring_and_comes_back_with_the_next(facts: list[Event]) -> None:
    before, packer = packers(), Packer()

    def packed_once() -> None:
        ring = Ring(masks=False, failed=lambda error: None, packer=packer)
        for fact in facts[:120]:
            ring.put(fact)
        wait_for(lambda: len(ring._pending) == 20)
        assert len(packers(before)) == 1
        ring.close()

    for _ in range(2):
        packed_once()
        wait_for(lambda: not packers(before))


def test_a_ring_that_is_closed_is_left_alone_and_the_others_go_on(facts: list[Event]) -> None:
    gone, stays = rings(2)
    gone.close()
    for ring in (gone, stays):
        for fact in facts[:120]:
            ring.put(fact)
    wait_for(lambda: len(stays._pending) == 20)
    assert gone.size_bytes == 0
    stays.close()


def test_a_ring_that_fails_does_not_keep_the_others_from_the_disk(
    facts: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    fails, stays = rings(2)
    monkeypatch.setattr(fails, "limit_bytes", None)
    for ring in (fails, stays):
        for fact in facts[:320]:
            ring.put(fact)
    wait_for(lambda: fails.failure is not None and len(stays._pending) == 20)
    assert list(stays.read().facts) == facts[:320]
    for ring in (fails, stays):
        ring.close()
