"""The commands and what each needs; `arguments.py` has the arguments that are no settings.

A command `name` lives in `dashboard/cli/<name>.py` and is called as `run(args: argparse.Namespace) -> int`, the
exit code; one that opens the screen has `order` and `source` instead (`opening.py`). `args` holds these arguments
and, where `settings` is true, `args.settings: Settings`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from dashboard.cli import arguments


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of `callscope --help`, and the beginning and end of its own `--help`."""

    summary: str
    positional: str
    needs: str
    examples: tuple[str, ...]
    arguments: Callable[[argparse.ArgumentParser], None]
    settings: bool = True
    """Whether it has settings (`settings.py` says which)."""
    loads_settings: bool = False
    """Whether it loads them itself, by `args.load_settings()`: what is wrong with them is part of its answer."""
    settings_unless: str = ""
    """The argument that, when it is given, has the command need none."""
    hidden: bool = False
    screen: bool = False
    """Whether it opens the screen: then its module has `order` and `source` instead of `run` (`opening.py`)."""
    screenless: frozenset[str] = frozenset()
    """Flags with which it does without: then its module has `run` as well."""


_DIALLING_NEEDS = """\
Needs a call to dial and credentials:
  GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET   environment variables: an OAuth
                         client with the client credentials grant
  --region               where that client lives, such as mypurecloud.ie
  --app-id or --url      the app to look up, or the WebSocket address itself;
                         or --conversation ID, to follow it by notifications
With --auth none and --url it needs no credentials.
With --dialect cognigy (or cognigy-rest) it needs none of these, but:
  CALLSCOPE_URL          environment variable: the Endpoint URL as Cognigy shows
                         it, whose last part is a secret

Settings come from, later ones winning: the defaults; the settings file,
config.toml in your configuration directory, where a table is a PROFILE; the
environment, where --ping-interval 15 is CALLSCOPE_PING_INTERVAL=15; the flags."""

_LISTENING_NEEDS = """\
Needs an AudioHook integration in Genesys Cloud that knows this address, and:
  CALLSCOPE_HOOK_KEYS    environment variable: KEY:SECRET, the API key and client
                         secret of that integration (or hook_keys in the file)
  --cert, --key          a certificate of a public authority; or a proxy before
                         it that ends TLS and passes Host and path on unchanged
On this machine's own address it needs neither.

Settings come from, later ones winning: the defaults; the settings file,
config.toml in your configuration directory, where a table is a PROFILE; the
environment, where --port 443 is CALLSCOPE_PORT=443; the flags."""

_CALLING_NEEDS = """\
Plays the part of Genesys: dials a bot that speaks Audio Connector, speaks to it,
hears it, and measures both. Needs the bot's address, and:
  CALLSCOPE_HOOK_KEYS    environment variable: KEY:SECRET, the API key and client
                         secret that the bot expects (or hook_keys in the file)
Without a key it calls unsigned, with the key "callscope".

Settings come from, later ones winning: the defaults; the settings file,
config.toml in your configuration directory; the environment, where
--language de-DE is CALLSCOPE_LANGUAGE=de-DE; the flags."""

_TAP_NEEDS = """\
Needs an upstream: the bot or server that clients would else connect to. The
client is given the address of the tap instead. Bytes pass both ways as they
are; callscope reads a copy.
  --cert, --key          a certificate, where clients are on other machines
  --ca-file              a private authority that has signed the upstream's
  CALLSCOPE_HOOK_KEYS    environment variable: KEY:SECRET of AudioHook, only with
                         --upstream-host own, to sign requests anew
When the screen or its process dies, the relay goes on, until no client has been
there for a minute.

Settings come from, later ones winning: the defaults; the settings file,
config.toml in your configuration directory, where a table is a PROFILE; the
environment, where --listen 8481 is CALLSCOPE_LISTEN=8481; the flags."""

COMMANDS = {
    "demo": Command(
        summary="open the screen on a call that misbehaves; needs no account and no configuration",
        positional="[SCENARIO]",
        needs="Needs no account and no configuration: it starts a bot host of its own on this machine.",
        examples=(
            "callscope demo",
            "callscope demo flapping --buffer-ms 100",
            "callscope demo --dialect audiohook --calls 8",
        ),
        arguments=arguments.demo,
        screen=True,
    ),
    "watch": Command(
        summary="the screen on a live call",
        positional="[PROFILE]",
        needs=_DIALLING_NEEDS,
        examples=("callscope watch --region eu_west_1 --app-id app-31c0", "callscope watch prod --json-out call.json"),
        arguments=arguments.watch,
        screen=True,
    ),
    "probe": Command(
        summary="the same without a screen: verdict on stdout, exit code",
        positional="[PROFILE]",
        needs=_DIALLING_NEEDS,
        examples=(
            "callscope probe --app-id app-31c0 --duration 60 --json",
            "callscope probe --auth none --url ws://127.0.0.1:8765/ws --say 'where is my parcel'",
            "callscope probe --dialect cognigy --say 'where is my parcel' --json",
            "callscope probe --replay call.callscope --json",
        ),
        arguments=arguments.probe,
        settings_unless="replay",
    ),
    "replay": Command(
        summary="a recording on the screen, to play, to step through and to search",
        positional="FILE",
        needs="Needs a recording. A live call is not needed, nor an account.",
        examples=("callscope replay call.callscope", "callscope replay call.callscope --at 12:03:20"),
        arguments=arguments.replay,
        settings=False,
        screen=True,
    ),
    "doctor": Command(
        summary="the connection step by step, to the first failure and its remedy",
        positional="[PROFILE]",
        needs=_DIALLING_NEEDS,
        examples=(
            "callscope doctor prod",
            "callscope doctor --region eu_central_1 --conversation 7be0c7d2-1111-4222-8333-9a9a9a9a9a9a",
            "callscope doctor --url wss://bridge.example.net/ws --find-idle --max 120 --json",
        ),
        arguments=arguments.doctor,
        loads_settings=True,
    ),
    "listen": Command(
        summary="the calls that Genesys sends here by AudioHook, on the screen or without it",
        positional="[PROFILE]",
        needs=_LISTENING_NEEDS,
        examples=(
            "callscope listen --port 8480",
            "callscope listen --host 0.0.0.0 --port 443 --cert chain.pem --key key.pem --no-screen",
            "callscope listen --host 0.0.0.0 --port 443 --cert chain.pem --key key.pem --check",
            "callscope listen --duration 60 --json",
        ),
        arguments=arguments.listen,
        screen=True,
        screenless=frozenset({"--json", "--jsonl", "--no-screen", "--duration", "--check"}),
    ),
    "call": Command(
        summary="call an Audio Connector bot in Genesys' place, on the screen or without it",
        positional="URL",
        needs=_CALLING_NEEDS,
        examples=(
            "callscope call wss://bot.example.net/connector",
            "callscope call wss://bot.example.net/connector --wav order.wav --wav thanks.wav --json",
            "callscope call wss://bot.example.net/connector --conformance",
        ),
        arguments=arguments.call,
        screen=True,
        screenless=frozenset({"--json", "--jsonl", "--no-screen", "--duration", "--conformance"}),
    ),
    "tap": Command(
        summary="a relay between client and bot; the calls that pass through it, on the screen or without it",
        positional="[PROFILE]",
        needs=_TAP_NEEDS,
        examples=(
            "callscope tap --listen 127.0.0.1:8481 --upstream wss://bot.example.net",
            "callscope tap --listen 0.0.0.0:443 --cert chain.pem --key key.pem --upstream wss://bot.lan --no-screen",
            "callscope tap --upstream ws://127.0.0.1:8480 --duration 60 --json",
        ),
        arguments=arguments.tap,
        screen=True,
        screenless=frozenset({"--json", "--jsonl", "--no-screen", "--duration"}),
    ),
    "simulate": Command(
        summary="the bot host alone; one JSON line with its addresses when it is ready",
        positional="[SCENARIO]",
        needs="Needs nothing. Serves this machine only, unless --host says otherwise. With --audiohook it calls, with\n"
        "the first of CALLSCOPE_HOOK_KEYS, and prints one JSON line with what became of it.",
        examples=(
            "callscope simulate --list",
            "callscope simulate bad-day --port 8765",
            "callscope simulate steady --audiohook ws://127.0.0.1:8480/audiohook --calls 3",
            "callscope simulate steady --connector --port 8490",
        ),
        arguments=arguments.simulate,
        settings=False,
    ),
    "analyze": Command(
        summary="pacing figures of a timing trace",
        positional="TRACE.csv",
        needs="Needs a CSV file with the header arrival_s,media_s: one frame a line, both in seconds.",
        examples=("callscope analyze trace.csv --json",),
        arguments=arguments.analyze,
    ),
    "report": Command(
        summary="a call that was written down: as a page, a ticket, a table, its sound",
        positional="FILE",
        needs="""\
Needs a recording, or a file with the lines that probe --jsonl prints.

  html   one page: no script, no network, light and dark, fit to be printed
  md     a ticket, short
  csv    the timing, a row a second
  jsonl  every fact; json: the figures, as probe --json has them
  svg    the timeline
  wav    the sound, if it was recorded, with silence where nothing was heard
  zip    the evidence bundle: all of that, the recording, and SHA-256 sums""",
        examples=("callscope report call.callscope -o report.html", "callscope report facts.jsonl -o evidence.zip"),
        arguments=arguments.report,
        settings=False,
    ),
    "recordings": Command(
        summary="what has been recorded: when, which call, how long, verdict and findings",
        positional="",
        needs="Needs nothing. Recordings are made by --record and --record-on.",
        examples=("callscope recordings", "callscope recordings --json", "callscope recordings --prune 30d"),
        arguments=arguments.recordings,
        settings=False,
    ),
    "compare": Command(
        summary="two calls that were written down, side by side",
        positional="A B",
        needs="Needs two recordings, or files with the lines that probe --jsonl prints.",
        examples=("callscope compare good.callscope bad.callscope", "callscope compare a.jsonl b.jsonl -o both.html"),
        arguments=arguments.compare,
        settings=False,
    ),
    "relay": Command(
        summary="the process that passes bytes on; started by tap",
        positional="",
        needs="Started by tap: settings and commands come in on standard input, facts go out on stdout.",
        examples=(),
        arguments=arguments.relay,
        settings=False,
        hidden=True,
    ),
    "worker": Command(
        summary="the process that holds a call; started by the screen",
        positional="",
        needs="Started by the screen: settings and commands come in on standard input, facts go out on stdout.",
        examples=(),
        arguments=arguments.worker,
        settings=False,
        hidden=True,
    ),
}
