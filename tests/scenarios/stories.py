"""Calls that no scenario can play: told fact by fact, because the trouble is in the way to the host or in callscope."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.call import cognigy_events as ce
from dashboard.call import events as ev
from dashboard.call.bot_events import BotTold
from dashboard.call.events import Cause, ClosedBy, Flaw, LinkState
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from tests.builders import Story
from tests.scenarios.notices import followed
from tests.several import call_back, held_together

LINE = -65.0
"""dBFS of a quiet line."""


def _talk(story: Story, seconds: float) -> None:
    """Caller and bot speak in turns."""
    for turn in range(round(seconds)):
        caller, bot = (-22.0, LINE) if turn % 4 < 2 else (LINE, -21.0)
        story.listen(1.0, caller_dbfs=caller, bot_dbfs=bot)


def _talking(*, clock: str = "kernel") -> Story:
    story = Story()
    story.connect(clock=clock)
    _talk(story, 12.0)
    return story


def _refused(cause: Cause, detail: str, status: int | None = None, *, flaw: Flaw | None = None) -> CallState:
    story = Story()
    story.enter(LinkState.CONNECTING)
    story.now += 0.3
    story.fail(cause, detail, status=status, flaw=flaw)
    story.enter(LinkState.GAVE_UP, cause, detail=detail)
    story.wait(2.0)
    return story.call


def _late(lag_s: float, *, clock: str = "kernel", times: int = 3) -> CallState:
    """callscope's own loop is late now and then."""
    story = _talking(clock=clock)
    for _ in range(times):
        _talk(story, 1.0)
        story.fact(ev.Ticked(story.call.call_id, story.now, lag_s))
    _talk(story, 1.0)
    return story.call


def _read_late(seconds: float) -> CallState:
    """For `seconds` the frames lie unread for a few milliseconds, too little for the loop to be called late."""
    story = _talking(clock="process")
    story.listen(seconds, jitter_s=0.008, caller_dbfs=LINE, set_aside=True)
    _talk(story, 1.0)
    return story.call


def _stalls_while_late() -> CallState:
    """callscope stands still for seconds, and what it did not read comes at once: that is no stall of the network."""
    story = _talking()
    for _ in range(3):
        story.stall(1.5)
        story.fact(ev.Ticked(story.call.call_id, story.now, 1.4))
        _talk(story, 2.0)
    return story.call


def _endpoint(*facts: ev.Event) -> CallState:
    """A Cognigy endpoint that is ready, then `facts`, and half a minute."""
    call = CallState("c")
    open_ = ev.LinkChanged("c", 100.0, LinkState.OPEN, Cause.PROGRESS)
    started = ev.CallStarted("c", 100.0, 1.9e9, "wss://endpoint", "cognigy", ev.Targets(silent_failure_after_s=30.0))
    opened = ev.ConnectionOpened("c", 100.0, "wss://endpoint", "kernel", 0.1)
    ready = ce.EndpointReady("c", 100.1, "callscope", True, 0.1, announced=True, engine=3)
    for fact in (started, opened, open_, ev.SessionStarted("c", 100.1, "s", ""), ready, *facts):
        call = step(call, fact)
    for _ in range(120):
        call = step(call, ev.Ticked("c", call.now + 0.25))
    return call


def _refused_token() -> CallState:
    lost = ev.ConnectionLost("c", 100.2, Cause.ENDPOINT_REFUSED, 1001, "refused", ClosedBy.US, 100.2)
    gave_up = ev.LinkChanged("c", 100.2, LinkState.GAVE_UP, Cause.ENDPOINT_REFUSED, "Invalid URL token")
    return _endpoint(ev.ErrorReceived("c", 100.2, "Invalid URL token"), lost, gave_up)


def _flow(*, finishes: bool) -> CallState:
    said, output = ev.UtteranceSent("c", 101.0, 1, "hi"), ev.TextReceived("c", 101.5, "one moment")
    end = ce.TurnFinished("c", 101.8, "regular") if finishes else ce.TurnTimedOut("c", 131.0, 30.0)
    return _endpoint(said, output, end)


def _beside(state: LinkState) -> CallState:
    """A call that goes well, and a bot beside it whose link comes to this."""
    story = _talking()
    for _ in range(4):
        _talk(story, 1.0)
        changed = ev.LinkChanged(story.call.call_id, story.now, state, Cause.TCP_REFUSED, "nobody is there")
        story.fact(BotTold(story.call.call_id, story.now, changed))
        story.tick()
    return story.call


def _queue(wait_s: float, *, dropped: int = 0) -> CallState:
    story = _talking()
    for _ in range(4):
        _talk(story, 1.0)
        story.fact(ev.QueueMeasured(story.call.call_id, story.now, "audio", 80, 100, dropped, "oldest", (wait_s,)))
        story.tick()
    return story.call


def _worker_gone() -> CallState:
    story = _talking()
    story.lose_worker("was killed by SIGKILL")
    return story.call


def _stopped() -> CallState:
    story = _talking()
    story.end()
    return story.call


def _reconnected() -> CallState:
    story = _talking()
    story.drop(Cause.OPERATOR, code=1001, reason="reconnect", closed_by=ClosedBy.US)
    story.connect()
    _talk(story, 6.0)
    return story.call


def _stalls() -> CallState:
    story = _talking()
    for _ in range(3):
        story.stall(0.5)
        _talk(story, 3.0)
    return story.call


def _back(*downs_s: float) -> CallState:
    """The first of several calls that were lost together and are back after so many seconds."""
    return held_together([call_back(number, down_s) for number, down_s in enumerate(downs_s)])["call-0"]


STORIES: dict[str, tuple[Callable[[], CallState], str | None]] = {
    "expired certificate": (
        lambda: _refused(Cause.TLS_CERTIFICATE, "certificate not trusted", flaw=Flaw.EXPIRED),
        "tls_failure",
    ),
    "certificate for another name": (
        lambda: _refused(Cause.TLS_CERTIFICATE, "certificate not trusted", flaw=Flaw.OTHER_NAME),
        "tls_failure",
    ),
    "unknown authority": (
        lambda: _refused(Cause.TLS_CERTIFICATE, "certificate not trusted", flaw=Flaw.UNKNOWN_CA),
        "tls_failure",
    ),
    "plain host behind wss": (lambda: _refused(Cause.TLS, "TLS failed (wrong version number)"), "tls_failure"),
    "TLS handshake unanswered": (lambda: _refused(Cause.TIMEOUT, "timed out"), "unreachable"),
    "proxy says no": (lambda: _refused(Cause.PROXY_REFUSED, "proxy answered 403", 403), "proxy_refused"),
    "no such host": (lambda: _refused(Cause.DNS, "host name not found"), "unreachable"),
    "nothing listens": (lambda: _refused(Cause.TCP_REFUSED, "nothing listens there"), "unreachable"),
    "late loop, own stamps": (lambda: _late(0.15, clock="process"), "self_late"),
    "late loop, kernel stamps": (lambda: _late(0.4), "self_late"),
    "many frames read late": (lambda: _read_late(3.0), "self_late"),
    "all frames read late": (lambda: _read_late(12.0), "self_late"),
    "a few frames read late": (lambda: _read_late(0.7), None),
    "nearly late loop": (lambda: _late(0.09, clock="process"), None),
    "nearly late, kernel stamps": (lambda: _late(0.2), None),
    "stalls of our own": (_stalls_while_late, "self_late"),
    "stalls of the network": (_stalls, "network_stalls"),
    "slow queue": (lambda: _queue(0.7), "slow_consumer"),
    "dropped from a queue": (lambda: _queue(0.1, dropped=40), "slow_consumer"),
    "nearly slow queue": (lambda: _queue(0.45), None),
    "Cognigy refuses the token": (_refused_token, "endpoint_refused"),
    "Cognigy hangs behind an output": (lambda: _flow(finishes=False), "unfinished_turn"),
    "Cognigy finishes": (lambda: _flow(finishes=True), None),
    "the bot beside a call cannot be reached": (lambda: _beside(LinkState.GAVE_UP), "side_link_down"),
    "the bot beside a call answers": (lambda: _beside(LinkState.OPEN), None),
    "transcription not permitted": (
        lambda: followed(refused=("transcription: the OAuth client lacks conversation:transcription:view",)),
        "topics_refused",
    ),
    "subscription taken away": (lambda: followed(lost="another_channel_subscribed"), "subscription_lost"),
    "transcripts after 75 s": (lambda: followed(age_s=75.0), "late_transcripts"),
    "transcripts after 40 s": (lambda: followed(age_s=40.0), None),
    "worker killed": (_worker_gone, "worker_lost"),
    "worker told to stop": (_stopped, None),
    "operator reconnects": (_reconnected, None),
    "calls back all at once": (lambda: _back(*(4.0 + 0.05 * number for number in range(12))), "thundering_herd"),
    "calls back one by one": (lambda: _back(2.0, 4.0, 6.0, 8.0), "abnormal_closures"),
    "a call told well": (lambda: _talking().call, None),
}
"""What happens → the call, and the finding that must stand first."""
