"""The keys of the board: `keys.py` has those of a call."""

from __future__ import annotations

from dashboard.ui.keys import LOOK, SCREEN, Key

CALLS = "the calls"

BOARD_KEYS: tuple[Key, ...] = (
    Key("enter", "enter", "open", "open", "open the call under the cursor; esc comes back", CALLS, 1),
    Key("o", "o", "sort", "sort", "sort by the next column; a click on a title does it as well", CALLS, 2),
    Key("O", "O", "turn_round", "turn round", "turn the order round", CALLS, 5),
    Key("f", "f", "filter", "filter", "show all calls, or those in trouble, live or ended", LOOK, 3),
    Key("slash", "/", "search", "search", "search ids, states and what is wrong", LOOK, 4),
    Key("n", "n", "next_match(1)", "next match", "the next match of a search, the one before", LOOK),
    Key("N", "N", "next_match(-1)", "previous match", "the next match of a search, the one before", LOOK),
    Key("home", "home", "top", "worst", "stay with the first row, whichever call that is", LOOK, 6),
    Key("r", "r", "restart", "start the worker", "start a lost worker again", SCREEN, 1),
    Key("x", "x", "app.mask", "mask", "mask what is said: numbers and addresses of people", SCREEN, 7),
    Key("t", "t", "app.theme", "theme", "dark or light; NO_COLOR works too", SCREEN, 8),
    Key("q", "q", "app.quit", "quit", "leave; asks while calls are up", SCREEN),
    Key("ctrl+c", "ctrl+c", "app.quit_now", "", "the same without asking; twice: leave without waiting", SCREEN),
    Key("question_mark,f1", "?  F1", "app.help", "help", "show these keys", SCREEN),
    Key("ctrl+p", "ctrl+p", "app.command_palette", "", "find a command by its name", SCREEN),
)
