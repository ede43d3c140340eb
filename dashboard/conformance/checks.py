"""The checks that provoke what nobody sees by listening: each on a short connection of its own, bounded in time."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from dashboard.call.hook_events import HookAccepted, SessionEnding
from dashboard.conformance.provocations import (
    ahead,
    bad_parameters,
    gap,
    hold,
    lengths,
    open_again,
    other_id,
    too_long,
    unknown_fields,
    unknown_type,
)
from dashboard.conformance.result import Outcome, failed, not_seen, passed
from dashboard.conformance.visit import Bench, Visit, visiting
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_connector import OFFERS, RETRY_AFTER_S
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_signature import COMPONENTS
from dashboard.dialects.audiohook_wire import NIL
from dashboard.resilience.retry import LinkError
from dashboard.wiretext import clean
from dashboard.worker.conduct import Script

SPEAKS_WITHIN_S = 8.0
"""A bot that greets has begun by then; one that waits to be spoken to has been."""
ENDED_WITHIN_S = 6.0
UNAUTHORIZED_WITHIN_S = 1.0
"""A bot that opens the session of a stranger may think better of it."""

Run = Callable[[Bench, list[Visit]], Awaitable[Outcome]]
Provoke = Callable[[Visit], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Check:
    """A name that stays, the rule in words, and what is done to see whether it is kept.

    `run` appends the visits on which the bot was only asked for what the protocol has: what it said there is held
    against the protocol's rules one by one.
    """

    name: str
    means: str
    run: Run


async def _opened(bench: Bench, visits: list[Visit]) -> Outcome:
    async with visiting(bench) as visit:
        visits.append(visit)
        if not await visit.opened():
            return _unopened(visit)
        (accepted,) = visit.of(HookAccepted)
        await visit.close()
        return passed(f"in {accepted.took_s * 1000:.0f} ms")


def _unopened(visit: Visit) -> Outcome:
    last = visit.client.said[-1].text if visit.client.said else ""
    if (ending := _ending(visit)) is not None:
        return failed(f"it said disconnect instead: {ending.reason} {ending.detail}".rstrip(), last)
    if visit.end is not None and not visit.client.trouble:
        return failed(f"the connection ended: {visit.end.detail}", last)
    return failed(visit.client.trouble or "no opened came", last)


async def _media(bench: Bench, visits: list[Visit]) -> Outcome:
    """Offer only what hardly any bot takes: it may take that or nothing, and must not take what was not offered."""
    async with visiting(bench, offer=replace(bench.offer, media=(OFFERS["l16"],))) as visit:
        visits.append(visit)
        if not await visit.opened():
            return _declined(visit)
        chosen = visit.client.media
        await visit.close()
        return passed("it took L16" if chosen else "it opened a session without audio")


def _declined(visit: Visit) -> Outcome:
    for breach in visit.client.breaches:
        if breach.rule == Rule.MEDIA_NOT_OFFERED:
            return failed(f"only L16 was offered: {breach.detail}", breach.message, breach.rule)
    if (ending := _ending(visit)) is not None:
        return passed(f"it declined: {ending.reason}")
    return _unopened(visit)


async def _pong(bench: Bench, visits: list[Visit]) -> Outcome:
    async with visiting(bench) as visit:
        visits.append(visit)
        if not await visit.opened():
            return not_seen("no session was opened")
        for _ in range(2):
            if not await visit.answers():
                return failed("no pong within 5 s", _last(visit), Rule.PONG_MISSING)
            if visit.client.rtt_s is None:
                return failed("the pong names another ping", _last(visit), Rule.PONG_MISMATCH)
        rtt_s = visit.client.rtt_s or 0.0
        await visit.close()
        return passed(f"in {rtt_s * 1000:.0f} ms")


async def _closed(bench: Bench, visits: list[Visit]) -> Outcome:
    """Ask for no languages either: whether some are told all the same is seen by the rules."""
    async with visiting(bench, offer=replace(bench.offer, extra={"supportedLanguages": False})) as visit:
        visits.append(visit)
        if not await visit.opened():
            return not_seen("no session was opened")
        began = visit.now()
        if not await visit.close():
            after = "no closed within 10 s" if visit.end is None else f"the connection ended: {visit.end.detail}"
            return failed(after, _last(visit), Rule.CLOSE_MISSING)
        took_s = max(0.0, visit.client.heard("closed")[0].at - began)
        return passed(f"in {took_s * 1000:.0f} ms")


async def _probe(bench: Bench, visits: list[Visit]) -> Outcome:
    """Genesys opens such a session when an administrator saves the integration."""
    offer = replace(bench.offer, conversation_id=NIL, participant_id=NIL, ani="", dnis="")
    async with visiting(bench, offer=offer) as visit:
        visits.append(visit)
        if not await visit.opened():
            return _unopened(visit)
        if not await visit.close():
            return failed("it was opened, and its close was not answered with closed", _last(visit))
        return passed()


# -- what a bot must get over -------------------------------------------------------------------------------


async def _survives(bench: Bench, visits: list[Visit], provoke: Provoke, *, may_end: bool) -> Outcome:
    """Provoke; a bot that goes on answers a ping, one that may end the session says so and does it properly."""
    async with visiting(bench) as visit:
        if not may_end:
            visits.append(visit)
        if not await visit.opened():
            return not_seen("no session was opened")
        provoked = provoke(visit)
        if provoked is not None:
            await provoked
        sent = f"sent: {clean(visit.client.asked, 400)}"
        if await visit.answers():
            await visit.close()
            return passed("it goes on")
        if (ending := _ending(visit)) is not None:
            await visit.until(lambda: visit.end is not None, ENDED_WITHIN_S)
            if not may_end:
                return failed(f"it ended the session: {ending.reason} {ending.detail}".rstrip(), sent)
            if ending.reason != "error":
                return failed(f"it said disconnect {ending.reason}, which is no error", sent)
            return passed("it said disconnect error" + (", and closed" if visit.closed else ""))
        if visit.end is not None:
            return failed(f"the connection ended without a word: {visit.end.detail}", sent)
        return failed("it answers nothing any more", sent)


def _surviving(provoke: Provoke, *, may_end: bool = False) -> Run:
    async def run(bench: Bench, visits: list[Visit]) -> Outcome:
        return await _survives(bench, visits, provoke, may_end=may_end)

    return run


async def _second(bench: Bench, visits: list[Visit]) -> Outcome:
    """Two participants of one conversation at once, as after a transfer."""
    async with visiting(bench) as first:
        if not await first.opened():
            return not_seen("no session was opened")
        async with visiting(bench, offer=replace(bench.offer, participant_id=str(uuid.uuid4()))) as second:
            if not await second.opened():
                return _unopened(second)
            if not (await first.answers() and await second.answers()):
                return failed("one of the two answers nothing any more", _last(first))
            await second.close()
        if not await first.answers():
            return failed("the end of the second session ended the first", _last(first))
        await first.close()
        return passed()


async def _lost(bench: Bench, visits: list[Visit]) -> Outcome:
    async with visiting(bench) as visit:
        if not await visit.opened():
            return not_seen("no session was opened")
        visit.abort()
    async with visiting(bench) as visit:
        if not await visit.opened():
            return _unopened(visit)
        await visit.close()
        return passed()


# -- who may come in ----------------------------------------------------------------------------------------


async def _stranger(bench: Bench, access: Access, aged_s: float = 0.0) -> Outcome:
    """Come with what must not let anybody in."""
    try:
        async with visiting(bench, access=access, aged_s=aged_s) as visit:
            await visit.until(lambda: _ending(visit) or visit.client.heard("opened"), 6.0)
            await visit.until(lambda: _ending(visit), UNAUTHORIZED_WITHIN_S)
            if (ending := _ending(visit)) is not None:
                if ending.reason == "unauthorized":
                    return passed("it was let in and told disconnect unauthorized")
                return failed(f"it was told disconnect {ending.reason}, not unauthorized", _last(visit))
            return failed("it was let in", _last(visit))
    except LinkError as error:
        status = error.failure.status
        if status == 401:
            return passed("401")
        return failed(f"answered {status}, not 401" if status else error.failure.detail)


async def _wrong_key(bench: Bench, visits: list[Visit]) -> Outcome:
    if not bench.keyed:
        return not_seen("no key is set, so any may do")
    return await _stranger(bench, Access("callscope-wrong-key", bench.access.secret))


async def _unsigned(bench: Bench, visits: list[Visit]) -> Outcome:
    return await _signed_wrongly(bench, Access(bench.access.key))


async def _other_secret(bench: Bench, visits: list[Visit]) -> Outcome:
    return await _signed_wrongly(bench, Access(bench.access.key, b"another secret than the right one"))


async def _stale(bench: Bench, visits: list[Visit]) -> Outcome:
    return await _signed_wrongly(bench, bench.access, 60.0)


async def _early(bench: Bench, visits: list[Visit]) -> Outcome:
    return await _signed_wrongly(bench, bench.access, -60.0)


async def _other_order(bench: Bench, visits: list[Visit]) -> Outcome:
    """Genesys may sign in another order tomorrow: the request says which."""
    if bench.access.secret is None:
        return not_seen("the key has no secret")
    try:
        async with visiting(bench, order=tuple(reversed(COMPONENTS))) as visit:
            if not await visit.opened():
                return _unopened(visit)
            await visit.close()
            return passed("let in with its components the other way round")
    except LinkError as error:
        return failed(error.failure.detail)


async def _signed_wrongly(bench: Bench, access: Access, aged_s: float = 0.0) -> Outcome:
    if bench.access.secret is None:
        return not_seen("the key has no secret")
    return await _stranger(bench, access, aged_s)


# -- what it says -------------------------------------------------------------------------------------------


async def _barge_in(bench: Bench, visits: list[Visit]) -> Outcome:
    async with visiting(bench, script=Script(bench.speeches[:1])) as visit:
        visits.append(visit)
        playback = visit.client.playback
        if not await visit.until(lambda: playback.playing, SPEAKS_WITHIN_S):
            return not_seen("the bot said nothing")
        await visit.until(lambda: not playback.playing or playback.ahead_s(visit.now()) > 0.5, 1.0)
        began = visit.now()
        visit.say(bench.speeches[-1])
        if not await visit.until(lambda: any('"barge_in"' in one.text for one in visit.client.heard("event")), 4.0):
            return not_seen("the caller spoke into its speech, and no barge_in came")
        at = next(one.at for one in visit.client.heard("event") if '"barge_in"' in one.text)
        took_s = at - began
        await visit.close()
        return passed(f"{took_s * 1000:.0f} ms after the caller began")


async def _heeds_429(bench: Bench, visits: list[Visit]) -> Outcome:
    async with visiting(bench, script=Script(bench.speeches[:1])) as visit:
        if not await visit.until(lambda: visit.client.heard("audio"), SPEAKS_WITHIN_S):
            return not_seen("the bot said nothing")
        visit.do(visit.client.refuse)
        await visit.until(lambda: visit.client.breaches, RETRY_AFTER_S)
        for breach in visit.client.breaches:
            if breach.rule == Rule.RATE_IGNORED:
                return failed(breach.detail, breach.message, breach.rule)
        before = len(visit.client.heard("audio"))
        went_on = await visit.until(lambda: len(visit.client.heard("audio")) > before, 2.0)
        await visit.close()
        return passed("it waited, and went on") if went_on else not_seen("it had nothing more to send")


def _ending(visit: Visit) -> SessionEnding | None:
    """Return the bot's disconnect."""
    return next((one for one in visit.of(SessionEnding) if one.by == "server"), None)


def _last(visit: Visit) -> str:
    return visit.client.said[-1].text if visit.client.said else ""


CHECKS: tuple[Check, ...] = (
    Check("opened", "open is answered with opened within 5 s", _opened),
    Check("media_choice", "what opened selects is among what was offered, whatever that is", _media),
    Check("pong", "a ping is answered within 5 s, by its number", _pong),
    Check("closed", "close is answered with closed within 10 s", _closed),
    Check("connection_probe", "Genesys' connection probe, of nobody's conversation, is opened and closed", _probe),
    Check("frame_lengths", "audio frames may have any length", _surviving(lengths)),
    Check("hold", "a caller may be on hold: paused, resumed", _surviving(hold)),
    Check(
        "discarded",
        "a piece of audio may be left out: discarded",
        _surviving(lambda visit: visit.do(lambda now: visit.client.discard(0.2, now))),
    ),
    Check(
        "dtmf",
        "keys of the telephone may be pressed at any time",
        _surviving(lambda visit: visit.do(lambda now: visit.client.press("5", now))),
    ),
    Check("update", "the language may change: update", _surviving(lambda visit: visit.send())),
    Check(
        "unknown_fields",
        "fields that are not known are ignored",
        _surviving(lambda visit: visit.send(unknown_fields)),
    ),
    Check(
        "unknown_message",
        "a message of an unknown type is ignored, or answered with disconnect error",
        _surviving(lambda visit: visit.send(unknown_type), may_end=True),
    ),
    Check(
        "bad_json",
        "a message that cannot be read is ignored, or answered with disconnect error",
        _surviving(lambda visit: visit.send(lambda fields: "{"), may_end=True),
    ),
    Check(
        "missing_message",
        "a number that is missing is ignored, or answered with disconnect error",
        _surviving(lambda visit: visit.send(gap), may_end=True),
    ),
    Check(
        "wrong_id",
        "a message of another session is ignored, or answered with disconnect error",
        _surviving(lambda visit: visit.send(other_id), may_end=True),
    ),
    Check(
        "seen_too_soon",
        "a serverseq that was not sent yet is ignored, or answered with disconnect error",
        _surviving(lambda visit: visit.send(ahead), may_end=True),
    ),
    Check(
        "wrong_parameters",
        "a message whose parameters are wrong is ignored, or answered with disconnect error",
        _surviving(lambda visit: visit.send(bad_parameters), may_end=True),
    ),
    Check(
        "too_long",
        "a text of more than 65,535 characters is ignored, or answered with disconnect error",
        _surviving(lambda visit: visit.send(too_long), may_end=True),
    ),
    Check(
        "second_open",
        "a second open is ignored, or answered with disconnect error",
        _surviving(open_again, may_end=True),
    ),
    Check("second_session", "two participants of one conversation are two sessions", _second),
    Check("lost_connection", "a connection that is lost costs the next one nothing", _lost),
    Check("wrong_key", "a key that is not known is refused with 401, or with disconnect unauthorized", _wrong_key),
    Check("unsigned", "a key with a secret does not get in without a signature", _unsigned),
    Check("wrong_signature", "a signature of another secret does not get in", _other_secret),
    Check("stale_signature", "a signature that was made a minute ago does not get in", _stale),
    Check("future_signature", "a signature that is made in a minute does not get in", _early),
    Check("component_order", "what is signed counts in the order in which the request names it", _other_order),
    Check("barge_in", "a bot that is interrupted says barge_in", _barge_in),
    Check("rate_limit", "after error 429 the bot sends nothing for as long as retryAfter says", _heeds_429),
)
