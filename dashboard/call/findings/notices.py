"""What is wrong with a conversation that Genesys' notifications tell about."""

from __future__ import annotations

from statistics import median

from dashboard.call.findings.finding import Severity
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.notice_view import LATE_S
from dashboard.call.words import span_words

LOST_FOR_S = 60.0
"""How long the loss of a subscription is the present."""

LATE_NO_MORE_S = 45.0
LOOK_BACK_S = 120.0
FEWEST = 3

_REVOKED = "The token was revoked in Genesys admin: find out by whom, and whether the client may still log in."
_REASONS = {
    "another_channel_subscribed": "Another program with the same OAuth client took the topics: give callscope its own.",
    "user_tokens_revoked": _REVOKED,
    "token_revoked": _REVOKED,
}


def _topics_refused(view: View, standing: bool) -> Sign | None:
    told = view.call.notices
    if told is None or not told.refused:
        return None
    what = "The transcription is" if not told.transcribes else f"{len(told.refused)} kinds of events are"
    return Sign(
        f"{what} not told: Genesys does not permit the topic",
        told.refused[:3],
        severity=Severity.ERROR if not told.transcribes else Severity.WARNING,
    )


def _subscription_lost(view: View, standing: bool) -> Sign | None:
    told = view.call.notices
    if told is None or told.lost_at is None or view.now - told.lost_at > LOST_FOR_S:
        return None
    times = "once" if told.lost == 1 else f"{told.lost} times"
    return Sign(
        f"Genesys took the subscription away: {told.lost_why}",
        (f"{times} so far, the last one {span_words(view.now - told.lost_at)} ago", "it was made anew each time"),
        _REASONS.get(told.lost_why, ""),
    )


def _late_transcripts(view: View, standing: bool) -> Sign | None:
    told = view.call.notices
    if told is None:
        return None
    ages = [age_s for at, age_s in told.ages if view.now - at <= LOOK_BACK_S]
    if len(ages) < FEWEST:
        return None
    middle = median(ages)
    if middle < (LATE_NO_MORE_S if standing else LATE_S):
        return None
    return Sign(
        f"Transcripts come {span_words(middle)} after the words",
        (
            f"the middle one of the last {len(ages)}; about 35 s is usual, 3 to 5 s with low latency",
            "by Genesys' clock against this machine's: a clock that is off is in it as well",
        ),
    )


TOPICS_REFUSED = Rule(
    name="topics_refused",
    severity=Severity.ERROR,
    means="The channel is open and a topic of the conversation is not permitted on it, the transcription above all.",
    remedy="Give a role of the OAuth client conversation:transcription:view and analytics:conversationDetail:view.",
    sign=_topics_refused,
    clear_after_s=2.0,
)

SUBSCRIPTION_LOST = Rule(
    name="subscription_lost",
    severity=Severity.WARNING,
    means="Genesys took the topics away from an open channel of notifications; callscope subscribed them again.",
    remedy="Give callscope an OAuth client of its own, and look who else uses this one.",
    sign=_subscription_lost,
    clear_after_s=2.0,
)

LATE_TRANSCRIPTS = Rule(
    name="late_transcripts",
    severity=Severity.WARNING,
    means="Genesys' transcripts come more than a minute after the words: nobody can follow the call by them.",
    remedy="Switch low latency transcription on (Genesys admin, Speech and Text Analytics); check the clock here.",
    sign=_late_transcripts,
    clear_after_s=5.0,
)
