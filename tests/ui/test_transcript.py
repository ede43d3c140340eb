from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from textual.geometry import Region
from textual.pilot import Pilot

from dashboard.call import events as ev
from dashboard.call.events import Event, Speaker
from dashboard.call.state import CallState
from dashboard.ui.widgets.transcript import TranscriptPanel
from tests.ui.host import Host, on_view
from tests.unit.ui.folding import ID, T0, back, dropped, fold, up


class Transcript(TranscriptPanel):
    """A transcript that notes what it repaints."""

    def __init__(self) -> None:
        super().__init__()
        self.repainted: list[Region | None] = []

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Transcript:
        if hasattr(self, "repainted"):
            self.repainted += regions or [None]
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    @property
    def texts(self) -> list[str]:
        """The rows on view without their times."""
        return [text[10:].strip() for text in on_view(self) if text]


@asynccontextmanager
async def shown(call: CallState, size: tuple[int, int] = (90, 16)) -> AsyncIterator[tuple[Transcript, Pilot[None]]]:
    panel = Transcript()
    async with Host(panel).run_test(size=size) as pilot:
        panel.sample(call)
        await pilot.pause()
        yield panel, pilot


def said(at: float, speaker: Speaker, text: str, final: bool = True) -> Event:
    return ev.TranscriptReceived(ID, T0 + at, speaker, text, final)


DIALOGUE = (
    said(1, Speaker.BOT, "How can I help?"),
    said(3, Speaker.CALLER, "Where is my parcel?"),
    ev.IntentReceived(ID, T0 + 3.6, "TrackParcel", 0.93),
    said(3.7, Speaker.BOT, "What is its number?"),
    *dropped(T0 + 5),
    ev.UtteranceHeld(ID, T0 + 5.2, 1, "hello?"),
    *back(T0 + 6),
    ev.ErrorReceived(ID, T0 + 6.5, "NLU_TIMEOUT"),
)


async def test_a_call_is_told_in_order() -> None:
    async with shown(fold(*DIALOGUE)) as (panel, _):
        assert [text.split("  ")[0].rstrip("─ ") for text in panel.texts] == [
            "◂ bot",
            "▸ caller",
            "◆ intent",
            "◂ bot",
            "── connection lost: closed with 1006",
            "» you",
            "── connection restored after 1.5 s, session resumed",
            "✖ error",
        ]
        assert panel.border_title == "3 transcript · 8"


async def test_a_partial_becomes_the_final_row() -> None:
    call = fold(said(1, Speaker.CALLER, "Where is", final=False))
    async with shown(call) as (panel, _):
        assert panel.texts == ["▸ caller  Where is …"]
        call = fold(said(1.5, Speaker.CALLER, "Where is my", final=False), call=call)
        panel.sample(call)
        assert panel.texts == ["▸ caller  Where is my …"]
        panel.sample(fold(said(2, Speaker.CALLER, "Where is my parcel?"), call=call))
        assert panel.texts == ["▸ caller  Where is my parcel?"]


async def test_partials_of_both_speakers_stand_below_the_rows() -> None:
    call = fold(
        said(1, Speaker.CALLER, "but I", final=False), said(1.2, Speaker.BOT, "let me", final=False), *DIALOGUE[-1:]
    )
    async with shown(call) as (panel, _):
        assert panel.texts == ["✖ error   NLU_TIMEOUT", "▸ caller  but I …", "◂ bot     let me …"]


async def test_the_status_of_an_utterance_is_repainted_where_it_stands_and_nothing_else() -> None:
    call = fold(*DIALOGUE)
    async with shown(call) as (panel, _):
        assert panel.texts[5].endswith("◐ held")
        panel.repainted.clear()
        sent = fold(ev.UtteranceSent(ID, T0 + 7, 1, "hello?"), call=call)
        panel.sample(sent)
        assert panel.texts[5].endswith("▸ sent")
        (region,) = panel.repainted
        assert region is not None
        assert (region.y, region.height) == (5, 1)
        assert region.x > panel.texts[5].index("hello?")
        panel.sample(fold(said(8, Speaker.BOT, "Still here."), call=sent))
        assert panel.texts[5].endswith("● answered")
        assert panel.texts[-1].endswith("1.0 s")


async def test_a_turn_without_an_answer_gets_a_row_of_its_own_where_it_failed() -> None:
    call = fold(said(1, Speaker.CALLER, "Hello?"), ev.Ticked(ID, T0 + 4))
    async with shown(call) as (panel, _):
        assert panel.texts == ["▸ caller  Hello?"]
        late = fold(ev.Ticked(ID, T0 + 6.5), said(6.8, Speaker.BOT, "Sorry!"), call=call)
        panel.sample(late)
        assert [text.split("  ")[0].rstrip("─ ") for text in panel.texts] == ["▸ caller", "✖ silent", "◂ bot"]
        again = fold(said(8, Speaker.CALLER, "What?"), ev.Ticked(ID, T0 + 14), call=late)
        panel.sample(again)
        assert [text.split("  ")[0] for text in panel.texts][-2:] == ["▸ caller", "✖ silent"]
        panel.sample(fold(ev.Ticked(ID, T0 + 15), call=again))
        assert len(panel.texts) == 5


async def test_time_that_passes_repaints_nothing() -> None:
    call = fold(*DIALOGUE)
    async with shown(call) as (panel, _):
        panel.repainted.clear()
        panel.sample(fold(ev.Ticked(ID, T0 + 8), call=call))
        panel.sample(call)
        assert panel.repainted == []


async def test_another_call_starts_over() -> None:
    async with shown(fold(*DIALOGUE)) as (panel, pilot):
        await pilot.press("home")
        panel.sample(replace(up("call-2")))
        assert panel.texts == ["nothing said yet"[10:]]
        panel.sample(fold(ev.Marked("call-2", T0 + 1, "here"), call=up("call-2")))
        assert panel.texts == ["⚑ mark    here"]


async def test_the_filters_of_the_transcript() -> None:
    async with shown(fold(*DIALOGUE, said(7, Speaker.CALLER, "Hm?"), ev.Ticked(ID, T0 + 13))) as (panel, pilot):
        seen = {}
        for _ in range(6):
            await pilot.press("f")
            assert panel._border_title is not None
            seen[panel._border_title.plain.split("·")[1].strip()] = [text[:8].strip() for text in panel.texts]
        assert seen == {
            "only speech": ["◂ bot", "▸ caller", "◂ bot", "▸ caller"],
            "only intents": ["◆ intent"],
            "only problems": ["✖ error", "✖ silent"],
            "only utterances": ["» you"],
            "only link": ["── conne", "── conne"],
            "10": seen["10"],
        }
        assert len(seen["10"]) == 10


async def test_hostile_text_stays_within_the_panel() -> None:
    call = fold(
        said(1, Speaker.BOT, "\x1b[2J\x1b]0;x\x07 [red]x[/] \u202eabc " + "Z" + "\u0335" * 99 + "寄" * 1500),
        ev.IntentReceived(ID, T0 + 2, "[@click=app.quit]" + "👩‍👩‍👧‍👦❤️" * 60, 0.5),
        ev.UnknownReceived(ID, T0 + 3, "\r\n\x00" * 40, 9),
    )
    for size in ((90, 30), (44, 30), (12, 12)):
        async with shown(call, size) as (panel, _):
            for y in range(panel.size.height):
                strip = panel.render_line(y)
                assert strip.cell_length == sum(segment.cell_length for segment in strip) == panel.size.width
                assert strip.text.replace("\u2009", "").isprintable()  # but for the thin space of numbers


async def test_a_long_call_is_taken_in_by_what_is_new() -> None:
    call = fold(said(0, Speaker.BOT, "first"))
    lines = tuple(replace(call.lines[-1], text=f"row {number}") for number in range(5000))
    async with shown(call) as (panel, _):
        for start in range(0, 5000, 500):
            call = replace(call, lines=call.lines.extend(lines[start : start + 500]))
            panel.sample(call)
        assert panel.texts[-1] == "◂ bot     row 4999"
        assert panel.rows.total == 5001
