"""Calls as a test tells them: facts, folded by the reducer, on a clock that the story moves."""

from __future__ import annotations

import math
import random

from dashboard.call import events as ev
from dashboard.call.events import Cause, ClosedBy, Event, Flaw, LinkState, Speaker
from dashboard.call.reducer import step
from dashboard.call.state import INBOUND, CallState
from dashboard.call.words import cause_words

START = 1000.0
WALL = 1_900_000_000.0
FRAME_S = 0.02
BATCH_S = 0.1


class Story:
    """A call so far. Every method is something that happens at `now`; those that take time move it."""

    def __init__(self, call_id: str = "4f1c9a2b7d3e", *, seed: int = 7, channels: tuple[str, ...] = ("caller", "bot")):
        self.call = CallState(call_id)
        self.now = START
        self._call_id = call_id
        self._dice = random.Random(seed)
        self._channels = channels
        self._position = 0.0
        self._began = START
        self._utterances = 0
        self._clipped = 0
        self.fact(
            ev.CallStarted(call_id, START, WALL, "wss://api.example.test/v1/stream/ws-77", "appfoundry", ev.Targets())
        )

    def fact(self, event: Event) -> None:
        """Fold a fact."""
        self.call = step(self.call, event)

    # -- the link -----------------------------------------------------------------------------------------

    def enter(
        self,
        state: LinkState,
        cause: Cause = Cause.PROGRESS,
        *,
        detail: str = "",
        attempt: int = 1,
        wait_s: float = 0.0,
    ) -> None:
        until = self.now + wait_s if state is LinkState.WAITING else None
        self.fact(ev.LinkChanged(self._call_id, self.now, state, cause, detail, attempt, 10, until))

    def connect(
        self, *, attempt: int = 1, session: str = "s-9001", takes_s: float = 0.4, clock: str = "kernel"
    ) -> None:
        """Authorize, resolve, connect, and hear that a session has started."""
        for state in (LinkState.AUTHORIZING, LinkState.RESOLVING, LinkState.CONNECTING):
            self.enter(state, attempt=attempt)
            self.now += takes_s / 3
        if self.call.link.token_expires_at is None:
            self.fact(ev.TokenObtained(self._call_id, self.now, self.now + 3600.0, refresh=False))
        self.fact(ev.ConnectionOpened(self._call_id, self.now, self.call.endpoint, clock, takes_s / 3))
        self.enter(LinkState.OPEN, attempt=attempt)
        if self.call.session_id == session:
            self.fact(ev.ResumeRequested(self._call_id, self.now, session))
        else:
            self.fact(ev.SessionStarted(self._call_id, self.now, session, "6f0e4a51-22c7-4a83-9d5b-0b7d1c1f9a10"))
        self._began, self._position = self.now, 0.0

    def drop(
        self,
        cause: Cause = Cause.ABNORMAL_CLOSURE,
        *,
        code: int = 1006,
        reason: str = "",
        closed_by: ClosedBy = ClosedBy.NETWORK,
    ) -> None:
        last = self.call.link.last_inbound_at or self.now
        self.fact(ev.ConnectionLost(self._call_id, self.now, cause, code, reason, closed_by, last, cause_words(cause)))

    def fail(
        self, cause: Cause, detail: str, *, attempt: int = 1, status: int | None = None, flaw: Flaw | None = None
    ) -> None:
        self.fact(ev.AttemptFailed(self._call_id, self.now, attempt, cause, detail, status, None, flaw))

    def ping(self, rtt_s: float) -> None:
        self.fact(ev.PingMeasured(self._call_id, self.now, rtt_s))

    # -- media --------------------------------------------------------------------------------------------

    def listen(
        self,
        seconds: float,
        *,
        jitter_s: float = 0.001,
        caller_dbfs: float = -90.0,
        bot_dbfs: float = -21.0,
        set_aside: bool = False,
    ) -> None:
        """Frames on schedule, late by a random amount around `jitter_s`, with a tick four times a second."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self._batch(jitter_s, caller_dbfs, bot_dbfs, set_aside=set_aside)
            if round(self.now / BATCH_S) % 5 == 0:
                self.tick()
            if round(self.now / BATCH_S) % 10 == 0:
                self.queues()

    def stall(self, seconds: float) -> None:
        """The network holds the frames of `seconds` back, then lets them go at once."""
        start, count = self.now, round(seconds / FRAME_S)
        self.now += seconds
        self._frames([start + seconds + 0.0005 * frame for frame in range(count)], -90.0, -21.0)

    def clip(self, runs: int) -> None:
        """One more batch, with `runs` of samples at full scale in it."""
        self._clipped = runs
        self.listen(BATCH_S)
        self._clipped = 0

    def _batch(self, jitter_s: float, caller_dbfs: float, bot_dbfs: float, *, set_aside: bool) -> None:
        due = [self._began + self._position + FRAME_S * frame for frame in range(round(BATCH_S / FRAME_S))]
        self.now = due[-1] + FRAME_S
        last, arrivals = 0.0, []
        for moment in due:
            last = max(last, moment + self._dice.expovariate(1 / jitter_s))
            arrivals.append(last)
        self._frames(arrivals, caller_dbfs, bot_dbfs, set_aside=set_aside)

    def _frames(self, arrivals: list[float], caller_dbfs: float, bot_dbfs: float, *, set_aside: bool = False) -> None:
        count = len(arrivals)
        sway = [4.0 * math.sin(arrival * 7.0) for arrival in arrivals]
        rows = {"caller": caller_dbfs, "bot": bot_dbfs, "mixed": max(caller_dbfs, bot_dbfs)}
        levels = tuple(
            tuple(max(-90.0, rows[name] + (move if rows[name] > -60.0 else 0.0)) for move in sway)
            for name in self._channels
        )
        peaks = tuple(tuple(min(0.0, level + 9.0) for level in row) for row in levels)
        positions = tuple(self._position + FRAME_S * frame for frame in range(count))
        self._position += FRAME_S * count
        columns = tuple(arrivals), positions, (FRAME_S,) * count
        self.fact(
            ev.AudioReceived(
                self._call_id,
                max(self.now, arrivals[-1]),
                INBOUND,
                *columns,
                levels,
                peaks,
                tuple(0.0004 for _ in arrivals),
                self._channels,
                320 * count,
                clipped=self._clipped,
                positioned=True,
                late=tuple(range(count)) if set_aside else (),
            )
        )

    def tick(self) -> None:
        self.fact(ev.Ticked(self._call_id, self.now, 0.0002, (0.0, 0.0003)))

    def wait(self, seconds: float) -> None:
        """Nothing comes but the clock's ticks."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, self.now + 0.25)
            self.tick()

    def queues(self, *, depth: int = 0, dropped: int = 0) -> None:
        waits = (0.0003, 0.0004, 0.0009)
        self.fact(ev.QueueMeasured(self._call_id, self.now, "audio", depth, 100, dropped, "drop oldest", waits))
        self.fact(ev.QueueMeasured(self._call_id, self.now, "control", 0, 50, 0, "never drop", waits))

    # -- what is said -----------------------------------------------------------------------------------------

    def says(self, speaker: Speaker, text: str, *, final: bool = True) -> None:
        self.fact(ev.TranscriptReceived(self._call_id, self.now, speaker, text, final, 0.94 if final else None))

    def intent(self, name: str, confidence: float = 0.91) -> None:
        self.fact(ev.IntentReceived(self._call_id, self.now, name, confidence))

    def hold(self, text: str) -> int:
        """The operator's utterance waits for a session."""
        self._utterances += 1
        self.fact(ev.UtteranceHeld(self._call_id, self.now, self._utterances, text))
        return self._utterances

    def send(self, text: str) -> None:
        number = self.hold(text)
        self.fact(ev.UtteranceSent(self._call_id, self.now, number, text))

    def expire(self, utterance: int, why: str) -> None:
        self.fact(ev.UtteranceExpired(self._call_id, self.now, utterance, why))

    def lose_worker(self, detail: str) -> None:
        self.fact(ev.WorkerLost(self._call_id, self.now, detail, dead=True))

    def end(self, reason: str = "stopped") -> None:
        self.enter(LinkState.CLOSED, Cause.STOPPED)
        self.fact(ev.CallEnded(self._call_id, self.now, reason))


def dialogue(story: Story) -> None:
    """A plausible piece of a parcel call, about twenty seconds."""
    story.listen(1.0, bot_dbfs=-20.0)
    story.says(Speaker.BOT, "Hello, this is Parcel Direct. How can I help you?")
    story.listen(2.0, caller_dbfs=-24.0, bot_dbfs=-90.0)
    story.says(Speaker.CALLER, "I'd like to know where my", final=False)
    story.listen(1.0, caller_dbfs=-22.0, bot_dbfs=-90.0)
    story.says(Speaker.CALLER, "I'd like to know where my parcel is, it should have come on Monday.")
    story.listen(0.4, bot_dbfs=-90.0)
    story.intent("parcel_status")
    story.listen(0.3, bot_dbfs=-90.0)
    story.says(Speaker.BOT, "I can look that up. What is your tracking number?")
    story.listen(3.0, bot_dbfs=-21.0)
    story.ping(0.0184)
    story.listen(2.0, caller_dbfs=-23.0, bot_dbfs=-90.0)
    story.says(Speaker.CALLER, "It's four seven one one, eight zero.")
    story.listen(0.7, bot_dbfs=-90.0)
    story.intent("tracking_number", 0.97)
    story.listen(0.2, bot_dbfs=-90.0)
    story.says(Speaker.BOT, "Thank you. It left our depot in Leipzig this morning and arrives tomorrow before noon.")
    story.listen(4.0, bot_dbfs=-19.0)
    story.ping(0.0212)


def exchange(
    story: Story,
    said: str,
    answer: str,
    intent: str,
    *,
    slow_s: float = 0.0,
    speaks_s: float = 1.6,
    pause_s: float = 0.6,
) -> None:
    """The caller says something and the bot answers, `slow_s` later than it usually does."""
    story.listen(1.4, caller_dbfs=-23.0, bot_dbfs=-90.0)
    story.listen(0.3, bot_dbfs=-90.0)
    story.says(Speaker.CALLER, said)
    story.listen(0.4 + slow_s, bot_dbfs=-90.0)
    story.intent(intent)
    story.listen(0.2, bot_dbfs=-90.0)
    story.says(Speaker.BOT, answer)
    story.listen(0.3, bot_dbfs=-90.0)
    story.listen(speaks_s, bot_dbfs=-21.0)
    story.listen(pause_s, bot_dbfs=-90.0)


def turns() -> CallState:
    """Turns of every kind: quick, slow, unanswered, interrupted by the caller, cut by the link, and one that waits."""
    story = Story()
    story.connect()
    exchange(story, "I'd like to know where my parcel is.", "What is your tracking number?", "parcel_status")
    exchange(story, "It's four seven one one, eight zero.", "It arrives tomorrow.", "tracking_number", speaks_s=3.2)
    exchange(story, "Can I change the address?", "Yes, you can.", "change_address", slow_s=1.5)
    story.says(Speaker.CALLER, "Hello?")
    story.listen(6.0, bot_dbfs=-90.0)
    exchange(story, "House number twelve.", "I have left it with your", "house_number", speaks_s=1.0, pause_s=0.0)
    story.listen(0.8, caller_dbfs=-22.0, bot_dbfs=-21.0)
    story.listen(1.0, caller_dbfs=-22.0, bot_dbfs=-90.0)
    exchange(story, "No, the other one.", "Alright.", "cancel")
    story.says(Speaker.CALLER, "And when")
    story.drop()
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=0.8)
    story.wait(0.8)
    story.connect(attempt=2)
    story.listen(1.0, bot_dbfs=-90.0)
    story.send("parcel 4711")
    story.listen(0.9, bot_dbfs=-90.0)
    return story.call


def steady() -> CallState:
    """An open call of a minute and a half, nothing wrong; somebody is speaking."""
    story = Story()
    story.connect()
    dialogue(story)
    for _ in range(6):
        story.listen(5.0, caller_dbfs=-23.0, bot_dbfs=-90.0)
        story.listen(4.0, bot_dbfs=-22.0)
    story.ping(0.0197)
    story.says(Speaker.CALLER, "That's great, can I also")
    story.listen(1.0, caller_dbfs=-25.0, bot_dbfs=-90.0)
    story.says(Speaker.CALLER, "That's great, can I also change the address?", final=False)
    story.listen(2.0, caller_dbfs=-21.0, bot_dbfs=-90.0)
    return story.call


def troubled() -> Story:
    """An open call that has been through a stall, jitter and one outage with a resumed session."""
    story = Story()
    story.connect()
    dialogue(story)
    story.listen(6.0, jitter_s=0.018, caller_dbfs=-24.0, bot_dbfs=-90.0)
    story.stall(0.42)
    story.listen(5.0)
    story.drop()
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=0.8)
    story.wait(0.8)
    story.connect(attempt=2)
    story.listen(8.0, caller_dbfs=-25.0, bot_dbfs=-90.0)
    story.listen(4.0)
    story.ping(0.0188)
    return story


def waiting() -> CallState:
    """Down after an abnormal closure: the third attempt is due in 2.3 s, and an utterance is held."""
    story = troubled()
    story.drop(reason="")
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=0.9)
    story.wait(0.9)
    story.enter(LinkState.CONNECTING, attempt=2)
    story.fail(Cause.UNAVAILABLE, "HTTP 503", attempt=2, status=503)
    story.enter(LinkState.WAITING, Cause.UNAVAILABLE, attempt=3, wait_s=3.8)
    story.hold("are you still there?")
    story.wait(1.5)
    return story.call


def gave_up() -> CallState:
    """The login host refused the client credentials: nothing ever connected."""
    story = Story()
    story.enter(LinkState.AUTHORIZING)
    story.now += 0.31
    story.fact(ev.TokenFailed(story.call.call_id, story.now, Cause.CREDENTIALS_REFUSED, "401 invalid_client"))
    story.fail(Cause.CREDENTIALS_REFUSED, "401 invalid_client", status=401)
    story.enter(LinkState.GAVE_UP, Cause.CREDENTIALS_REFUSED, detail="401 invalid_client: check client id and secret")
    story.wait(4.0)
    return story.call


def hostile() -> CallState:
    """An open call whose peer writes markup, escape sequences and control characters wherever it can."""
    story = Story("[red]x[/red]")
    story.connect(session="[bold]\x1b[31ms-1[/]")
    story.listen(2.0)
    story.says(Speaker.BOT, "[red]not red[/red] \x1b[2J\x1b]0;title\x07 and \u202eright to left")
    story.intent("[@click=app.quit]quit[/]")
    story.fact(ev.ErrorReceived(story.call.call_id, story.now, "[/] unbalanced \x00 markup"))
    story.listen(1.0)
    story.drop(Cause.SERVER_ERROR, code=1011, reason="[red]boom[/red] \x1b[5m", closed_by=ClosedBy.PEER)
    story.enter(LinkState.WAITING, Cause.SERVER_ERROR, detail="[red]boom", attempt=2, wait_s=5.0)
    story.wait(0.5)
    return story.call
