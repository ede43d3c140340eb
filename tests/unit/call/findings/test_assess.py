"""Signs become findings: raised, standing, fading, cleared, and taken back for a better explanation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from dashboard.call import codec
from dashboard.call.events import CallEnded, CallStarted, Cause, Event, LinkChanged, LinkState, Ticked
from dashboard.call.findings.assess import assess, due, worst_first
from dashboard.call.findings.finding import KEPT_READINGS, Finding, Severity
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.findings.rules import RULES
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.simulator.scenario import load_scenario
from tests.virtual import facts_of

DESIGNED = [
    "unreachable",
    "tls_failure",
    "proxy_refused",
    "credentials_refused",
    "permission_missing",
    "not_found",
    "app_inactive",
    "rate_limited",
    "idle_timeout",
    "recycled_at_age",
    "token_expiry",
    "half_open",
    "flapping",
    "message_too_big",
    "abnormal_closures",
    "closed_by_peer",
    "network_stalls",
    "sender_batching",
    "sender_gaps",
    "slow_consumer",
    "clock_drift",
    "high_jitter",
    "dead_air",
    "one_way_audio",
    "digital_silence",
    "too_quiet",
    "clipping",
    "wrong_codec",
    "no_audio",
    "slow_bot",
    "silent_bot",
    "bot_repeats",
    "protocol_violation",
    "self_late",
]


def rule(
    name: str,
    *when: tuple[float, float],
    severity: Severity = Severity.WARNING,
    explains: Sequence[str] = (),
    began: float | None = None,
    clear_after_s: float = 3.0,
) -> Rule:
    """A rule that has a sign from, and until before, each of these moments."""

    def sign(view: View, standing: bool) -> Sign | None:
        there = any(start <= view.now < end for start, end in when)
        return Sign(f"{name} at {view.now:.0f}", ("seen",), began=began) if there else None

    return Rule(
        name=name,
        severity=severity,
        means="…",
        remedy="Do something.",
        sign=sign,
        explains=frozenset(explains),
        clear_after_s=clear_after_s,
    )


def assessed(*rules: Rule, until: int) -> CallState:
    """A call that began at 0 and was assessed every second."""
    call = CallState("c")
    for now in range(until + 1):
        call = replace(call, now=float(now))
        call = replace(call, findings=assess(call, rules))
    return call


def test_a_finding_stands_while_its_sign_is_there_and_says_the_newest_of_it() -> None:
    call = assessed(rule("a", (2, 9)), until=6)
    (finding,) = call.findings.standing
    assert (finding.rule, finding.summary, finding.since, finding.fading) == ("a", "a at 6", 2.0, False)
    assert finding.age_s(call.now) == 4.0
    assert finding.age_words(call.now) == "for 4.0 s"


def test_it_fades_before_it_is_cleared_and_is_remembered() -> None:
    fading = assessed(rule("a", (2, 5)), until=6).findings.standing[0]
    assert fading.fading
    assert fading.summary == "a at 4", "what was seen last"
    call = assessed(rule("a", (2, 5)), until=9)
    assert call.findings.standing == ()
    (past,) = call.findings.past
    assert (past.since, past.until, past.stood_s(call.now)) == (2.0, 7.0, 5.0)
    assert past.age_words(call.now) == "cleared 2.0 s ago, stood 5.0 s"


def test_a_sign_that_comes_back_while_it_fades_does_not_raise_it_again() -> None:
    (finding,) = assessed(rule("a", (2, 4), (6, 8)), until=7).findings.standing
    assert finding.raised == (2.0,)
    assert not finding.fading


def test_what_is_raised_again_keeps_its_history() -> None:
    call = assessed(rule("a", (2, 4), (10, 12)), until=11)
    (finding,) = call.findings.standing
    assert finding.raised == (2.0, 10.0)
    assert finding.stood_s(call.now) == 4.0 + 1.0
    assert call.findings.past == ()


def test_a_rule_may_raise_and_clear_at_different_thresholds() -> None:
    level = [0, 4, 6, 4, 4, 2, 0, 0]
    seen: list[bool] = []

    def sign(view: View, standing: bool) -> Sign | None:
        seen.append(standing)
        return Sign("high") if level[int(view.now)] > (3 if standing else 5) else None

    hysteresis = Rule(name="h", severity=Severity.INFO, means="", remedy="", sign=sign, clear_after_s=0.0)
    assert not assessed(hysteresis, until=1).findings.standing
    assert assessed(hysteresis, until=4).findings.standing
    assert not assessed(hysteresis, until=5).findings.standing


def test_the_weaker_explanation_is_kept_out_and_taken_back() -> None:
    weak, strong = rule("weak", (1, 20)), rule("strong", (5, 20), explains=["weak"], began=0.0)
    assert [one.rule for one in assessed(strong, weak, until=4).findings.all] == ["weak"]
    assert [one.rule for one in assessed(strong, weak, until=6).findings.all] == ["strong"]


def test_what_was_found_before_a_better_explanation_began_is_only_cleared() -> None:
    weak, strong = rule("weak", (1, 40)), rule("strong", (30, 40), explains=["weak"], began=29.0)
    findings = assessed(strong, weak, until=31).findings
    assert [one.rule for one in findings.standing] == ["strong"]
    assert [(one.rule, one.until) for one in findings.past] == [("weak", 30.0)]


def test_an_explanation_that_fades_explains_nothing_more() -> None:
    weak, strong = rule("weak", (1, 20)), rule("strong", (5, 8), explains=["weak"], began=0.0, clear_after_s=9.0)
    assert [one.rule for one in assessed(strong, weak, until=9).findings.standing] == ["strong", "weak"]


def test_what_is_explained_itself_explains_nothing() -> None:
    chain = (rule("a", (1, 9), explains=["b"]), rule("b", (1, 9), explains=["c"]), rule("c", (1, 9)))
    assert [one.rule for one in assessed(*chain, until=5).findings.standing] == ["a", "c"]


def test_the_worst_comes_first_and_among_equals_what_tells_more() -> None:
    def found(name: str, severity: Severity) -> Finding:
        return Finding(name, severity, "", (), "", (0.0,), 0.0)

    shuffled = [
        found("high_jitter", Severity.WARNING),
        found("clock_drift", Severity.INFO),
        found("network_stalls", Severity.WARNING),
        found("dead_air", Severity.ERROR),
    ]
    assert [one.rule for one in worst_first(shuffled)] == ["dead_air", "network_stalls", "high_jitter", "clock_drift"]


def test_readings_are_taken_once_a_second_and_bounded() -> None:
    readings = assessed(until=200).findings.readings
    assert len(readings) == KEPT_READINGS
    assert readings[-1].at == 200.0


# -- when the rules are asked -----------------------------------------------------------------------------


def asked(*facts: Event) -> list[float]:
    """The moments of the facts after which the rules were asked."""
    call, moments = CallState("c"), []
    for fact in facts:
        if due(call, fact):
            moments.append(fact.at)
        call = step(call, fact)
    return moments


def ticks(start: float, end: float) -> list[Event]:
    return [Ticked("c", start + 0.25 * i) for i in range(round((end - start) * 4))]


STARTED = CallStarted("c", 100.0, 1.9e9, "wss://host/ws", "appfoundry")


def test_the_rules_are_asked_about_once_a_second() -> None:
    assert asked(STARTED, *ticks(100.25, 104.0)) == [100.25, 101.25, 102.25, 103.25]


def test_they_are_asked_at_once_where_the_link_turns() -> None:
    gave_up = LinkChanged("c", 100.6, LinkState.GAVE_UP, Cause.NOT_FOUND)
    assert asked(STARTED, *ticks(100.25, 100.5), gave_up) == [100.25, 100.6]


def test_nobody_is_asked_about_a_call_that_is_over() -> None:
    closed = LinkChanged("c", 100.6, LinkState.CLOSED, Cause.STOPPED)
    facts = [STARTED, closed, CallEnded("c", 100.7, "stopped"), *ticks(101.0, 110.0)]
    assert asked(*facts) == [100.6]


def test_a_recorded_call_gives_the_findings_of_the_live_one() -> None:
    live, replayed = CallState("made-up"), CallState("made-up")
    for fact in facts_of(load_scenario("idle-timeout")):
        live = step(live, fact)
        replayed = step(replayed, codec.event_from_line(codec.to_line(fact)))
    assert live.findings.all
    assert replayed.findings.all == live.findings.all


# -- the list ---------------------------------------------------------------------------------------------


def test_every_designed_identifier_has_its_rule_and_no_identifier_two() -> None:
    names = [one.name for one in RULES]
    assert len(names) == len(set(names))
    assert set(DESIGNED) <= set(names)


def test_a_rule_explains_only_what_stands_below_it() -> None:
    for place, one in enumerate(RULES):
        assert one.explains <= {other.name for other in RULES[place + 1 :]}, one.name


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.name)
def test_a_rule_says_in_whole_sentences_what_it_means_and_what_to_do(one: Rule) -> None:
    for sentence in (one.means, one.remedy):
        assert sentence[0].isupper() or sentence.startswith("callscope")
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert "|" not in sentence, "it stands in a table"
