"""Asks the rules, and turns their signs into findings that are raised, stand, fade and are cleared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dashboard.call.events import CallEnded, Event, LinkChanged, LinkState, Ticked, WorkerLost
from dashboard.call.findings.beside import of_bot
from dashboard.call.findings.finding import Finding, Findings
from dashboard.call.findings.rule import Rule, View
from dashboard.call.findings.rules import RULES
from dashboard.call.state import CallState
from dashboard.frozen import replace

EVERY_S = 1.0
_HINDSIGHT_S = 15.0
"""A better explanation comes later than a weaker one by about as long as either looks back."""
_EARLY_S = 0.1  # ticks come four times a second, not to the millisecond

_TURNING_POINTS = (LinkState.WAITING, LinkState.GAVE_UP, LinkState.CLOSED)
_POWER: Mapping[str, int] = {rule.name: power for power, rule in enumerate(RULES)}


def due(before: CallState, event: Event) -> bool:
    """Tell whether `event`, which has been folded into what came `before`, is one after which to ask the rules.

    That is about every second while the call goes on, and at once where the link turns: a refused call ends before
    the next second.
    """
    if isinstance(event, Ticked):
        if before.ended is not None or before.link.state is LinkState.CLOSED:
            return False
        last = before.findings.assessed_at
        return last is None or event.at - last >= EVERY_S - _EARLY_S
    if isinstance(event, LinkChanged):
        return event.state in _TURNING_POINTS
    if isinstance(event, CallEnded):  # after a close it says nothing new
        return before.link.state is not LinkState.CLOSED
    return isinstance(event, WorkerLost)


def assess(call: CallState, rules: Sequence[Rule] = RULES) -> Findings:
    """Return the call's findings as of `call.now`. `rules` stand in the order of their explanatory power."""
    round_ = _Round(call)
    for rule in rules:
        round_.ask(rule)
    return round_.findings()


class _Round:
    def __init__(self, call: CallState) -> None:
        self._before = call.findings
        self._now = call.now
        self._view = View(call)
        self._standing = {finding.rule: finding for finding in self._before.standing}
        self._past = {finding.rule: finding for finding in self._before.past}
        self._explained: dict[str, float] = {}
        """Rule → since when what it would say is better explained."""

    def ask(self, rule: Rule) -> None:
        standing = self._standing.get(rule.name)
        own = rule.sign(self._view, standing is not None)
        sign = own or of_bot(self._view, rule.name)
        if rule.name in self._explained:
            self._withdraw(rule.name, self._explained[rule.name])
        elif sign is not None:
            self._standing[rule.name] = rule.raised(sign, self._now, standing or self._past.pop(rule.name, None))
            began = self._now - _HINDSIGHT_S if sign.began is None else sign.began
            explained = rule.explains | own.explains if own else ()  # a bot beside the call explains nothing of it
            for weaker in explained:
                self._explained[weaker] = min(began, self._explained.get(weaker, began))
        elif standing is not None:
            self._fade(rule, standing)

    def _withdraw(self, name: str, began: float) -> None:
        """Take back what was found since a better explanation began; what was found before is only cleared."""
        weaker = self._standing.pop(name, None) or self._past.pop(name, None)
        if weaker is not None and weaker.raised[0] < began:
            self._past[name] = replace(weaker, fading=False, until=weaker.until or self._now)

    def _fade(self, rule: Rule, standing: Finding) -> None:
        if self._now - standing.seen_at < rule.clear_after_s:
            self._standing[rule.name] = replace(standing, fading=True)
        else:
            del self._standing[rule.name]
            self._past[rule.name] = replace(standing, fading=False, until=self._now)

    def findings(self) -> Findings:
        readings = self._before.readings
        if not readings or self._now - readings[-1].at >= EVERY_S - _EARLY_S:
            readings = readings.append(self._view.reading)
        return Findings(
            standing=worst_first(self._standing.values()),
            past=worst_first(self._past.values()),
            readings=readings,
            assessed_at=self._now,
        )


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by severity, and among equals by how much they explain."""
    return tuple(sorted(findings, key=lambda one: (one.severity.rank, _POWER.get(one.rule, len(_POWER)))))
