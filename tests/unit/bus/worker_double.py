"""A small worker for the tests of `WorkerProcess`: ticks, and echoes each command as a mark. Not a test itself."""

from __future__ import annotations

import json
import sys
import threading
import time

from dashboard.bus.runtime import raw_stdin, read_config
from dashboard.call.codec import command_from_line, to_line
from dashboard.call.events import Event, Marked, Ticked
from dashboard.call.ports import Stop

_lock = threading.Lock()


def say(event: Event) -> None:
    with _lock:
        sys.stdout.write(f"{to_line(event)}\n")
        sys.stdout.flush()


def ticking() -> None:
    while True:
        say(Ticked("c", time.monotonic()))
        time.sleep(0.1)


def main() -> None:
    stdin = raw_stdin()
    config = read_config(stdin)
    say(Marked("c", time.monotonic(), json.dumps(config)))
    if config.get("fail"):
        sys.exit(config["fail"])
    if config.get("garbage"):
        sys.stdout.write("no fact\n{}\n" + "x" * 5_000_000 + "\n")
    threading.Thread(target=ticking, daemon=True).start()
    for line in stdin:
        command = command_from_line(line)
        say(Marked("c", time.monotonic(), repr(command)))
        if isinstance(command, Stop) and not config.get("deaf"):
            return
    time.sleep(60 if config.get("deaf") else 0)


main()
