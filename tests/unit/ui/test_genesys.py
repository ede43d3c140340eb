"""Genesys beside here, read as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dashboard.call.state import CallState
from dashboard.ui.draw.genesys import draw_genesys
from dashboard.ui.draw.layout import Spans
from dashboard.ui.draw.spans import cells
from tests import builders
from tests.records import broken, healthy, media, participant, record, reported, segment, session


def told(body: Any, **fields: Any) -> CallState:
    story = builders.troubled()
    story.fact(reported(body, story.call.call_id, story.now, **fields))
    story.wait(12.0)
    return story.call


def hostile() -> CallState:
    end = segment(disconnectType="[red]\x1b[2J" * 20, errorCode="\u202e" * 50, sipResponseCodes=[486] * 9)
    stats = media(codecs=["audio/" + "广" * 90])
    sessions = [session(end, mediaEndpointStats=[stats], flow={"flowName": "🙂" * 60})] * 30
    return told(record(participant("[@click=app.quit]x[/]" * 9, *sessions)))


STATES: dict[str, Callable[[], CallState]] = {
    "bad": lambda: told(broken()),
    "ok": lambda: told(healthy()),
    "refused": lambda: told({}, status=403, correlation_id="9e9e-12"),
    "not asked": lambda: builders.steady(),
    "hostile": hostile,
    "nothing": lambda: CallState(""),
}


def plain(rows: list[Spans]) -> str:
    return "\n".join("".join(text for text, _ in row).rstrip() for row in rows)


def shown(state: str, width: int = 98, height: int = 26) -> str:
    return plain(draw_genesys(STATES[state](), width, height))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("width", "height"), [(74, 22), (98, 26), (40, 5), (12, 40), (1, 1)])
def test_it_keeps_within_its_room(state: str, width: int, height: int) -> None:
    rows = draw_genesys(STATES[state](), width, height)
    assert len(rows) <= height
    assert max(map(cells, rows)) <= width


def test_theirs_stands_beside_ours() -> None:
    rows = shown("bad").splitlines()
    table = {row[:13].strip(): row[13:].split("  ") for row in rows}
    assert "2.91 at worst" in "".join(table["MOS"])
    assert "estimate" in "".join(table["MOS"])
    (ended,) = [row for row in rows if row.startswith("ended")]
    assert ended.split() == ["ended", "transportFailure", "dropped,", "no", "close", "frame", "(1006)"]
    assert "▸ It broke on both sides: transportFailure there, dropped, no close frame (1006) here." in rows


def test_the_verdict_stands_on_top_with_its_reasons() -> None:
    assert shown("bad").startswith("✖ bad  customer ended with transportFailure · customer reports")
    assert shown("ok").startswith("● ok so far")


def test_it_says_when_it_was_asked_and_when_again() -> None:
    assert "asked         3×, 12.0 s ago · again in 34.0 s" in shown("bad")


def test_each_leg_has_a_row_with_its_code() -> None:
    (customer,) = [row for row in shown("bad").splitlines() if row.startswith("customer  ")]
    assert customer.split()[1:3] == ["transportFailure", "2.91"]
    assert "error.ininedgecontrol" in customer
    assert "botflow Parcel tr… peer" in " ".join(shown("bad").split())


def test_at_80_cells_every_leg_is_still_there() -> None:
    assert "botflow Parcel tr…  peer" in shown("bad", 74, 22)


def test_a_refusal_says_what_is_missing_and_what_support_asks_for() -> None:
    text = " ".join(shown("refused").split())
    assert text.startswith("○ unknown permission missing (403): give a role of the OAuth client")
    assert "ININ-Correlation-Id 9e9e-12" in text


def test_a_failure_after_a_record_shows_how_old_the_record_is() -> None:
    story = builders.troubled()
    story.fact(reported(broken(), story.call.call_id, story.now))
    story.wait(30.0)
    story.fact(reported({}, story.call.call_id, story.now, status=503))
    text = plain(draw_genesys(story.call, 98, 26))
    assert "03:12 · as of 30.0 s ago" in text
    assert "analytics unavailable (503)" in text


def test_what_was_not_asked_says_how_to_ask() -> None:
    assert "--analytics details" in shown("not asked")
    assert "analytics:conversationDetail:view" in shown("not asked")


def test_a_hostile_record_is_shown_literally() -> None:
    text = shown("hostile")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "and 10 more" in plain(draw_genesys(STATES["hostile"](), 98, 60))
