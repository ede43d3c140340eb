"""Our own health: callscope never blames the call for its own delay."""

from __future__ import annotations

from dashboard.call.findings.finding import Severity
from dashboard.call.findings.rule import RECENT_S, Rule, Sign, View
from dashboard.call.words import span_words

LOOP_LATE_S = 0.25
STAMPS_LATE_S = 0.1
"""Without the kernel's stamps a loop that is this late makes jitter of its own."""
MANY_ASIDE = 0.1
FEWEST_ASIDE = 50
"""Figures made without a tenth of the recent frames are not those of the call; a second of them is a mishap."""
MUCH_TOO_LATE_S = 1.0
"""A worker that stands still for so long stops reading, and then the sender has to wait: not even stamps help."""
SLOW_QUEUE_S = 0.5

_TIMING = frozenset({"network_stalls", "sender_batching", "sender_gaps", "clock_drift", "high_jitter", "no_audio"})


def _worker_lost(view: View, standing: bool) -> Sign | None:
    lost = view.call.worker_lost
    return None if lost is None else Sign(f"callscope's worker {lost}", ("nothing of the call is measured meanwhile",))


def _self_late(view: View, standing: bool) -> Sign | None:
    before = view.before(RECENT_S)
    lag = list(view.call.loop_lag.since(before.lag))
    own_stamps = view.link.clock == "process" and not view.call.soundless
    late = [(lag_s, count) for lag_s, count in lag if lag_s >= (STAMPS_LATE_S if own_stamps else LOOP_LATE_S)]
    frames, aside = view.reading.frames - before.frames, view.reading.set_aside - before.set_aside
    if not late and aside < max(FEWEST_ASIDE, MANY_ASIDE * frames):
        return None
    worst_s, times = lag[-1][0] if lag else 0.0, sum(count for _, count in late)
    spoilt = own_stamps or worst_s >= MUCH_TOO_LATE_S
    ago = f"the last {view.now - before.at:.0f} s"
    return Sign(
        f"callscope itself was late by up to {span_words(worst_s)}" + (f": {aside} samples set aside" if aside else ""),
        (
            *([f"its event loop was late {'once' if times == 1 else f'{times} times'} in {ago}"] if late else []),
            f"{aside} of {frames} frames of {ago} were read late: counted, but left out of every figure of timing"
            if aside
            else "no frame comes on this wire, whose timing that would spoil"
            if view.call.soundless
            else "frames are stamped by callscope itself, so its delay is in their timing"
            if own_stamps
            else "frames are stamped by the kernel: their timing is right all the same",
        ),
        severity=Severity.WARNING if spoilt else Severity.INFO,
        explains=_TIMING if spoilt else frozenset(),
    )


def _slow_consumer(view: View, standing: bool) -> Sign | None:
    queues = view.call.queues.items()
    lost = view.reading.dropped - view.before(30.0).dropped
    slowest_s, slowest = max(((queue.longest_wait_s, name) for name, queue in queues), default=(0.0, ""))
    if lost <= 0 and slowest_s <= (SLOW_QUEUE_S / 2 if standing else SLOW_QUEUE_S):
        return None
    full = [f"{name} queue: {queue.dropped} dropped of its own" for name, queue in queues if queue.dropped]
    waited = f"{slowest} queue: what arrived waited up to {span_words(slowest_s)}"
    what = f"{lost} dropped from its own queues" if lost > 0 else f"what came waited {span_words(slowest_s)} here"
    return Sign(
        f"callscope was too slow here: {what}",
        (*full, *([waited] if slowest else [])),
        explains=_TIMING if lost > 0 else frozenset(),
    )


WORKER_LOST = Rule(
    name="worker_lost",
    severity=Severity.ERROR,
    means="The process that holds the call has died or does not answer.",
    remedy="Press r to start it again; if it dies again, run with --log-file and report it.",
    sign=_worker_lost,
    clear_after_s=0.0,
)

SELF_LATE = Rule(
    name="self_late",
    severity=Severity.WARNING,
    means="callscope did not get enough processor time: what it measured meanwhile is its own delay as well.",
    remedy="Give this machine less to do, or run callscope on another one; nothing is wrong with the call for that.",
    sign=_self_late,
)

SLOW_CONSUMER = Rule(
    name="slow_consumer",
    severity=Severity.WARNING,
    means="What arrived in time waited too long in callscope's own queues, or was dropped from them.",
    remedy="Give this machine less to do, or raise --audio-queue; the sender and the network are not to blame.",
    sign=_slow_consumer,
    explains=frozenset({"high_jitter"}),
)
