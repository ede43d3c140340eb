"""All checks, one after another: the conversation, what is provoked, and the rules of all that was said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from dashboard.call.hook_events import EntityReceived, HookAccepted, PlaybackMeasured, SessionEnding
from dashboard.conformance import rules
from dashboard.conformance.checks import CHECKS, Check
from dashboard.conformance.result import Outcome, Part, Result, Status, failed, not_seen, passed
from dashboard.conformance.visit import Bench, Visit, visiting
from dashboard.dialects.audiohook_entities import BOT_TURN
from dashboard.errors import UnreachableError
from dashboard.resilience.retry import LinkError, exit_code
from dashboard.worker.conduct import Script

RETURNS_S = 10.0
"""A bot that something has restarted is back by then."""
_AGAIN_S = 0.5

CHECK_S = 40.0
TALK_S = 60.0
"""How long a check, and the conversation, may take at most."""


@dataclass(slots=True)
class Figures:
    """What was measured by the way; seconds."""

    opened_s: float | None = None
    pong_s: float | None = None
    answers_s: list[float] = field(default_factory=list)
    """From the end of what the caller said to the first audio of the bot."""
    ahead_s: float = 0.0
    underruns: int = 0
    dry_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return them as one JSON object."""
        return {
            "opened_ms": _ms(self.opened_s),
            "pong_ms": _ms(self.pong_s),
            "answer_ms": [_ms(one) for one in self.answers_s],
            "ahead_ms": _ms(self.ahead_s),
            "underruns": self.underruns,
            "dry_ms": _ms(self.dry_s),
        }


async def examine(bench: Bench, figures: Figures, returns_s: float = RETURNS_S) -> AsyncGenerator[Result, None]:
    """Check after check.

    returns_s: how long a bot may be away between two checks. Raises LinkError when it is not to be reached, or stays
    away, or does not let us in at all.
    """
    visits: list[Visit] = []
    async with visiting(bench):
        pass  # whoever is not let in at all can check nothing
    yield Result("upgrade", "an upgrade with the right key and signature is let in", Status.PASS, part=Part.TALK)
    for result in await converse(bench, visits, figures):
        yield result
    for check in CHECKS:
        try:
            result = await _checked(check, bench, visits)
        except LinkError as error:
            if exit_code(error.failure.cause) != UnreachableError.exit_code:
                result = _unconnected(check, error)
            else:  # the check before may have brought it down: this one is not to blame
                await returned(bench, returns_s)
                result = await checked(check, bench, visits)
        yield result
    for result in rules.results(visits):
        yield result


async def checked(check: Check, bench: Bench, visits: list[Visit]) -> Result:
    """Run one check, and bound it in time; without a connection it has failed."""
    try:
        return await _checked(check, bench, visits)
    except LinkError as error:
        return _unconnected(check, error)


async def _checked(check: Check, bench: Bench, visits: list[Visit]) -> Result:
    try:
        async with asyncio.timeout(CHECK_S):
            outcome = await check.run(bench, visits)
    except TimeoutError:
        outcome = failed(f"it took more than {CHECK_S:.0f} s")
    return Result(check.name, check.means, *_parts(outcome))


def _unconnected(check: Check, error: LinkError) -> Result:
    return Result(check.name, check.means, *_parts(failed(f"no connection: {error.failure.detail}")))


async def returned(bench: Bench, within_s: float) -> None:
    """Wait until the bot is to be reached again; raises the LinkError of the last try if it is not in time."""
    due = bench.clock.monotonic() + within_s
    while True:
        try:
            async with visiting(bench):
                return
        except LinkError:
            if bench.clock.monotonic() >= due:
                raise
        await asyncio.sleep(_AGAIN_S)


def _parts(outcome: Outcome) -> tuple[Status, str, str, str]:
    return outcome.status, outcome.detail, outcome.rule, outcome.message


# -- the conversation ---------------------------------------------------------------------------------------


async def converse(bench: Bench, visits: list[Visit], figures: Figures) -> list[Result]:
    """Talk to the bot as a caller does, until one of the two hangs up."""
    async with visiting(bench, script=Script(bench.speeches, leaves=True)) as visit:
        visits.append(visit)
        starts: list[float] = []

        def ended() -> bool:
            playback = visit.client.playback
            if playback.playing and (not starts or starts[-1] != playback.began_at):
                starts.append(playback.began_at)
            return visit.end is not None

        await visit.until(ended, TALK_S)
        if visit.is_open:
            await visit.close()
        figures.answers_s = [min(later) - at for at in visit.said_at if (later := [one for one in starts if one > at])]
    _measure(visit, figures)
    found = (
        ("answers", "the bot speaks, and its audio can be played", _spoke(visit, figures)),
        ("turn_response", "the bot says what it understood: bot_turn_response", _understood(visit)),
        ("disconnect", "a bot that ends the call says disconnect, then closed", _hung_up(visit)),
    )
    return [Result(name, means, *_parts(outcome), part=Part.TALK) for name, means, outcome in found]


def _measure(visit: Visit, figures: Figures) -> None:
    figures.opened_s = next((fact.took_s for fact in visit.of(HookAccepted)), None)
    figures.pong_s = visit.client.rtt_s
    for played in visit.of(PlaybackMeasured):
        figures.ahead_s = max(figures.ahead_s, played.ahead_s)
        figures.underruns += played.underruns
        figures.dry_s += played.dry_s


def _spoke(visit: Visit, figures: Figures) -> Outcome:
    played_s = sum(fact.played_s for fact in visit.of(PlaybackMeasured))
    if not visit.client.heard("audio"):
        return not_seen(f"{len(visit.said_at)} turns of the caller, and no audio of the bot")
    took = (
        f", answers after {', '.join(f'{one * 1000:.0f}' for one in figures.answers_s)} ms" if figures.answers_s else ""
    )
    return passed(f"{played_s:.1f} s of audio{took}") if played_s else failed("its audio could not be played")


def _understood(visit: Visit) -> Outcome:
    told = [fact for fact in visit.of(EntityReceived) if fact.type_name == BOT_TURN]
    return passed(f"{len(told)} times, the first {told[0].text}") if told else not_seen("none came")


def _hung_up(visit: Visit) -> Outcome:
    said = [fact for fact in visit.of(SessionEnding) if fact.by == "server"]
    last = visit.client.said[-1].text if visit.client.said else ""
    if said and visit.closed:
        outputs = f" with {', '.join(said[0].outputs)}" if said[0].outputs else ""
        return passed(f"{said[0].reason}{outputs}")
    if said:
        return failed("it said disconnect, and did not answer close with closed", last, "close_missing")
    if visit.closed:
        return not_seen("it was the caller who hung up")
    how = visit.end.detail if visit.end is not None else "still open after the conversation"
    return failed(f"the session was not closed: {visit.client.trouble or how}", last, "close_missing")


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
