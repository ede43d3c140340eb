"""Every key of the call screen and of a replay, once: bindings, footer, help and palette are made from these tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One row: Textual's names of the keys, how they are written, the action, a word for the footer, and help.

    Neighbours with the same help are one row of the help screen.

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
PLAYING = "the recording"
LOOK = "looking"
SCREEN = "the screen"

FINDINGS = "panel(6)"
"""The panel of findings: where panels are stacked it is out of sight, and the footer names its key."""

_TO_PANEL = "go to the panel with this number"
_MATCHES = "the next match of a search, the one before"
_PANELS = ("connection", "jitter", "transcript", "plot", "reconnect log")

KEYS: tuple[Key, ...] = (
    Key("r", "r", "reconnect", "reconnect", "reconnect now, from any state; starts a lost worker again", CALL, 2),
    Key("u", "u", "utterance", "utterance", "say a test utterance to the bot; up and down: earlier ones", CALL, 4),
    Key("number_sign", "#", "keypad", "keys", "press keys of the telephone, where callscope is the caller", CALL, 5),
    Key("i", "i", "interrupt", "interrupt", "say the next thing at once, also into the bot's speech", CALL, 6),
    Key("d", "d", "app.doctor", "doctor", "examine the way of the call on a connection of its own", CALL, 10),
    Key("m", "m", "mark", "mark", "put a mark on the timeline", CALL, 12),
    Key("s", "s", "save", "save", "save a recording of what has been seen since the start", CALL, 13),
    Key("e", "e", "app.evidence", "evidence", "write the evidence bundle here: report, recording, picture", CALL, 14),
    Key("q", "q", "app.quit", "quit", "close the call with 1000 and leave; asks while it is open", CALL),
    Key("ctrl+c", "ctrl+c", "app.quit_now", "", "the same without asking; twice: leave without waiting", CALL),
    Key("space", "space", "app.freeze", "freeze", "hold the panels still; a badge counts what waits", LOOK, 7),
    Key("slash", "/", "search", "search", "search the transcript, or the log when it has the focus", LOOK, 8),
    Key("n", "n", "next_match(1)", "next match", _MATCHES, LOOK),
    Key("N", "N", "next_match(-1)", "previous match", _MATCHES, LOOK),
    Key("f", "f", "filter", "filter", "show only some kinds of rows", LOOK, 9),
    Key("F", "F", "follow", "follow", "follow the newest row again", LOOK, 15),
    Key("enter", "enter", "open", "", "explain the outage or finding under the cursor", LOOK),
    Key("b", "b", "turns", "turns", "the bot's turns: where the time of each answer went", LOOK, 11),
    Key("w", "w", "window", "window", "figures over 10 s, 60 s or the whole call", LOOK, 16),
    Key("p", "p", "plot", "plot", "plot lateness over time, its histogram, or round trips", LOOK, 17),
    Key("g", "g", "genesys", "Genesys", "Genesys' own record of the conversation beside our figures", LOOK, 18),
    *(
        Key(str(number), str(number), f"panel({number})", name, _TO_PANEL, SCREEN)
        for number, name in enumerate(_PANELS, start=1)
    ),
    Key("6", "6", FINDINGS, "findings", _TO_PANEL, SCREEN, 3),
    Key("M", "M", "maximise", "maximise", "give the panel that has the focus all the room", SCREEN, 19),
    Key("escape", "esc", "back", "all panels", "back to all panels", SCREEN, 1),
    Key("x", "x", "app.mask", "mask", "mask what is said: numbers and addresses of people", SCREEN, 20),
    Key("t", "t", "app.theme", "theme", "dark or light; NO_COLOR works too", SCREEN, 21),
    Key("question_mark,f1", "?  F1", "app.help", "help", "show these keys", SCREEN),
    Key("ctrl+p", "ctrl+p", "app.command_palette", "", "find a command by its name", SCREEN),
)


_NEED_A_LIVE_CALL = (
    *("reconnect", "utterance", "keypad", "interrupt", "mark", "save"),
    *("app.doctor", "app.freeze", "app.quit", "app.quit_now"),
)

_PLAYER_FIRST = 20


def _later(key: Key) -> Key:
    """Return a key of the call screen behind those that play, where a footer is short of room."""
    return replace(key, footer=key.footer + _PLAYER_FIRST) if key.footer > 1 else key


REPLAY_KEYS: tuple[Key, ...] = (
    Key("space", "space", "app.freeze", "pause", "play or pause; at the end: play again from the start", PLAYING, 2),
    Key("full_stop", ".", "step(1)", "next", "go to the next outage, finding, spike, turn or mark", PLAYING, 3),
    Key("comma", ",", "step(-1)", "previous", "go to the one before", PLAYING, 4),
    Key("greater_than_sign", ">", "trouble(1)", "next trouble", "go to the next outage or finding", PLAYING, 5),
    Key("less_than_sign", "<", "trouble(-1)", "", "go to the one before", PLAYING),
    Key("right", "right", "seek(5)", "5 s", "go 5 s on; with shift: a minute", PLAYING, 8),
    Key("left", "left", "seek(-5)", "", "go 5 s back; with shift: a minute", PLAYING),
    Key("shift+right", "sh+right", "seek(60)", "", "go a minute on", PLAYING),
    Key("shift+left", "sh+left", "seek(-60)", "", "go a minute back", PLAYING),
    Key("plus", "+", "speed(1)", "faster", "play faster: 1, 2, 5, 10, 30, 60 times", PLAYING, 6),
    Key("minus", "-", "speed(-1)", "", "play slower", PLAYING),
    Key("colon", ":", "goto", "go to", "go to a time of day (12:03:20), or from the start (3:20)", PLAYING, 7),
    Key("0", "0", "start", "", "go to the start", PLAYING),
    Key("dollar_sign", "$", "end", "", "go to the end", PLAYING),
    *(_later(key) for key in KEYS if key.action not in _NEED_A_LIVE_CALL),
    Key("q", "q", "app.quit", "quit", "leave", SCREEN),
    Key("ctrl+c", "ctrl+c", "app.quit_now", "", "leave", SCREEN),
)
"""The keys of a replay: what needs a live call has none."""

EVERYWHERE = ("app.quit_now", "app.command_palette")
"""Bound by the app itself."""


TYPING = ("goto", "search", "utterance", "keypad")
"""What is typed after these goes into a line of its own, also what was typed at once with them: they come first."""


def bindings(keys: Sequence[Key] = KEYS) -> list[Binding]:
    """Return a table as bindings of its screen, without the keys that work on every screen."""
    return [
        Binding(key.keys, key.action, key.help, show=False, priority=key.action in TYPING)
        for key in keys
        if key.action not in EVERYWHERE
    ]


def help_rows(keys: Iterable[Key]) -> Iterator[tuple[str, str]]:
    """Yield how keys are written, and what they do: `1–6`, `n  N`."""
    for told, group in groupby(keys, key=lambda key: key.help):
        shown = [key.shown for key in group]
        yield (f"{shown[0]}–{shown[-1]}" if len(shown) > 2 else "  ".join(shown)), told


def footer_keys(keys: Sequence[Key] = KEYS) -> list[Key]:
    """Return the keys of the footer, most important first."""
    return sorted((key for key in keys if key.footer), key=lambda key: key.footer)
