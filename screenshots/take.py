"""Writes the pictures of this folder from the running demo: `python screenshots/take.py [NAME…]`, about ten minutes.

Each picture comes from a call of its own: the real bot host, the real worker, the real screen without a terminal.
`recorded` are three, of one recording: its replay, and its report as Chromium shows it, which must be installed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dashboard.bus.fanout import play
from dashboard.bus.store import Store
from dashboard.call.events import LinkState
from dashboard.call.ports import Source, Stop
from dashboard.call.state import CallState
from dashboard.cli import demo as demo_appfoundry
from dashboard.cli import demo_audiohook, demo_cognigy, demo_combined, demo_connector, demo_notifications, tap
from dashboard.cli.evidence import opened
from dashboard.cli.settings import Settings
from dashboard.clock import SystemClock
from dashboard.exporters.html import page
from dashboard.storage.recording import Recording
from dashboard.storage.replay import open_replay
from dashboard.ui.app import CallScopeApp
from dashboard.ui.board_app import BoardApp
from dashboard.ui.draw.door import Doorway

FOLDER = Path(__file__).parent

LIMIT_S = 240.0
"""Longest wait for one picture: the longest scenario, and a slow machine."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`when` says at which moment of the call; `keys` are typed before it is taken."""

    name: str
    size: tuple[int, int]
    when: Callable[[CallState], bool]
    keys: Sequence[str] = ()
    scenario: str = "bad-day"
    dialect: str = "appfoundry"


def after(seconds: float) -> Callable[[CallState], bool]:
    return lambda call: call.now - call.started_at >= seconds


def down(call: CallState) -> bool:
    return call.link.state is LinkState.WAITING and call.now - call.link.since > 0.2


PICTURES = (
    Picture("bad-day-120x36", (120, 36), after(72)),
    Picture("choppy-120x36", (120, 36), after(12.5)),
    Picture("down-120x36", (120, 36), down),
    Picture("stale-80x24", (80, 24), after(48.5)),
    Picture("bad-day-200x50", (200, 50), after(112)),
    Picture("light-120x36", (120, 36), after(30), keys=("t", "p")),
    Picture("refused-120x36", (120, 36), after(0.2), scenario="bad-credentials"),
    Picture("explained-120x36", (120, 36), after(30), keys=("5", "enter")),
    Picture("turns-120x36", (120, 36), after(72), keys=("b",)),
    Picture("finding-120x36", (120, 36), after(34), keys=("6", "enter"), scenario="idle-timeout"),
    Picture("cognigy-120x36", (120, 36), after(42.6), dialect="cognigy"),
    Picture("connector-120x36", (120, 36), after(24), keys=("i",), scenario="steady", dialect="connector"),
    Picture("notifications-120x36", (120, 36), after(60), dialect="notifications"),
    Picture("keys-120x42", (120, 42), after(6), keys=("?",)),
)
DEMOS = {
    "appfoundry": demo_appfoundry,
    "cognigy": demo_cognigy,
    "connector": demo_connector,
    "notifications": demo_notifications,
    "audiohook": demo_audiohook,
    "combined": demo_combined,
}


async def take(picture: Picture) -> None:
    """Play the scenario until the moment has come, and keep what the screen shows then."""
    demo, store = DEMOS[picture.dialect], Store()
    order = demo_appfoundry.order(asked(picture))
    call, _ = demo.source(order)
    app = CallScopeApp(store.snapshot, call.command, lambda: play(call, [store]), title=order["title"])
    await keep(app, store, picture)


def asked(picture: Picture | Board) -> argparse.Namespace:
    """Return what the command line would say."""
    calls = picture.calls if isinstance(picture, Board) else 1
    words = {"dialect": picture.dialect, "scenario": picture.scenario, "calls": calls}
    return argparse.Namespace(**words, seed=1 if isinstance(picture, Board) else None, settings=Settings())


async def keep(app: CallScopeApp, store: Store, picture: Picture | Board) -> None:
    """Run the app until the moment has come, type the keys, and keep what it shows."""
    async with app.run_test(size=picture.size) as pilot:
        while not any(map(picture.when, store.snapshot().values())):
            await pilot.pause(0.05)
        for key in picture.keys:
            await pilot.press(key)
        await pilot.pause(0.7)
        (FOLDER / f"{picture.name}.svg").write_text(app.export_screenshot(title=app.title), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Board:
    """A picture of calls that come in; `keys` may open one of them."""

    name: str
    size: tuple[int, int]
    calls: int
    when: Callable[[CallState], bool]
    keys: Sequence[str] = ()
    scenario: str | None = None
    dialect: str = "audiohook"


BOARDS = (
    Board("board-120x36", (120, 36), 8, after(16)),
    Board("board-80x24", (80, 24), 8, after(16)),
    Board("audiohook-120x36", (120, 36), 1, after(30), keys=("enter",)),
    Board("combined-120x36", (120, 36), 1, after(11.2), keys=("enter",), scenario="steady", dialect="combined"),
)


async def take_board(picture: Board) -> None:
    """Let calls come in, and keep what the board shows of them, or the call that was opened from it."""
    order = demo_appfoundry.order(asked(picture))
    calls, _ = DEMOS[picture.dialect].source(order)
    await keep_board(calls, picture, order["title"], Doorway())


async def keep_board(calls: Source, picture: Board, title: str, doorway: Doorway) -> None:
    store = Store()
    app = BoardApp(
        store.snapshot,
        calls.command,
        lambda: play(calls, [store]),
        door=lambda: store.door,
        doorway=doorway,
        title=title,
    )
    await keep(app, store, picture)


TAPPED = Board("tap-120x36", (120, 36), 1, after(24), keys=("enter",))
_TAP_PORT = 18481


async def take_tap() -> None:
    """Have a client call the bot host through a tap, and keep what that shows of the call."""
    async with program("simulate", "choppy") as host:
        assert host.stdout is not None
        bot = json.loads(await host.stdout.readline())
        upstream = bot["url"].removesuffix("/ws")
        settings = Settings(upstream=upstream, listen=f"127.0.0.1:{_TAP_PORT}")
        order = tap.order(argparse.Namespace(settings=settings, dialect="appfoundry"))
        client = ("--url", f"ws://127.0.0.1:{_TAP_PORT}/ws", "--token-url", bot["token_url"], "--max-attempts", "100")
        keys = {"GENESYS_CLIENT_ID": bot["client_id"], "GENESYS_CLIENT_SECRET": bot["client_secret"]}
        async with program("probe", *client, **keys):
            source = tap.RelayProcess(order["settings"], order["dialect"])
            await keep_board(source, TAPPED, order["title"], Doorway(**order["doorway"]))


@asynccontextmanager
async def program(*words: str, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a command of callscope until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dashboard", *words),
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


REPLAY = "replay-120x36"
REPORTS = {"report-1280": (1280, 1660), "report-390": (390, 1840)}
RECORDED = "recorded"
"""The pictures of a recording."""


async def take_recorded() -> None:
    """Record two minutes of a bad day; keep what the screen shows of it half way through, and its report."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "bad-day.callscope"
        call, _ = demo_appfoundry.source(demo_appfoundry.order_of("bad-day", None, Settings(record=file)))
        playing = asyncio.create_task(play(call, []))
        await asyncio.sleep(118)
        call.command(Stop())
        await playing
        await take_replay(file)
        await take_report(file)


async def take_replay(file: Path) -> None:
    with Recording(file) as recording:
        replay = open_replay(recording, SystemClock())
        app = CallScopeApp(replay.snapshot, replay.command, replay.run, player=replay, title=file.name)
        replay.whole()
        replay.seek(71)
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.pause(0.7)
            (FOLDER / f"{REPLAY}.svg").write_text(app.export_screenshot(title=app.title), encoding="utf-8")


async def take_report(file: Path) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if browser is None:
        raise SystemExit("report: there is no Chromium to open it in")
    html = file.with_suffix(".html")
    with opened(file) as evidence:
        html.write_text(page(evidence.report()), encoding="utf-8")
    for name, (width, height) in REPORTS.items():
        process = await asyncio.create_subprocess_exec(
            browser,
            *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            f"--user-data-dir={file.with_suffix('.profile')}",
            "--blink-settings=preferredColorScheme=1",  # light
            f"--window-size={width},{height}",
            f"--screenshot={FOLDER / name}.png",
            html.as_uri(),
            stderr=asyncio.subprocess.DEVNULL,
        )
        if await process.wait():
            raise SystemExit(f"{name}: the browser failed")


async def take_named(name: str) -> None:
    """Take one picture, or those of a recording; give up after a while, for a moment may never come."""
    try:
        async with asyncio.timeout(LIMIT_S):
            if name == RECORDED:
                await take_recorded()
            elif name == TAPPED.name:
                await take_tap()
            elif board := next((one for one in BOARDS if one.name == name), None):
                await take_board(board)
            else:
                await take(next(picture for picture in PICTURES if picture.name == name))
    except TimeoutError:
        raise SystemExit(f"{name}: its moment did not come within {LIMIT_S:.0f} s") from None


async def main() -> None:
    """Take them in processes of their own, two at a time."""
    known = [RECORDED, TAPPED.name, *(picture.name for picture in (*PICTURES, *BOARDS))]
    wanted = sys.argv[1:] or known
    if unknown := set(wanted) - set(known):
        raise SystemExit(f"no such picture: {', '.join(unknown)}; there are {', '.join(known)}")
    if len(wanted) == 1:
        await take_named(wanted[0])
        return
    turnstile = asyncio.Semaphore(2)
    missing = []

    async def run(name: str) -> None:
        async with turnstile:
            process = await asyncio.create_subprocess_exec(sys.executable, __file__, name)
            if await process.wait():
                missing.append(name)

    await asyncio.gather(*map(run, wanted))
    if missing:
        raise SystemExit(f"not taken: {', '.join(missing)}")


if __name__ == "__main__":
    asyncio.run(main())
