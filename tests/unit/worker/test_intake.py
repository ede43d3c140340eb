from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.call.events import (
    AudioReceived,
    Event,
    MalformedReceived,
    QueueMeasured,
    TextReceived,
    TranscriptReceived,
)
from dashboard.call.ports import Sound
from dashboard.clock import ManualClock, SystemClock
from dashboard.dialects.appfoundry import AppFoundry
from dashboard.dialects.base import AudioFormat, AudioFrame, Item
from dashboard.worker.intake import BATCH_FRAMES, BURST, Intake, Policy

SILENCE = bytes(320)
LOUD = b"\xff\x7f" * 160
FRAME_S = 0.02


class Bench:
    """An intake on a clock that is moved by hand, and the facts that came out of it."""

    def __init__(
        self, audio_limit: int = 100, control_limit: int = 50, policy: Policy = "oldest", channels: int = 1
    ) -> None:
        self.clock = ManualClock()
        self.start = self.clock.monotonic()
        self.facts: list[Event] = []
        self.intake = Intake(
            AppFoundry(AudioFormat(channels=channels), "call"),
            emit=self.facts.append,
            clock=self.clock,
            audio_limit=audio_limit,
            control_limit=control_limit,
            policy=policy,
        )

    def binary(self, payload: bytes = SILENCE) -> None:
        self.intake.offer(payload, False, self.clock.monotonic())

    def message(self, **message: object) -> None:
        self.intake.offer(json.dumps(message).encode(), True, self.clock.monotonic())

    def says(self, text: str) -> None:
        self.message(type="text", text=text)

    def plays(self, frames: int, every_s: float) -> None:
        """Frames that are worked off as they come."""
        for _ in range(frames):
            self.binary()
            self.intake.work()
            self.clock.advance(every_s)

    def audio(self) -> list[AudioReceived]:
        return [fact for fact in self.facts if isinstance(fact, AudioReceived)]

    def texts(self) -> list[str]:
        return [fact.text for fact in self.facts if isinstance(fact, TextReceived)]

    def measured(self) -> dict[str, QueueMeasured]:
        return {fact.queue: fact for fact in self.intake.measured()}


# -- batches --------------------------------------------------------------------------------------------


def test_frames_of_a_tenth_of_a_second_are_one_fact() -> None:
    bench = Bench()
    bench.plays(10, every_s=0.024)
    bench.intake.work()

    first, second = bench.audio()
    assert first.arrivals == pytest.approx([bench.start + 0.024 * n for n in range(5)])
    assert first.positions == pytest.approx([FRAME_S * n for n in range(5)])
    assert first.durations == pytest.approx([FRAME_S] * 5)
    assert second.positions[0] == pytest.approx(0.1)
    assert (first.call_id, first.leg, first.size_bytes) == ("call", "inbound", 5 * 320)
    assert first.at == first.arrivals[-1]


def test_a_fact_has_a_row_of_levels_per_channel_and_counts_clipping() -> None:
    bench = Bench(channels=2)
    bench.binary(b"\x00\x00\xff\x7f" * 80)
    bench.binary(bytes(320))
    bench.intake.flush()

    [fact] = bench.audio()
    caller, bot = fact.levels
    assert fact.channels == ("caller", "bot")
    assert caller == (-90.0, -90.0)
    assert bot == pytest.approx((0.0, -90.0), abs=0.01)
    assert [len(row) for row in fact.peaks] == [2, 2]
    assert fact.clipped == 1


def test_a_batch_is_due_a_tenth_of_a_second_after_its_first_frame_arrived() -> None:
    bench = Bench()
    bench.binary()
    bench.clock.advance(0.099)
    bench.intake.work()
    assert not bench.audio()

    bench.clock.advance(0.002)
    bench.intake.work()
    assert len(bench.audio()) == 1


async def test_the_last_frame_before_silence_is_emitted_though_no_other_comes() -> None:
    facts: asyncio.Queue[Event] = asyncio.Queue()
    clock = SystemClock()
    intake = Intake(AppFoundry(AudioFormat(), "call"), emit=facts.put_nowait, clock=clock)
    consumer = asyncio.create_task(intake.run())
    intake.offer(SILENCE, False, clock.monotonic())
    async with asyncio.timeout(10):
        assert isinstance(await facts.get(), AudioReceived)
    consumer.cancel()
    await asyncio.gather(consumer, return_exceptions=True)


async def test_the_consumer_takes_what_is_offered_without_being_asked() -> None:
    facts: asyncio.Queue[Event] = asyncio.Queue()
    intake = Intake(AppFoundry(AudioFormat(), "call"), emit=facts.put_nowait, clock=SystemClock())
    consumer = asyncio.create_task(intake.run())
    for text in ("one", "two"):
        intake.offer(json.dumps({"type": "text", "text": text}).encode(), True, 1.0)
        async with asyncio.timeout(10):
            assert await facts.get() == TextReceived("call", 1.0, text)
    consumer.cancel()
    await asyncio.gather(consumer, return_exceptions=True)


async def test_a_flood_leaves_other_tasks_their_turn() -> None:
    bench = Bench(audio_limit=10 * BURST)
    for _ in range(5 * BURST):
        bench.binary()
    consumer = asyncio.create_task(bench.intake.run())
    depths = []
    for _ in range(12):
        await asyncio.sleep(0)
        bench.intake.measured()
        depths.append(bench.measured()["audio"].depth)
    consumer.cancel()
    await asyncio.gather(consumer, return_exceptions=True)

    assert {BURST * left for left in range(5)} <= set(depths)


def test_a_burst_at_one_moment_makes_facts_of_bounded_size() -> None:
    bench = Bench(audio_limit=1000)
    for _ in range(2 * BATCH_FRAMES + 1):
        bench.binary()
    bench.intake.flush()

    assert [len(fact.arrivals) for fact in bench.audio()] == [BATCH_FRAMES, BATCH_FRAMES, 1]


@pytest.mark.parametrize("extras", [{"sampleRate": 16000}, {"channels": 2}, {"encoding": "pcmu"}, {"position": 7.0}])
def test_another_format_begins_another_fact(extras: dict[str, object]) -> None:
    bench = Bench()
    encoded = b64encode(SILENCE).decode()
    bench.message(type="audio", payload={"audio": encoded})
    bench.message(type="audio", payload={"audio": encoded, **extras})
    bench.message(type="audio", payload={"audio": encoded})
    bench.intake.flush()

    assert [len(fact.arrivals) for fact in bench.audio()] == [1, 1, 1]
    assert [fact.positioned for fact in bench.audio()] == [False, "position" in extras, False]


def test_legs_are_gathered_apart() -> None:
    class TwoLegs:
        call_id = "call"

        def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
            audio = AudioFormat()
            return [AudioFrame(data, audio, ("mixed",), 0.0, FRAME_S, False, leg, at) for leg in ("in", "out")]

    facts: list[Event] = []
    intake = Intake(TwoLegs(), emit=facts.append, clock=ManualClock())
    intake.offer(SILENCE, False, 1000.0)
    intake.offer(SILENCE, False, 1000.02)
    intake.flush()

    assert [(fact.leg, len(fact.arrivals)) for fact in facts if isinstance(fact, AudioReceived)] == [
        ("in", 2),
        ("out", 2),
    ]


def test_facts_leave_in_the_order_of_the_wire() -> None:
    bench = Bench()
    bench.says("before")
    bench.binary()
    bench.clock.advance(0.01)
    bench.message(type="transcript", text='between "type":"audio"')
    bench.clock.advance(0.01)
    bench.binary()
    bench.says("after")
    bench.intake.work()

    assert [type(fact) for fact in bench.facts] == [
        TextReceived,
        AudioReceived,
        TranscriptReceived,
        AudioReceived,
        TextReceived,
    ]
    assert [fact.at for fact in bench.facts] == sorted(fact.at for fact in bench.facts)


# -- waits, and what the queues say -----------------------------------------------------------------------


def test_the_wait_of_a_frame_is_the_time_until_it_was_processed() -> None:
    bench = Bench()
    bench.binary()
    bench.clock.advance(0.03)
    bench.binary()
    bench.clock.advance(0.01)
    bench.intake.flush()

    [fact] = bench.audio()
    assert fact.waits == pytest.approx([0.04, 0.01])


def test_an_arrival_ahead_of_the_clock_has_not_waited() -> None:
    bench = Bench()
    bench.intake.offer(SILENCE, False, bench.clock.monotonic() + 0.001)
    bench.intake.flush()

    assert bench.audio()[0].waits == (0.0,)


def test_each_queue_says_how_deep_it_was_and_how_long_its_messages_waited() -> None:
    bench = Bench()
    bench.binary()
    bench.binary()
    bench.says("hello")
    bench.clock.advance(0.5)
    bench.intake.work()
    measured = bench.measured()

    assert measured["audio"] == QueueMeasured("call", bench.start + 0.5, "audio", 2, 100, 0, "oldest", (0.5, 0.5))
    assert measured["control"] == QueueMeasured("call", bench.start + 0.5, "control", 1, 50, 0, "never", (0.5,))


def test_waits_and_depth_are_told_once_and_drops_are_totals() -> None:
    bench = Bench(audio_limit=1)
    drops = flood(bench, 3)
    bench.intake.flush()
    bench.intake.measured()
    again = bench.measured()["audio"]

    assert (again.depth, again.waits, again.dropped) == (0, (), drops)


# -- when a queue is full ---------------------------------------------------------------------------------


def flood(bench: Bench, beyond: int) -> int:
    """Offer frames without a turn for the consumer: a full queue, a burst, and `beyond` more."""
    for number in range(bench.measured()["audio"].limit + BURST + beyond):
        bench.message(type="audio", payload={"audio": b64encode(SILENCE).decode(), "position": float(number)})
    return beyond


def positions(bench: Bench) -> list[float]:
    return [position for fact in bench.audio() for position in fact.positions]


def test_what_a_stall_held_back_and_one_read_brings_is_not_dropped() -> None:
    bench = Bench()
    for _ in range(1500):  # 30 s
        bench.binary()
    bench.intake.flush()

    assert sum(len(fact.arrivals) for fact in bench.audio()) == 1500
    assert bench.measured()["audio"].dropped == 0
    assert bench.measured()["audio"].depth == 0


def test_the_queue_stays_within_its_limit_during_a_burst() -> None:
    bench = Bench(audio_limit=10)
    flood(bench, 5)

    assert bench.measured()["audio"].depth == 10


def test_in_a_flood_the_oldest_audio_gives_way() -> None:
    bench = Bench(audio_limit=10)
    flood(bench, 4)
    bench.intake.flush()

    kept = [*range(BURST), *range(BURST + 4, BURST + 14)]
    assert positions(bench) == kept
    assert bench.measured()["audio"].dropped == 4


def test_in_a_flood_the_newest_audio_gives_way_if_told_so() -> None:
    bench = Bench(audio_limit=10, policy="newest")
    flood(bench, 4)
    bench.intake.flush()

    assert positions(bench) == [*range(BURST + 10)]
    assert bench.measured()["audio"].dropped == 4
    assert bench.measured()["audio"].policy == "newest"


def test_a_turn_of_the_consumer_allows_another_burst() -> None:
    bench = Bench(audio_limit=10)
    flood(bench, 0)
    bench.intake.work()
    flood(bench, 0)

    assert bench.measured()["audio"].dropped == 0


def test_a_dropped_frame_has_had_its_place_on_the_timeline() -> None:
    bench = Bench(audio_limit=1, policy="newest")
    for _ in range(1 + BURST + 3):
        bench.binary()
    bench.intake.work()
    bench.binary()
    bench.intake.flush()

    assert positions(bench)[-1] == pytest.approx((1 + BURST + 3) * FRAME_S)


def test_control_is_never_dropped_and_keeps_its_order() -> None:
    bench = Bench(control_limit=5)
    said = [str(number) for number in range(5 + BURST + 100)]
    for text in said:
        bench.says(text)
    assert bench.measured()["control"].depth == 5
    bench.intake.flush()

    assert bench.texts() == said
    assert bench.measured()["control"].dropped == 0


@pytest.mark.parametrize("policy", ["oldest", "newest"])
def test_control_survives_a_flood_of_audio_whatever_it_looks_like(policy: Policy) -> None:
    bench = Bench(audio_limit=3, policy=policy)
    lookalike = b'{"type":"audio","payload":{"type":"audio"},"text":"%d","type":"text"}'
    for number in range(20):
        flood(bench, 50)
        bench.intake.offer(lookalike % number, True, bench.clock.monotonic())
    bench.intake.flush()

    assert bench.texts() == [str(number) for number in range(20)]
    assert bench.measured()["audio"].dropped > 0


OFFERS: dict[str, Callable[[Bench], object]] = {
    "audio": Bench.binary,
    "text": lambda bench: bench.says("x"),
    "turn": lambda bench: bench.intake.work(),
    "time": lambda bench: bench.clock.advance(0.03),
    "flush": lambda bench: bench.intake.flush(),
}


@given(st.lists(st.sampled_from(sorted(OFFERS)), max_size=60), st.integers(1, 4), st.integers(1, 4))
def test_every_message_becomes_part_of_one_fact_in_any_interleaving(
    steps: list[str], audio_limit: int, control_limit: int
) -> None:
    bench = Bench(audio_limit, control_limit)
    for step in steps:
        OFFERS[step](bench)
    bench.intake.flush()

    assert sum(len(fact.arrivals) for fact in bench.audio()) == steps.count("audio")
    assert len(bench.texts()) == steps.count("text")
    assert all(fact.arrivals[-1] - fact.arrivals[0] < 0.1 for fact in bench.audio())
    stamps = [at for fact in bench.facts for at in getattr(fact, "arrivals", (fact.at,))]
    assert stamps == sorted(stamps)


# -- joints between connections ---------------------------------------------------------------------------


def test_the_newest_arrival_is_known_at_once_even_of_what_cannot_be_read() -> None:
    bench = Bench()
    assert bench.intake.last_inbound_at is None
    bench.clock.advance(1.5)
    bench.intake.offer(b"\xff", True, bench.clock.monotonic())

    assert bench.intake.last_inbound_at == bench.start + 1.5
    bench.intake.flush()
    assert [type(fact) for fact in bench.facts] == [MalformedReceived]


def test_a_new_connection_begins_with_nothing_waiting_and_nothing_arrived() -> None:
    bench = Bench()
    bench.binary()
    bench.intake.work()
    bench.says("last words")
    bench.intake.reanchor()

    assert [type(fact) for fact in bench.facts] == [AudioReceived, TextReceived]
    assert bench.intake.last_inbound_at is None


def test_numbered_frames_show_what_an_outage_has_cost() -> None:
    bench = Bench()
    for seq in (1, 2):
        bench.message(type="audio", payload={"audio": b64encode(SILENCE).decode(), "seq": seq})
    bench.intake.reanchor()
    bench.message(type="audio", payload={"audio": b64encode(LOUD).decode(), "seq": 52})
    bench.intake.flush()

    assert positions(bench) == pytest.approx([0.0, 0.02, 0.02 * 51])


# -- our own delay ----------------------------------------------------------------------------------------


def test_frames_that_we_may_have_stamped_late_are_marked_in_their_fact() -> None:
    bench = Bench()
    for late in (False, True, True, False):
        bench.intake.offer(SILENCE, False, bench.clock.monotonic(), late)
    bench.intake.offer(b'{"type": "text", "text": "late"}', True, bench.clock.monotonic(), True)

    bench.intake.flush()
    [fact] = bench.audio()
    assert fact.late == (1, 2)


# -- the sound itself -------------------------------------------------------------------------------------


def overheard(bench: Bench) -> list[Sound]:
    heard: list[Sound] = []
    bench.intake.overhear(heard.append)
    return heard


def test_who_listens_in_gets_the_sound_that_each_fact_tells_of() -> None:
    bench = Bench(channels=2)
    heard = overheard(bench)
    frames = [bytes([number]) * 640 for number in range(7)]
    for frame in frames:
        bench.binary(frame)
        bench.clock.advance(FRAME_S)
        bench.intake.work()
    bench.intake.flush()
    assert b"".join(sound.payload for sound in heard) == b"".join(frames)
    assert [(sound.at, len(sound.payload)) for sound in heard] == [(fact.at, fact.size_bytes) for fact in bench.audio()]
    assert [sound.position_s for sound in heard] == [fact.positions[0] for fact in bench.audio()]
    assert {(sound.leg, sound.encoding, sound.rate, sound.channels) for sound in heard} == {
        ("inbound", "pcm16", 8000, 2)
    }


def test_a_hole_in_the_stream_parts_the_sound_in_two() -> None:
    bench = Bench(audio_limit=2, policy="newest")
    heard = overheard(bench)
    bench.binary(b"\x01\x00" * 160)
    for _ in range(BURST + 2):  # the queue is full, and what is beyond a burst is dropped
        bench.binary()
    bench.intake.flush()
    bench.binary(b"\x02\x00" * 160)
    bench.intake.flush()
    assert heard[-1].payload == b"\x02\x00" * 160
    assert heard[-1].position_s == pytest.approx((BURST + 3) * FRAME_S)
    for sound, after in pairwise(heard):
        length_s = len(sound.payload) / 16_000
        assert after.position_s >= sound.position_s + length_s - 1e-6


def test_without_a_listener_nobody_gets_the_sound() -> None:
    bench = Bench()
    bench.plays(3, FRAME_S)
    bench.intake.flush()
    assert all(isinstance(fact, AudioReceived) for fact in bench.facts)
