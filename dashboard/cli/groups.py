"""Groups of settings: the headings of `--help`, and which commands have what stands beneath them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """A heading of `--help`, and the commands that have the settings beneath it."""

    title: str
    commands: frozenset[str]


_DIALLING = frozenset({"watch", "probe", "doctor"})
_LIVE = _DIALLING | {"demo"}

_HEARD = _LIVE | {"listen", "tap", "call"}
"""Where calls are measured."""

WHOM = Group("whom to call", _DIALLING | {"call"})
CALL = Group("which call", _DIALLING)
API = Group("Genesys Cloud", _DIALLING | {"listen"})
CALLER = Group("the caller", frozenset({"call"}))
COGNIGY = Group("a Cognigy endpoint", _DIALLING)
LOGIN = Group("credentials", _DIALLING | {"listen"})
TRUST = Group("trust", _DIALLING | {"tap", "call", "listen"})
LISTEN = Group("where calls come in", frozenset({"listen"}))
TAP = Group("between whom", frozenset({"tap"}))
SERVE = Group("how connections come in", frozenset({"listen", "tap"}))
KEYS = Group("who may call", frozenset({"listen", "tap", "call"}))
TIME = Group("how long", frozenset({"probe", "listen", "tap", "call"}))
PROBE = Group("the probe", frozenset({"probe"}))
STALE = Group("a connection that says nothing", _LIVE | {"listen"})
LINK = Group("the link", _LIVE)
AUDIO = Group("audio that does not say what it is", _DIALLING | {"tap"})
PACING = Group("pacing and playout", _HEARD | {"analyze"})
ALARMS = Group("silence", _HEARD)
GENESYS = Group("Genesys' own figures", _LIVE)
FOLLOW = Group("a conversation that Genesys' notifications tell about", _DIALLING)
BOT = Group("a bot beside the call", frozenset({"listen", "watch", "probe"}))
QUEUES = Group("queues", _HEARD)
RECORD = Group("recording", frozenset({"watch", "demo", "probe", "call", "listen", "tap"}))
LOG = Group("callscope itself", _HEARD)

GROUPS = (
    LISTEN,
    TAP,
    SERVE,
    WHOM,
    KEYS,
    CALLER,
    CALL,
    COGNIGY,
    FOLLOW,
    BOT,
    API,
    LOGIN,
    TRUST,
    TIME,
    PROBE,
    STALE,
    LINK,
    AUDIO,
    PACING,
    ALARMS,
    GENESYS,
    QUEUES,
    RECORD,
    LOG,
)
"""In the order of `--help`."""
