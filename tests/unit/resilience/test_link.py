from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.call import events as ev
from dashboard.call.events import Cause, ClosedBy, LinkState
from dashboard.errors import ConfigError
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import Failure
from tests.unit.resilience.dialogue import (
    BEARER,
    SIGNED,
    STATIC,
    Dialogue,
    Input,
    begins_session,
    closes,
    drops,
    fails,
    grants,
    names_url,
    open_call,
    opens,
    presses_r,
    speaks,
    starts,
    stops,
    talks_for,
    waits,
    waits_and_dials,
)

DIAL = "DIAL wss://bot.test/ws"


# -- the way to an open socket ------------------------------------------------------------------------


def test_a_call_without_token_and_lookup_dials_at_once() -> None:
    assert (
        Dialogue(STATIC)
        << starts
        >> f"connecting: started; {DIAL}"
        << waits(0.25)
        << opens
        >> "connected after 0.25 s; open: progress"
    )


def test_a_call_authorizes_then_looks_the_app_up_then_dials_the_signed_url_without_the_token() -> None:
    assert (
        Dialogue(SIGNED)
        << starts
        >> "authorizing: started; AUTHORIZE"
        << grants("token-1")
        >> "first token; resolving: progress; RESOLVE with token-1"
        << names_url("wss://bridge.test/ws?sig=1")
        >> "connecting: progress; DIAL wss://bridge.test/ws?sig=1"
        << opens
        >> "connected after 0 s; open: progress"
    )


def test_an_unsigned_url_is_dialled_with_the_token() -> None:
    assert (
        Dialogue(SIGNED)
        << starts
        >> "authorizing: started; AUTHORIZE"
        << grants("token-1")
        >> "first token; resolving: progress; RESOLVE with token-1"
        << names_url("wss://bridge.test/ws")
        >> "connecting: progress; DIAL wss://bridge.test/ws with token-1"
    )


def test_an_app_that_names_no_url_is_dialled_where_the_settings_say() -> None:
    talk = open_call(replace(SIGNED, url="wss://api.test/v2/apps/1"))
    assert (
        talk
        << drops
        >> "lost 1006 by network: abnormal_closure; waiting 1 s: abnormal_closure"
        << waits(1)
        >> "authorizing: progress; AUTHORIZE"
        << grants("token-1")
        >> "resolving: progress; RESOLVE with token-1"
        << names_url(None)
        >> "connecting: progress; DIAL wss://api.test/v2/apps/1 with token-1"
    )


def test_an_app_that_names_no_url_with_nothing_else_to_dial_ends_the_call() -> None:
    talk = Dialogue(SIGNED) << starts >> "authorizing: started; AUTHORIZE" << grants("token-1")
    assert (
        talk
        >> "first token; resolving: progress; RESOLVE with token-1"
        << names_url(None)
        >> "attempt 1 failed: bad_reply; gave up: bad_reply"
    )


def test_a_policy_with_nothing_to_dial_is_refused() -> None:
    with pytest.raises(ConfigError):
        LinkPolicy()


# -- backoff and the limit of attempts ----------------------------------------------------------------


def test_waits_double_up_to_the_cap_and_then_the_link_gives_up() -> None:
    talk = Dialogue(replace(STATIC, max_attempts=8)) << starts >> f"connecting: started; {DIAL}"
    for attempt, wait in enumerate((1, 2, 4, 8, 16, 30, 30), start=1):
        talk = (
            talk
            << fails(Cause.TCP_REFUSED)
            >> f"attempt {attempt} failed: tcp_refused; waiting {wait} s: tcp_refused"
            << waits(wait)
            >> f"connecting: progress; {DIAL}"
        )
    assert talk << fails(Cause.TCP_REFUSED) >> "attempt 8 failed: tcp_refused; gave up: attempts_exhausted"
    assert talk << waits(86400)


def test_no_limit_means_no_end() -> None:
    talk = Dialogue(replace(STATIC, max_attempts=0)) << starts
    for _ in range(500):
        talk.heard.clear()
        talk = talk << fails(Cause.DNS)
        talk.heard.clear()
        talk = talk << waits(30)
        assert talk.link.state is LinkState.CONNECTING


def test_while_waiting_the_fact_names_the_attempt_it_waits_for() -> None:
    talk = Dialogue(STATIC) << starts
    talk.heard.clear()
    (_, waiting) = talk.link.step_failed(0.0, Failure(Cause.DNS, "no such host"))
    assert isinstance(waiting, ev.LinkChanged)
    assert (waiting.attempt, waiting.max_attempts, waiting.until) == (2, 10, 1.0)


def test_retry_after_is_a_floor_of_the_wait() -> None:
    talk = Dialogue(STATIC) << starts >> f"connecting: started; {DIAL}"
    assert (
        talk
        << fails(Cause.RATE_LIMITED, 429, retry_after_s=12.0)
        >> "attempt 1 failed: rate_limited; waiting 12 s: rate_limited"
        << waits(12)
        >> f"connecting: progress; {DIAL}"
        << fails(Cause.UNAVAILABLE, 503, retry_after_s=0.5)
        >> "attempt 2 failed: unavailable; waiting 2 s: unavailable"
    )


def test_a_server_that_accepts_and_drops_is_not_hammered() -> None:
    talk = open_call(replace(STATIC, max_attempts=3)) << speaks
    assert (
        talk
        << waits(29)
        << drops
        >> "lost 1006 by network: abnormal_closure; waiting 1 s: abnormal_closure"
        << waits(1)
        >> f"connecting: progress; {DIAL}"
        << opens
        >> "connected after 0 s; open: progress"
        << speaks
        << drops
        >> "lost 1006 by network: abnormal_closure; waiting 2 s: abnormal_closure"
        << waits(2)
        >> f"connecting: progress; {DIAL}"
        << opens
        >> "connected after 0 s; open: progress"
        << drops
        >> "lost 1006 by network: abnormal_closure; gave up: attempts_exhausted"
    )


def test_a_stable_connection_resets_the_attempts() -> None:
    talk = open_call(replace(STATIC, max_attempts=2))
    for _ in range(5):
        talk = (
            talk
            << talks_for(31)
            << drops
            >> "lost 1006 by network: abnormal_closure; waiting 1 s: abnormal_closure"
            << waits(1)
            >> f"connecting: progress; {DIAL}"
            << opens
            >> "connected after 0 s; open: progress"
        )
    assert talk


def test_a_long_connection_without_a_message_resets_nothing() -> None:
    talk = open_call(replace(STATIC, max_attempts=1, stale_after_s=120.0))
    assert talk << waits(100) << drops >> "lost 1006 by network: abnormal_closure; gave up: attempts_exhausted"


# -- refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (Cause.PERMISSION_MISSING, 403),
        (Cause.NOT_FOUND, 404),
        (Cause.HANDSHAKE_REFUSED, 302),
        (Cause.TLS_CERTIFICATE, None),
        (Cause.PROXY_REFUSED, 407),
        (Cause.UNEXPECTED, None),
    ],
)
def test_a_fatal_refusal_gives_up_at_once(cause: Cause, status: int | None) -> None:
    talk = Dialogue(STATIC) << starts >> f"connecting: started; {DIAL}"
    assert talk << fails(cause, status) >> f"attempt 1 failed: {cause}; gave up: {cause}"


def test_refused_credentials_give_up() -> None:
    talk = Dialogue(BEARER) << starts >> "authorizing: started; AUTHORIZE"
    assert (
        talk
        << fails(Cause.CREDENTIALS_REFUSED, 401)
        >> "no token: credentials_refused; attempt 1 failed: credentials_refused; gave up: credentials_refused"
    )


def test_an_app_that_is_not_active_gives_up() -> None:
    talk = Dialogue(SIGNED) << starts >> "authorizing: started; AUTHORIZE" << grants("token-1")
    talk = talk >> "first token; resolving: progress; RESOLVE with token-1"
    assert talk << fails(Cause.APP_INACTIVE) >> "attempt 1 failed: app_inactive; gave up: app_inactive"


def test_a_401_gets_one_fresh_token_at_once_and_a_second_401_ends_the_call() -> None:
    assert (
        Dialogue(BEARER)
        << starts
        >> "authorizing: started; AUTHORIZE"
        << grants("token-1")
        >> f"first token; connecting: progress; {DIAL} with token-1"
        << fails(Cause.TOKEN_REJECTED, 401)
        >> "attempt 1 failed: token_rejected; authorizing: token_rejected; AUTHORIZE without token-1"
        << grants("token-2")
        >> f"renewed token; connecting: progress; {DIAL} with token-2"
        << fails(Cause.TOKEN_REJECTED, 401)
        >> "attempt 1 failed: token_rejected; gave up: token_rejected"
        << presses_r
        >> "authorizing: operator; AUTHORIZE without token-2"
    )


def test_a_401_without_any_token_ends_the_call() -> None:
    talk = Dialogue(STATIC) << starts >> f"connecting: started; {DIAL}"
    assert talk << fails(Cause.TOKEN_REJECTED, 401) >> "attempt 1 failed: token_rejected; gave up: token_rejected"


def test_another_outcome_between_two_401s_breaks_the_row() -> None:
    talk = Dialogue(BEARER) << starts >> "authorizing: started; AUTHORIZE" << grants("token-1")
    assert (
        talk
        >> f"first token; connecting: progress; {DIAL} with token-1"
        << fails(Cause.TOKEN_REJECTED, 401)
        >> "attempt 1 failed: token_rejected; authorizing: token_rejected; AUTHORIZE without token-1"
        << grants("token-2")
        >> f"renewed token; connecting: progress; {DIAL} with token-2"
        << fails(Cause.UNAVAILABLE, 503)
        >> "attempt 1 failed: unavailable; waiting 1 s: unavailable"
        << waits(1)
        >> "authorizing: progress; AUTHORIZE"
        << grants("token-2")
        >> f"connecting: progress; {DIAL} with token-2"
        << fails(Cause.TOKEN_REJECTED, 401)
        >> "attempt 2 failed: token_rejected; authorizing: token_rejected; AUTHORIZE without token-2"
    )


def test_a_signed_url_that_is_forbidden_gets_one_new_token_and_lookup() -> None:
    talk = Dialogue(SIGNED) << starts >> "authorizing: started; AUTHORIZE" << grants("token-1")
    assert (
        talk
        >> "first token; resolving: progress; RESOLVE with token-1"
        << names_url("wss://bridge.test/ws?sig=1")
        >> "connecting: progress; DIAL wss://bridge.test/ws?sig=1"
        << fails(Cause.PERMISSION_MISSING, 403)
        >> "attempt 1 failed: permission_missing; authorizing: permission_missing; AUTHORIZE without token-1"
        << grants("token-2")
        >> "renewed token; resolving: progress; RESOLVE with token-2"
        << names_url("wss://bridge.test/ws?sig=2")
        >> "connecting: progress; DIAL wss://bridge.test/ws?sig=2"
        << fails(Cause.PERMISSION_MISSING, 403)
        >> "attempt 1 failed: permission_missing; gave up: permission_missing"
    )


def test_a_forbidden_lookup_gives_up_at_once() -> None:
    talk = Dialogue(SIGNED) << starts >> "authorizing: started; AUTHORIZE" << grants("token-1")
    talk = talk >> "first token; resolving: progress; RESOLVE with token-1"
    assert (
        talk
        << fails(Cause.PERMISSION_MISSING, 403)
        >> "attempt 1 failed: permission_missing; gave up: permission_missing"
    )


# -- the end of an open connection ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "closed_by", "cause"),
    [
        (1001, ClosedBy.PEER, Cause.GOING_AWAY),
        (1002, ClosedBy.US, Cause.PROTOCOL_ERROR),
        (1005, ClosedBy.PEER, Cause.OTHER_CLOSE),
        (1006, ClosedBy.NETWORK, Cause.ABNORMAL_CLOSURE),
        (1009, ClosedBy.US, Cause.MESSAGE_TOO_BIG),
        (1011, ClosedBy.US, Cause.PING_TIMEOUT),
        (1011, ClosedBy.PEER, Cause.SERVER_ERROR),
        (1012, ClosedBy.PEER, Cause.SERVICE_RESTART),
        (4999, ClosedBy.PEER, Cause.OTHER_CLOSE),
    ],
)
def test_a_lost_connection_is_dialled_again_after_a_wait(code: int, closed_by: ClosedBy, cause: Cause) -> None:
    assert (
        open_call()
        << closes(code, closed_by)
        >> f"lost {code} by {closed_by}: {cause}; waiting 1 s: {cause}"
        << waits(1)
        >> f"connecting: progress; {DIAL}"
    )


def test_a_server_that_says_try_again_later_is_given_five_seconds() -> None:
    assert open_call() << closes(1013) >> "lost 1013 by peer: try_again_later; waiting 5 s: try_again_later"


def test_the_outage_of_a_lost_connection_begins_at_its_last_message() -> None:
    talk = open_call() << waits(2) << speaks << waits(3) << drops
    lost = talk.heard[0]
    assert isinstance(lost, ev.ConnectionLost)
    assert (lost.at, lost.last_inbound_at) == (5.0, 2.0)


def test_a_dropped_session_is_resumed_by_the_first_message_of_the_next_socket() -> None:
    assert (
        open_call(session="s-1")
        << drops
        >> "lost 1006 by network: abnormal_closure; waiting 1 s: abnormal_closure"
        << waits(1)
        >> f"connecting: progress; {DIAL}"
        << opens
        >> "connected after 0 s; open: progress; RESUME s-1; asked to resume s-1"
    )


def test_a_new_session_of_the_server_replaces_the_old_one() -> None:
    assert (
        open_call(session="s-1")
        << begins_session("s-2")
        << drops
        >> "lost 1006 by network: abnormal_closure; waiting 1 s: abnormal_closure"
        << waits(1)
        >> f"connecting: progress; {DIAL}"
        << opens
        >> "connected after 0 s; open: progress; RESUME s-2; asked to resume s-2"
    )


def test_a_normal_close_in_the_middle_of_a_session_is_followed_by_a_reconnect() -> None:
    assert open_call(session="s-1") << closes(1000) >> "lost 1000 by peer: server_closed; waiting 1 s: server_closed"


def test_a_normal_close_as_the_answer_to_a_resume_ends_the_session_and_the_call() -> None:
    assert (
        open_call(session="s-1")
        << closes(1000)
        >> "lost 1000 by peer: server_closed; waiting 1 s: server_closed"
        << waits(1)
        >> f"connecting: progress; {DIAL}"
        << opens
        >> "connected after 0 s; open: progress; RESUME s-1; asked to resume s-1"
        << closes(1000)
        >> "lost 1000 by peer: server_closed; closed: server_closed"
        << waits(3600)
        << presses_r
        >> f"connecting: operator; {DIAL}"
        << opens
        >> "connected after 0 s; open: progress"
    )


def test_a_resume_that_is_dropped_by_the_network_keeps_the_session() -> None:
    talk = open_call(session="s-1")
    for wait in (1, 2):
        talk = (
            talk
            << drops
            >> f"lost 1006 by network: abnormal_closure; waiting {wait} s: abnormal_closure"
            << waits_and_dials
            << opens
            >> "connected after 0 s; open: progress; RESUME s-1; asked to resume s-1"
        )
    assert talk


def test_a_normal_close_without_a_session_is_the_end_by_the_server() -> None:
    assert open_call() << closes(1000) >> "lost 1000 by peer: server_closed; closed: server_closed"


def test_a_normal_close_can_be_set_to_end_the_call() -> None:
    policy = replace(STATIC, reconnect_on_1000=False)
    assert open_call(policy, session="s-1") << closes(1000) >> "lost 1000 by peer: server_closed; closed: server_closed"


@pytest.mark.parametrize("code", [1008, 4401])
def test_an_open_socket_closed_for_its_token_gets_one_fresh_token_at_once(code: int) -> None:
    assert (
        open_call(BEARER)
        << closes(code)
        >> f"lost {code} by peer: auth_closed; authorizing: auth_closed; AUTHORIZE without token-1"
        << grants("token-2")
        >> f"renewed token; connecting: progress; {DIAL} with token-2"
        << opens
        >> "connected after 0 s; open: progress"
        << closes(code)
        >> f"lost {code} by peer: auth_closed; gave up: auth_closed"
    )


def test_fresh_tokens_that_serve_only_for_a_moment_are_renewed_with_waits() -> None:
    assert (
        open_call(BEARER)
        << speaks
        << closes(4401)
        >> "lost 4401 by peer: auth_closed; authorizing: auth_closed; AUTHORIZE without token-1"
        << grants("token-2")
        >> f"renewed token; connecting: progress; {DIAL} with token-2"
        << opens
        >> "connected after 0 s; open: progress"
        << speaks
        << closes(4401)
        >> "lost 4401 by peer: auth_closed; waiting 1 s: auth_closed"
        << waits(1)
        >> "authorizing: progress; AUTHORIZE without token-2"
    )


def test_4403_is_a_403_final_with_a_bearer_token_but_not_with_a_signed_url() -> None:
    assert open_call(BEARER) << closes(4403) >> "lost 4403 by peer: auth_closed; gave up: auth_closed"
    assert (
        open_call(SIGNED)
        << closes(4403)
        >> "lost 4403 by peer: auth_closed; authorizing: auth_closed; AUTHORIZE without token-1"
        << grants("token-2")
        >> "renewed token; resolving: progress; RESOLVE with token-2"
    )


def test_an_unsigned_address_is_looked_up_again_after_three_silent_drops() -> None:
    talk = Dialogue(replace(SIGNED, authorize=False)) << starts >> "resolving: started; RESOLVE"
    talk = talk << names_url("wss://bridge.test/ws") >> "connecting: progress; DIAL wss://bridge.test/ws"
    for wait in (1, 2):
        talk = (
            talk
            << opens
            >> "connected after 0 s; open: progress"
            << drops
            >> f"lost 1006 by network: abnormal_closure; waiting {wait} s: abnormal_closure"
            << waits(wait)
            >> "connecting: progress; DIAL wss://bridge.test/ws"
        )
    assert (
        talk
        << opens
        >> "connected after 0 s; open: progress"
        << drops
        >> "lost 1006 by network: abnormal_closure; waiting 4 s: abnormal_closure"
        << waits(4)
        >> "resolving: progress; RESOLVE"
    )


# -- silence -----------------------------------------------------------------------------------------------


def test_an_open_connection_without_messages_is_reset_as_stale() -> None:
    assert (
        open_call(session="s-1")
        << waits(29.9)
        << waits(0.1)
        >> "stale: stale; CLOSE 1001 stale; lost 1001 by us: stale; waiting 1 s: stale"
        << waits(1)
        >> f"connecting: progress; {DIAL}"
        << opens
        >> "connected after 0 s; open: progress; RESUME s-1; asked to resume s-1"
    )


def test_messages_keep_a_connection_from_going_stale() -> None:
    talk = open_call() << talks_for(290, every=29)
    assert (
        talk
        << waits(29.9)
        << speaks
        << waits(29.9)
        << waits(0.1)
        >> "stale: stale; CLOSE 1001 stale; lost 1001 by us: stale; waiting 1 s: stale"
    )


# -- the token under an open socket ---------------------------------------------------------------------------


def test_a_token_is_renewed_before_its_end_and_the_socket_changed_for_one_that_has_it() -> None:
    assert (
        open_call(BEARER, session="s-1")
        << talks_for(3299)
        << talks_for(1)
        >> "RENEW"
        << grants("token-2")
        >> "renewed token"
        << talks_for(1)
        >> "CLOSE 1001 token renewed; lost 1001 by us: token_expiry; authorizing: token_expiry; AUTHORIZE"
        << grants("token-2")
        >> f"connecting: progress; {DIAL} with token-2"
        << opens
        >> "connected after 0 s; open: progress; RESUME s-1; asked to resume s-1"
    )


def test_a_short_token_does_not_make_the_link_reconnect_more_often_than_every_stable_period() -> None:
    assert (
        open_call(BEARER, life_s=10.0)
        << talks_for(8)
        >> "RENEW"
        << grants("token-2", life_s=10.0)
        >> "renewed token"
        << talks_for(21.9)
        << talks_for(0.1)
        >> "CLOSE 1001 token renewed; lost 1001 by us: token_expiry; authorizing: token_expiry; AUTHORIZE"
    )


def test_a_renewal_that_fails_leaves_the_call_alone_and_is_tried_again_with_growing_waits() -> None:
    talk = open_call(BEARER, life_s=1000.0) << talks_for(800) >> "RENEW"
    for wait in (10, 20, 40, 60, 60):
        talk = (
            talk
            << fails(Cause.UNAVAILABLE, 503)
            >> "no token: unavailable"
            << talks_for(wait - 0.5)
            << talks_for(0.5)
            >> "RENEW"
        )
    assert talk << fails(Cause.RATE_LIMITED, 429, retry_after_s=90) >> "no token: rate_limited" << talks_for(89)
    assert talk << talks_for(1) >> "RENEW"
    assert talk.link.state is LinkState.OPEN


def test_a_renewal_that_brings_the_old_token_again_is_repeated() -> None:
    assert (
        open_call(BEARER, life_s=1000.0) << talks_for(800) >> "RENEW" << grants("token-1") << talks_for(10) >> "RENEW"
    )


def test_a_drop_at_the_end_of_the_token_is_told_as_such_and_followed_by_a_fresh_one() -> None:
    assert (
        open_call(BEARER, life_s=1000.0)
        << talks_for(800)
        >> "RENEW"
        << talks_for(200)
        << closes(4401)
        >> "CANCELSTEP; lost 4401 by peer: token_expiry; waiting 1 s: token_expiry"
        << waits(1)
        >> "authorizing: progress; AUTHORIZE without token-1"
    )


# -- the operator --------------------------------------------------------------------------------------------


def test_r_while_open_drops_the_socket_and_dials_at_once() -> None:
    assert (
        open_call(session="s-1")
        << presses_r
        >> f"CLOSE 1001 reconnect; lost 1001 by us: operator; connecting: operator; {DIAL}"
        << opens
        >> "connected after 0 s; open: progress; RESUME s-1; asked to resume s-1"
    )


def test_r_while_a_step_is_under_way_abandons_it_and_begins_again() -> None:
    talk = Dialogue(SIGNED) << starts >> "authorizing: started; AUTHORIZE"
    again = "CANCELSTEP; authorizing: operator; AUTHORIZE"
    assert (
        talk
        << presses_r
        >> again
        << grants("token-1")
        >> "first token; resolving: progress; RESOLVE with token-1"
        << presses_r
        >> again
        << grants("token-1")
        >> "resolving: progress; RESOLVE with token-1"
        << names_url("wss://bridge.test/ws?sig=1")
        >> "connecting: progress; DIAL wss://bridge.test/ws?sig=1"
        << presses_r
        >> again
        << opens
        << names_url("wss://late.test/")
    )


def test_r_ends_a_wait_and_counts_the_attempts_from_one_again() -> None:
    talk = Dialogue(STATIC) << starts >> f"connecting: started; {DIAL}"
    for wait in (1, 2, 4):
        talk = talk << fails(Cause.DNS)
        talk.heard.clear()
        talk = talk << waits(wait) >> f"connecting: progress; {DIAL}"
    assert (
        talk
        << fails(Cause.DNS)
        >> "attempt 4 failed: dns; waiting 8 s: dns"
        << presses_r
        >> f"connecting: operator; {DIAL}"
        << fails(Cause.DNS)
        >> "attempt 1 failed: dns; waiting 1 s: dns"
    )


def test_r_works_after_the_link_gave_up() -> None:
    assert (
        Dialogue(STATIC)
        << starts
        >> f"connecting: started; {DIAL}"
        << fails(Cause.NOT_FOUND, 404)
        >> "attempt 1 failed: not_found; gave up: not_found"
        << waits(3600)
        << presses_r
        >> f"connecting: operator; {DIAL}"
        << opens
        >> "connected after 0 s; open: progress"
    )


def test_stop_closes_with_1000_and_ends_when_the_peer_has_answered() -> None:
    talk = open_call() << stops >> "CLOSE 1000" << waits(1)
    assert talk << closes(1000, ClosedBy.US) >> "closed: stopped; FINISH"
    assert talk.link.finished


def test_stop_waits_five_seconds_for_the_peer_at_most() -> None:
    assert open_call() << stops >> "CLOSE 1000" << waits(4.9) << presses_r << waits(0.1) >> "closed: stopped; FINISH"


@pytest.mark.parametrize("said", [starts, presses_r, opens, drops, fails(Cause.DNS), grants("late"), waits(99), stops])
def test_after_the_stop_nothing_is_ordered_any_more(said: Input) -> None:
    talk = open_call(SIGNED) << stops >> "CLOSE 1000" << closes(1000) >> "closed: stopped; FINISH"
    assert talk << said


def test_stop_ends_a_wait_and_a_step_at_once() -> None:
    talk = Dialogue(STATIC) << starts >> f"connecting: started; {DIAL}"
    assert talk << stops >> "CANCELSTEP; closed: stopped; FINISH"
    talk = open_call() << drops >> "lost 1006 by network: abnormal_closure; waiting 1 s: abnormal_closure"
    assert talk << stops >> "closed: stopped; FINISH" << waits(60)


def test_a_link_that_gave_up_still_says_so_after_the_stop() -> None:
    talk = Dialogue(STATIC) << starts >> f"connecting: started; {DIAL}" << fails(Cause.NOT_FOUND, 404)
    assert talk >> "attempt 1 failed: not_found; gave up: not_found" << stops >> "FINISH"
    assert talk.link.state is LinkState.GAVE_UP


def test_an_order_shows_neither_the_token_nor_the_signed_url() -> None:
    talk = open_call(SIGNED) << drops
    talk.heard.clear()
    shown = repr(talk.link.tick(60.0)) + repr(talk.link.token_obtained(60.0, talk.tokens["token-1"]))
    shown += repr(talk.link.resolved(60.0, "wss://bridge.test/ws?sig=abc"))
    assert "Dial" in shown
    assert "token-1" not in shown
    assert "sig=" not in shown


# -- what the peer says over an open socket ---------------------------------------------------------------


def refuses(*, final: bool) -> Input:
    failure = Failure(Cause.ENDPOINT_REFUSED, "no such token")
    return lambda talk: talk.link.refused(talk.now, failure, final=final)


def test_an_open_connection_that_is_of_no_use_is_left_for_good_or_for_another() -> None:
    left = "CLOSE 1001 refused; lost 1001 by us: endpoint_refused"
    assert open_call() << refuses(final=True) >> f"{left}; gave up: endpoint_refused" << waits(3600)
    talk = open_call() << refuses(final=False) >> f"{left}; waiting 1 s: endpoint_refused"
    assert talk << waits(1) >> f"connecting: progress; {DIAL}"


def test_a_refusal_of_a_connection_that_has_ended_is_nothing() -> None:
    talk = open_call() << drops >> "lost 1006 by network: abnormal_closure; waiting 1 s: abnormal_closure"
    assert talk << refuses(final=True)
    talk = open_call() << stops >> "CLOSE 1000"
    assert talk << refuses(final=True)
