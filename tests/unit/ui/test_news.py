"""Which state changes are worth a toast."""

from __future__ import annotations

from dashboard.call.events import Cause, ClosedBy, LinkState
from dashboard.call.state import CallState
from dashboard.ui.news import news
from tests.builders import Story


def titles(before: CallState | None, after: CallState | None) -> list[tuple[str, str]]:
    return [(item.severity, item.title) for item in news(before, after)]


def opened() -> Story:
    story = Story()
    story.connect()
    story.listen(0.5)
    return story


def test_frames_words_and_ticks_are_no_news() -> None:
    story = opened()
    before = story.call
    story.listen(1.0)
    story.intent("parcel_status")
    story.queues()
    assert news(before, story.call) == []


def test_a_lost_connection_is_news_once_with_its_cause_code_and_reason() -> None:
    story = opened()
    before = story.call
    story.drop(Cause.SERVER_ERROR, code=1011, reason="[b]boom\x1b[2J", closed_by=ClosedBy.PEER)
    (lost,) = news(before, story.call)
    assert (lost.severity, lost.title) == ("error", "Connection lost: server error")
    assert lost.text == "code 1011 by the peer · “[b]boom␛[2J”"
    before = story.call
    story.enter(LinkState.WAITING, Cause.SERVER_ERROR, attempt=2, wait_s=1.0)
    story.fail(Cause.UNAVAILABLE, "HTTP 503", attempt=2, status=503)
    assert news(before, story.call) == []


def test_a_restored_connection_tells_how_long_it_was_down() -> None:
    story = opened()
    story.drop()
    before = story.call
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, attempt=2, wait_s=0.8)
    story.wait(0.8)
    story.connect(attempt=2)
    story.listen(0.2)
    (restored,) = news(before, story.call)
    assert (restored.severity, restored.title) == ("information", "Restored after 1.2 s")
    assert restored.text.startswith("session resumed · outage 1")


def test_an_outage_between_two_samples_is_told_as_restored() -> None:
    story = opened()
    before = story.call
    story.drop()
    story.connect(attempt=2, takes_s=0.03)
    story.listen(0.1)
    assert [title.split(" after")[0] for _, title in titles(before, story.call)] == ["Restored"]


def test_giving_up_is_news_even_if_nothing_was_ever_open() -> None:
    story = Story()
    before = story.call
    story.fail(Cause.CREDENTIALS_REFUSED, "401", status=401)
    story.enter(LinkState.GAVE_UP, Cause.CREDENTIALS_REFUSED, detail="401 invalid_client")
    (gave_up,) = news(before, story.call)
    assert (gave_up.severity, gave_up.title, gave_up.text) == (
        "error",
        "Gave up: client credentials refused",
        "401 invalid_client",
    )


def test_a_lost_worker_is_news() -> None:
    story = opened()
    before = story.call
    story.lose_worker("killed by signal 9")
    assert ("error", "callscope's worker is gone") in titles(before, story.call)
    assert titles(story.call, story.call) == []


def test_an_utterance_that_was_never_sent_is_news_and_one_that_was_is_not() -> None:
    story = opened()
    before = story.call
    story.send("hello")
    number = story.hold("are you there [/]")
    assert news(before, story.call) == []
    before = story.call
    story.expire(number, "older than 30 s")
    (expired,) = news(before, story.call)
    assert (expired.severity, expired.text) == ("warning", "“are you there [/]” · older than 30 s")


def test_the_end_of_a_call_is_news() -> None:
    story = opened()
    before = story.call
    story.end("stopped")
    assert titles(before, story.call) == [("information", "The call has ended")]


def test_the_first_sight_of_a_call_is_no_news() -> None:
    story = opened()
    story.drop()
    assert news(None, story.call) == []
    assert news(story.call, None) == []
    assert news(Story("another").call, story.call) == []
