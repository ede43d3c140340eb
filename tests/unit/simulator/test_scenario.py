"""Scenario files: those that are shipped, and those that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.errors import ScenarioError
from dashboard.simulator.faults import Abort, HalfOpen, HeavyTail, Jitter, Stall, TokenLife
from dashboard.simulator.garbage import MESSAGES
from dashboard.simulator.scenario import Scenario, list_scenarios, load_scenario

HEAD = 'name = "mine"\nsummary = "my own"\nduration_s = 20\n'


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return str(path)


def problem(tmp_path: Path, text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(written(tmp_path, text))
    return str(caught.value).replace(str(tmp_path), "")


@pytest.mark.parametrize("name", [name for name, _ in list_scenarios()])
def test_a_shipped_scenario_says_how_long_a_probe_listens_and_what_it_must_report(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.probe_s is not None
    at_most = 90 if name.startswith("near-") else 30 if name == "bad-day" else 12  # the near ones are not played live
    assert scenario.probe_s <= at_most
    assert scenario.expect


def test_the_scenarios_that_are_promised_are_there() -> None:
    promised = {"steady", "bad-day", "flapping", "idle-timeout", "batched", "silent-bot", "bad-credentials"}
    promised |= {"not-active", "hostile", "stalls", "heavy-tail", "one-way", "dead-air", "rate-limited", "binary"}
    assert promised <= {name for name, _ in list_scenarios()}


def test_a_bad_day_has_its_troubles_within_two_minutes() -> None:
    scenario = load_scenario("bad-day")
    kinds = {type(fault) for fault in scenario.faults}
    assert {Jitter, HeavyTail, Stall, Abort, HalfOpen, TokenLife} <= kinds
    assert scenario.loop
    assert scenario.duration_s == 120
    assert max(turn.intent_after_s for turn in scenario.turns) > 3


def test_the_hostile_scenario_leaves_no_message_out() -> None:
    (garbage,) = load_scenario("hostile").faults
    assert garbage.kind == "garbage"
    assert set(garbage.messages) == set(MESSAGES) - {"too-big"}  # which ends the connection


def test_a_file_of_ones_own_is_loaded_by_its_path(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, HEAD))
    assert scenario == Scenario(name="mine", summary="my own", duration_s=20)


def test_settings_are_those_that_the_file_names(tmp_path: Path) -> None:
    text = HEAD + '[settings]\nstale_after = 4\nsay = ["one", "two"]\n'
    assert load_scenario(written(tmp_path, text)).settings.given() == {"stale_after": 4, "say": ("one", "two")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 3\n", "mine.toml:4: colour: unknown key"),
        ("[audio]\n\nchanels = 2\n", "mine.toml:6: audio.chanels: unknown key"),
        ("[settings]\nstale = 4\n", "mine.toml:5: settings.stale: unknown key"),
        ('[answer]\ntext = "x"\ndelay = 2\n', "mine.toml:6: answer.delay: unknown key"),
        ('[[turn]]\nwho = "bot"\ntext = "x"\nsaid = "y"\n', "mine.toml:7: turn.said: unknown key"),
        (
            '[[fault]]\nkind = "abort"\nat_s = 1\n[[fault]]\nkind = "jitter"\nsd = 3\n',
            "mine.toml:9: fault.sd: unknown key",
        ),
        ('[expect]\n"link.outages" = { above = 1 }\n', "mine.toml:5: expect.link.outages: unknown key"),
        ('[expect]\n"link.outages" = {}\n', "mine.toml:5: expect.link.outages: must"),
        ('[expect]\n"link.outages" = [1]\n', "mine.toml:5: expect.link.outages: must be a plain value or a table"),
        ("loop = 3.5\n", "mine.toml:4: loop: "),
        ('[audio]\nencoding = "opus"\n', "mine.toml:5: audio.encoding: should be 'pcmu' or 'pcm16', found 'opus'"),
        ("[audio]\nrate = 16000\n", "mine.toml:5: audio.rate: pcmu is 8000 Hz"),
        ('[audio]\ntransport = "binary"\n', "mine.toml:4: audio.position: binary frames cannot carry one"),
        ("[audio]\nframe_ms = 30\n", "mine.toml:3: duration_s: must be a whole number of frames of 30 ms"),
        ('[settings]\nstale_after = "4"\n', "mine.toml:5: settings.stale_after: should be a valid number, found '4'"),
        ("[settings]\nstale_after = nan\n", "mine.toml:5: settings.stale_after: "),
        ('[[turn]]\ntext = "x"\n', "mine.toml:4: turn.who: is missing"),
        ('[[turn]]\nwho = "bot"\n', "mine.toml:4: turn: clip or text must be given"),
        ('[[turn]]\nwho = "bot"\nclip = "bot-x"\n', "mine.toml:6: turn.clip: knows no 'bot-x'; there are bot-welcome"),
        ('[[turn]]\nwho = "bot"\nclip = "bot-here"\nat_s = 19\n', "mine.toml:7: turn.at_s: it ends at 21.68 s"),
        ('[[fault]]\nat_s = 1\n', "mine.toml:4: fault.kind: is missing"),
        ('[[fault]]\nkind = "lightning"\n', "mine.toml:5: fault.kind: knows no 'lightning'; there are 'jitter'"),
        ('[[fault]]\nkind = "abort"\n', "mine.toml:4: fault.at_s: is missing"),
        ('[[fault]]\nkind = "stall"\n', "mine.toml:4: fault.for_s: is missing"),
        ('[[fault]]\nkind = "abort"\nat_s = 20\n', "mine.toml:6: fault.at_s: is not before the scenario"),
        ('[[fault]]\nkind = "stall"\nat_s = 19\nfor_s = 2\n', "mine.toml:7: fault.for_s: ends after"),
        ('[[fault]]\nkind = "stall"\nfor_s = 2\nevery_s = 1\n', "mine.toml:7: fault.every_s: must be longer"),
        ('[[fault]]\nkind = "drop"\nprobability = 2\n', "mine.toml:6: fault.probability: "),
        ('[[fault]]\nkind = "close"\nat_s = 1\ncode = 999\n', "mine.toml:7: fault.code: "),
        (
            '[[fault]]\nkind = "garbage"\nat_s = 1\nmessages = ["null", "nul"]\n',
            "mine.toml:7: fault.messages: knows no 'nul'; there are not-json",
        ),
        ("loop = = 1\n", "mine.toml:4: Invalid value"),
        ('note = "never closed\n', "mine.toml:4: "),
        ("loop = true\nloop = false\n", "mine.toml:5: Cannot overwrite a value"),
    ],
)  # fmt: skip
def test_an_impossible_scenario_is_refused_with_file_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    assert message in problem(tmp_path, HEAD + text)


def test_a_missing_key_of_the_file_itself_is_named(tmp_path: Path) -> None:
    assert problem(tmp_path, 'name = "mine"\nsummary = "x"\n') == "/mine.toml:1: duration_s: is missing"


def test_an_unknown_name_lists_those_that_there_are() -> None:
    with pytest.raises(ScenarioError, match=r"there is no scenario 'steddy'; there are .*bad-credentials, bad-day"):
        load_scenario("steddy")


def test_a_file_that_is_not_there_is_a_scenario_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"none\.toml: No such file"):
        load_scenario(str(tmp_path / "none.toml"))


def test_a_file_that_is_not_utf8_is_a_scenario_error(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(ScenarioError, match="is not UTF-8"):
        load_scenario(str(path))
