"""Every key of the call screen, once: bindings, footer, help screen and command palette are made from this table."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One row: Textual's names of the keys, how they are written, the action, a word for the footer, and help.

    `footer`: 0 = not there; else the smaller the number, the longer it stays when the terminal is narrow.
    """

    keys: str
    shown: str
    action: str
    word: str
    help: str
    group: str
    footer: int = 0


CALL = "the call"
LOOK = "looking"
SCREEN = "the screen"

_PANELS = ("connection", "jitter", "transcript", "plot", "reconnect log", "findings")

KEYS: tuple[Key, ...] = (
    Key("r", "r", "reconnect", "reconnect", "reconnect now, from any state; starts a lost worker again", CALL, 2),
    Key("u", "u", "utterance", "utterance", "say a test utterance to the bot; up and down: earlier ones", CALL, 3),
    Key("d", "d", "app.doctor", "doctor", "examine the way of the call on a connection of its own", CALL),
    Key("m", "m", "mark", "mark", "put a mark on the timeline", CALL, 8),
    Key("e", "e", "app.export", "export", "write the screen as SVG and the figures as JSON here", CALL, 9),
    Key("q", "q", "app.quit", "quit", "close the call with 1000 and leave; asks while it is open", CALL),
    Key("ctrl+c", "ctrl+c", "app.quit_now", "", "the same without asking; twice: leave without waiting", CALL),
    Key("space", "space", "app.freeze", "freeze", "hold the panels still; header and headline go on", LOOK, 4),
    Key("slash", "/", "search", "search", "search the transcript, or the log when it has the focus", LOOK, 5),
    Key("f", "f", "filter", "filter", "show only some kinds of rows", LOOK, 6),
    Key("F", "F", "follow", "follow", "follow the newest row again", LOOK, 7),
    Key("enter", "enter", "open", "", "explain the outage or finding under the cursor", LOOK),
    Key("b", "b", "turns", "turns", "the bot's turns: where the time of each answer went", LOOK, 10),
    Key("w", "w", "window", "window", "figures over 10 s, 60 s or the whole call", LOOK, 11),
    Key("p", "p", "plot", "plot", "plot lateness over time, its histogram, or round trips", LOOK, 12),
    Key("g", "g", "genesys", "Genesys", "Genesys' own record of the conversation beside our figures", LOOK),
    *(
        Key(str(number), str(number), f"panel({number})", "", f"go to panel {number}, {name}", SCREEN)
        for number, name in enumerate(_PANELS, start=1)
    ),
    Key("M", "M", "maximise", "maximise", "give the panel that has the focus all the room", SCREEN, 13),
    Key("escape", "esc", "back", "all panels", "back to all panels", SCREEN, 1),
    Key("t", "t", "app.theme", "theme", "dark or light", SCREEN, 14),
    Key("question_mark,f1", "?  F1", "app.help", "help", "show these keys", SCREEN),
    Key("ctrl+p", "ctrl+p", "app.command_palette", "", "find a command by its name", SCREEN),
)


EVERYWHERE = ("app.quit_now", "app.command_palette")
"""Bound by the app itself."""


def bindings() -> list[Binding]:
    """Return the table as bindings of the call screen, without the keys that work on every screen."""
    return [Binding(key.keys, key.action, key.help, show=False) for key in KEYS if key.action not in EVERYWHERE]


def footer_keys() -> list[Key]:
    """Return the keys of the footer, most important first."""
    return sorted((key for key in KEYS if key.footer), key=lambda key: key.footer)
