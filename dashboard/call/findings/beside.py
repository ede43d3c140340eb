"""What is wrong with a wire beside the call: the call itself, and its other wires, go on."""

from __future__ import annotations

from dashboard.call.findings.finding import Finding, Severity
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.state import CallState
from dashboard.call.terms import LinkState
from dashboard.call.words import cause_words

_DOWN = (LinkState.WAITING, LinkState.GAVE_UP)
_UNTOUCHED = "the call itself is not touched"


_OF_BOT = ("endpoint_refused", "silent_bot", "slow_bot", "unfinished_turn", "peer_errors")
"""What is told of the bot's wire: where its link is down that is told once, and what an operator repeats is no loop."""


def of_bot(view: View, rule: str) -> Sign | None:
    """Return what this rule says of the bot beside the call, as a sign of the call itself: never that it is down."""
    leg = leg_of(view.call)
    found = None if leg is None or rule not in _OF_BOT else leg.findings.of(rule)
    if found is None or not found.stands or found.fading:
        return None
    return Sign(f"Test utterances: {_inside(found.summary)}", found.evidence, found.remedy, Severity.WARNING)


def leg_of(call: CallState) -> CallState | None:
    """Return what is known of the wire of the bot beside a call."""
    return None if call.bot is None else call.bot.call


def _inside(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _side_link_down(view: View, standing: bool) -> Sign | None:
    notices, bot = _notices_down(view), _bot_down(view)
    if notices is None or bot is None:
        return notices or bot
    return Sign(
        "Transcript and test utterances: the links to Genesys' notifications and to the bot are down",
        (*notices.evidence[:1], *bot.evidence[:1], _UNTOUCHED),
        bot.remedy,
    )


def _bot_down(view: View) -> Sign | None:
    leg = leg_of(view.call)
    if leg is None or leg.ended is not None or leg.worker_lost is not None or leg.link.state not in _DOWN:
        return None
    why: Finding | None = next(iter(leg.findings.standing), None)
    if why is not None and why.rule == "endpoint_refused":  # which is told by that name
        return None
    what = "given up" if leg.link.state is LinkState.GAVE_UP else "down"
    cause = cause_words(leg.link.cause)
    return Sign(
        f"Test utterances: the link to the bot is {what}, {cause}",
        (leg.link.detail or cause, *(() if why is None else (why.summary,)), _UNTOUCHED),
        "" if why is None else why.remedy,
    )


def _notices_down(view: View) -> Sign | None:
    told = view.call.notices
    if told is None or told.link not in _DOWN:
        return None
    what = "given up" if told.link is LinkState.GAVE_UP else "down"
    return Sign(
        f"Transcript: the link to Genesys' notifications is {what}",
        (
            told.link_detail or "no reason was told",
            _UNTOUCHED,
            "what is said meanwhile is not told again",
        ),
    )


SIDE_LINK_DOWN = Rule(
    name="side_link_down",
    severity=Severity.WARNING,
    means="A wire beside the call is down, Genesys' notifications or the bot for test utterances; the call goes on.",
    remedy="The summary says which: for notifications look at the OAuth client and its role, for the bot at its "
    "profile's url; callscope doctor examines either.",
    sign=_side_link_down,
    clear_after_s=3.0,
)
