"""What `probe --json` and the summary for a ticket tell of a conversation that Genesys' notifications tell about."""

from __future__ import annotations

from typing import Any

from dashboard.call.notice_view import NoticeView
from dashboard.call.stages import percentile
from dashboard.call.state import CallState
from dashboard.wiretext import visible

_PARTIES = 8
"""Participants that a summary names."""


def notifications_object(view: NoticeView, call: CallState) -> dict[str, Any]:
    """Return the figures of a channel and its conversation; `null` where nothing is known."""
    ages = sorted(age_s for _, age_s in view.ages)
    return {
        "channel": view.channel or None,
        "channels": view.channels,
        "topics": list(view.topics),
        "refused": list(view.refused),
        "expires_s": None if view.expires_at is None else round(view.expires_at - call.now, 1),
        "heartbeats": view.heartbeats,
        "heartbeat_s": None if view.heartbeat_at is None else round(call.now - view.heartbeat_at, 1),
        "moves": view.moves,
        "subscriptions_lost": view.lost,
        "gaps": view.gaps,
        "gap_ms": round(view.gap_s * 1000, 3),
        "link": None if view.link is None else str(view.link),
        "trouble": view.trouble or None,
        "transcription": view.transcription or None,
        "transcripts": view.transcripts,
        "transcript_age_s": {
            "last": round(view.ages[-1][1], 2) if view.ages else None,
            "p50": _rounded(percentile(ages, 0.5)),
            "p95": _rounded(percentile(ages, 0.95)),
        },
        "recording": view.recording or None,
        "over": view.over,
        "parties": [
            {
                "purpose": party.purpose,
                "connected": party.connected,
                "disconnect_type": party.disconnect_type or None,
                "held": party.held,
                "muted": party.muted,
                "recording": party.recording or None,
                "wrap_up": party.wrap_up or None,
                "error_code": party.error_code or None,
            }
            for party in view.parties
        ],
    }


def notice_lines(view: NoticeView, call: CallState) -> list[str]:
    """Return what the summary says of it, a line each."""
    told = notifications_object(view, call)
    ages = told["transcript_age_s"]
    gaps = f"{view.gaps} {'gap' if view.gaps == 1 else 'gaps'} of {view.gap_s:.1f} s in all" if view.gaps else "no gap"
    moved = f" · moved {view.moves}×" if view.moves else ""
    lines = [
        f"  notices {view.transcripts} transcripts · {_seconds(ages['p50'])} old at p50, {_seconds(ages['p95'])} at p95"
        f" · {gaps}{moved} · {view.heartbeats} heartbeats",
    ]
    if view.parties:
        more = [f"{len(view.parties) - _PARTIES} more"] if len(view.parties) > _PARTIES else []
        lines.append(f"          {' · '.join([*map(_party, told['parties'][:_PARTIES]), *more])}")
    lines += [f"          not subscribed: {visible(why)}" for why in view.refused]
    return lines


def _party(party: dict[str, Any]) -> str:
    purpose = visible(party["purpose"])
    if party["connected"]:
        return f"{purpose} connected"
    ended = party["disconnect_type"]
    return f"{purpose} left{f' ({visible(ended)})' if ended else ''}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
