"""Which shipped scenario shows nothing on which wire, and why: what goes wrong in it does not exist there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_PACING = "batched", "choppy", "drift", "heavy-tail", "stalls"
_CODECS = "binary", "wrong-codec", "wrong-codec-pcm16"
_SOUND = (*_PACING, *_CODECS, "clipped", "dead-air", "muted", "no-audio", "one-way", "too-quiet")
_LOGIN = "bad-credentials", "token-expiry"
_APP = "not-active", "wrong-app"
_RECORD = "analytics-late", "analytics-refused"
_CONNECTION = "flapping", "half-open", "idle-timeout", "recycled", "reset", "restart"

_NO_SOUND = "what goes wrong is in the sound, and this wire carries none"
_NO_LOGIN = "what goes wrong is login or app lookup, and an endpoint has neither: its address holds the token"
_NO_APP = "there is no app to look up"
_NO_KEEPING = "there is no connection that lasts, only requests"
_ITS_OWN = "Genesys' record is of its own conversations"
_AHEAD = "a bot's sound comes ahead of its time, to be played in its own: when it leaves tells nothing"
_PCMU = "sound is PCMU at 8 kHz, as offered and accepted"
_BY_KEY = "there is no login: a key is shown"
_OURS = "it is callscope that could refuse an upgrade, and not Genesys"
_BESIDE = "Genesys' record is asked for by who dials"


def _why(*reasons: tuple[tuple[str, ...], str]) -> Mapping[str, str]:
    return MappingProxyType({name: why for names, why in reasons for name in names})


UNSEEN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "audiohook": _why(
            (_RECORD, _BESIDE),
            (_LOGIN, "there is no login: Genesys dials, and shows a key"),
            (("no-permission",), "there is no token that could lack a permission"),
            (_APP, _NO_APP),
            (("rate-limited", "teapot", "unavailable"), _OURS),
            (("idle-timeout",), "Genesys sends sound all the time: the path is never idle"),
            (_CODECS, _PCMU),
            (("silent-bot",), "a monitor hears the bot and sees neither intents nor test utterances"),
            (("slow-bot", "looping-bot"), "a monitor hears the bot and sees neither transcripts nor intents"),
            (("failing-skill",), "the bot's messages do not come through a monitor"),
        ),
        "notifications": _why(
            (_SOUND, _NO_SOUND),
            (("silent-bot", "slow-bot"), "what goes wrong is the bot's time, which late transcripts do not tell"),
            (("not-active",), _NO_APP),
            (_RECORD, "Genesys' record is asked for beside the channel alike"),
        ),
        "cognigy": _why((_SOUND, _NO_SOUND), ((*_LOGIN, *_APP), _NO_LOGIN), (_RECORD, _ITS_OWN)),
        "cognigy-rest": _why(
            (_SOUND, _NO_SOUND), ((*_LOGIN, *_APP), _NO_LOGIN), (_RECORD, _ITS_OWN), (_CONNECTION, _NO_KEEPING)
        ),
        "connector": _why(
            (_PACING, _AHEAD),
            (_CODECS, _PCMU),
            (_LOGIN, _BY_KEY),
            (_APP, _NO_APP),
            (_RECORD, _ITS_OWN),
            (("idle-timeout",), "the caller's sound is sent all the time: the path is never idle"),
        ),
    }
)
"""Wire → scenario → why it shows nothing there."""


def why_unseen(scenario: str, dialect: str) -> str:
    """Return why a shipped scenario shows nothing in this dialect; empty where it does, and for one's own file."""
    return UNSEEN.get(dialect, {}).get(scenario, "")
