"""The bot beside a call: how its wire stands, in which session it is spoken to, how quickly it answers."""

from __future__ import annotations

from dashboard.call.bot_figures import first_s
from dashboard.call.state import BotView
from dashboard.ui.draw.layout import Spans, join, join_fitting, shorten_middle
from dashboard.ui.draw.link import state_span
from dashboard.ui.draw.spans import cells, tame
from dashboard.ui.draw.units import count, span

_SESSION = 18  # cells for a session's name at least


def draw_bot(view: BotView, room: int) -> Spans:
    """Return in a row of `room` cells how the bot beside a call does, in which session, and as much as fits besides."""
    if view.why_not:
        return ((f"○ none: {tame(view.why_not)}", "dim"),)
    state: Spans = (("○ not dialled", "dim"),) if view.call is None else (state_span(view.call),)
    told: list[Spans] = []
    if view.call is not None:
        answer_s = first_s(view)
        told.append(((f"{count(len(view.call.utterances))} said", "text"),))
        told += [] if answer_s is None else [((f"answer {span(answer_s)}", "text"),)]
    told.append(((_mode(view), "dim" if view.test_mode else "warn"),))
    session_room = max(_SESSION, room - cells(join([state, *told], " · ")) - 3)
    session: Spans = ((shorten_middle(tame(view.session_id), session_room), "text"),)
    return join_fitting([state, session, *told], room, " · ")


def speaks_in(view: BotView, width: int) -> str:
    """Return what the line says in which a test utterance is typed: to whom, in which session, and who hears it."""
    said = f" at {tame(view.profile)} · no caller hears it · {_mode(view)}"
    return shorten_middle(tame(view.session_id), max(_SESSION, width - len(said))) + said


def _mode(view: BotView) -> str:
    return "test mode" if view.test_mode else "billed"
