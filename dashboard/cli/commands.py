"""The commands: what each needs, and the arguments that are no settings.

A command `name` lives in `dashboard/cli/<name>.py` and is called as `run(args: argparse.Namespace) -> int`, the
exit code; one that opens the screen has `order` and `source` instead (`opening.py`). `args` holds the arguments below
and, where `settings` is true, `args.settings: Settings`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


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


DIALECTS = {
    "appfoundry": "callscope dials the bot host's WebSocket",
    "audiohook": "callscope listens and Genesys calls",
    "notifications": "callscope follows what Genesys tells of a conversation",
    "connector": "callscope calls an Audio Connector bot in Genesys' place",
    "cognigy": "callscope speaks to a Cognigy endpoint over Socket.IO",
    "cognigy-rest": "the same over REST",
}
"""What `demo` can play: each but the first in a module `demo_<name>.py` (`demo.py`)."""


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario",
        nargs="?",
        metavar="SCENARIO",
        help="A scenario that comes with callscope, or the path of an own one. Default: bad-day.",
    )
    listed = "; ".join(f"{name}: {what}" for name, what in DIALECTS.items())
    parser.add_argument(
        "--dialect", choices=tuple(DIALECTS), default="appfoundry", help=f"Which wire. {listed}. Default: appfoundry."
    )
    parser.add_argument("--calls", type=_number, default=1, metavar="N", help="Calls at once, with audiohook.")
    parser.add_argument("--seed", type=_number, metavar="N", help="Seed of the scenario's faults.")
    _screen(parser)


def _watch(parser: argparse.ArgumentParser) -> None:
    _profile(parser)
    _screen(parser)


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recording", type=Path, metavar="FILE", help="A recording.")
    parser.add_argument(
        "--at",
        metavar="TIME",
        help="Begin there: 12:03:20 is a time of day as the screen writes it, 3:20 minutes and seconds from the start,"
        " 200 seconds.",
    )
    _screen(parser)


def _probe(parser: argparse.ArgumentParser) -> None:
    _profile(parser)
    parser.add_argument("--replay", type=Path, metavar="FILE", help="Judge a recording instead of a live call.")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="One object at the end.")
    output.add_argument("--jsonl", action="store_true", help="Every fact as it happens, one a line.")


def _doctor(parser: argparse.ArgumentParser) -> None:
    _profile(parser)
    parser.add_argument("--json", action="store_true", help="One object at the end; the steps go to stderr.")
    parser.add_argument(
        "--find-idle",
        action="store_true",
        help="At the end be silent for ever longer, to find the silence at which the path cuts. Takes minutes.",
    )
    parser.add_argument(
        "--max",
        type=_pause,
        default=180.0,
        metavar="SECONDS",
        help="The longest silence that --find-idle tries. Default: 180.",
    )


def _listen(parser: argparse.ArgumentParser) -> None:
    _profile(parser)
    _screen(parser)
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="No screen; one object at the end.")
    output.add_argument("--jsonl", action="store_true", help="No screen; every fact as it happens, one a line.")
    parser.add_argument("--no-screen", action="store_true", help="No screen; a summary of each call when it is over.")


def _tap(parser: argparse.ArgumentParser) -> None:
    _listen(parser)
    parser.add_argument(
        "--dialect",
        choices=("auto", "appfoundry", "audiohook"),
        default="auto",
        help="What the two speak. Default: auto: AudioHook is told by its headers, all else is AppFoundry.",
    )


def _relay(parser: argparse.ArgumentParser) -> None:
    """The relay takes its settings from standard input."""
    parser.add_argument("--observe", action="store_true", help="Read what a relay tells, instead of relaying.")


def _simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenarios",
        nargs="*",
        default=["steady"],
        metavar="SCENARIO",
        help="A scenario that comes with callscope, or the path of an own one; several are played by calls in turn."
        " Default: steady.",
    )
    parser.add_argument("--list", action="store_true", help="Describe the scenarios that come with callscope.")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="Address to serve on. Default: 127.0.0.1."
    )
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="Port to serve on. Default: any free one.")
    parser.add_argument("--seed", type=_number, metavar="N", help="Seed of the scenario's faults.")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="Write when each frame was really sent.")
    parser.add_argument("--until-eof", action="store_true", help=argparse.SUPPRESS)  # demo: ends with its starter
    parser.add_argument(
        "--audiohook",
        metavar="URL",
        help="Play Genesys instead: call an AudioHook server with the scenario's sound and faults.",
    )
    parser.add_argument(
        "--connector",
        action="store_true",
        help="Be an Audio Connector bot instead, for callscope call: it says the bot's turns of the scenario.",
    )
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="PEM file of an authority to trust, with --audiohook."
    )
    parser.add_argument("--calls", type=_number, default=1, metavar="N", help="Calls at once, with --audiohook.")
    parser.add_argument(
        "--conversation", metavar="ID", help="The conversation that they belong to, with --audiohook, instead of any."
    )


def _call(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url", nargs="?", default=argparse.SUPPRESS, metavar="URL", help="WebSocket address of the bot, as --url."
    )
    _screen(parser)
    parser.add_argument("--conformance", action="store_true", help="No screen; check the protocol's rules one by one.")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="No screen; one object at the end.")
    output.add_argument("--jsonl", action="store_true", help="No screen; every fact as it happens, one a line.")
    parser.add_argument("--no-screen", action="store_true", help="No screen; a summary at the end.")


def _analyze(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trace", type=Path, metavar="TRACE.csv", help="One frame a line: arrival_s,media_s.")
    parser.add_argument("--json", action="store_true", help="Print the object that probe calls audio.inbound.")


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="A recording, or the lines of probe --jsonl.")
    parser.add_argument(
        "-o",
        dest="output",
        default="-",
        metavar="FILE",
        help="Where to; - is stdout. Its ending says the form: .html, .md, .csv, .jsonl, .json, .svg, .wav or .zip.",
    )
    parser.add_argument(
        "--format",
        choices=("html", "md", "csv", "jsonl", "json", "svg", "wav", "zip"),
        help="The form, if the ending does not say it. On stdout it is md unless given.",
    )
    parser.add_argument("--screen", type=Path, metavar="SVG", help="A picture of the screen, for the zip.")


def _recordings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="One object instead of a table.")
    parser.add_argument(
        "--prune",
        type=_age,
        metavar="AGE",
        help="Delete what was last written longer ago than this: 30d, 12h or 90m. Tells what it deleted.",
    )


def _compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", type=Path, metavar="A", help="A recording, or the lines of probe --jsonl.")
    parser.add_argument("b", type=Path, metavar="B", help="Another one.")
    parser.add_argument("-o", dest="output", default="-", metavar="FILE", help="Write a page there instead of text.")
    parser.add_argument("--json", action="store_true", help="One object instead.")


def _worker(parser: argparse.ArgumentParser) -> None:
    """The worker takes its settings from standard input."""
    parser.add_argument("--examine", action="store_true", help="Do what doctor does, instead of holding a call.")


def _profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profile", nargs="?", metavar="PROFILE", help="A table of the settings file.")


def _screen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check-only", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json-out", type=Path, metavar="FILE", help="On quit, write the figures of the call there.")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 or more (got {text})")
    return int(text)


def _pause(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"must be a number of seconds, up to 86400 (got {text})")
    return seconds


def _age(text: str) -> float:
    units = {"m": 60.0, "h": 3600.0, "d": 86_400.0}
    number, unit = text[:-1], text[-1:]
    if not number.isascii() or not number.isdigit() or int(number) == 0 or unit not in units:
        raise argparse.ArgumentTypeError(f"must be an age such as 30d, 12h or 90m (got {text})")
    return int(number) * units[unit]


def _port(text: str) -> int:
    number = _number(text)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"must be 65535 or less (got {text})")
    return number


_DIALLING_NEEDS = """\
Needs a call to dial and credentials:
  GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET   environment variables: an OAuth
                         client with the client credentials grant
  --region               where that client lives, such as mypurecloud.ie
  --app-id or --url      the app to look up, or the WebSocket address itself;
                         watch and probe: or --conversation ID, to follow it
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
        arguments=_demo,
        screen=True,
    ),
    "watch": Command(
        summary="the screen on a live call",
        positional="[PROFILE]",
        needs=_DIALLING_NEEDS,
        examples=("callscope watch --region eu_west_1 --app-id app-31c0", "callscope watch prod --json-out call.json"),
        arguments=_watch,
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
        arguments=_probe,
        settings_unless="replay",
    ),
    "replay": Command(
        summary="a recording on the screen, to play, to step through and to search",
        positional="FILE",
        needs="Needs a recording. A live call is not needed, nor an account.",
        examples=("callscope replay call.callscope", "callscope replay call.callscope --at 12:03:20"),
        arguments=_replay,
        settings=False,
        screen=True,
    ),
    "doctor": Command(
        summary="the connection step by step, to the first failure and its remedy",
        positional="[PROFILE]",
        needs=_DIALLING_NEEDS,
        examples=(
            "callscope doctor prod",
            "callscope doctor --url wss://bridge.example.net/ws --find-idle --max 120 --json",
        ),
        arguments=_doctor,
        loads_settings=True,
    ),
    "listen": Command(
        summary="the calls that Genesys sends here by AudioHook, on the screen or without it",
        positional="[PROFILE]",
        needs=_LISTENING_NEEDS,
        examples=(
            "callscope listen --port 8480",
            "callscope listen --host 0.0.0.0 --port 443 --cert chain.pem --key key.pem --no-screen",
            "callscope listen --duration 60 --json",
        ),
        arguments=_listen,
        screen=True,
        screenless=frozenset({"--json", "--jsonl", "--no-screen", "--duration"}),
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
        arguments=_call,
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
        arguments=_tap,
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
        arguments=_simulate,
        settings=False,
    ),
    "analyze": Command(
        summary="pacing figures of a timing trace",
        positional="TRACE.csv",
        needs="Needs a CSV file with the header arrival_s,media_s: one frame a line, both in seconds.",
        examples=("callscope analyze trace.csv --json",),
        arguments=_analyze,
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
        arguments=_report,
        settings=False,
    ),
    "recordings": Command(
        summary="what has been recorded: when, which call, how long, verdict and findings",
        positional="",
        needs="Needs nothing. Recordings are made by --record and --record-on.",
        examples=("callscope recordings", "callscope recordings --json", "callscope recordings --prune 30d"),
        arguments=_recordings,
        settings=False,
    ),
    "compare": Command(
        summary="two calls that were written down, side by side",
        positional="A B",
        needs="Needs two recordings, or files with the lines that probe --jsonl prints.",
        examples=("callscope compare good.callscope bad.callscope", "callscope compare a.jsonl b.jsonl -o both.html"),
        arguments=_compare,
        settings=False,
    ),
    "relay": Command(
        summary="the process that passes bytes on; started by tap",
        positional="",
        needs="Started by tap: settings and commands come in on standard input, facts go out on stdout.",
        examples=(),
        arguments=_relay,
        settings=False,
        hidden=True,
    ),
    "worker": Command(
        summary="the process that holds a call; started by the screen",
        positional="",
        needs="Started by the screen: settings and commands come in on standard input, facts go out on stdout.",
        examples=(),
        arguments=_worker,
        settings=False,
        hidden=True,
    ),
}
