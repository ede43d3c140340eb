"""Takes out of a text what could be used against the people on the call: before it reaches a disk, a page, an audience.

Card numbers (13 to 19 digits with a good check digit), phone numbers, e-mail addresses, and six or more digits spoken
in a row, in English or German ("four two double seven …"), give way to a word in brackets. Shorter numbers stay, and so
do times, dates, addresses of machines and UUIDs: evidence is made of them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from dashboard.call.bot_events import BotTold
from dashboard.call.events import Event, TranscriptReceived
from dashboard.call.notification_events import SpeechTranscribed
from dashboard.media.tail import Tail
from dashboard.wiretext import evidence_apart, without_phones

CARD, TELEPHONE, MAIL, DIGITS = "[card]", "[phone]", "[e-mail]", "[digits]"

RUN = 6
"""Digits spoken in a row that are taken for somebody's number; an order number of five stays."""

OPEN_RUN = 3
"""The same at the end of a transcript that is not final: it goes on, and each version shows a little more."""

_READ_ALOUD = {
    "units": "zero oh o nought one two three four five six seven eight nine",
    "teens": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "tens": "twenty thirty forty fifty sixty seventy eighty ninety",
    "eins": "null eins zwei zwo drei vier fünf fuenf sechs sieben acht neun",
    "zehn": "zehn elf zwölf zwoelf dreizehn vierzehn fünfzehn fuenfzehn sechzehn siebzehn achtzehn neunzehn",
    "zwanzig": "zwanzig dreißig dreissig vierzig fünfzig fuenfzig sechzig siebzig achtzig neunzig",
}
_LISTS = {name: words.split() for name, words in _READ_ALOUD.items()}
_PAIRS = [f"{unit}und{tens}" for unit in ("ein", *_LISTS["eins"][2:]) for tens in _LISTS["zwanzig"]]
_WORDS: dict[str, int] = {
    **dict.fromkeys(_LISTS["units"] + _LISTS["eins"], 1),
    **dict.fromkeys(_LISTS["teens"] + _LISTS["tens"] + _LISTS["zehn"] + _LISTS["zwanzig"] + _PAIRS, 2),
    **dict.fromkeys(("double", "doppel"), 1),  # "double two" is 22
    "triple": 2,
    **dict.fromkeys(("hundred", "hundert"), 0),
}
"""Word → the digits that it adds to a number read aloud."""

_TOKEN = rf"(?:\d|{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?!\w)"
_FILLERS = ("uh", "um", "äh", "ähm", "öh")
_GAP = rf"(?:[,.;…]?[\s-]+(?:(?:{'|'.join(_FILLERS)})[,.;…]*\s+)?|,)"
_SPOKEN = re.compile(rf"(?i)(?<![\w.:]){_TOKEN}(?:{_GAP}{_TOKEN})*")
_WRITTEN = re.compile(r"(?<![\w.:+-])\d+(?:[ -]\d+)*(?!\w)")
_CALLED_A_PHONE = re.compile(
    r"""(?ix) \b (?P<cue>
        (?: (?: telephone | telefon | tel | phone | mobile | cell | handy | mobil | fax | ruf )
            (?: \s? -? (?: number | nummer | no\b | nr\b ) )?
          | call | ring | dial | reach | anrufen | zurückrufen | erreich\w*
          | (?: my | our | his | her | their | meine | unsere | seine | ihre ) \s (?: number | nummer ) )
        (?: [\s.:,]+ (?: number | nummer | is | ist | lautet | me | us | mich | uns | back | at | on | unter | der ) )*
        [\s.:,(]* \b )
    \d (?: [ ()/.-]{0,3} \d ){5,14} (?! [\w-] | [.,]\d )
    """
)
"""A number too short to be known by its form, called by what it is."""

_NORTH_AMERICAN = re.compile(r"(?<![\w.:+-])[2-9]\d\d[2-9]\d{6}(?!\w)")  # in one piece
_CARD_DIGITS = range(13, 20)
_MAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]+@(?:[\w-]+\.)+[^\W\d_]{2,}")
_END = re.compile(r"[\s.,;…-]*$")

_SUSPICIOUS = re.compile(rf"(?i)[\d@]|\b(?:{'|'.join(word for word in _WORDS if len(word) > 1)})\b")


def mask(text: str) -> str:
    """Return `text` without numbers and addresses that belong to people; what is masked stays so."""
    if _SUSPICIOUS.search(text) is None:
        return text
    pieces = evidence_apart(text)
    pieces[::2] = map(_mask_piece, pieces[::2])
    return "".join(pieces)


def mask_interim(text: str) -> str:
    """Return `mask` of a text that is still being spoken: a number at its end is only beginning."""
    text = mask(text)
    for numbers in (_SPOKEN, _WRITTEN):
        *_, last = (None, *numbers.finditer(text))
        if last is not None and _END.match(text, last.end()) and _digits(last[0]) >= OPEN_RUN:
            text = f"{text[: last.start()]}{DIGITS}{text[last.end() :]}"
    return text


def _mask_piece(text: str) -> str:
    text = _MAIL.sub(MAIL, text)
    text = _WRITTEN.sub(lambda run: _without_cards(run[0]), text)
    text = without_phones(text, TELEPHONE)
    text = _NORTH_AMERICAN.sub(TELEPHONE, text)
    text = _CALLED_A_PHONE.sub(lambda found: f"{found['cue']}{TELEPHONE}", text)
    return _SPOKEN.sub(lambda run: DIGITS if _digits(run[0]) >= RUN else run[0], text)


def _digits(spoken: str) -> int:
    """Return how many digits a run of words and figures stands for."""
    count, before = 0, ""
    for word in re.findall(r"\d+|[^\W\d]+", spoken.lower()):
        if word.isdigit():
            count += len(word)
        elif word in _FILLERS:
            continue
        elif not (before in _LISTS["tens"] and word in _LISTS["units"]):  # "forty two" is 42
            count += _WORDS[word]
        before = word
    return count


def _without_cards(run: str) -> str:
    """Mask the groups of digits in `run` that make up a card number."""
    groups = re.split(r"([ -])", run)  # digits at even places
    first = 0
    while first < len(groups):
        ends = range(first + 1, min(len(groups), first + 2 * _CARD_DIGITS[-1]) + 1, 2)
        last = next((end for end in reversed(ends) if _is_card("".join(groups[first:end:2]))), None)
        if last is not None:
            groups[first:last] = [CARD]
        first += 2
    return "".join(groups)


def _is_card(digits: str) -> bool:
    """Tell whether these can be a card's (ISO/IEC 7812): an issuer in 2 to 6, the length, and the check digit."""
    if len(digits) not in _CARD_DIGITS or digits[0] not in "23456":
        return False
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(twice - 9 if twice > 9 else twice for twice in doubled)) % 10 == 0


# -- facts --------------------------------------------------------------------------------------------

_NAMES = frozenset(
    {"call_id", "session_id", "conversation_id", "correlation_id", "dialect", "leg", "channels", "encoding", "clock"}
    | {"queue", "policy", "purpose", "media_type", "disconnect_type", "error_code", "codecs", "path"}
    | {"participant_id", "communication_id", "utterance_id", "channel", "topics"}
)
"""Fields of facts that hold identifiers and no words; every other text is masked, also those that are added one day."""

E = TypeVar("E", bound=Event)


def masked(event: E) -> E:
    """Return a fact with every text in it masked."""
    if isinstance(event, BotTold):
        return dataclasses.replace(event, fact=masked(event.fact))
    if isinstance(event, TranscriptReceived | SpeechTranscribed) and not event.final:
        event = dataclasses.replace(event, text=mask_interim(event.text))
    changes = _changes(event)
    return dataclasses.replace(event, **changes) if changes else event


def _changes(item: Any) -> dict[str, Any]:
    kind: Any = type(item)
    values = ((name, getattr(item, name)) for name in text_fields(kind))
    changed = ((name, value, _masked_value(value)) for name, value in values)
    return {name: after for name, before, after in changed if after is not before and after != before}


def _masked_value(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, tuple):
        return tuple(map(_masked_value, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and (changes := _changes(value)):
        return dataclasses.replace(value, **changes)
    return value


@cache
def text_fields(kind: Any) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass that hold texts to be masked, by themselves or within."""
    return tuple(_text_fields(kind, (kind,)))


def _text_fields(kind: Any, within: tuple[Any, ...]) -> Iterator[str]:
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if field.name not in _NAMES and _holds_text(hints[field.name], within):
            yield field.name


def _holds_text(hint: Any, within: tuple[Any, ...]) -> bool:
    """Tell whether a value of this type can hold text; `within`: the records around it, each of which does."""
    if get_origin(hint) is Mapping:
        return _holds_text(get_args(hint)[1], within)
    if get_origin(hint) in (tuple, Tail, Union, UnionType):
        return any(_holds_text(part, within) for part in get_args(hint))
    if dataclasses.is_dataclass(hint):
        kind: Any = hint
        return kind in within or any(_text_fields(kind, (*within, kind)))
    return hint is str
