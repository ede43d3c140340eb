"""The arguments of each command that are no settings: a function for each, which adds them to its parser."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

DIALECTS = {
    "appfoundry": "callscope dials the bot host's WebSocket",
    "audiohook": "callscope listens and Genesys calls",
    "notifications": "callscope follows what Genesys tells of a conversation",
    "connector": "callscope calls an Audio Connector bot in Genesys' place",
    "cognigy": "callscope speaks to a Cognigy endpoint over Socket.IO",
    "cognigy-rest": "the same over REST",
    "combined": "one call of three wires: sound by AudioHook, transcript by notifications, test utterances to Cognigy",
}
"""What `demo` can play: each but the first in a module `demo_<name>.py` (`demo.py`)."""


def demo(parser: argparse.ArgumentParser) -> None:
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


def watch(parser: argparse.ArgumentParser) -> None:
    _profile(parser)
    _screen(parser)


def replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recording", type=Path, metavar="FILE", help="A recording.")
    parser.add_argument(
        "--at",
        metavar="TIME",
        help="Begin there: 12:03:20 is a time of day as the screen writes it, 3:20 minutes and seconds from the start,"
        " 200 seconds.",
    )
    _screen(parser)


def probe(parser: argparse.ArgumentParser) -> None:
    _profile(parser)
    parser.add_argument("--replay", type=Path, metavar="FILE", help="Judge a recording instead of a live call.")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="One object at the end.")
    output.add_argument("--jsonl", action="store_true", help="Every fact as it happens, one a line.")


def doctor(parser: argparse.ArgumentParser) -> None:
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


def _incoming(parser: argparse.ArgumentParser) -> None:
    """Those of a command at which calls come in."""
    _profile(parser)
    _screen(parser)
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="No screen; one object at the end.")
    output.add_argument("--jsonl", action="store_true", help="No screen; every fact as it happens, one a line.")
    parser.add_argument("--no-screen", action="store_true", help="No screen; a summary of each call when it is over.")


def listen(parser: argparse.ArgumentParser) -> None:
    _incoming(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="Take no call: examine certificate, keys and port as doctor does, step by step; --json.",
    )


def tap(parser: argparse.ArgumentParser) -> None:
    _incoming(parser)
    parser.add_argument(
        "--dialect",
        choices=("auto", "appfoundry", "audiohook"),
        default="auto",
        help="What the two speak. Default: auto: AudioHook is told by its headers, all else is AppFoundry.",
    )


def relay(parser: argparse.ArgumentParser) -> None:
    """The relay takes its settings from standard input."""
    parser.add_argument("--observe", action="store_true", help="Read what a relay tells, instead of relaying.")


def simulate(parser: argparse.ArgumentParser) -> None:
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


def call(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url", nargs="?", default=argparse.SUPPRESS, metavar="URL", help="WebSocket address of the bot, as --url."
    )
    _screen(parser)
    parser.add_argument("--conformance", action="store_true", help="No screen; check the protocol's rules one by one.")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="No screen; one object at the end.")
    output.add_argument("--jsonl", action="store_true", help="No screen; every fact as it happens, one a line.")
    parser.add_argument("--no-screen", action="store_true", help="No screen; a summary at the end.")


def analyze(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trace", type=Path, metavar="TRACE.csv", help="One frame a line: arrival_s,media_s.")
    parser.add_argument("--json", action="store_true", help="Print the object that probe calls audio.inbound.")


def report(parser: argparse.ArgumentParser) -> None:
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


def recordings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="One object instead of a table.")
    parser.add_argument(
        "--prune",
        type=_age,
        metavar="AGE",
        help="Delete what was last written longer ago than this: 30d, 12h or 90m. Tells what it deleted.",
    )


def compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", type=Path, metavar="A", help="A recording, or the lines of probe --jsonl.")
    parser.add_argument("b", type=Path, metavar="B", help="Another one.")
    parser.add_argument("-o", dest="output", default="-", metavar="FILE", help="Write a page there instead of text.")
    parser.add_argument("--json", action="store_true", help="One object instead.")


def worker(parser: argparse.ArgumentParser) -> None:
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
