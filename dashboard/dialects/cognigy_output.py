"""What a bot's output says, over Socket.IO as over REST: its text, its kind, and the intent that a flow put into it.

An output is `{"text": …, "data": {…}}`, both optional. Rich output stands in `data._cognigy._default`, in some versions
within `data._data`; a text may then stand in the rich part alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dashboard.call.events import Event, IntentReceived, TextReceived
from dashboard.dialects.fields import Message, ratio
from dashboard.wiretext import TEXT_LIMIT, clean

IntentKeys = Sequence[Sequence[str]]
"""Where an output holds the intent, and where its score: keys from the outside in."""

_KINDS = {
    "_quickReplies": "quick replies",
    "_buttons": "buttons",
    "_gallery": "gallery",
    "_list": "list",
    "_image": "image",
    "_audio": "audio",
    "_video": "video",
    "_adaptiveCard": "adaptive card",
    "_datePicker": "date picker",
    "_text": "text",
}
_SHOWN_KEYS = 8
_NAME_LIMIT = 40


class OutputReader:
    """Reads outputs. `secret` is what must not be told, even if the bot says it."""

    def __init__(self, call_id: str, intent_keys: IntentKeys, secret: str) -> None:
        self._call_id = call_id
        self._intent_keys = tuple(intent_keys)
        self._secret = secret

    def facts(self, output: Message, at: float) -> list[Event]:
        """Return what an output tells."""
        data = output.get("data")
        data = data if isinstance(data, dict) else {}
        text, kind = output.get("text"), ""
        rich = _rich(data)
        if rich is not None:
            kind, inner = rich
            text = text if isinstance(text, str) and text else inner
        if not isinstance(text, str) or not text:
            text = "" if kind else f"(data: {_names(data)})" if data else "(nothing)"
        shown = " ".join(filter(None, (text, f"[{kind}]" if kind and kind != "text" else "")))
        return [TextReceived(self._call_id, at, self.hidden(shown)), *self._intent(output, at)]

    def hidden(self, text: str, limit: int = TEXT_LIMIT) -> str:
        """Return a text from the wire, fit to be kept: `clean`, and without the secret."""
        return clean(text.replace(self._secret, "***") if self._secret else text, limit)

    def _intent(self, output: Message, at: float) -> Iterator[Event]:
        name, score = (*(_at(output, keys) for keys in self._intent_keys), None, None)[:2]
        if isinstance(name, str) and name:
            yield IntentReceived(self._call_id, at, self.hidden(name), ratio(score))


def _at(value: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _rich(data: Message) -> tuple[str, str] | None:
    """Return kind and text of rich output."""
    holder = _at(data, ("_cognigy", "_default")) or _at(data, ("_data", "_cognigy", "_default"))
    if not isinstance(holder, dict):
        return None
    for key, kind in _KINDS.items():
        part = holder.get(key)
        if isinstance(part, dict):
            text = part.get("text") or part.get("fallbackText")
            return kind, text if isinstance(text, str) else ""
    return f"rich: {_names(holder)}", ""


def _names(data: Message) -> str:
    names = [name[:_NAME_LIMIT] for name in list(data)[:_SHOWN_KEYS]]
    return ", ".join(names) + (" …" if len(data) > _SHOWN_KEYS else "")
