"""How the rows of a board are drawn, and what stands around them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from dashboard.call.door_view import DoorView
from dashboard.call.events import QueueMeasured
from dashboard.call.findings.finding import Finding, Findings, Severity
from dashboard.call.hook_events import DOOR, UpgradeRefused
from dashboard.call.hook_view import HookView
from dashboard.call.state import CallState
from dashboard.ui.draw.board import (
    COLUMNS,
    WORST_FIRST,
    Entry,
    board_header,
    board_row,
    column_at,
    columns_for,
    entry,
    plain,
)
from dashboard.ui.draw.door import (
    Doorway,
    Own,
    board_headline,
    draw_board_header,
    draw_door,
    refused_words,
    waiting_page,
)
from dashboard.ui.draw.layout import Spans
from dashboard.ui.draw.spans import Row, cells, paint
from tests import boards

INNER = {80: 76, 120: 116, 200: 196}
"""Cells of a row in a terminal of that width."""


def text(row: Row, width: int) -> str:
    return "\n".join("".join(part for part, _ in line) for line in paint(row, width))


def line(spans: Spans) -> str:
    return "".join(part for part, _ in spans)


def told(call: CallState, width: int = INNER[120], now: float = 1014.0) -> str:
    return text(board_row(entry(call), now, width), width)


def entries(calls: Iterable[CallState]) -> list[Entry]:
    return [entry(call) for call in calls]


def with_findings(call: CallState, *severities: Severity) -> CallState:
    standing = tuple(
        Finding(f"rule_{n}", severity, f"Trouble {n} [b]\x1b[2J", (), "", (call.now,), call.now)
        for n, severity in enumerate(severities)
    )
    return replace(call, findings=Findings(standing))


@pytest.mark.parametrize("width", INNER.values())
def test_a_row_is_one_line_of_the_width_there_is(width: int) -> None:
    for call in boards.mixed().values():
        (only,) = paint(board_row(entry(call), 1014.0, width), width)
        assert cells(only) == width
    assert cells(paint(board_header(width, WORST_FIRST, reverse=False), width)[0]) == width


def test_columns_fall_away_in_an_order_and_the_sentence_stays() -> None:
    names = {width: [column.name for column, _ in columns_for(inner)] for width, inner in INNER.items()}
    assert names[80] == ["call", "state", "verdict", "late", "MOS", "time", "findings"]
    assert names[120] == ["call", "state", "verdict", "late", "MOS", "level", "time", "findings"]
    assert names[200] == [column.name for column in COLUMNS]
    assert [column.name for column, _ in columns_for(20)] == ["call", "state", "verdict", "findings"]
    sizes = dict(columns_for(INNER[200]))
    assert sizes[COLUMNS[0]] == 36  # a whole conversation id


def test_a_good_call_has_its_figures_and_no_words() -> None:
    row = told(boards.named(boards.clear("a"), "0a3f6c1e-5b2d-4c77-9a10-3d5e8f7b2c41"))
    assert row.split() == [
        "0a3f6c1e…",
        "●",
        "open",
        "●",
        "healthy",
        "5.0",
        "ms",
        "4.36",
        "−65",
        "−21",
        "00:12",
        "–",
    ] or (row.startswith(" 0a3f6c1e…  ● open      ● healthy ") and row.rstrip().endswith("00:12  –"))


def test_what_is_wrong_is_a_sentence_where_there_is_room_and_the_rules_name_elsewhere() -> None:
    call = with_findings(boards.clear("a").call, Severity.ERROR, Severity.WARNING, Severity.INFO)
    assert "✖ Trouble 0 [b]␛[2J +1" in told(call)
    assert "✖ rule_0 +1" in told(call, INNER[80])
    assert "▲ Trouble 0" in told(with_findings(boards.clear("a").call, Severity.WARNING))


def test_a_long_sentence_leaves_room_for_how_many_others_there_are() -> None:
    call = with_findings(boards.clear("a").call, Severity.ERROR, Severity.ERROR)
    standing = (replace(call.findings.standing[0], summary="x" * 300), *call.findings.standing[1:])
    assert told(replace(call, findings=Findings(standing))).rstrip().endswith("… +1")


def test_what_was_wrong_a_moment_ago_is_counted() -> None:
    call = with_findings(boards.clear("a").call, Severity.WARNING)
    fading = replace(call.findings.standing[0], fading=True)
    assert "1 a moment ago" in told(replace(call, findings=Findings((fading,))))


def test_a_call_that_is_down_says_why_and_one_that_is_over_says_how_it_ended() -> None:
    assert "◐ waiting" in told(boards.down("a").call)
    assert "✖ Down: dropped, no close frame" in told(boards.down("a").call)
    over = boards.over("a").call
    row = board_row(entry(over), over.now + 130, INNER[120])
    assert "○ ended" in text(row, INNER[120])
    assert "  2 min ago: closed: end" in text(row, INNER[120])
    assert {role for part, role in row.lead if part.strip()} == {"dim"}


def test_a_paused_session_is_told_from_an_open_one() -> None:
    assert "◐ paused" in told(replace(boards.clear("a").call, hook=HookView(stage="paused", paused_at=1011.0)))


def test_a_silent_channel_has_a_sign_and_no_level() -> None:
    story = boards.silent("a")
    story.listen(4.0, caller_dbfs=-96.0, bot_dbfs=-21.0)
    assert entry(story.call).levels[1] is not None
    assert "○" in told(story.call).split("healthy")[1]


def test_the_title_that_is_sorted_by_has_a_mark_and_can_be_clicked() -> None:
    width = INNER[120]
    header = text(board_header(width, COLUMNS[3], reverse=True), width)
    assert "late p99▲" in header
    assert "findings▼" in text(board_header(width, WORST_FIRST, reverse=False), width)
    for column, _ in columns_for(width):
        found = column_at(header.index(column.title[:4]), width)
        assert found is column
    assert column_at(0, width) is None


def test_a_search_looks_at_the_id_the_state_and_what_is_wrong() -> None:
    one = plain(entry(boards.named(boards.down("call-5"), "4eb06133-2c77")))
    for word in ("4eb06133", "call-5", "waiting", "degraded", "no close frame"):
        assert word in one


# -- around the table ---------------------------------------------------------------------------------------


def test_the_sentence_names_the_worst_call_and_counts_those_in_trouble() -> None:
    said = board_headline(entries(boards.mixed().values()), boards.door())
    assert (said.level, said.text) == ("bad", "2 of 5 calls in trouble · 4eb06133: Down: dropped, no close frame")
    alone = board_headline(entries([boards.down("a").call]), boards.door())
    assert alone.text == "In trouble · 6f0e4a51: Down: dropped, no close frame"


def test_the_sentence_of_good_calls_says_so_and_how_late_they_are() -> None:
    said = board_headline(entries([boards.clear("a").call]), boards.door())
    assert (said.level, said.text) == ("ok", "1 call up, nothing wrong")
    assert said.more[0].startswith("p99 lateness ")


def test_somebody_who_is_not_let_in_is_told_unless_a_call_is_worse() -> None:
    door = boards.door(refused={"expired": 2})
    said = board_headline([], door)
    assert (said.level, said.text) == ("warn", "Refused just now: made 90 s ago (expired)")
    assert board_headline(entries([boards.down("a").call]), door).level == "bad"
    later = replace(door, now=door.now + 600)
    assert board_headline([], later).text == f"Waiting for calls at {boards.URL}"


def test_an_upstream_that_does_not_answer_is_red_for_nobody_gets_through() -> None:
    door = boards.door(refused={"tcp_refused": 2})
    assert door.refusal is not None
    why = "the upstream cannot be reached: nothing listens there"
    door = replace(door, refusal=replace(door.refusal, status=502, detail=why))
    said = board_headline([], door)
    assert (said.level, said.text) == ("bad", "The upstream cannot be reached: nothing listens there")
    assert said.more[0] == "the last one was refused just now"
    rows = ["".join(part for part, _ in (*row.lead, *row.body)) for row in waiting_page(door, Doorway())]
    assert rows[-1] == f"  ▲ Refused 2×, the last just now: {why}"


@pytest.mark.parametrize(
    ("reason", "detail", "words"),
    [
        ("key_unknown", "this API key is not known here", "this API key is not known here"),
        ("expired", "made 90 s ago", "made 90 s ago (expired)"),
        ("no_open", "", "no open"),
    ],
)
def test_a_refusal_is_told_in_words_and_by_its_name_where_these_do_not_say_it(
    reason: str, detail: str, words: str
) -> None:
    assert refused_words(UpgradeRefused(DOOR, 0.0, 401, reason, detail)) == words


def test_where_there_is_little_room_a_call_that_is_down_says_why_in_a_word() -> None:
    assert "✖ down: no close" in told(boards.down("a").call, INNER[80])


def test_a_door_that_is_not_open_yet_and_a_worker_that_is_gone_are_told() -> None:
    assert board_headline([], DoorView()).level == "idle"
    lost = board_headline([], replace(boards.door(), worker_lost="was killed by SIGKILL"))
    assert (lost.level, lost.offer) == ("bad", "press r to start it again")


def test_the_header_says_where_calls_come_in_and_counts_them() -> None:
    row = line(
        draw_board_header(entries(boards.mixed().values()), boards.door(), 100, where="x", closing=False, masked=True)
    )
    assert row.startswith("callscope  ● open  wss://listen.example.test/audiohook ")
    assert row.endswith(" MASKED   5 calls  ✖ 1  ▲ 1  ○ 1 ended")
    narrow = draw_board_header(
        entries(boards.mixed().values()), boards.door(), 78, where="x", closing=True, masked=True
    )
    assert cells(narrow) == 78


def test_one_line_tells_of_refusals_probes_and_callscope_itself() -> None:
    door = boards.door(refused={"expired": 12, "path": 1})
    row = line(draw_door([], door, Own(dropped=3, recording=2, failed=1), 140))
    assert row.startswith("▲ 13 refused: expired 12×, path 1× · 3 probes, the last in 4 ms ")
    assert row.endswith("✖ 1 not recorded · ● REC 2 · 3 dropped · callscope 2 ms late")
    assert cells(draw_door([], door, Own(9, 9, 9), 78)) <= 78
    assert line(draw_door([], DoorView(), Own(), 40)).strip() == "nobody refused"


def test_a_herd_comes_first_in_that_line() -> None:
    call = boards.clear("a").call
    herd = Finding("thundering_herd", Severity.WARNING, "Thundering herd: 12 of 14", (), "", (call.now,), call.now)
    row = line(draw_door([entry(replace(call, findings=Findings((herd,))))], boards.door(), Own(), 118))
    assert row.startswith("▲ Thundering herd: 12 of 14 · ")


def test_own_drops_are_those_of_all_calls() -> None:
    story = boards.clear("a")
    story.fact(QueueMeasured("a", story.now, "audio", 80, 100, 7, "oldest", (0.1,)))
    assert story.call.queues["audio"].dropped == 7


def test_an_empty_board_says_where_and_what_to_enter() -> None:
    doorway = Doorway("Enter at Genesys", (("connection URI", "wss://here/audiohook"),), ("every call must be signed",))
    page = "\n".join(text(row, 90).rstrip() for row in waiting_page(boards.door(), doorway))
    assert f"Waiting for calls at {boards.URL}" in page
    assert "every call must be signed" in page
    assert "connection URI  wss://here/audiohook" in page
    assert "Opening the door" in text(waiting_page(DoorView(), doorway)[1], 90)
