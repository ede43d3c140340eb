"""What is wrong with the bot and with what it sends."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from dashboard.call.findings.finding import Severity
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.state import Line, Turn
from dashboard.call.terms import Speaker
from dashboard.call.turns import SLOW_S
from dashboard.call.words import span_words

SILENT_KEPT_S = 20.0

SLOW_TURNS = 4
SLOW_OF_THEM = 2

REPEATS = 3
_LOOK_BACK_LINES = 60

VIOLATIONS_S = 30.0
FEW_VIOLATIONS = 3
_SHOWN_KINDS = 5


def _silent_bot(view: View, standing: bool) -> Sign | None:
    turn = next((turn for turn in newest_first(view)[:2] if turn.silent), None)
    if turn is None or view.open_s is None:
        return None
    waits = turn.answered_at is None and turn is view.call.turns.current
    if not waits and view.now - turn.ended_at > SILENT_KEPT_S:
        return None
    limit = span_words(view.targets.silent_failure_after_s)
    failures = view.call.turns.silent_failures
    answer = f"first sign {span_words(turn.latency_s)} later" if turn.latency_s is not None else "no sign of an answer"
    reported = _error_since(view, turn.ended_at)
    error = f"it reported “{short(reported)}”" if reported else "no error was reported"
    return Sign(
        f"The bot has not answered for {span_words(view.now - turn.ended_at)}; {error}"
        if waits
        else f"The bot did not answer within {limit}; {error}",
        (
            f"after “{short(turn.text)}”: {answer}",
            f"{failures} silent {'failure' if failures == 1 else 'failures'} in {_count(view)} turns",
        ),
        "Look that error up in the bot's own log (flow, integration, speech synthesis)." if reported else "",
    )


def _error_since(view: View, at: float) -> str:
    """Return the newest error of the peer's from `at` on; empty if there is none."""
    newest = reversed(view.call.lines[-_LOOK_BACK_LINES:])
    return next((line.text for line in newest if line.kind == "error" and line.at >= at), "")


def _slow_bot(view: View, standing: bool) -> Sign | None:
    turns = list(islice((turn for turn in newest_first(view) if turn.latency_s is not None), SLOW_TURNS))
    slow = [turn for turn in turns if (turn.latency_s or 0.0) > SLOW_S]
    if len(slow) < (1 if standing else SLOW_OF_THEM):
        return None
    worst = max(slow, key=lambda turn: turn.latency_s or 0.0)
    return Sign(
        f"The bot is slow: {span_words(worst.latency_s or 0.0)} to the first sign of an answer",
        (
            f"{len(slow)} of the last {len(turns)} turns took more than {span_words(SLOW_S)}",
            f"slowest, after “{short(worst.text)}”: {_signs(worst)}",
        ),
    )


def _bot_repeats(view: View, standing: bool) -> Sign | None:
    of_the_call = (line for line in reversed(view.call.lines) if not line.beside)
    lines = [*islice(of_the_call, _LOOK_BACK_LINES)][::-1]
    intents = _run(lines, "intent")
    answers = max((_run(lines, kind) for kind in ("transcript", "text")), key=len)
    if len(intents) >= REPEATS:
        what = f"the intent “{short(intents[0])}” {len(intents)} times in a row"
    elif len(answers) >= REPEATS:
        what = f"“{short(answers[0])}” {len(answers)} times in a row"
    else:
        return None
    said = [line.text for line in lines if _is_caller(line)][-REPEATS:]
    return Sign(
        f"The bot loops: {what}",
        ("meanwhile the caller said: " + ", ".join(f"“{short(text)}”" for text in said),),
    )


def _run(lines: Sequence[Line], kind: str) -> list[str]:
    """Return the newest texts of the bot of one kind that are the same, one for each turn of the caller."""
    same: list[str] = []
    spoken = True
    for line in reversed(lines):
        if _is_caller(line):
            spoken = True
        elif line.kind == kind and line.speaker is Speaker.BOT and line.final:
            if same and line.text != same[0]:
                break
            if spoken:
                same.append(line.text)
            spoken = line.latency_s is not None  # the first of its turn: what came before answered another one
    return same


def _peer_errors(view: View, standing: bool) -> Sign | None:
    errors = view.reading.errors - view.before(VIOLATIONS_S).errors
    if errors <= 0:
        return None
    last = next((line for line in reversed(view.call.lines) if line.kind == "error" and not line.beside), None)
    return Sign(
        f"The peer reports errors: {errors} in the last {VIOLATIONS_S:.0f} s",
        () if last is None else (f"the last one: “{short(last.text)}”",),
    )


def _protocol_violation(view: View, standing: bool) -> Sign | None:
    before, now = view.before(VIOLATIONS_S), view.reading
    unreadable, leaps = now.malformed - before.malformed, now.jumps - before.jumps
    broken = now.broken - before.broken
    if not unreadable and not broken and leaps < FEW_VIOLATIONS:
        return None
    rules = {} if view.call.hook is None else view.call.hook.broken
    kinds = sorted([*view.call.problems.items(), *rules.items()], key=lambda one: -one[1])
    evidence = [f"{kind}: {count}" for kind, count in kinds[:_SHOWN_KINDS]]
    if len(kinds) > _SHOWN_KINDS:
        evidence.append(f"{sum(count for _, count in kinds[_SHOWN_KINDS:])} more, of {len(kinds) - _SHOWN_KINDS} kinds")
    if leaps:
        evidence.append(f"frames whose position leaps: {leaps} in the last {VIOLATIONS_S:.0f} s")
    what = f"the positions of {leaps} frames leap"
    if broken:
        what = "one of its rules was broken" if broken == 1 else f"its rules were broken {broken} times"
    if unreadable:
        what = f"{unreadable} messages could not be read"
    return Sign(
        f"The peer breaks the protocol: {what}",
        tuple(evidence),
        severity=Severity.WARNING if unreadable + broken + leaps >= FEW_VIOLATIONS else Severity.INFO,
    )


# -- steps shared by the rules above ----------------------------------------------------------------------


def newest_first(view: View) -> Sequence[Turn]:
    turns = view.call.turns
    return (*([] if turns.current is None else [turns.current]), *reversed(turns.done[-SLOW_TURNS * 2 :]))


def _signs(turn: Turn) -> str:
    signs = (("intent", turn.intent_at), ("text", turn.text_at), ("sound", turn.audio_at))
    return ", ".join(f"{name} after {span_words(at - turn.ended_at)}" for name, at in signs if at is not None)


def _count(view: View) -> int:
    return view.call.turns.done.total + (view.call.turns.current is not None)


def _is_caller(line: Line) -> bool:
    return line.speaker is Speaker.CALLER and line.final and line.kind in ("transcript", "utterance")


def short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


SILENT_BOT = Rule(
    name="silent_bot",
    severity=Severity.ERROR,
    means="A turn of the caller got no sign of an answer within the limit, though the connection was open.",
    remedy="Read the bot's own log at that moment (flow, integration, speech synthesis): it failed without saying so.",
    sign=_silent_bot,
    explains=frozenset({"dead_air", "one_way_audio", "digital_silence", "slow_bot"}),
    clear_after_s=5.0,
)

SLOW_BOT = Rule(
    name="slow_bot",
    severity=Severity.WARNING,
    means="The first sign of an answer comes too late, turn after turn.",
    remedy="See which sign is late: a late intent is recognition or the flow, late sound after text is synthesis.",
    sign=_slow_bot,
)

BOT_REPEATS = Rule(
    name="bot_repeats",
    severity=Severity.WARNING,
    means="The bot matches the same intent, or says the same, three times in a row whatever the caller says.",
    remedy="Look at that node of the flow: no way out of it matches, or its fallback leads back to it.",
    sign=_bot_repeats,
)

PEER_ERRORS = Rule(
    name="peer_errors",
    severity=Severity.WARNING,
    means="The peer reports errors in messages while the connection stays open.",
    remedy="Look the message up in the bot's log: a skill, an integration or the flow has failed there.",
    sign=_peer_errors,
)

PROTOCOL_VIOLATION = Rule(
    name="protocol_violation",
    severity=Severity.WARNING,
    means="Messages come that are not what the protocol says; they are counted by kind.",
    remedy="Give the kinds and their counts to whoever writes the sender; callscope has passed those messages over.",
    sign=_protocol_violation,
)
