"""What the ends of connections have in common, and what is behind a single one."""

from __future__ import annotations

from dashboard.call.events import AttemptFailed, Cause, ClosedBy, ConnectionLost, LinkState, PingMeasured, TokenObtained
from dashboard.call.findings.finding import Finding
from dashboard.call.findings.link import common_value
from tests.builders import Story


def lose(
    story: Story,
    age_s: float,
    *,
    pings: tuple[float, ...] = (),
    cause: Cause = Cause.ABNORMAL_CLOSURE,
    code: int = 1006,
    closed_by: ClosedBy = ClosedBy.NETWORK,
) -> None:
    """Open a connection that lives `age_s`, with pongs at these ages, and lose it."""
    story.connect(takes_s=0.0)
    opened = story.now
    for at in pings:
        story.wait(opened + at - story.now)
        story.fact(PingMeasured(story.call.call_id, story.now, 0.0))
    story.wait(opened + age_s - story.now)
    lost = ConnectionLost(story.call.call_id, story.now, cause, code, "", closed_by, story.now, "gone")
    story.fact(lost)
    story.enter(LinkState.WAITING, cause, attempt=2, wait_s=1.0)
    story.wait(1.0)


def told(*losses: float, pings: tuple[float, ...] = ()) -> Story:
    story = Story()
    for age_s in losses:
        lose(story, age_s, pings=tuple(at for at in pings if at < age_s))
    return story


def found(story: Story, rule: str) -> Finding | None:
    return next((one for one in story.call.findings.standing if one.rule == rule), None)


def test_values_agree_within_three_percent() -> None:
    assert common_value([60.0, 60.9, 61.0]) == 60.9
    assert common_value([60.0, 66.0, 71.0]) is None


def test_one_stray_of_three_is_overlooked_but_not_one_of_two() -> None:
    assert common_value([60.0, 12.0, 60.2]) == 60.1
    assert common_value([60.0, 12.0]) is None
    assert common_value([60.0, 12.0, 13.0, 60.0]) is None
    assert common_value([60.0]) is None


def test_two_values_alone_must_be_all_but_the_same() -> None:
    assert common_value([60.0, 60.2]) == 60.1
    assert common_value([60.0, 60.5]) is None
    assert common_value([60.0, 60.5, 60.9]) == 60.5


def test_drops_at_the_same_silence_name_the_limit_and_the_ping_interval_that_avoids_it() -> None:
    finding = found(told(60.0, 60.2), "idle_timeout")
    assert finding is not None
    assert finding.summary == "The path cuts the connection after 60 s without anything from us"
    assert finding.remedy.startswith("Set --ping-interval 20 ")
    assert finding.evidence[0] == "2 of the last 2 drops came 60 s after the last thing that we had sent"


def test_pauses_are_counted_from_the_last_ping_and_not_from_the_opening() -> None:
    story = Story()
    lose(story, 75.0, pings=(5.0, 15.0))
    lose(story, 105.0, pings=(20.0, 45.0))
    finding = found(story, "idle_timeout")
    assert finding is not None
    assert "the connections were 75 s to 105 s old" in finding.evidence
    assert "shorter pauses, of up to 25 s, were survived" in finding.evidence


def test_a_pause_that_is_survived_elsewhere_is_no_limit_then_it_is_the_age() -> None:
    story = told(65.0, 65.0, pings=(20.0, 40.0, 60.0))  # 5 s after a ping each time, though 20 s were survived
    assert found(story, "idle_timeout") is None
    finding = found(story, "recycled_at_age")
    assert finding is not None
    assert finding.summary == "Connections are ended at an age of 65 s"


def test_a_connection_that_lived_longer_and_was_replaced_as_planned_refutes_an_age() -> None:
    pings = (20.0, 40.0, 60.0)
    story = Story()
    lose(story, 90.0, pings=(20.0, 40.0, 60.0, 80.0), cause=Cause.TOKEN_EXPIRY, code=1001, closed_by=ClosedBy.US)
    lose(story, 65.0, pings=pings)
    lose(story, 65.0, pings=pings)
    assert found(told(65.0, 65.0, pings=pings), "recycled_at_age") is not None
    assert found(story, "recycled_at_age") is None


def test_a_connection_that_outlives_the_limit_takes_the_finding_back() -> None:
    story = told(20.0, 20.0)
    assert found(story, "idle_timeout") is not None
    story.connect(takes_s=0.0)
    story.wait(25.0)
    finding = found(story, "idle_timeout")
    assert finding is not None
    assert finding.fading


def test_the_pattern_takes_back_what_was_said_of_its_first_drop() -> None:
    story = told(20.0)
    assert found(story, "abnormal_closures") is not None
    lose(story, 20.0)
    assert [one.rule for one in story.call.findings.all if one.rule != "no_audio"] == ["idle_timeout"]


def test_a_drop_at_the_end_of_its_token_is_the_tokens() -> None:
    story = Story()
    story.fact(TokenObtained(story.call.call_id, story.now, story.now + 40.0, refresh=False))
    lose(story, 40.2)
    finding = found(story, "token_expiry")
    assert finding is not None
    assert "its token was 40 s old and was granted for 40 s" in finding.evidence


def test_a_token_that_dies_before_its_time_is_told_so() -> None:
    story = Story()
    story.fact(TokenObtained(story.call.call_id, story.now, story.now + 3600.0, refresh=False))
    lose(story, 30.0, cause=Cause.AUTH_CLOSED, code=4401, closed_by=ClosedBy.PEER)
    finding = found(story, "token_expiry")
    assert finding is not None
    assert finding.evidence[-1] == "the token died before its time: revoked, or its real life is shorter"


def test_a_reconnect_that_was_planned_or_asked_for_is_no_finding() -> None:
    for cause, code in ((Cause.TOKEN_EXPIRY, 1001), (Cause.OPERATOR, 1001)):
        story = Story()
        lose(story, 4.0, cause=cause, code=code, closed_by=ClosedBy.US)
        assert story.call.findings.all == ()


def test_a_dead_connection_whose_host_still_answers_pings_is_the_session_that_hangs() -> None:
    story = Story()
    story.connect(takes_s=0.0)
    silent_since = story.now
    story.wait(28.0)
    story.ping(0.01)
    story.wait(2.0)
    lost = ConnectionLost(
        story.call.call_id, story.now, Cause.STALE, 1001, "stale", ClosedBy.US, silent_since, "no message for 30 s"
    )
    story.fact(lost)
    story.enter(LinkState.WAITING, Cause.STALE, wait_s=1.0)
    finding = found(story, "half_open")
    assert finding is not None
    assert finding.summary == "The connection was open and dead: nothing came for 30 s"
    assert finding.evidence[0] == "a ping was answered 2.0 s before: the host lives, its session does not"
    assert found(story, "no_audio") is None, "the better explanation took it back"


def test_an_unanswered_ping_is_a_path_that_is_gone() -> None:
    story = Story()
    lose(story, 40.0, cause=Cause.PING_TIMEOUT, code=1011, closed_by=ClosedBy.US)
    finding = found(story, "half_open")
    assert finding is not None
    assert "pings were not answered any more" in finding.evidence[0]


def test_a_single_drop_fades_within_a_minute_of_its_end() -> None:
    story = told(20.0)
    story.connect(takes_s=0.0)
    story.listen(30.0, caller_dbfs=-65.0)
    assert found(story, "abnormal_closures") is not None
    story.listen(40.0, caller_dbfs=-65.0)
    assert found(story, "abnormal_closures") is None
    assert [one.rule for one in story.call.findings.past if one.rule == "abnormal_closures"]


def test_a_close_names_code_meaning_and_whom_to_ask() -> None:
    story = Story()
    lose(story, 12.0, cause=Cause.SERVICE_RESTART, code=1012, closed_by=ClosedBy.PEER)
    finding = found(story, "closed_by_peer")
    assert finding is not None
    assert finding.summary == "The peer closed the connection: 1012 service restart"
    assert "restarts" in finding.remedy


def test_what_the_peer_calls_too_big_was_ours() -> None:
    story = Story()
    lose(story, 12.0, cause=Cause.MESSAGE_TOO_BIG, code=1009, closed_by=ClosedBy.PEER)
    finding = found(story, "message_too_big")
    assert finding is not None
    assert "of ours" in finding.summary


def test_a_refusal_by_genesys_names_the_id_that_its_support_asks_for() -> None:
    for state in (LinkState.WAITING, LinkState.GAVE_UP):
        story = Story()
        refused = AttemptFailed(
            story.call.call_id, story.now, 1, Cause.PERMISSION_MISSING, "403", 403, correlation_id="9e9e-1"
        )
        story.fact(refused)
        story.enter(state, Cause.PERMISSION_MISSING)
        story.wait(1.0)
        finding = found(story, "permission_missing")
        assert finding is not None
        assert finding.evidence[-1] == "for Genesys' support: correlation id 9e9e-1"
