"""What is taken out of a text, and what stays."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv4Address
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.call import events, masking
from dashboard.call.bot_events import BotTold
from dashboard.call.conversation import GenesysLeg, GenesysRecord, GenesysVerdict
from dashboard.call.events import Event, GenesysReported, Speaker
from dashboard.call.masking import mask, mask_interim, masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my card is 4111 1111 1111 1111, ok?", "my card is [card], ok?"),
        ("4111-1111-1111-1111", "[card]"),
        ("order 12345 4111111111111111 thanks", "order 12345 [card] thanks"),
        ("3782 822463 10005", "[card]"),
        ("4111 1111 1111 1111 12345", "[card] 12345"),
        ("write to anna.b+x@mail.example.co.uk please", "write to [e-mail] please"),
        ("call +49 (0)171 2345678 now", "call [phone] now"),
        ("call 0171 2345678", "call [phone]"),
        ("call 415-555-0142", "call [phone]"),
        ("call 4155550142.", "call [phone]."),
        ("01.23.45.67.89", "[phone]"),
        ("my number is 555-0142", "my number is [phone]"),
        ("meine Nummer ist 471 10 81", "meine Nummer ist [phone]"),
        ("phone: 901820, thanks", "phone: [phone], thanks"),
        ("Tel. 47 11 08 15", "Tel. [phone]"),
        ("Telefonnummer lautet 4711081", "Telefonnummer lautet [phone]"),
        ("please call me back at 555 0142", "please call me back at [phone]"),
        ("erreichbar unter der Nummer 4711081", "erreichbar unter der Nummer [phone]"),
        ("mobile (98765) 43210", "mobile ([phone]"),
        ("It is four seven one one, nine two.", "It is [digits]."),
        ("four two double seven, triple zero", "[digits]"),
        ("Oh one seven one twenty-three forty five", "[digits]"),
        ("4 1 5 5 5 5 0 1 4 2", "[digits]"),
        ("eight hundred five five five zero one", "[digits]"),
        ("null eins sieben eins, vierunddreißig zwölf", "[digits]"),
        ("meine Nummer ist doppel vier, drei zwei eins null", "meine Nummer ist [digits]"),
        ("vier zwei drei sieben acht neun", "[digits]"),
        ("vier, äh, zwei drei, ähm, sieben acht neun", "[digits]"),
        ("double five, um, double five one two", "[digits]"),
    ],
)
def test_what_belongs_to_somebody_gives_way_to_a_word(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "order 48213 of 2030-01-31 at 10:00:00.000Z",
        "am 31.01.2030 10:00 und am 1.2.30",
        "due 01/31/2030, between nine thirty and ten fifteen",
        "4111 1111 1111 1112 is no card: the check digit is wrong",
        "connect to 192.168.100.200:8765 failed after 1834.25 ms (errno 111)",
        "wss://host.example:443/ws/12345",
        "ping 2001:db8::1234:5678 took 0.123456789 s",
        "1900000000 and 1900000000123 are times as well",
        "nineteen eighty four, that is one of the two",
        "In Leipzig, Haus zwölf, um acht",
        "closed 1006, 4401, 1011; 10 20 30 40 ms",
        "version 1.2.3.4.5.6",
        "my order number is 4711081",
        "my number is 48213",
        "parcel 555-0142",
        "call 12345 failed after 1234567.5 ms",
        "call me at 10:00 on 01.01.2030",
        "ruf mich am 01.01. um 10.00 Uhr an",
        "um, er, ähm",
    ],
)
def test_evidence_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text())
def test_what_is_masked_stays_as_it_is(text: str) -> None:
    assert mask(mask(text)) == mask(text)
    assert mask_interim(mask_interim(text)) == mask_interim(text)


_WORD = st.text("abcdefghijklmnopqrstuvwxyzäöüß'", min_size=1).filter(lambda word: word not in masking._WORDS)


@given(st.lists(_WORD))
def test_words_that_are_no_numbers_stay(words: list[str]) -> None:
    assert mask(" ".join(words)) == " ".join(words)


_LETTERS = st.sampled_from(["order", "at", "since", "from", "id"])


@given(_LETTERS, st.one_of(
    st.integers(0, 99_999).map(str),
    st.uuids().map(str),
    st.text("0123456789", min_size=32, max_size=32).map(lambda digits: str(UUID(digits))),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes().map(lambda moment: moment.strftime("%d.%m.%Y %H:%M")),
    st.times().map(lambda moment: moment.isoformat()),
    st.ip_addresses().map(lambda ip: f"{ip}:8765" if isinstance(ip, IPv4Address) else str(ip)),
    st.floats(-1e6, 1e6).map(lambda number: f"{number:.3f}"),
), _LETTERS)  # fmt: skip
def test_order_numbers_times_addresses_and_uuids_stay(before: str, evidence: str, after: str) -> None:
    text = f"{before} {evidence} {after}"
    assert mask(text) == text


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    digits = draw(st.sampled_from("23456")) + draw(st.text("0123456789", min_size=11, max_size=17))
    digits += next(check for check in "0123456789" if masking._is_card(digits + check))
    size, gap = draw(st.sampled_from([4, 5, 19])), draw(st.sampled_from([" ", "-", ""]))
    return gap.join(digits[at : at + size] for at in range(0, len(digits), size))


@given(_LETTERS, card_numbers(), _LETTERS)
def test_no_digit_of_a_card_is_left(before: str, card: str, after: str) -> None:
    assert mask(f"{before} {card}, {after}") == f"{before} [card], {after}"


@given(st.lists(st.sampled_from(masking._LISTS["units"] + masking._LISTS["eins"]), min_size=masking.RUN, max_size=20),
       st.sampled_from([" ", ", ", "-", ". "]))  # fmt: skip
def test_no_word_of_a_spoken_number_is_left(words: list[str], gap: str) -> None:
    assert mask(f"It is {gap.join(words)}.") == "It is [digits]."


@given(st.lists(st.sampled_from(masking._LISTS["units"]), max_size=5))
def test_a_few_spoken_digits_stay(words: list[str]) -> None:
    text = f"It is {' '.join(words)}."
    assert mask(text) == text


# -- facts --------------------------------------------------------------------------------------------


def said(text: str, *, final: bool) -> events.TranscriptReceived:
    return events.TranscriptReceived("c", 1.0, Speaker.CALLER, text, final)


def test_a_number_that_is_still_being_spoken_does_not_come_out_bit_by_bit() -> None:
    for text in ("It is four one one", "It is 4111 1", "It is 411", "It is four one one one, one one"):
        assert masked(said(text, final=False)).text == "It is [digits]"
    assert masked(said("Number twelve", final=False)).text == "Number twelve"
    assert masked(said("order 48213", final=True)).text == "order 48213"


def test_what_genesys_says_is_masked_to_its_depths() -> None:
    leg = GenesysLeg("customer", "voice", flow="ask anna@example.com", codecs=("audio/opus",))
    fact = GenesysReported(
        "c", 1.0, "0171-not-a-number", GenesysVerdict.BAD, ("call +49 171 2345678",), GenesysRecord(legs=(leg, leg))
    )
    hidden = masked(fact)
    assert hidden.reasons == ("call [phone]",)
    assert hidden.record is not None
    assert [one.flow for one in hidden.record.legs] == ["ask [e-mail]"] * 2
    assert hidden.conversation_id == fact.conversation_id
    assert hidden.verdict is GenesysVerdict.BAD


def test_what_a_bot_beside_the_call_says_is_masked_as_well() -> None:
    told = BotTold("c", 1.0, events.TextReceived("c", 1.0, "mail anna@example.com"))
    assert masked(told) == BotTold("c", 1.0, events.TextReceived("c", 1.0, "mail [e-mail]"))


KINDS = sorted({*events.Event.__subclasses__()} - {BotTold}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_text_of_every_fact_is_masked_but_for_names(kind: type[Event]) -> None:
    fact = object.__new__(kind)
    for field in dataclasses.fields(kind):
        object.__setattr__(fact, field.name, "a@example.com" if field.type == "str" else None)
    hidden = masked(fact)
    for field in dataclasses.fields(kind):
        if field.type == "str":
            expected = "a@example.com" if field.name in masking._NAMES else "[e-mail]"
            assert getattr(hidden, field.name) == expected


def test_a_fact_without_anything_to_hide_is_the_same() -> None:
    fact = said("Hello", final=True)
    assert masked(fact) is fact
