"""What the screen has to know of a wire: how it is called, what leads to `open` on it, and which actions it has."""

from __future__ import annotations

from dashboard.call.cognigy_view import COGNIGY
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.notice_view import NOTIFICATIONS
from dashboard.call.state import CallState
from dashboard.call.terms import LinkState

_NAMES = {
    "appfoundry": "AppFoundry",
    "audiohook": "AudioHook",
    NOTIFICATIONS: "notifications",
    CONNECTOR: "Audio Connector",
    "cognigy": "Cognigy Socket.IO",
    "cognigy-rest": "Cognigy REST",
}
_MANY = 3  # wires, from which their names stand closer
_WITH_RECORD = ("appfoundry", NOTIFICATIONS)
_STEPS = (LinkState.AUTHORIZING, LinkState.RESOLVING, LinkState.CONNECTING, LinkState.OPEN)
_DIALLED = (LinkState.CONNECTING, LinkState.OPEN)


def wire_name(call: CallState) -> str:
    """Return which wire a call is on, with those that are joined to it; empty before that is known."""
    names = [_NAMES.get(call.dialect, call.dialect)] if call.dialect else []
    if call.notices is not None and not call.soundless:
        names.append(_NAMES[NOTIFICATIONS])
    if call.bot is not None and call.bot.call is not None:
        names.append("Cognigy")
    return (" + " if len(names) < _MANY else "+").join(names) + (", tapped" if call.tap is not None else "")


def has_token(call: CallState) -> bool:
    """Whether a token lets us in: Genesys dials by itself, what a tap sees is dialled by others, and elsewhere it is a
    key, or the address.
    """
    return call.tap is None and call.hook is None and call.dialect not in COGNIGY


def unsaid(call: CallState) -> str:
    """Say why there is no transcript on a wire that has none, and what would bring it; empty where there is one."""
    if call.dialect == "audiohook" and call.notices is None and call.tap is None:
        return "no transcript here; listen --follow adds it"
    return ""


def steps(call: CallState) -> tuple[LinkState, ...]:
    """Return the states that lead to `open`."""
    return _DIALLED if call.dialect == CONNECTOR or call.dialect in COGNIGY else _STEPS


def fits(action: str, call: CallState) -> bool:
    """Whether an action of `keys.py` means anything on the call's wire."""
    match action:
        case "turns":  # transcripts that come late tell nothing of them
            return call.dialect != NOTIFICATIONS
        case "window":  # there are no figures of sound to work out over one
            return not call.soundless
        case "genesys":  # has no record of it, or is not asked for one
            return call.genesys is not None or (call.tap is None and call.dialect in _WITH_RECORD)
        case "app.doctor":  # only says that it cannot
            return call.dialect != CONNECTOR
    return True


def leaving_words(call: CallState) -> str:
    """Say what leaving does to a call that is open."""
    if call.dialect == NOTIFICATIONS:
        return "A conversation is being followed. Leaving ends that;\nthe conversation itself goes on."
    if call.dialect in COGNIGY:
        return "A session with the bot is open. Leaving ends it."
    return "A call is open. Leaving closes it with code 1000."
