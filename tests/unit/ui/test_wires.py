"""What differs on the screen from wire to wire."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.call.conversation import GenesysVerdict
from dashboard.call.events import GenesysReported
from dashboard.call.state import BotView, CallState, GenesysView
from dashboard.ui.draw.connection import draw_connection
from dashboard.ui.draw.spans import cells
from dashboard.ui.draw.wires import fits, leaving_words, unsaid, wire_name
from dashboard.ui.keys import KEYS
from tests import builders
from tests.scenarios.notices import followed
from tests.wires import WIRES

NAMES = {
    "audiohook": "AudioHook",
    "connector": "Audio Connector",
    "tapped": "AppFoundry, tapped",
    "notifications": "notifications",
    "cognigy": "Cognigy Socket.IO",
    "cognigy-rest": "Cognigy REST",
}
USELESS = {
    "audiohook": {"genesys"},
    "connector": {"app.doctor", "genesys"},
    "tapped": {"genesys"},
    "notifications": {"turns", "window"},
    "cognigy": {"window", "genesys"},
    "cognigy-rest": {"window", "genesys"},
}
DIALLED = {"connector", "cognigy", "cognigy-rest"}


def panel(call: CallState, width: int = 50, height: int = 11) -> list[str]:
    rows = draw_connection(call, width, height)
    assert all(cells(row) <= width for row in rows)
    return ["".join(text for text, _ in row) for row in rows]


@pytest.mark.parametrize("wire", WIRES)
def test_every_wire_has_its_name(wire: str) -> None:
    assert wire_name(WIRES[wire]()) == NAMES[wire]


def test_a_call_that_is_followed_besides_names_both_and_one_that_is_not_known_yet_none() -> None:
    assert wire_name(replace(WIRES["audiohook"](), notices=followed().notices)) == "AudioHook + notifications"
    assert wire_name(CallState("")) == ""


def test_a_bot_beside_the_call_is_named_once_it_has_been_dialled() -> None:
    hooked = WIRES["audiohook"]()
    offered = BotView("parcel-bot", "https://endpoint", "cognigy", "callscope-7be0")
    assert wire_name(replace(hooked, bot=offered)) == "AudioHook"
    asked = replace(hooked, notices=followed().notices, bot=replace(offered, call=CallState("c")))
    assert wire_name(asked) == "AudioHook+notifications+Cognigy"


@pytest.mark.parametrize("wire", WIRES)
def test_only_those_keys_are_offered_that_mean_something_there(wire: str) -> None:
    assert {key.action for key in KEYS if not fits(key.action, WIRES[wire]())} == USELESS[wire]


def test_genesys_record_is_a_key_as_soon_as_it_was_asked_for() -> None:
    call = WIRES["audiohook"]()
    view = GenesysView(GenesysReported(call.call_id, call.now, "", GenesysVerdict.UNKNOWN))
    assert fits("genesys", replace(call, genesys=view))


def test_where_sound_is_all_there_is_the_screen_says_what_adds_the_transcript() -> None:
    assert {wire for wire in WIRES if unsaid(WIRES[wire]())} == {"audiohook"}
    assert not unsaid(replace(WIRES["audiohook"](), notices=followed().notices))


def test_on_a_call_that_we_dial_with_a_token_every_key_means_something() -> None:
    assert all(fits(key.action, builders.steady()) for key in KEYS)


@pytest.mark.parametrize("wire", WIRES)
def test_the_way_to_open_has_only_the_steps_that_are_taken_there(wire: str) -> None:
    first = panel(WIRES[wire]())[0]
    assert ("authorizing" in first) is (wire == "notifications")
    assert ("connecting ▸ ● open" in first) is (wire in DIALLED | {"notifications"})


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("size", [(50, 11), (76, 2)])
def test_a_token_is_told_where_there_is_one(wire: str, size: tuple[int, int]) -> None:
    assert ("token" in "".join(panel(WIRES[wire](), *size))) is (wire == "notifications")


def test_what_the_relay_adds_stands_where_others_have_gone_the_way() -> None:
    assert panel(WIRES["tapped"]())[0] == "relay adds 0.4 ms p99"


def test_requests_of_their_own_have_no_round_trip() -> None:
    for height in (11, 2):
        told = "\n".join(panel(WIRES["cognigy-rest"](), 76, height))
        assert not any(word in told for word in ("rtt", "round trip", "ping"))


@pytest.mark.parametrize(
    ("wire", "word"), [("notifications", "conversation itself goes on"), ("cognigy", "session"), ("connector", "1000")]
)
def test_leaving_says_what_it_ends(wire: str, word: str) -> None:
    assert word in leaving_words(WIRES[wire]())
