"""What the link's decision machine is built on: where it stands, the step under way, and the outcomes of an input."""

from __future__ import annotations

from dashboard.call.events import Cause, Event, LinkChanged, LinkState
from dashboard.resilience.memory import Patience
from dashboard.resilience.orders import CancelStep, Order, Step
from dashboard.resilience.policy import LinkPolicy

Outcome = Event | Order


class Machine:
    """Gathers the outcomes of an input in the order in which they apply."""

    def __init__(self, policy: LinkPolicy, call_id: str, patience: Patience) -> None:
        self.policy = policy
        self.state = LinkState.IDLE
        self._call_id = call_id
        self._patience = patience
        self._wait_until: float | None = None
        self._outcomes: list[Outcome] = []
        self._step: type[Step] | None = None
        self._step_began = 0.0

    def _enter(self, now: float, state: LinkState, cause: Cause, detail: str = "") -> None:
        self.state = state
        waiting = state is LinkState.WAITING
        self._emit(
            LinkChanged(
                self._call_id,
                now,
                state,
                cause,
                detail,
                attempt=self._patience.attempt + waiting,  # while waiting: the attempt that it waits for
                max_attempts=self.policy.max_attempts,
                until=self._wait_until if waiting else None,
            )
        )

    def _order(self, now: float, step: Step) -> None:
        self._step = type(step)
        self._step_began = now
        self._outcomes.append(step)

    def _abandon_step(self) -> None:
        if self._step is not None:
            self._step = None
            self._outcomes.append(CancelStep())

    def _emit(self, fact: Event) -> None:
        self._outcomes.append(fact)

    def _taken(self) -> list[Outcome]:
        outcomes, self._outcomes = self._outcomes, []
        return outcomes
