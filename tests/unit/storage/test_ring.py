"""The newest hours of a call, in a bounded space."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from dashboard.call.events import (
    CallStarted,
    ConnectionLost,
    ConnectionOpened,
    Event,
    LinkChanged,
    SessionStarted,
    Speaker,
    TokenObtained,
    TranscriptReceived,
)
from dashboard.call.ports import Sound
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.storage import packer as packer_module
from dashboard.storage import ring as ring_module
from dashboard.storage.packing import Item
from dashboard.storage.ring import LIMIT_BYTES, Ring
from tests.unit.storage.outcomes import wait_for


@contextmanager
def ring_of(facts: Sequence[Item], *, limit_bytes: int = LIMIT_BYTES, masks: bool = False) -> Iterator[Ring]:
    """A ring that has packed all of `facts` that it packs."""
    ring = Ring(masks=masks, failed=lambda error: None, limit_bytes=limit_bytes)
    for fact in facts:
        ring.put(fact)
    wait_for(lambda: len(ring._pending) < ring_module._PACK)
    try:
        yield ring
    finally:
        ring.close()


def folded(items: Iterable[Item]) -> CallState:
    call = CallState("made-up")
    for item in items:
        assert isinstance(item, Event)
        call = step(call, item)
    return call


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packer_module, "EVERY_S", 0.001)


def test_what_was_told_is_read_back_whole(facts: list[Event]) -> None:
    with ring_of(facts) as ring:
        excerpt = ring.read()
        assert (excerpt.missing_s, list(excerpt.facts)) == (0.0, facts)
        assert ring.oldest_at == facts[0].at
        assert 0 < ring.size_bytes < ring.limit_bytes


def test_what_is_read_is_what_was_there_when_it_was_asked_for(facts: list[Event]) -> None:
    with ring_of(facts[:250]) as ring:
        excerpt = ring.read()
        for fact in facts[250:]:
            ring.put(fact)
        assert list(excerpt.facts) == facts[:250]


def test_the_oldest_goes_when_the_limit_is_reached_and_what_still_holds_is_told_first(facts: list[Event]) -> None:
    with ring_of(facts, limit_bytes=20_000) as ring:
        assert ring.size_bytes <= 20_000
        oldest_at = ring.oldest_at
        assert oldest_at is not None
        excerpt = ring.read()
        assert excerpt.missing_s == oldest_at - facts[0].at > 0
        told = list(excerpt.facts)
    began = next(place for place, fact in enumerate(facts) if fact.at >= oldest_at)
    head = len(told) - len(facts[began:])
    assert told[head:] == facts[began:]
    first = told[0]
    assert isinstance(first, CallStarted)
    assert first.at == oldest_at
    assert first.wall == pytest.approx(facts[0].wall + excerpt.missing_s)  # type: ignore[attr-defined]


def test_an_excerpt_begins_as_the_call_stood_there(facts: list[Event]) -> None:
    since = facts[0].at + 5.0
    with ring_of(facts) as ring:
        excerpt = ring.read(since)
        told = list(excerpt.facts)
    assert excerpt.missing_s == 5.0
    kinds = [type(fact) for fact in told[: next(i for i, fact in enumerate(told) if fact.at > since)]]
    assert kinds == [CallStarted, TokenObtained, ConnectionOpened, LinkChanged, SessionStarted]
    whole, part = folded(facts), folded(told)
    assert part.session_id == whole.session_id
    assert part.link.state == whole.link.state
    assert part.link.opened_at == whole.link.opened_at
    assert part.wall_at(part.now) == pytest.approx(whole.wall_at(whole.now))


def test_an_excerpt_that_begins_in_an_outage_says_what_was_lost(facts: list[Event]) -> None:
    lost = next(fact for fact in facts if isinstance(fact, ConnectionLost))
    with ring_of(facts) as ring:
        told = list(ring.read(lost.at + 0.01).facts)
    assert lost in told[:6]
    assert folded(told[:6]).link.outage is not None


def test_an_excerpt_longer_than_the_call_is_the_call(facts: list[Event]) -> None:
    with ring_of(facts) as ring:
        excerpt = ring.read(facts[0].at - 300.0)
        assert (excerpt.missing_s, list(excerpt.facts)) == (0.0, facts)


@pytest.mark.parametrize("told", [1, 99, 100, 101, 250, 399])
def test_an_excerpt_after_a_place_repeats_and_lacks_nothing(facts: list[Event], told: int) -> None:
    ring = Ring(masks=False, failed=lambda error: None)
    for fact in facts[:told]:
        ring.put(fact)
    place = ring.place
    for fact in facts[told:400]:
        ring.put(fact)
    wait_for(lambda: len(ring._pending) < ring_module._PACK)
    excerpt = ring.read(facts[0].at, after=place)
    read = list(excerpt.facts)
    later = list(ring.read(facts[399].at - 0.01, after=place).facts)
    ring.close()
    assert excerpt.missing_s == place.at - facts[0].at
    assert read[-len(facts[told:400]) :] == facts[told:400]
    assert isinstance(read[0], CallStarted)
    assert read[0].at == place.at
    assert len(later) < 20  # what is asked for begins later than the place


def test_the_sound_is_kept_where_it_was_heard(facts: list[Event]) -> None:
    sound = Sound("made-up", facts[9].at, "inbound", "pcmu", 8000, 2, 0.02, bytes(range(256)))
    items: list[Item] = [*facts[:10], sound, *facts[10:120]]
    with ring_of(items, masks=True) as ring:
        assert list(ring.read().facts)[10] == sound
    with ring_of(items[:20], masks=True) as ring:
        assert list(ring.read().facts)[10] == sound


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_kept_is_masked(facts: list[Event], packed: bool) -> None:
    said = TranscriptReceived("made-up", facts[0].at, Speaker.CALLER, "it is 4111 1111 1111 1111", True)
    rest = facts[1:100] if packed else []
    with ring_of([facts[0], said, *rest], masks=True) as ring:
        told = list(ring.read().facts)
    assert told == [facts[0], replace(said, text="it is [card]"), *rest]


def test_a_ring_that_is_closed_leaves_no_file_open(facts: list[Event]) -> None:
    with ring_of(facts) as ring:
        segments = [pack.segment._file for pack in ring._packs]
        assert segments
    gc.collect()
    assert all(file.closed for file in segments)


def test_a_disk_that_cannot_be_written_to_is_said_once(facts: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/dev/null/nowhere")
    errors: list[Exception] = []
    ring = Ring(masks=True, failed=errors.append)
    for fact in facts:
        ring.put(fact)
    wait_for(lambda: bool(errors))
    ring.put(facts[0])
    ring.close()
    (error,) = errors
    assert str(error) == "what has been seen cannot be kept: Not a directory"
    assert ring.failure is error
