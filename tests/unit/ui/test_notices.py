"""The panel in the place of the jitter, of a call that has no sound."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.call import notification_events as ne
from dashboard.call.events import Cause, LinkState
from dashboard.call.notice_view import NOTIFICATIONS, NoticeView
from dashboard.call.party import Party
from dashboard.call.state import CallState
from dashboard.ui.draw.connection import draw_connection
from dashboard.ui.draw.layout import Spans
from dashboard.ui.draw.notices import draw_notices
from dashboard.ui.draw.rows import outage_row, transcript_row
from dashboard.ui.draw.spans import Row, cells
from tests.builders import Story
from tests.scenarios.notices import followed


def view_of(call: CallState) -> NoticeView:
    assert call.notices is not None
    return call.notices


def told(call: CallState, width: int = 66, height: int = 12) -> list[str]:
    return ["".join(text for text, _ in row) for row in draw_notices(view_of(call), call, width, height)]


def test_it_says_where_there_would_be_sound_as_well() -> None:
    assert told(followed())[-1] == "callscope listen --follow hears and measures it as well"


def test_it_tells_transcripts_with_their_age_the_channel_and_the_heartbeat() -> None:
    rows = "\n".join(told(followed(age_s=4.0)))
    assert "12 · age 4.0 s · p50 4.0 s · p95 4.0 s" in rows
    assert "1f2e3d4c · heartbeat 9 s ago · ends in 23:59:00" in rows


def test_a_transcription_that_is_not_permitted_is_said_in_red() -> None:
    call = followed(refused=("transcription: the OAuth client lacks conversation:transcription:view",))
    roles = {text.strip(): role for row in draw_notices(view_of(call), call, 90, 14) for text, role in row}
    assert roles["not subscribed"] == "bad"
    assert roles["transcription: the OAuth client lacks conversation:transcription:view"] == "bad"


def test_parties_have_their_state_and_how_they_left() -> None:
    parties = (
        Party("a", "customer", held=True, muted=True),
        Party("b", "agent", connected=False, disconnect_type="transportFailure", wrap_up="resolved"),
    )
    call = followed(seconds=5.0)
    call = replace(call, notices=replace(view_of(call), parties=parties))
    rows = "\n".join(told(call, height=16))
    assert "● customer on hold, muted" in rows
    assert "○ agent left transportFailure  wrap-up resolved" in rows


@pytest.mark.parametrize("height", range(1, 16))
@pytest.mark.parametrize("width", [20, 38, 76, 120])
def test_it_never_draws_beyond_its_panel(width: int, height: int) -> None:
    call = followed(refused=("transcription: " + "x" * 200,))
    rows: list[Spans] = draw_notices(view_of(call), call, width, height)
    assert len(rows) <= height
    assert all(cells(row) <= width for row in rows)


def plain(row: Row | Spans) -> str:
    spans = row if isinstance(row, tuple) else (*row.lead, *row.body, *row.tail)
    return "".join(text for text, _ in spans)


def test_beside_its_sound_a_call_says_how_it_is_followed() -> None:
    call = followed()
    call = replace(call, dialect="audiohook", notices=replace(view_of(call), link=LinkState.OPEN))
    rows = "\n".join(map(plain, draw_connection(call, 60, 16)))
    assert "notices      ● open · 12 transcripts · age 4.0 s" in rows


def test_a_late_transcript_says_how_old_it_is() -> None:
    call = followed(age_s=34.0)
    assert plain(transcript_row(call.lines[-1], call, 90)).rstrip().endswith("34.0 s old")


def test_in_the_reconnect_log_all_that_was_down_may_have_been_missed() -> None:
    story = Story()
    story.call = replace(story.call, dialect=NOTIFICATIONS)
    story.connect()
    story.fact(ne.HeartbeatReceived(story.call.call_id, story.now))
    story.drop(Cause.ABNORMAL_CLOSURE)
    story.wait(3.0)
    outage = story.call.link.outage
    assert outage is not None
    call = replace(story.call, notices=view_of(followed()))
    assert "≤" in plain(outage_row(outage, call, 160))
