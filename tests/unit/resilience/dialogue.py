"""A dialogue with the link's decision machine: `<<` hands it an input, `>>` says in words what it must answer."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.call import events as ev
from dashboard.call.events import Cause, ClosedBy
from dashboard.resilience import orders
from dashboard.resilience.link import Link, Outcome
from dashboard.resilience.oauth import Token
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import Failure
from dashboard.resilience.secret import Secret

Input = Callable[["Dialogue"], list[Outcome]]

STATIC = LinkPolicy(url="wss://bot.test/ws", authorize=False)
BEARER = LinkPolicy(url="wss://bot.test/ws")
SIGNED = LinkPolicy(lookup=True)


class Dialogue:
    """Time stands still except where `Waits` moves it; the dice always show 1, so every wait is its ceiling."""

    def __init__(self, policy: LinkPolicy) -> None:
        self.link = Link(policy, "call-1", dice=lambda: 1.0)
        self.now = 0.0
        self.heard: list[Outcome] = []
        self.tokens: dict[str, Token] = {}

    def __lshift__(self, said: Input) -> Dialogue:
        assert not self.heard, f"nobody expected {[in_words(outcome) for outcome in self.heard]}"
        self.heard = said(self)
        return self

    def __rshift__(self, expected: str) -> Dialogue:
        """Compare with the next outcomes, separated by semicolons."""
        words = [in_words(outcome) for outcome in self.heard]
        wanted = expected.split("; ")
        assert words[: len(wanted)] == wanted
        del self.heard[: len(wanted)]
        return self

    def __bool__(self) -> bool:
        assert not self.heard, f"nobody expected {[in_words(outcome) for outcome in self.heard]}"
        return True


def in_words(outcome: Outcome) -> str:
    match outcome:
        case ev.LinkChanged(state=ev.LinkState.WAITING):
            assert outcome.until is not None
            return f"waiting {outcome.until - outcome.at:g} s: {outcome.cause}"
        case ev.LinkChanged():
            return f"{outcome.state}: {outcome.cause}"
        case ev.AttemptFailed():
            return f"attempt {outcome.attempt} failed: {outcome.cause}"
        case ev.ConnectionLost():
            return f"lost {outcome.code} by {outcome.closed_by}: {outcome.cause}"
        case ev.ConnectionOpened():
            return f"connected after {outcome.took_s:g} s"
        case ev.TokenObtained():
            return "renewed token" if outcome.refresh else "first token"
        case ev.TokenFailed():
            return f"no token: {outcome.cause}"
        case ev.ResumeRequested():
            return f"asked to resume {outcome.session_id}"
        case orders.Authorize():
            return f"AUTHORIZE without {outcome.rejected.reveal()}" if outcome.rejected else "AUTHORIZE"
        case orders.Resolve():
            return "RESOLVE" + _with(outcome.token)
        case orders.Dial():
            return f"DIAL {outcome.url}" + _with(outcome.token)
        case orders.Replace():
            return "REPLACE" + _with(outcome.token)
        case orders.CloseSocket():
            return f"CLOSE {outcome.code} {outcome.reason}".strip()
        case orders.SendResume():
            return f"RESUME {outcome.session_id}"
        case orders.Renew() | orders.CancelStep() | orders.Finish():
            return type(outcome).__name__.upper()
    raise AssertionError(f"no words for {outcome!r}")


def _with(token: Token | None) -> str:
    return f" with {token.value.reveal()}" if token else ""


def starts(dialogue: Dialogue) -> list[Outcome]:
    return dialogue.link.start(dialogue.now)


def presses_r(dialogue: Dialogue) -> list[Outcome]:
    return dialogue.link.reconnect(dialogue.now)


def stops(dialogue: Dialogue) -> list[Outcome]:
    return dialogue.link.stop(dialogue.now)


def opens(dialogue: Dialogue) -> list[Outcome]:
    return dialogue.link.opened(dialogue.now, "wss://bot.test/ws", "kernel")


def opens_another(dialogue: Dialogue) -> list[Outcome]:
    return dialogue.link.replaced(dialogue.now, "wss://bot.test/ws", "kernel")


def hears_that_it_ends(cause: Cause, why: str = "going") -> Input:
    return lambda dialogue: dialogue.link.leave(dialogue.now, cause, why)


def speaks(dialogue: Dialogue) -> list[Outcome]:
    dialogue.link.message_seen(dialogue.now)
    return []


def begins_session(session_id: str) -> Input:
    def said(dialogue: Dialogue) -> list[Outcome]:
        dialogue.link.message_seen(dialogue.now)
        dialogue.link.session_started(session_id)
        return []

    return said


def grants(name: str, life_s: float = 3600.0) -> Input:
    """The login host, or whoever keeps its tokens, gives the token of that name."""

    def said(dialogue: Dialogue) -> list[Outcome]:
        expires_at = dialogue.now + life_s
        token = Token(Secret(name), expires_at, expires_at - min(300.0, 0.2 * life_s))
        return dialogue.link.token_obtained(dialogue.now, dialogue.tokens.setdefault(name, token))

    return said


def names_url(url: str | None) -> Input:
    return lambda dialogue: dialogue.link.resolved(dialogue.now, url)


def fails(cause: Cause, status: int | None = None, retry_after_s: float | None = None) -> Input:
    failure = Failure(cause, "what happened", status, retry_after_s)
    return lambda dialogue: dialogue.link.step_failed(dialogue.now, failure)


def closes(code: int, closed_by: ClosedBy = ClosedBy.PEER, reason: str = "") -> Input:
    return lambda dialogue: dialogue.link.closed(dialogue.now, code, reason, closed_by)


drops = closes(1006, ClosedBy.NETWORK)


def waits(seconds: float) -> Input:
    """Let time pass, ticking at every deadline on the way as the driver does."""

    def said(dialogue: Dialogue) -> list[Outcome]:
        until = dialogue.now + seconds
        outcomes: list[Outcome] = []
        while (deadline := dialogue.link.next_deadline()) is not None and deadline <= until:
            dialogue.now = max(dialogue.now, deadline)
            outcomes += dialogue.link.tick(dialogue.now)
        dialogue.now = until
        return outcomes

    return said


def waits_and_dials(dialogue: Dialogue) -> list[Outcome]:
    """Let the wait pass; what is said on the way does not matter here."""
    deadline = dialogue.link.next_deadline()
    assert deadline is not None
    dialogue.now = deadline
    assert isinstance(dialogue.link.tick(deadline)[-1], orders.Dial)
    return []


def talks_for(seconds: float, every: float = 1.0) -> Input:
    """Let time pass with a message each second."""

    def said(dialogue: Dialogue) -> list[Outcome]:
        outcomes: list[Outcome] = []
        until = dialogue.now + seconds
        while dialogue.now < until:
            outcomes += waits(min(every, until - dialogue.now))(dialogue)
            dialogue.link.message_seen(dialogue.now)
        return outcomes

    return said


def open_call(policy: LinkPolicy = STATIC, *, session: str | None = None, life_s: float = 3600.0) -> Dialogue:
    """A call that has just been connected, its facts heard."""
    dialogue = Dialogue(policy)
    dialogue.link.start(0.0)
    if policy.authorize:
        grants("token-1", life_s)(dialogue)
    if policy.lookup:
        dialogue.link.resolved(0.0, "wss://bot.test/ws?sig=1")
    dialogue.link.opened(0.0, "wss://bot.test/ws", "kernel")
    if session:
        begins_session(session)(dialogue)
    return dialogue
