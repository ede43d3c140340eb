"""Why connections end: what their ends have in common, and what is behind a single one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from dashboard.call.findings.finding import Severity
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.state import Connection, Outage
from dashboard.call.terms import Cause, ClosedBy, LinkState
from dashboard.call.words import close_code_words, closed_by_words, span_words

AFTERMATH_S = 10.0
"""How long after its end an outage is still the present, before what it meant begins to fade."""
DROP_FADES_S = 50.0

FLAPPING_WINDOW_S = 60.0
FLAPPING_DROPS = 3
SHORT_LIVED_S = 30.0

SHORTEST_LIMIT_S = 1.5
"""Nothing on the path has a shorter limit; what ends sooner ends for another reason."""
_COMPARED = 8
_SPREAD = 0.03
_SPREAD_S = 0.1
_PAIR = 0.005
_PAIR_S = 0.05

_SILENT_ENDS = (Cause.ABNORMAL_CLOSURE, Cause.GOING_AWAY, Cause.SERVER_CLOSED, Cause.OTHER_CLOSE)
"""Ends that something with a timer brings about: a path without a close frame, a server with one of these."""
_DEAD = (Cause.STALE, Cause.PING_TIMEOUT)
"""Ends that came long after the connection had died: how old it was tells nothing."""
_PEER_ENDS = (
    Cause.SERVER_CLOSED,
    Cause.GOING_AWAY,
    Cause.AUTH_CLOSED,
    Cause.SERVER_ERROR,
    Cause.SERVICE_RESTART,
    Cause.TRY_AGAIN_LATER,
    Cause.PROTOCOL_ERROR,
    Cause.OTHER_CLOSE,
)


def common_value(values: Sequence[float]) -> float | None:
    """Return what two thirds of `values`, and at least three, agree on within 3 %; None if they agree on nothing.

    Two that differ by less than half a percent do as well. More than that is chance: with a ping every 20 s, the
    pauses before two drops that have nothing in common agree within 3 % once in thirty times.
    """
    if len(values) < 2:
        return None
    middle = median(values)
    alike = [value for value in values if abs(value - middle) <= max(_SPREAD_S, _SPREAD * middle)]
    if len(alike) >= 3 and 3 * len(alike) >= 2 * len(values):
        return median(alike)
    pairs = pairwise(sorted(values)) if len(values) <= 3 else ()
    return next(((low + high) / 2 for low, high in pairs if high - low <= max(_PAIR_S, _PAIR * high)), None)


# -- limits: idle time, age, token ----------------------------------------------------------------------


def _timed_ends(view: View) -> list[Connection]:
    return [connection for cause, connection in view.losses if cause in _SILENT_ENDS][-_COMPARED:]


def _idle_limit(view: View) -> float | None:
    """Return after how many seconds without anything from us connections end, if that is what they have in common.

    None where Genesys dials: what we send there are answers, and its own sound keeps the path busy.
    """
    if view.call.hook is not None:
        return None
    ends = _timed_ends(view)
    limit_s = common_value([end.quiet_s for end in ends])
    if limit_s is None or limit_s < SHORTEST_LIMIT_S:
        return None
    sent_at = view.link.sent_at
    now_s = view.now - sent_at if view.open_s is not None and sent_at is not None else 0.0
    endured_s = max(view.link.endured_s, now_s, *(end.endured_s for _, end in view.ends))
    return None if _beyond(endured_s, limit_s) else limit_s


def _idle_timeout(view: View, standing: bool) -> Sign | None:
    limit_s = _idle_limit(view)
    if limit_s is None:
        return None
    ends = _timed_ends(view)
    alike = _alike(ends, limit_s, lambda end: end.quiet_s)
    limit, ping = span_words(limit_s), _round_down(limit_s / 3)
    evidence = [
        f"{len(alike)} of the last {len(ends)} drops came {limit} after the last thing that we had sent",
        f"the connections were {_range([end.age_s for end in alike])} old",
    ]
    endured_s = max(end.endured_s for end in ends)
    if endured_s > 0:
        evidence.append(f"shorter pauses, of up to {span_words(endured_s)}, were survived")
    return Sign(
        f"The path cuts the connection after {limit} without anything from us",
        tuple(evidence),
        f"Set --ping-interval {ping} (a third of the {limit}), or raise the idle limit of whatever stands between:"
        " load balancer, proxy, firewall.",
        began=alike[0].lost_at,
    )


def _recycled_at_age(view: View, standing: bool) -> Sign | None:
    ends = _timed_ends(view)
    limit_s = common_value([end.age_s for end in ends])
    if limit_s is None or limit_s < SHORTEST_LIMIT_S or _idle_limit(view) is not None:
        return None
    lived_s = [end.age_s for cause, end in view.ends if cause not in _DEAD]
    if _beyond(max(view.open_s or 0.0, *lived_s), limit_s):
        return None  # some live longer
    alike = _alike(ends, limit_s, lambda end: end.age_s)
    limit = span_words(limit_s)
    return Sign(
        f"Connections are ended at an age of {limit}",
        (
            f"{len(alike)} of the last {len(ends)} connections ended {limit} after they had opened",
            _codes(view),
            "what we had sent before has nothing to do with it",
        ),
        began=alike[0].lost_at,
    )


def _beyond(value_s: float, limit_s: float) -> bool:
    return value_s > limit_s * (1 + _SPREAD) + _SPREAD_S


def _alike(ends: Sequence[Connection], value: float, of: Callable[[Connection], float]) -> list[Connection]:
    return [end for end in ends if abs(of(end) - value) <= max(_SPREAD_S, _SPREAD * value)]


def _token_expiry(view: View, standing: bool) -> Sign | None:
    drop = _latest(view, _token_died)
    if drop is None or drop.connection is None:
        return None
    age_s, life_s = drop.connection.token_age_s, drop.connection.token_life_s
    evidence = [f"the last one: {_ending(drop)}"]
    if age_s is not None and life_s is not None:
        evidence.append(f"its token was {span_words(age_s)} old and was granted for {span_words(life_s)}")
        if age_s < 0.9 * life_s:
            evidence.append("the token died before its time: revoked, or its real life is shorter")
    return Sign(
        "The connection was dropped because its token had expired", tuple(evidence), began=drop.connection.lost_at
    )


def _token_died(drop: Outage) -> bool:
    if drop.cause is Cause.TOKEN_EXPIRY or (drop.cause is Cause.AUTH_CLOSED and drop.code == 4401):
        return True
    end = drop.connection
    if end is None or end.token_age_s is None or end.token_life_s is None:
        return False
    near_s = max(1.0, 0.02 * end.token_life_s)
    return drop.cause in (*_SILENT_ENDS, Cause.AUTH_CLOSED) and abs(end.token_age_s - end.token_life_s) <= near_s


# -- single ends ----------------------------------------------------------------------------------------


def _half_open(view: View, standing: bool) -> Sign | None:
    drop = _latest(view, lambda drop: drop.cause in _DEAD)
    if drop is None or drop.connection is None:
        return None
    end = drop.connection
    silent_s = end.lost_at - drop.started_at
    if drop.cause is Cause.PING_TIMEOUT:
        answered = "pings were not answered any more: the host or the way to it was gone without a word"
        remedy = "Look for what went away silently: a host that died, a firewall that forgot the connection, a Wi-Fi."
    elif end.pong_s is not None and end.pong_s < silent_s:
        answered = f"a ping was answered {span_words(end.pong_s)} before: the host lives, its session does not"
        remedy = "Have the bot host checked: its socket answers pings while the session behind it hangs."
    else:
        answered = "no pong came meanwhile: more frequent pings would tell a dead path from a session that hangs"
        remedy = "Have host and path checked; a shorter --ping-interval tells which, a shorter --stale-after sooner."
    return Sign(
        f"The connection was open and dead: nothing came for {span_words(silent_s)}",
        (answered, f"connections replaced because nothing came: {view.link.stale_resets} so far"),
        remedy,
        began=drop.started_at,
    )


def _flapping(view: View, standing: bool) -> Sign | None:
    recent = [
        end for _, end in view.losses if view.now - end.lost_at <= FLAPPING_WINDOW_S and end.age_s < SHORT_LIVED_S
    ]
    if len(recent) < (FLAPPING_DROPS - 1 if standing else FLAPPING_DROPS):
        return None
    lived = span_words(median(end.age_s for end in recent))
    return Sign(
        f"The link flaps: {len(recent)} connections were lost within a minute",
        (f"they lived {_range([end.age_s for end in recent])}, half of them less than {lived}", _codes(view)),
        began=recent[0].lost_at,
    )


def _message_too_big(view: View, standing: bool) -> Sign | None:
    drop = _latest(view, lambda drop: drop.cause is Cause.MESSAGE_TOO_BIG)
    if drop is None:
        return None
    if drop.closed_by is ClosedBy.PEER:
        remedy = "The peer closed with 1009: something that we sent was above its limit; send shorter utterances."
        return Sign("A message of ours was over the peer's size limit", (_ending(drop),), remedy)
    return Sign("A message was over the size limit, and that ends a connection", (_ending(drop),))


def _closed_by_peer(view: View, standing: bool) -> Sign | None:
    drop = _latest(view, lambda drop: drop.cause in _PEER_ENDS and drop.closed_by is ClosedBy.PEER)
    if drop is None or drop.code is None:
        return None
    reason = f" “{drop.reason}”" if drop.reason else ""
    over = view.link.state is LinkState.CLOSED and view.link.cause is Cause.SERVER_CLOSED  # the call was
    evidence = [_ending(drop)]
    if drop.connection is not None:
        evidence.append(f"the connection was {span_words(drop.connection.age_s)} old")
    return Sign(
        f"The peer closed the connection: {drop.code} {close_code_words(drop.code)}{reason}",
        tuple(evidence),
        _CODE_REMEDIES.get(drop.cause, ""),
        severity=Severity.INFO if over else None,
    )


_CODE_REMEDIES = {
    Cause.SERVICE_RESTART: "Ask whoever runs the host about restarts; have it drain calls before it goes down.",
    Cause.SERVER_ERROR: "Have the host's log read at this moment: it closed because of an error of its own.",
    Cause.TRY_AGAIN_LATER: "The host is overloaded: fewer calls at once, or more capacity there.",
    Cause.PROTOCOL_ERROR: "The peer says that we broke the WebSocket protocol: look for a proxy that alters frames.",
    Cause.AUTH_CLOSED: "Check the rights of the OAuth client: the host ended the authorization of an open connection.",
}


def _abnormal_closures(view: View, standing: bool) -> Sign | None:
    drop = _latest(view, lambda drop: drop.cause is Cause.ABNORMAL_CLOSURE)
    if drop is None:
        return None
    count = sum(one.cause is Cause.ABNORMAL_CLOSURE for one in view.drops)
    evidence = [f"the last one: {_ending(drop)}"]
    if count > 1:
        ages = [one.connection.age_s for one in view.drops if one.connection and one.cause is Cause.ABNORMAL_CLOSURE]
        evidence.append(f"the connections were {_range(ages)} old: no pattern in that, nor in our pauses")
    elif drop.connection is not None:
        evidence.append(
            f"the connection was {span_words(drop.connection.age_s)} old,"
            f" and {span_words(drop.connection.quiet_s)} before we had last sent something"
        )
    if silent := sum(failure.cause is Cause.ABNORMAL_CLOSURE for failure in drop.failures):
        evidence.append(f"{silent} more connections since then ended before a message came")
    times = "once" if count == 1 else f"{count} times"
    return Sign(f"The connection broke off without a close frame, {times}", tuple(evidence))


# -- steps shared by the rules above ----------------------------------------------------------------------


def _latest(view: View, fits: Callable[[Outage], bool]) -> Outage | None:
    """Return the newest drop that fits, if it is still the present."""
    drop = next((drop for drop in reversed(view.drops) if fits(drop)), None)
    return drop if drop is not None and view.ended_recently(drop, AFTERMATH_S) else None


def _ending(drop: Outage) -> str:
    code = f"{drop.code} {close_code_words(drop.code)}" if drop.code is not None else ""
    by = closed_by_words(drop.closed_by) if drop.closed_by is not None else ""
    return ", ".join(filter(None, (code, by, drop.detail)))


def _codes(view: View) -> str:
    codes = ", ".join(f"{code} ×{count}" for code, count in view.link.close_codes.items())
    return f"close codes so far: {codes}"


def _range(values: Sequence[float]) -> str:
    low, high = span_words(min(values)), span_words(max(values))
    return low if low == high else f"{low} to {high}"


def _round_down(seconds: float) -> str:
    """Return an interval that one would set: whole fives from 10 s on, whole seconds from 1 s on, else tenths."""
    if seconds >= 10:
        return f"{int(seconds // 5 * 5)}"
    return f"{int(seconds)}" if seconds >= 1 else f"{max(0.1, int(seconds * 10) / 10):g}"


_SINGLE_ENDS = frozenset({"closed_by_peer", "abnormal_closures"})

MESSAGE_TOO_BIG = Rule(
    name="message_too_big",
    severity=Severity.ERROR,
    means="A message was larger than the limit; a WebSocket has to be closed for that (1009).",
    remedy="Have the sender send smaller messages; if they are meant to be so large, raise --max-message-mib.",
    sign=_message_too_big,
    explains=_SINGLE_ENDS | {"flapping"},
    clear_after_s=DROP_FADES_S,
)

TOKEN_EXPIRY = Rule(
    name="token_expiry",
    severity=Severity.WARNING,
    means="An open connection was dropped when its token ended: a socket cannot be given a new one.",
    remedy="Give the OAuth client a longer token duration than the calls last (Genesys admin, Integrations, OAuth).",
    sign=_token_expiry,
    explains=_SINGLE_ENDS | {"flapping", "idle_timeout", "recycled_at_age"},
    clear_after_s=DROP_FADES_S,
)

IDLE_TIMEOUT = Rule(
    name="idle_timeout",
    severity=Severity.ERROR,
    means="Drops cluster at the same time after our last frame: something on the path has an idle limit.",
    remedy="Set --ping-interval to a third of the limit, or raise the limit of the load balancer, proxy or firewall.",
    sign=_idle_timeout,
    explains=_SINGLE_ENDS | {"flapping", "recycled_at_age"},
    clear_after_s=DROP_FADES_S,
)

RECYCLED_AT_AGE = Rule(
    name="recycled_at_age",
    severity=Severity.WARNING,
    means="Drops cluster at the same age of the connection, whatever was sent: somebody ends old connections.",
    remedy="Ask whoever runs the host or its gateway for the longest life of a connection, and have it raised above"
    " the length of a call.",
    sign=_recycled_at_age,
    explains=_SINGLE_ENDS | {"flapping"},
    clear_after_s=DROP_FADES_S,
)

HALF_OPEN = Rule(
    name="half_open",
    severity=Severity.ERROR,
    means="The connection looked open and nothing came any more (stale), or pings went unanswered.",
    remedy="Have the host and the path checked; shorten --stale-after or --ping-interval to notice it sooner.",
    sign=_half_open,
    explains=frozenset({"flapping", "no_audio", "dead_air", "one_way_audio", "silent_bot"}),
    clear_after_s=DROP_FADES_S,
)

FLAPPING = Rule(
    name="flapping",
    severity=Severity.ERROR,
    means="Connections come back and do not last: three or more were lost within a minute.",
    remedy="Have the host's log read for crashes and limits; callscope counts attempts on until one lasts 30 s.",
    sign=_flapping,
    explains=_SINGLE_ENDS,
)

CLOSED_BY_PEER = Rule(
    name="closed_by_peer",
    severity=Severity.WARNING,
    means="The peer closed the connection and said so with a code.",
    remedy="Ask whoever runs the host why it closes with that code at that moment.",
    sign=_closed_by_peer,
    clear_after_s=DROP_FADES_S,
)

ABNORMAL_CLOSURES = Rule(
    name="abnormal_closures",
    severity=Severity.WARNING,
    means="Connections broke off without a close frame (1006), and no better cause is to be seen.",
    remedy="Look at that moment for a crash of the host, a restart of a proxy, or a change of network on the way.",
    sign=_abnormal_closures,
    clear_after_s=DROP_FADES_S,
)
