"""What is wrong with a Cognigy endpoint, or with the flow behind it."""

from __future__ import annotations

from itertools import islice

from dashboard.call.cognigy_view import COGNIGY
from dashboard.call.findings.bot import newest_first, short
from dashboard.call.findings.finding import Severity
from dashboard.call.findings.refusals import refusal_evidence, refusal_of
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.terms import Cause, LinkState
from dashboard.call.words import span_words

_REFUSED = (
    Cause.ENDPOINT_REFUSED,
    Cause.AUTH_CLOSED,
    Cause.TOKEN_REJECTED,
    Cause.PERMISSION_MISSING,
    Cause.NOT_FOUND,
    Cause.HANDSHAKE_REFUSED,
)
_LEFT = (Cause.SERVER_CLOSED, Cause.GOING_AWAY, Cause.OTHER_CLOSE, Cause.SERVER_ERROR, Cause.ABNORMAL_CLOSURE)
_FEWEST_EARLY = 2
_LOOK_BACK = 3
_KEPT_S = 60.0


def _endpoint_refused(view: View, standing: bool) -> Sign | None:
    if view.call.dialect not in COGNIGY:
        return None
    refusal = refusal_of(view, _REFUSED)
    if refusal is not None:
        return Sign("The Cognigy endpoint refuses us", refusal_evidence(view, refusal))
    mute = refusal_of(view, (Cause.PROTOCOL_ERROR,))
    if mute is None or view.link.last_inbound_at is not None:
        return _left_early(view)
    return Sign(
        "The endpoint breaks off before it says a word",
        refusal_evidence(view, mute),
        "It may speak Engine.IO 4 only, and no WebSocket to whoever asks for 3: try --engine-io 4.",
        explains=frozenset({"flapping"}),
    )


def _left_early(view: View) -> Sign | None:
    """Tell of an endpoint that has let us in, and has ended each connection before it was ready."""
    told = view.call.cognigy
    if (told is not None and told.user_id is not None) or view.link.opened_at is not None:
        return None
    early = [end for cause, end in view.losses if cause in _LEFT]
    over = view.link.state in (LinkState.CLOSED, LinkState.GAVE_UP)
    if not early or (len(early) < _FEWEST_EARLY and not over):
        return None
    times = "connection" if len(early) == 1 else "connections"
    evidence = [f"{len(early)} {times} ended so, none older than {span_words(max(end.age_s for end in early))}"]
    error = next((line.text for line in reversed(view.call.lines) if line.kind == "error"), "")
    if error:
        evidence.append(f"the last thing that it said: “{short(error)}”")
    return Sign(
        "The endpoint lets us in, and ends the connection before it is ready",
        tuple(evidence),
        "That can be its answer to a wrong URL token: compare with the endpoint in Cognigy (Deploy, Endpoints).",
        explains=frozenset({"flapping"}),
    )


def _unfinished_turn(view: View, standing: bool) -> Sign | None:
    if view.call.dialect not in COGNIGY:
        return None
    turns = (turn for turn in islice(newest_first(view), _LOOK_BACK) if turn.unfinished and turn.answered_at)
    turn = next(turns, None)
    if turn is None or view.now - turn.ended_at > _KEPT_S + view.targets.silent_failure_after_s:
        return None
    view_of = view.call.cognigy
    count = 0 if view_of is None else view_of.unfinished
    return Sign(
        "The bot answered, but never said that it had finished",
        (
            f"after “{short(turn.text)}”: first output {span_words(turn.latency_s or 0.0)} later, no finalPing",
            f"{count} {'turn' if count == 1 else 'turns'} without an end on this call",
        ),
    )


ENDPOINT_REFUSED = Rule(
    name="endpoint_refused",
    severity=Severity.ERROR,
    means="A Cognigy endpoint does not take us: a wrong URL token, an endpoint that is disabled or of another kind.",
    remedy="Compare with the endpoint in Cognigy (Deploy, Endpoints): the last part of its URL, its kind (Socket.IO or "
    "REST), and whether it is active.",
    sign=_endpoint_refused,
    explains=frozenset(
        {
            *("credentials_refused", "permission_missing", "not_found", "handshake_refused"),
            *("closed_by_peer", "abnormal_closures", "peer_errors", "token_expiry"),
        }
    ),
)

UNFINISHED_TURN = Rule(
    name="unfinished_turn",
    severity=Severity.WARNING,
    means="A Cognigy flow gave an output, but no finalPing came within the limit: it hangs behind that output.",
    remedy="Look at the flow behind its last output: a node that waits for a service, or a loop; --turn-limit waits "
    "longer.",
    sign=_unfinished_turn,
)
