"""The figures of a call as the one JSON object that others rely on (`probe --json`, `--json-out`, `analyze --json`).

Units are in the names, `null` means not measured and never 0, fields are only ever added.
"""

from __future__ import annotations

from typing import Any

from dashboard.call.bot_figures import bot_object
from dashboard.call.cognigy_figures import cognigy_object
from dashboard.call.conversation import GenesysLeg, GenesysRecord
from dashboard.call.door import door_object
from dashboard.call.door_view import DoorView
from dashboard.call.findings.finding import Finding
from dashboard.call.genesys import compared, disconnect_type, is_provisional
from dashboard.call.hook_view import HookView
from dashboard.call.notice_figures import notifications_object
from dashboard.call.stages import barge_in_percentiles, middle_and_high, percentile, stage_percentiles
from dashboard.call.state import Calls, CallState, GenesysView, Leg, Outage, QueueView
from dashboard.call.tap_view import tap_object
from dashboard.call.turns import all_turns
from dashboard.call.units import iso
from dashboard.call.verdict import judge
from dashboard.media.pacing import WINDOW_S, Pacing
from dashboard.media.playout import playout
from dashboard.media.readings import batched, drift_ppm, lateness

VERSION = 1

MESSAGE_KINDS = ("audio", "transcript", "intent", "text", "status", "error", "unknown", "malformed", "sent")


def probe_object(call: CallState) -> dict[str, Any]:
    """Return the figures of the whole call so far."""
    return {
        "version": VERSION,
        "call_id": call.call_id,
        "session_id": call.session_id,
        "conversation_id": call.conversation_id,
        "started": iso(call.wall),
        "duration_s": _round(call.now - call.started_at),
        "verdict": judge(call).level,
        "findings": [_finding(finding, call) for finding in call.findings.all],
        "link": _link(call),
        "audio": {"inbound": audio_object(call.inbound, call)},
        "messages": {kind: call.messages.get(kind, 0) for kind in MESSAGE_KINDS},
        "turns": _turns(call),
        "genesys": None if call.genesys is None else _genesys(call.genesys, call),
        "audiohook": None if call.hook is None else _hook(call.hook, call),
        "cognigy": None if call.cognigy is None else cognigy_object(call.cognigy, call),
        "notifications": None if call.notices is None else notifications_object(call.notices, call),
        "bot": None if call.bot is None else bot_object(call.bot),
        "tap": None if call.tap is None else tap_object(call.tap),
        "queues": {name: _queue(call.queues.get(name, QueueView())) for name in ("audio", "control")},
        "self": {"loop_lag_ms": _loop_lag(call)},
    }


def listen_object(calls: Calls, door: DoorView) -> dict[str, Any]:
    """Return the figures of a listener: its door, and each call as `probe_object` has it, in the order they came."""
    in_order = sorted(calls.values(), key=lambda call: call.started_at)
    return {"version": VERSION, "listener": door_object(door), "calls": [probe_object(call) for call in in_order]}


def _finding(finding: Finding, call: CallState) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "summary": finding.summary,
        "evidence": list(finding.evidence),
        "remedy": finding.remedy,
        "at_s": [_round(at - call.started_at) for at in finding.raised],
        "stands": finding.stands,
        "stood_s": _round(finding.stood_s(call.now)),
    }


def audio_object(leg: Leg, call: CallState) -> dict[str, Any]:
    """Return the figures of one leg over the whole call."""
    return {
        **pacing_object(leg.pacing, now=call.now, buffer_s=call.targets.buffer_s, rtt_s=call.rtt_s),
        "bytes": leg.frames_bytes,
        "level_dbfs": _round(max((meter.mean for meter in leg.meters if meter.mean is not None), default=None), 1),
        "silent": all(meter.silent for meter in leg.meters) if leg.meters else None,
        "channels": {
            name: {"level_dbfs": _round(meter.mean, 1), "silent": meter.silent}
            for name, meter in zip(leg.channels, leg.meters, strict=True)
        },
    }


def pacing_object(pacing: Pacing, *, now: float, buffer_s: float, rtt_s: float | None) -> dict[str, Any]:
    """Return what the timing of a stream says; level and bytes are None: a timing trace has none."""
    late = lateness(pacing, None, now)
    quality = playout(pacing, buffer_s=buffer_s, window_s=None, now=now, rtt_s=rtt_s)
    delta, jitter = pacing.delta, pacing.jitter
    return {
        "frames": pacing.frames,
        "set_aside": pacing.set_aside,
        "bytes": None,
        "lost": pacing.lost,
        "delta_ms": {"min": _ms(delta.min), "mean": _ms(delta.mean), "max": _ms(delta.max)},
        "jitter_ms": {
            "current": _ms(jitter.current),
            "min": _ms(jitter.min),
            "mean": _ms(jitter.mean),
            "max": _ms(jitter.max),
        },
        "lateness_ms": {
            "p50": _ms(late.p50 if late else None),
            "p95": _ms(late.p95 if late else None),
            "p99": _ms(late.p99 if late else None),
        },
        "media_lag_ms": {"last": _ms(pacing.media_lag.current), "max": _ms(pacing.media_lag.max)},
        "spikes": pacing.spikes,
        "stalls": pacing.stalls,
        "batched": batched(pacing, now, WINDOW_S),
        "drift_ppm": _round(drift_ppm(pacing, now), 1),
        "level_dbfs": None,
        "silent": None,
        "effective_loss": _round(quality.effective_loss, 5),
        "r_factor": _round(quality.r_factor, 1),
        "mos": _round(quality.mos, 2),
    }


def _link(call: CallState) -> dict[str, Any]:
    link = call.link
    elapsed = call.now - call.started_at
    downtime_s = link.downtime_s + (link.outage.down_s(call.now) if link.outage is not None else 0.0)
    rtts = sorted(rtt for _, rtt in link.rtts)
    rows = [*link.outages, *([] if link.outage is None else [link.outage])]
    return {
        "state": str(link.state),
        "clock": link.clock,
        "attempts": link.attempts,
        "outages": link.outage_count,
        "downtime_ms": _ms(downtime_s),
        "uptime": _round(max(0.0, 1.0 - downtime_s / elapsed), 4) if elapsed > 0 else None,
        "rtt_ms": {"last": _ms(link.rtts[-1][1] if link.rtts else None), "p95": _ms(percentile(rtts, 0.95))},
        "resumed": link.resumed,
        "close_codes": dict(link.close_codes),
        "stale_resets": link.stale_resets,
        "token_refreshes": link.token_refreshes,
        "log": [_outage(row, call) for row in rows],
    }


def _outage(outage: Outage, call: CallState) -> dict[str, Any]:
    return {
        "at_s": _round(outage.started_at - call.started_at),
        "cause": str(outage.cause),
        "code": outage.code,
        "reason": outage.reason,
        "closed_by": None if outage.closed_by is None else str(outage.closed_by),
        "attempts": outage.attempts,
        "down_ms": _ms(outage.down_s(call.now)),
        "media_missing_ms": _ms(outage.media_missing_s),
        "resumed": outage.resumed,
    }


def _turns(call: CallState) -> dict[str, Any]:
    turns = all_turns(call.turns)
    return {
        "count": call.turns.done.total + (call.turns.current is not None),
        "latency_ms": _pair(*middle_and_high(turn.latency_s for turn in turns)),
        "silent_failures": call.turns.silent_failures,
        "stages_ms": {name: _pair(*pair) for name, pair in stage_percentiles(call.turns).items()},
        "barge_ins": call.turns.barge_ins.total,
        "barge_in_ms": _pair(*barge_in_percentiles(call.turns)),
    }


def _pair(p50: float | None, p95: float | None) -> dict[str, float | None]:
    return {"p50": _ms(p50), "p95": _ms(p95)}


def _genesys(view: GenesysView, call: CallState) -> dict[str, Any]:
    answer, known = view.answer, view.known
    record = (known.record if known is not None else None) or GenesysRecord()
    return {
        "conversation_id": answer.conversation_id,
        "verdict": str(answer.verdict),
        "provisional": None if record.began is None else is_provisional(view),
        "reasons": list(answer.reasons),
        "error": answer.error or None,
        "status": answer.status,
        "correlation_id": answer.correlation_id or None,
        "requests": answer.requests,
        "again_s": None if answer.again_at is None else _round(max(0.0, answer.again_at - call.now)),
        "record_age_s": None if known is None else _round(call.now - known.at),
        "started": None if record.began is None else iso(record.began),
        "ended": None if record.ended is None else iso(record.ended),
        "duration_s": _round(record.duration_s),
        "errors": record.errors,
        "min_mos": _round(record.min_mos, 2),
        "min_r_factor": _round(record.min_r_factor, 1),
        "disconnect_type": disconnect_type(record) or None,
        "legs": [_genesys_leg(leg) for leg in record.legs],
        "compared": list(compared(call)),
    }


def _genesys_leg(leg: GenesysLeg) -> dict[str, Any]:
    return {
        "purpose": leg.purpose,
        "media_type": leg.media_type,
        "disconnect_type": leg.disconnect_type or None,
        "error_code": leg.error_code or None,
        "sip_codes": list(leg.sip_codes),
        "errors": leg.errors,
        "flow": leg.flow or None,
        "codecs": list(leg.codecs),
        "min_mos": _round(leg.min_mos, 2),
        "min_r_factor": _round(leg.min_r_factor, 1),
        "max_latency_ms": _ms(leg.max_latency_s),
        "packets": {
            "received": leg.received,
            "discarded": leg.discarded,
            "overrun": leg.overrun,
            "underrun": leg.underrun,
            "duplicate": leg.duplicate,
            "invalid": leg.invalid,
        },
    }


def _hook(hook: HookView, call: CallState) -> dict[str, Any]:
    rtts = sorted(rtt for _, rtt in hook.rtts)
    paused_s = hook.paused_s + (0.0 if hook.paused_at is None else call.now - hook.paused_at)
    return {
        "stage": hook.stage,
        "sessions": call.sessions,
        "organization_id": hook.organization_id or None,
        "participant_id": hook.participant_id or None,
        "correlation_id": hook.correlation_id or None,
        "continues": list(hook.continues),
        "offered": list(hook.offered),
        "media": hook.media or None,
        "language": hook.language or None,
        "opened_ms": _ms(hook.opened_s),
        "position_s": _round(hook.position_s),
        "position_error_ms": _ms(hook.position_error_s),
        "pings": hook.pings,
        "rtt_ms": {"last": _ms(hook.rtts[-1][1] if hook.rtts else None), "p95": _ms(percentile(rtts, 0.95))},
        "discards": hook.discards,
        "discarded_ms": _ms(hook.discarded_s),
        "pauses": hook.pauses,
        "paused_ms": _ms(paused_s),
        "keys": hook.keys,
        "playback": {
            "count": hook.playbacks,
            "played_s": _round(hook.played_s),
            "dropped_ms": _ms(hook.dropped_s),
            "ahead_ms": {"max": _ms(hook.ahead_s)},
            "underruns": hook.underruns,
            "dry_ms": _ms(hook.dry_s),
        },
        "outputs": list(hook.outputs),
        "ended_by": hook.ended_by or None,
        "end_reason": hook.end_reason or None,
        "broken": dict(hook.broken),
    }


def _loop_lag(call: CallState) -> dict[str, Any]:
    return {f"p{percent}": _ms(call.loop_lags.percentile(percent)) for percent in (50, 95, 99)}


def _queue(queue: QueueView) -> dict[str, Any]:
    return {"dropped": queue.dropped, "wait_ms": {"p99": _ms(queue.waits.percentile(99))}}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _round(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
