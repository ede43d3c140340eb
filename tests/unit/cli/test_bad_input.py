"""What a newcomer may give wrong: said where it stands, with what to do next, before anything is dialled."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dashboard.cli.main import run
from dashboard.cli.settings import FIELDS, variable

BOT = "wss://127.0.0.1:9/connector"
CONVERSATION = ("--conversation", "7be0c7d2-1111")
CALLING = {
    "none": ((), "there is no bot to call"),
    "wav: missing": (("--wav", "/nowhere/a.wav"), "--wav: must be a file that exists (got /nowhere/a.wav)"),
    "wav: a folder": (("--wav", "/"), "--wav: must be a file that exists (got /)"),
    "dtmf: letters": (("--dtmf", "12x"), "--dtmf: must be keys of a telephone"),
    "dtmf: too many": (("--dtmf", "1" * 41), "--dtmf: must be keys of a telephone"),
    "input: no value": (("--input", "Order"), "--input: must be NAME=VALUE"),
    "input: no name": (("--input", "=12"), "--input: must be NAME=VALUE"),
    "media: another": (("--media", "opus"), "--media: must be 'pcmu' or 'l16' (got opus)"),
    "media: none": (("--media", ""), "--media: must name pcmu, l16, or both"),
    "language": (("--language", "german"), "--language: must be a language tag, such as en-US (got german)"),
    "duration": (("--duration", "0"), "--duration: must be greater than 0 (got 0)"),
    "ca file: missing": (("--ca-file", "/nowhere/ca.pem"), "--ca-file: must be a file that exists"),
    "ca file: other": (("--ca-file", __file__), "--ca-file: must hold the certificate of an authority, in PEM"),
    "config: missing": (("--config", "/nowhere/c.toml"), "/nowhere/c.toml: cannot be read: No such file or directory"),
    "mistyped": (("--dropp", "x"), "there is no option --dropp"),
}
ADDRESSES = {
    "": "must be an address that begins with wss://",
    "bot.example.net": "must be an address that begins with wss://",
    "https://bot.example.net/": "must be an address that begins with wss://",
    "ws://bot.example.net/": "must begin with wss://",
    "wss://user:hunter2@bot.example.net/": "must not hold a user or password (got wss://***@bot.example.net/)",
    "wss://bot.example.net:0/": "must have a port from 1 to 65535, or none",
    "wss://bot.example.net:70000/": "must have a port from 1 to 65535, or none",
    "wss://bot.example.net:https/": "must have a port from 1 to 65535, or none",
    "wss://[::1/": "must be a well-formed address",
    "wss://bot.example.net/a b": "must be a well-formed address",
    "wss://bot.example.net/#top": "must not hold a fragment (#)",
}
VARIABLES = {
    "CALLSCOPE_HOOK_KEYS": ("key:not base64!", "CALLSCOPE_HOOK_KEYS: a client secret is base64"),
    "CALLSCOPE_BARGE_IN": ("maybe", "CALLSCOPE_BARGE_IN: must be true or false (got maybe)"),
    "CALLSCOPE_LANGUAGE": ("x", "CALLSCOPE_LANGUAGE: must be a language tag"),
    "CALLSCOPE_WAVV": ("a.wav", "CALLSCOPE_WAVV: there is no such setting"),
}
FILES = {
    "broken": ("language = [", "is not valid TOML"),
    "unknown setting": ("langauge = 'de'", ":1, langauge: there is no such setting"),
    "wrong value": ("\nlanguage = 'german'", ":2, language: must be a language tag"),
    "wrong type": ("dtmf = 12", ":1, dtmf: must be a valid string"),
    "no profile": ("[prod]\nlanguage = 'de'", "there is no profile stage"),
}


@pytest.fixture(autouse=True)
def nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in FIELDS:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is said on stderr of a command line that must not do: one or more lines, and then what to do next."""
    assert run(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    first, *others = said.err.splitlines()
    assert first.startswith("callscope: ")
    assert [line for line in others if line.startswith("  ")], said.err
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("mode", ["--no-screen", "--conformance", "--json"])
@pytest.mark.parametrize("case", CALLING)
def test_a_call_that_cannot_be_made(case: str, mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    flags, told = CALLING[case]
    assert told in refused(capsys, "call", *((BOT, *flags) if case != "none" else flags), mode)


def test_a_log_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "call", BOT, "--no-screen", "--log-file", "/")
    assert "--log-file /: cannot be written" in said


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("command", ["call", "probe"])
def test_an_address_that_cannot_be_dialled(command: str, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--no-screen",) if command == "call" else ("--auth", "none")
    said = refused(capsys, command, "--url", address, *flags)
    assert f"--url: {ADDRESSES[address]}" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_with_a_wrong_value(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    value, told = VARIABLES[name]
    monkeypatch.setenv(name, value)
    assert told in refused(capsys, "call", BOT, "--no-screen")


@pytest.mark.parametrize("case", FILES)
def test_a_settings_file_that_cannot_be_used(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, told = FILES[case]
    file = tmp_path / "own.toml"
    file.write_text(text)
    words = ("listen", "stage", "--no-screen") if case == "no profile" else ("call", BOT, "--no-screen")
    assert told in refused(capsys, *words, "--config", str(file))


def test_what_the_caller_presses_or_tells_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    for flags in (("--dtmf", "4711-x"), ("--input", "Pin=1", "--input", "hunter2")):
        said = refused(capsys, "call", BOT, "--no-screen", *flags)
        assert not [secret for secret in ("4711", "Pin", "hunter2") if secret in said]


def test_conformance_says_which_flags_mean_nothing_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    for flags in (("--record",), ("--duration", "5"), ("--dtmf", "1"), ("--barge-in",)):
        assert f"{flags[0]} has no effect" in refused(capsys, "call", BOT, "--conformance", *flags)


# -- sound --------------------------------------------------------------------------------------------------


def wav(*, channels: int = 1, rate: int = 8000, bits: int = 16, samples: int = 800, kind: int = 1) -> bytes:
    sound = bytes(range(1, bits // 8 + 1)) * samples * channels
    form = struct.pack("<HHIIHH", kind, channels, rate, 0, channels * bits // 8, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "it is no WAV file"),
        (b"ID3\x03 an mp3", "it is no WAV file"),
        (wav()[:20], "it holds no sound, or does not say how it is written"),
        (wav(samples=0), "there is no sound in it"),
        (wav(rate=0), "1 channels at 0 Hz are no speech"),
        (wav(channels=9), "9 channels at 8000 Hz are no speech"),
        (wav(kind=2), "samples of kind 2 with 16 bits cannot be read"),
        (wav(kind=3, bits=64), "samples of kind 3 with 64 bits cannot be read"),
    ],
)
def test_a_file_that_is_no_speech(data: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "order.wav"
    file.write_bytes(data)
    for mode in ("--no-screen", "--conformance"):
        assert f"{file}: {told}" in refused(capsys, "call", BOT, "--wav", str(file), mode)


# -- a conversation -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--conversation", ""), "--conversation: must be an id: letters, digits, _ and -"),
        (("--conversation", "a/b"), "--conversation: must be an id"),
        ((*CONVERSATION, "--url", BOT), "conversation and url are both set"),
        ((*CONVERSATION, "--app-id", "a"), "conversation and app_id are both set"),
        ((*CONVERSATION, "--say", "hello"), "nobody hears what is said"),
        ((*CONVERSATION, "--auth", "none"), "with a token of Genesys'"),
        ((*CONVERSATION, "--linger", "x"), "--linger: must be a number (got x)"),
        ((*CONVERSATION, "--region", "atlantis"), "--region"),
        ((*CONVERSATION, "--base-url", ""), "--base-url: must be an address that begins with https://"),
        (CONVERSATION, "credentials are missing: GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET"),
    ],
)
def test_a_conversation_that_cannot_be_followed(
    flags: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in refused(capsys, "probe", *flags)


def test_a_screen_is_not_painted_into_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GENESYS_CLIENT_ID", "client-1")
    monkeypatch.setenv("GENESYS_CLIENT_SECRET", "hunter2-hunter2")
    assert run(["watch", *CONVERSATION]) == 2
    said = capfd.readouterr()
    assert said.err.startswith("callscope: the screen needs a terminal")
    assert "callscope probe does without" in said.err
    assert run(["call", BOT]) == 2
    assert "callscope call --no-screen does without" in capfd.readouterr().err
