"""A driver that does anything at any time, and what must hold all the same."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dashboard.call import events as ev
from dashboard.call.events import Cause, ClosedBy, LinkState
from dashboard.resilience import orders
from dashboard.resilience.link import Link, Outcome
from dashboard.resilience.oauth import Token
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import Failure
from dashboard.resilience.secret import Secret

STEPS = (orders.Authorize, orders.Renew, orders.Resolve, orders.Dial, orders.Replace)
RESTING = {LinkState.GAVE_UP, LinkState.CLOSED}

policies = st.builds(
    LinkPolicy,
    url=st.sampled_from(["wss://bot.test/ws"]),
    lookup=st.booleans(),
    authorize=st.booleans(),
    max_attempts=st.integers(0, 4),
    reconnect_on_1000=st.booleans(),
    overlap=st.booleans(),
    stale_after_s=st.sampled_from([10.0, 30.0, 90.0]),
)
failures = st.builds(
    Failure,
    cause=st.sampled_from(Cause),
    detail=st.just("it failed"),
    status=st.sampled_from([None, 302, 401, 403, 502, 503]),
    retry_after_s=st.sampled_from([None, 0.0, 7.0, 300.0]),
)
codes = st.sampled_from([1000, 1001, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 4401, 4403, 4999, 0, -1, 99999])


class AnyDriver(RuleBasedStateMachine):
    """Carries the orders out in a model world: what is under way, and whether a socket is open."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.under_way: orders.Order | None = None
        self.socket_open = False
        self.stopped = False
        self.finished = False

    @initialize(policy=policies)
    def a_new_link(self, policy: LinkPolicy) -> None:
        self.link = Link(policy, "call-1", dice=lambda: 0.5)

    def obey(self, outcomes: list[Outcome]) -> list[Outcome]:
        for outcome in outcomes:
            assert not self.finished, f"{outcome} after the end"
            match outcome:
                case orders.Authorize() | orders.Renew() | orders.Resolve() | orders.Dial() | orders.Replace():
                    assert self.under_way is None, f"{outcome} while {self.under_way} is under way"
                    assert not self.stopped
                    assert self.socket_open == isinstance(outcome, orders.Renew | orders.Replace)
                    self.under_way = outcome
                case orders.CancelStep():
                    assert self.under_way is not None
                    self.under_way = None
                case orders.CloseSocket() | orders.SendResume():
                    assert self.socket_open
                    self.socket_open = isinstance(outcome, orders.SendResume)
                case orders.Finish():
                    self.finished = True
                case ev.Event():
                    assert (outcome.call_id, outcome.at) == ("call-1", self.now)
            if isinstance(outcome, ev.LinkChanged):
                assert outcome.attempt <= (self.link.policy.max_attempts or outcome.attempt)
        return outcomes

    @rule()
    def start(self) -> None:
        self.obey(self.link.start(self.now))

    @rule()
    def stop(self) -> None:
        self.stopped = True
        self.obey(self.link.stop(self.now))

    @rule()
    def reconnect(self) -> None:
        outcomes = self.obey(self.link.reconnect(self.now))
        assert self.stopped or isinstance(outcomes[-1], STEPS)

    @rule(name=st.sampled_from(["a", "b"]), life=st.sampled_from([1.0, 40.0, 3600.0]))
    def token(self, name: str, life: float) -> None:
        self._answered(orders.Authorize, orders.Renew)
        self.obey(self.link.token_obtained(self.now, Token(Secret(name), self.now + life, self.now + 0.8 * life)))

    @rule(url=st.sampled_from([None, "wss://bot.test/a", "wss://bot.test/a?sig=1"]))
    def resolved(self, url: str | None) -> None:
        self._answered(orders.Resolve)
        self.obey(self.link.resolved(self.now, url))

    @rule()
    def opened(self) -> None:
        self.socket_open |= self._answered(orders.Dial)
        self.obey(self.link.opened(self.now, "wss://bot.test", "process"))

    @rule()
    def replaced(self) -> None:
        self._answered(orders.Replace)
        self.obey(self.link.replaced(self.now, "wss://bot.test", "process"))

    @rule(cause=st.sampled_from([Cause.TOKEN_EXPIRY, Cause.GOING_AWAY]))
    def leave(self, cause: Cause) -> None:
        self.obey(self.link.leave(self.now, cause, "because"))

    @rule(failure=failures)
    def failed(self, failure: Failure) -> None:
        self._answered(*STEPS)
        self.obey(self.link.step_failed(self.now, failure))

    @rule(code=codes, closed_by=st.sampled_from(ClosedBy))
    def closed(self, code: int, closed_by: ClosedBy) -> None:
        self.socket_open = False
        self.obey(self.link.closed(self.now, code, "because", closed_by))

    @rule(session_id=st.sampled_from(["", "s-1", "s-2"]))
    def message(self, session_id: str) -> None:
        self.link.message_seen(self.now)
        self.link.session_started(session_id)

    @rule(seconds=st.floats(0, 120))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.obey(self.link.tick(self.now))

    @precondition(lambda self: self.link.state is LinkState.WAITING)
    @rule()
    def the_wait_ends(self) -> None:
        deadline = self.link.next_deadline()
        assert deadline is not None
        self.now = max(self.now, deadline)
        self.obey(self.link.tick(self.now))
        assert self.link.state is not LinkState.WAITING

    def _answered(self, *steps: type) -> bool:
        """The world answers: if the step under way was of that kind, it is over."""
        fits = isinstance(self.under_way, steps)
        if fits:
            self.under_way = None
        return fits

    @invariant()
    def the_state_tells_what_is_going_on(self) -> None:
        state = self.link.state
        assert state is not LinkState.STALE
        if not self.stopped:
            assert self.socket_open == (state is LinkState.OPEN)
        if state is LinkState.WAITING or (self.stopped and not self.finished):
            assert self.link.next_deadline() is not None
        if state in RESTING or self.finished:
            assert self.link.next_deadline() is None
            assert self.under_way is None
        if state in {LinkState.AUTHORIZING, LinkState.RESOLVING, LinkState.CONNECTING}:
            assert self.under_way is not None


TestAnyDriver = AnyDriver.TestCase
TestAnyDriver.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
