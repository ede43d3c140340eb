"""The link's decisions: when to dial, wait, renew, resume and give up (appfoundry.md, 2 to 8; design.md, "The link").

A machine without I/O: every input carries the time, every input is answered with facts and orders in the order in
which they apply, and `next_deadline` says when it wants to be asked again by `tick`. One task drives it:

    outcomes = link.start(now())
    while True:
        for outcome in outcomes:
            if isinstance(outcome, Event):
                emit(outcome)
            else:
                await carry_out(outcome)  # starts a step as a task, cancels it, closes, sends; never waits for it
        if link.finished:
            break
        outcomes = await next_input(until=link.next_deadline())
        # the step's answer, the socket's end, the operator's command, or link.tick(now()) at the deadline

`message_seen` may be called from the socket's own callback: it only notes the time. Every input is allowed in every
state; an answer that nobody waits for is ignored.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from dashboard.call.events import (
    Cause,
    ClosedBy,
    ConnectionLost,
    ConnectionOpened,
    LinkState,
    ResumeRequested,
    TokenFailed,
    TokenObtained,
)
from dashboard.resilience import retry
from dashboard.resilience.machine import Machine, Outcome
from dashboard.resilience.memory import Address, Connection, Patience
from dashboard.resilience.oauth import Token
from dashboard.resilience.orders import Authorize, CloseSocket, Dial, Finish, Renew, Replace, Resolve, SendResume
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import Failure, Reaction
from dashboard.resilience.secret import Secret

__all__ = ["Link", "Outcome"]

_SESSION_OVER = frozenset({Cause.SERVER_CLOSED, Cause.OTHER_CLOSE})
"""Answers to a `reconnect` message that mean: there is no such session any more."""

_SOON_S = 1.0


class Link(Machine):
    """One call's link. `dice` yields numbers in [0, 1) for the jitter of the waits."""

    def __init__(self, policy: LinkPolicy, call_id: str, dice: Callable[[], float] = random.random) -> None:
        super().__init__(policy, call_id, Patience(policy, dice))
        self.session_id: str | None = None
        self.finished = False
        self._dice = dice
        self._token: Token | None = None
        self._rejected: Secret | None = None
        self._address: Address | None = None
        self._connection: Connection | None = None
        self._stop_at: float | None = None

    # -- inputs: what the operator wants ------------------------------------------------------------

    def start(self, now: float) -> list[Outcome]:
        """Begin the first attempt."""
        if self.state is LinkState.IDLE:
            self._begin(now, Cause.STARTED)
        return self._taken()

    def reconnect(self, now: float) -> list[Outcome]:
        """Drop whatever is going on and dial at once, with the attempts counted from one again."""
        if not self._stopping:
            self._abandon_step()
            if self._connection is not None:
                self._close_ourselves(now, Cause.OPERATOR, "reconnect")
            self._patience = Patience(self.policy, self._dice)
            self._address = None
            self._begin(now, Cause.OPERATOR)
        return self._taken()

    def stop(self, now: float) -> list[Outcome]:
        """End the call: close with 1000 and wait for the peer, but not for long."""
        if self._stopping:
            return []
        self._abandon_step()
        self._wait_until = None
        if self._connection is not None:
            self._connection = None
            self._outcomes.append(CloseSocket(1000, ""))
            self._stop_at = now + self.policy.close_timeout_s
        else:
            self._finish(now)
        return self._taken()

    # -- inputs: answers to steps -------------------------------------------------------------------

    def token_obtained(self, now: float, token: Token) -> list[Outcome]:
        """Answer Authorize or Renew."""
        step = self._step
        if step is Authorize or step is Renew:
            self._step = None
            new = token != self._token
            if new:
                self._emit(TokenObtained(self._call_id, now, token.expires_at, refresh=self._token is not None))
                self._token, self._rejected = token, None
            if step is Authorize:
                self._resolve(now)
            else:
                self._renewed(now, new=new)
        return self._taken()

    def resolved(self, now: float, url: str | None) -> list[Outcome]:
        """Answer Resolve with the `websocketUrl` of the app, None if it names none."""
        if self._step is Resolve:
            self._step = None
            if url is not None:
                self._address = Address(url, signed="?" in url, token=self._token)
                self._dial(now)
            elif self.policy.url is not None:
                self._address = Address(self.policy.url, signed=False, token=self._token)
                self._dial(now)
            else:
                detail = "the app names no websocketUrl, and no websocket id or URL is set"
                self._attempt_failed(now, Failure(Cause.BAD_REPLY, detail))
        return self._taken()

    def opened(self, now: float, endpoint: str, clock: str) -> list[Outcome]:
        """Answer Dial: the handshake ended with 101. `endpoint` and `clock` as ConnectionOpened has them."""
        if self._step is Dial and self._address is not None:
            self._step = None
            self._address = replace(self._address, served=True)
            self._connected(now, endpoint, clock, resumed=self.session_id is not None)
            self._enter(now, LinkState.OPEN, Cause.PROGRESS)
            if self.session_id is not None:
                self._outcomes.append(SendResume(self.session_id))
                self._emit(ResumeRequested(self._call_id, now, self.session_id))
        return self._taken()

    def replaced(self, now: float, endpoint: str, clock: str) -> list[Outcome]:
        """Answer Replace: another socket serves from now on, and the one before it is closed."""
        if self._step is Replace:
            self._step = None
            self._connected(now, endpoint, clock, resumed=False)
        return self._taken()

    def step_failed(self, now: float, failure: Failure) -> list[Outcome]:
        """Answer any step: it failed."""
        step, self._step = self._step, None
        if step is Authorize or step is Renew:
            self._emit(TokenFailed(self._call_id, now, failure.cause, failure.detail))
        if step is Renew:
            self._renewed(now, new=False, at_least_s=failure.retry_after_s or 0.0)
        elif step is Replace:
            if self._connection is not None:
                self._connection.leave_later(now, failure.retry_after_s or 0.0)
        elif step is Dial and failure.cause is Cause.NOT_FOUND and self._address is not None and self._address.served:
            self._emit(failure.told(self._call_id, now, self._patience.attempt, 0.0))
            self._address = None  # it did serve: the peer has given the socket up, and may name another one
            self._resolve(now, failure.cause)
        elif step is not None:
            signed = step is Dial and self._address is not None and self._address.signed
            self._attempt_failed(now, failure, signed=signed)
        return self._taken()

    # -- inputs: what the open socket does ------------------------------------------------------------

    def message_seen(self, at: float) -> None:
        """A message of any kind arrived (not a pong)."""
        if self._connection is not None:
            self._connection.heard(at)

    def session_started(self, session_id: str) -> None:
        """The server opened a session: the one to resume from now on; any other is over."""
        self.session_id = session_id or None

    def leave(self, now: float, cause: Cause, why: str) -> list[Outcome]:
        """The open connection is or will soon be of no use, the peer says: get another one. `why` goes to the peer."""
        if self._connection is not None:
            self._connection.plan_to_leave(now, self.policy, cause, why)
        return self.tick(now)

    def closed(self, now: float, code: int, reason: str, closed_by: ClosedBy, detail: str = "") -> list[Outcome]:
        """The open socket ended, or the closing handshake of `stop` did."""
        if self._stop_at is not None:
            self._finish(now)
        elif self._connection is not None:
            self._abandon_step()
            cause = retry.close_cause(code, closed_by)
            if cause is Cause.AUTH_CLOSED and self._connection.outlived_token(now, self._token):
                cause = Cause.TOKEN_EXPIRY
            connection = self._lose(now, cause, code, reason, closed_by, detail)
            self._after_loss(now, connection, cause, code, detail or reason)
        return self._taken()

    def refused(self, now: float, failure: Failure, *, final: bool) -> list[Outcome]:
        """What came over the open socket says that it is of no use; `final`: another one would not be either."""
        if self._connection is not None and self._stop_at is None:
            self._abandon_step()
            self._close_ourselves(now, failure.cause, "refused", failure.detail)
            if final:
                self._enter(now, LinkState.GAVE_UP, failure.cause, failure.detail)
            else:
                self._rest(now, failure.cause, failure.detail, self._patience.next_wait())
        return self._taken()

    # -- inputs: time -----------------------------------------------------------------------------------

    def tick(self, now: float) -> list[Outcome]:
        """Do what is due."""
        connection = self._connection
        if self._stop_at is not None and now >= self._stop_at:
            self._finish(now)
        elif self._wait_until is not None and now >= self._wait_until:
            self._begin(now, Cause.PROGRESS)
        elif connection is not None:
            if now >= connection.stale_at(self.policy):
                self._stale(now)
            elif connection.leave_at is not None and now >= connection.leave_at:
                self._move(now, connection)
            elif connection.renew_at is not None and now >= connection.renew_at:
                connection.renew_at = None
                self._order(now, Renew())
        return self._taken()

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do, on the clock of the inputs; None: not before another input."""
        deadlines = [at for at in (self._stop_at, self._wait_until) if at is not None]
        if self._connection is not None:
            deadlines += self._connection.deadlines(self.policy)
        return min(deadlines, default=None)

    # -- an attempt, step by step -------------------------------------------------------------------------

    def _begin(self, now: float, cause: Cause) -> None:
        self._wait_until = None
        self._patience.attempt += 1
        self._authorize(now, cause)

    def _authorize(self, now: float, cause: Cause) -> None:
        if self.policy.authorize:
            self._enter(now, LinkState.AUTHORIZING, cause)
            self._order(now, Authorize(self._rejected))
        else:
            self._resolve(now, cause)

    def _resolve(self, now: float, cause: Cause = Cause.PROGRESS) -> None:
        if not self.policy.lookup and self.policy.url is not None:
            self._address = Address(self.policy.url, signed=False, token=self._token)
        address = self._address
        if address is None or address.signed or address.token != self._token:
            self._enter(now, LinkState.RESOLVING, cause)
            self._order(now, Resolve(self._token))
        else:
            self._dial(now, cause)

    def _dial(self, now: float, cause: Cause = Cause.PROGRESS) -> None:
        assert self._address is not None
        self._enter(now, LinkState.CONNECTING, cause)
        self._order(now, Dial(self._address.url, None if self._address.signed else self._token))

    def _attempt_failed(self, now: float, failure: Failure, *, signed: bool = False) -> None:
        reaction = retry.reaction_to(failure, signed=signed)
        if reaction is not Reaction.WAIT and failure.cause in (Cause.TOKEN_REJECTED, Cause.PERMISSION_MISSING):
            self._rejected = self._token.value if self._token else None
        again_at_once = reaction is Reaction.NEW_TOKEN and self._token is not None and not self._patience.token_refusals
        wait: float | None = 0.0 if again_at_once else None
        if reaction is Reaction.WAIT:
            wait = self._patience.next_wait(at_least_s=failure.retry_after_s)
        self._emit(failure.told(self._call_id, now, self._patience.attempt, wait))
        if again_at_once:
            self._patience.token_refusals += 1
            self._address = None
            self._authorize(now, failure.cause)  # the same attempt, with a fresh token
        elif reaction is Reaction.WAIT:
            self._patience.token_refusals = 0
            self._rest(now, failure.cause, failure.detail, wait)
        else:
            self._enter(now, LinkState.GAVE_UP, failure.cause, failure.detail)

    # -- the end of an open connection ----------------------------------------------------------------------

    def _stale(self, now: float) -> None:
        detail = f"no message for {self.policy.stale_after_s:g} s"
        self._abandon_step()
        self._enter(now, LinkState.STALE, Cause.STALE, detail)
        self._close_ourselves(now, Cause.STALE, "stale", detail)
        self._rest(now, Cause.STALE, detail, self._patience.next_wait())

    def _close_ourselves(self, now: float, cause: Cause, reason: str, detail: str = "") -> None:
        """Close the socket in order to dial again; the peer may keep the session, so the code is not 1000."""
        self._outcomes.append(CloseSocket(1001, reason))
        self._lose(now, cause, 1001, reason, ClosedBy.US, detail)

    def _move(self, now: float, connection: Connection) -> None:
        """Get to another connection: before this one is closed where the peer allows that, else after it."""
        connection.leave_at = None
        if self.policy.overlap and self._step is not None:
            connection.leave_at = now + _SOON_S  # a token is being fetched
            return
        if self.policy.overlap:
            self._order(now, Replace(self._token, connection.leave_cause))
            return
        self._abandon_step()
        self._close_ourselves(now, connection.leave_cause, connection.leave_why)
        self._patience = Patience(self.policy, self._dice)  # planned: nothing went wrong
        self._begin(now, connection.leave_cause)

    def _connected(self, now: float, endpoint: str, clock: str, *, resumed: bool) -> None:
        self._connection = Connection(
            opened_at=now,
            last_inbound_at=now,
            token=self._token,
            signed=self._address is not None and self._address.signed,
            resumed=resumed,
            renew_at=self._token.renew_at if self._token else None,
        )
        self._emit(ConnectionOpened(self._call_id, now, endpoint, clock, now - self._step_began))

    def _lose(self, now: float, cause: Cause, code: int, reason: str, closed_by: ClosedBy, detail: str) -> Connection:
        connection, self._connection = self._connection, None
        assert connection is not None
        if connection.is_stable(now, self.policy):
            self._patience = Patience(self.policy, self._dice)
        last_inbound_at = connection.last_inbound_at
        self._emit(ConnectionLost(self._call_id, now, cause, code, reason, closed_by, last_inbound_at, detail))
        return connection

    def _after_loss(self, now: float, connection: Connection, cause: Cause, code: int, detail: str) -> None:
        if connection.resumed and not connection.spoke and cause in _SESSION_OVER:
            self.session_id = None
        if cause is Cause.AUTH_CLOSED:
            self._refused_while_open(now, connection, code, detail)
            return
        self._patience.token_refusals = 0
        if self._patience.doubts_address(silent_drop=cause is Cause.ABNORMAL_CLOSURE and not connection.spoke):
            self._address = None
        if cause is Cause.TOKEN_EXPIRY and connection.token is not None:
            self._rejected = connection.token.value
        goes_on = self.session_id is not None or not self.policy.sessions
        if cause is Cause.SERVER_CLOSED and not (self.policy.reconnect_on_1000 and goes_on):
            self._enter(now, LinkState.CLOSED, cause, detail)
        else:
            floor_s = retry.TRY_AGAIN_LATER_S if cause is Cause.TRY_AGAIN_LATER else None
            self._rest(now, cause, detail, self._patience.next_wait(at_least_s=floor_s))

    def _refused_while_open(self, now: float, connection: Connection, code: int, detail: str) -> None:
        """1008 and 4401 are treated as a 401, 4403 as a 403: one new token at once, or the end."""
        token = connection.token
        self._rejected = token.value if token else None
        self._address = None
        if token is None or (code == 4403 and not connection.signed):
            self._enter(now, LinkState.GAVE_UP, Cause.AUTH_CLOSED, detail)
        elif not self._patience.token_refusals:
            self._patience.token_refusals += 1
            self._authorize(now, Cause.AUTH_CLOSED)
        elif connection.spoke:  # the new token did serve, but not for long
            self._rest(now, Cause.AUTH_CLOSED, detail, self._patience.next_wait())
        else:
            self._enter(now, LinkState.GAVE_UP, Cause.AUTH_CLOSED, detail)

    def _renewed(self, now: float, *, new: bool, at_least_s: float = 0.0) -> None:
        if self._connection is not None and new:
            self._connection.plan_to_leave(now, self.policy, Cause.TOKEN_EXPIRY, "token renewed")
        elif self._connection is not None:
            self._connection.renew_later(now, at_least_s)

    # -- waiting and ending -------------------------------------------------------------------------------------

    def _rest(self, now: float, cause: Cause, detail: str, wait_s: float | None) -> None:
        if wait_s is None:
            last = f"{self._patience.attempt} attempts, last: {detail or cause}"
            self._enter(now, LinkState.GAVE_UP, Cause.ATTEMPTS_EXHAUSTED, last)
        else:
            self._wait_until = now + wait_s
            self._enter(now, LinkState.WAITING, cause, detail)

    def _finish(self, now: float) -> None:
        if self.state not in (LinkState.GAVE_UP, LinkState.CLOSED):
            self._enter(now, LinkState.CLOSED, Cause.STOPPED)
        self._stop_at = None
        self.finished = True
        self._outcomes.append(Finish())

    @property
    def _stopping(self) -> bool:
        return self.finished or self._stop_at is not None
