"""Every rule, in the order of explanatory power: the first of two that stand with equal severity tells more.

A rule explains only rules below it.
"""

from __future__ import annotations

from dashboard.call.findings import audio, beside, bot, cognigy, herd, link, notices, own, pacing, refusals
from dashboard.call.findings.rule import Rule

RULES: tuple[Rule, ...] = (
    own.WORKER_LOST,
    own.SELF_LATE,
    own.SLOW_CONSUMER,
    refusals.TLS_FAILURE,
    refusals.PROXY_REFUSED,
    cognigy.ENDPOINT_REFUSED,
    refusals.CREDENTIALS_REFUSED,
    refusals.PERMISSION_MISSING,
    refusals.NOT_FOUND,
    refusals.APP_INACTIVE,
    refusals.HANDSHAKE_REFUSED,
    refusals.RATE_LIMITED,
    refusals.UNREACHABLE,
    notices.TOPICS_REFUSED,
    link.MESSAGE_TOO_BIG,
    link.TOKEN_EXPIRY,
    link.IDLE_TIMEOUT,
    link.RECYCLED_AT_AGE,
    link.HALF_OPEN,
    link.FLAPPING,
    herd.THUNDERING_HERD,
    notices.SUBSCRIPTION_LOST,
    link.CLOSED_BY_PEER,
    link.ABNORMAL_CLOSURES,
    audio.WRONG_CODEC,
    audio.NO_AUDIO,
    bot.SILENT_BOT,
    audio.DEAD_AIR,
    audio.ONE_WAY_AUDIO,
    pacing.SENDER_BATCHING,
    pacing.NETWORK_STALLS,
    pacing.SENDER_GAPS,
    pacing.CLOCK_DRIFT,
    pacing.HIGH_JITTER,
    audio.CLIPPING,
    audio.TOO_QUIET,
    audio.DIGITAL_SILENCE,
    bot.SLOW_BOT,
    beside.SIDE_LINK_DOWN,
    cognigy.UNFINISHED_TURN,
    notices.LATE_TRANSCRIPTS,
    bot.BOT_REPEATS,
    bot.PROTOCOL_VIOLATION,
    bot.PEER_ERRORS,
)
