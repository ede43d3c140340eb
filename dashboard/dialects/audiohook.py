"""AudioHook v2 on the wire: follows one session, both ways, and tells it as facts (audiohook.md).

Two readings run side by side. The tolerant one takes whatever can be understood; the strict one yields a `RuleBroken`
for each rule that a message breaks. So a monitor, the server's machine, the client's and a relay's observer agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from dashboard.call.events import (
    ErrorReceived,
    MalformedReceived,
    SessionStarted,
    StatusReceived,
    UnknownReceived,
)
from dashboard.call.hook_events import (
    HookAccepted,
    HookOffered,
    HookPinged,
    KeyPressed,
    LanguageChanged,
    MediaDiscarded,
    MediaPaused,
    MediaResumed,
    PlaybackChanged,
    RuleBroken,
    SessionClosed,
    SessionEnding,
)
from dashboard.dialects import audiohook_wire as wire
from dashboard.dialects.audiohook_counts import Counter, MediaClock
from dashboard.dialects.audiohook_entities import Entities, Found
from dashboard.dialects.audiohook_parameters import (
    MOST_LISTED,
    TEXT_LIMIT,
    continued_by,
    gap_of,
    language_of,
    variables_of,
    word,
)
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.dialects.audiohook_wire import NIL, RATE, Broken, Media, Message, Side
from dashboard.dialects.base import AudioFormat, AudioFrame, Item
from dashboard.dialects.fields import UnreadableError, whole
from dashboard.wiretext import clean

OPENED_WITHIN_S = 5.0
"""A client waits no longer for `opened`."""

_EXCERPT = 160
_WORD_LIMIT = 64
_KIND_LIMIT = 20
_KEYS = re.compile(r"[*#A-Da-d]")

Stage = Literal["preparing", "opening", "active", "paused", "closing", "closed"]


class Heard(NamedTuple):
    """A message as far as it could be read (None: audio, or no message), and what is to be told of it."""

    message: Message | None
    items: list[Item]


@dataclass(slots=True)
class _Asked:
    """What is yet to be answered, by the number of the message that asked."""

    pings: list[int] = field(default_factory=list)
    pause: bool = False
    resume: bool = False
    updates: int = 0
    languages: bool = False


class AudioHook:
    """Follows one session. `legs`: what the audio of each side is called."""

    def __init__(
        self, call_id: str, announced: Announced | None = None, legs: Mapping[Side, str] | None = None
    ) -> None:
        self.call_id = call_id
        self.announced = announced or Announced()
        self.stage: Stage = "preparing"
        self.session_id = self.announced.session_id
        self.conversation_id = ""
        self.participant_id = ""
        self.close_reason = ""
        self.offers: list[object] = []
        self.media: Media | None = None
        self._legs = legs or {"client": "inbound", "server": "outbound"}
        self._counters: dict[Side, Counter] = {"client": Counter(), "server": Counter()}
        self._asked = _Asked()
        self._entities = Entities()
        self._clock = MediaClock()
        self._played = 0.0  # of the server's audio
        self._opened_at: float | None = None
        self._format = AudioFormat("pcmu", RATE, 1)

    @property
    def is_probe(self) -> bool:
        """Whether this is a connection probe: it has an open, of nobody's conversation."""
        return self.conversation_id == NIL and self.participant_id == NIL

    @property
    def names(self) -> tuple[str, ...]:
        """What names the call whose session this is: the participant of a conversation. Empty while it is not known."""
        return (f"{self.conversation_id} {self.participant_id}",) if self.conversation_id else ()

    @property
    def is_over(self) -> bool:
        """Whether the call has ended as it should, and not only to go on in another session."""
        return self.stage == "closed" and self.close_reason != "reconnect"

    @property
    def position(self) -> float:
        """The media position, by what the client has sent; seconds."""
        return self._clock.position

    def numbers(self, side: Side) -> tuple[int, int]:
        """Return the number of the last message of `side`, and that of the other side's last one."""
        return self._counters[side].seq, self._counters[wire.OTHER[side]].seq

    def client(self, data: bytes, *, text: bool, at: float) -> Heard:
        """Take what the client sent."""
        return self._text("client", data, at) if text else Heard(None, self._audio(data, at))

    def server(self, data: bytes, *, text: bool, at: float) -> Heard:
        """Take what the server sent."""
        return self._text("server", data, at) if text else Heard(None, self._answer(data, at))

    def broken(self, rule: Rule, side: Side, at: float, detail: str = "") -> RuleBroken:
        """Return the fact that `side` breaks a rule."""
        return RuleBroken(self.call_id, at, rule.value, side, detail)

    # -- audio ------------------------------------------------------------------------------------------

    def _audio(self, data: bytes, at: float) -> list[Item]:
        media = self.media
        if self.stage != "active" or media is None:
            why = self.stage if media is not None or self.stage == "preparing" else "no media was selected"
            return [self.broken(Rule.AUDIO_UNEXPECTED, "client", at, why)]
        found: list[Item] = []
        sample = self._format.sample_bytes
        if odd := len(data) % sample:
            found.append(self.broken(Rule.AUDIO_ODD, "client", at, f"{len(data)} bytes"))
            data = data[:-odd]
        if not data:
            return [*found, self.broken(Rule.AUDIO_EMPTY, "client", at)]
        seconds = len(data) / (sample * RATE)
        start = self._clock.frame(seconds)
        found.append(AudioFrame(data, self._format, media.names, start, seconds, True, self._legs["client"], at))
        return found

    def _answer(self, data: bytes, at: float) -> list[Item]:
        """Audio of a server is one channel; it has no positions."""
        if not data:
            return [self.broken(Rule.AUDIO_EMPTY, "server", at)]
        if self.stage == "closing":
            return []  # it was on its way
        if self.stage not in ("active", "paused") or self.media is None:
            why = self.stage if self.stage not in ("active", "paused") else "no media was selected"
            return [self.broken(Rule.AUDIO_UNEXPECTED, "server", at, why)]
        mono = self._format._replace(channels=1)
        found: list[Item] = []
        if odd := len(data) % mono.sample_bytes:
            found.append(self.broken(Rule.AUDIO_ODD, "server", at, f"{len(data)} bytes"))
            data = data[:-odd]
        start, seconds = self._played, len(data) / (mono.sample_bytes * RATE)
        self._played += seconds
        if data:
            found.append(AudioFrame(data, mono, ("bot",), start, seconds, False, self._legs["server"], at))
        return found

    # -- text -------------------------------------------------------------------------------------------

    def _text(self, side: Side, data: bytes, at: float) -> Heard:
        try:
            message = wire.read(data, side)
        except UnreadableError as error:
            excerpt = clean(data[:_EXCERPT].decode("utf-8", "replace"), _EXCERPT)
            return Heard(None, [MalformedReceived(self.call_id, at, error.problem.value, excerpt, len(data))])
        return Heard(message, self.take(message, side, at))

    def take(self, message: Message, side: Side, at: float) -> list[Item]:
        """Take a message that is read already, or that we send ourselves."""
        before = self._clock.position
        found: list[Found] = list(self._envelope(message, side))
        if wire.is_known(message.kind, side):
            found += _HANDLERS[message.kind](self, message, at)
        elif any(broken.rule is Rule.UNKNOWN_TYPE for broken in message.broken):
            found.append(UnknownReceived(self.call_id, at, clean(message.kind, _WORD_LIMIT), message.size))
        if side == "client" and message.position is not None:
            found += self._clock.compare(message.position, before)
        return [
            self.broken(one.rule, side, at, f"{word(message.kind, _KIND_LIMIT)}: {one.detail}".rstrip(": "))
            if isinstance(one, Broken)
            else one
            for one in found
        ]

    def _envelope(self, message: Message, side: Side) -> Iterator[Broken]:
        yield from message.broken
        yield from self._counters[side].count(message, self._counters[wire.OTHER[side]], self.session_id or message.id)
        if side == "client" and self.stage == "preparing" and message.kind != "open":
            yield Broken(Rule.NOT_OPENED, "")
        if self.stage == "closed" or (self.stage == "closing" and side == "client" and message.kind != "error"):
            yield Broken(Rule.AFTER_CLOSE, "")

    # -- what a client sends ----------------------------------------------------------------------------

    def _open(self, message: Message, at: float) -> Iterator[Found]:
        if self.stage != "preparing":
            yield Broken(Rule.OPEN_REPEATED, "")
            return
        self.stage, self._opened_at = "opening", at
        self.session_id, said = message.id or self.session_id, message.parameters
        participant = said.get("participant")
        self.conversation_id = wire.uuid(said.get("conversationId")) or ""
        self.participant_id = wire.uuid(participant.get("id")) or "" if isinstance(participant, dict) else ""
        self.offers = said["media"][:MOST_LISTED] if isinstance(said.get("media"), list) else []
        self._asked.languages = said.get("supportedLanguages") is True
        organization = wire.uuid(said.get("organizationId")) or ""
        if self.announced.organization_id not in ("", organization):
            yield Broken(Rule.ORGANIZATION_DIFFERS, "")
        yield SessionStarted(self.call_id, at, self.session_id, self.conversation_id)
        yield HookOffered(
            self.call_id,
            at,
            organization,
            self.participant_id,
            self.announced.correlation_id,
            tuple(clean(wire.media_words(offer), _WORD_LIMIT) for offer in self.offers),
            language_of(said.get("language")),
            tuple(continued_by(said.get("continuedSessions"))),
        )

    def _close(self, message: Message, at: float) -> Iterator[Found]:
        if self.stage in ("closing", "closed"):
            return
        self.stage, self.close_reason = "closing", word(message.parameters.get("reason"))
        yield SessionEnding(self.call_id, at, "client", self.close_reason)

    def _ping(self, message: Message, at: float) -> Iterator[Found]:
        self._asked.pings = [*self._asked.pings[-MOST_LISTED:], self._counters["client"].seq]
        rtt_s = wire.duration_s(message.parameters.get("rtt"))
        yield HookPinged(self.call_id, at, rtt_s, message.position, self._clock.position)

    def _paused(self, message: Message, at: float) -> Iterator[Found]:
        asked, self._asked.pause = self._asked.pause, False
        if self.stage == "active":
            self.stage = "paused"
            yield MediaPaused(self.call_id, at)
        elif not (asked and self.stage == "paused"):
            yield Broken(Rule.PAUSED_UNEXPECTED, f"while {self.stage}")

    def _resumed(self, message: Message, at: float) -> Iterator[Found]:
        asked, self._asked.resume = self._asked.resume, False
        gap = gap_of(message)
        if gap is not None and (asked or self.stage == "paused"):  # else it means nothing
            yield from self._clock.left_out(*gap)
        if self.stage == "paused":
            self.stage = "active"
            start, seconds = gap or (self._clock.position, 0.0)
            yield MediaResumed(self.call_id, at, start, seconds)
        elif not (asked and self.stage == "active"):
            yield Broken(Rule.RESUMED_UNEXPECTED, f"while {self.stage}")

    def _discarded(self, message: Message, at: float) -> Iterator[Found]:
        gap = gap_of(message)
        if gap is not None:
            yield from self._clock.left_out(*gap)
            yield MediaDiscarded(self.call_id, at, *gap)

    def _update(self, message: Message, at: float) -> Iterator[Found]:
        self._asked.updates += 1
        if language := language_of(message.parameters.get("language")):
            yield LanguageChanged(self.call_id, at, language)

    def _error(self, message: Message, at: float) -> Iterator[Found]:
        said = message.parameters
        code, text = whole(said.get("code")), word(said.get("message"), TEXT_LIMIT)
        code = code if code is not None and abs(code) < 100_000 else None
        wait_s = wire.duration_s(said.get("retryAfter"))
        words = text if code is None else f"{code} {text}"
        after = "" if wait_s is None else f", again in {wait_s:g} s"
        yield ErrorReceived(self.call_id, at, words + after, code, wait_s)

    def _dtmf(self, message: Message, at: float) -> Iterator[Found]:
        digit = message.parameters.get("digit")
        sign = isinstance(digit, str) and _KEYS.fullmatch(digit) is not None
        yield KeyPressed(self.call_id, at, str(digit) if sign else "digit")

    def _playback_started(self, message: Message, at: float) -> Iterator[Found]:
        yield PlaybackChanged(self.call_id, at, playing=True)

    def _playback_completed(self, message: Message, at: float) -> Iterator[Found]:
        yield PlaybackChanged(self.call_id, at, playing=False)

    # -- what a server sends ----------------------------------------------------------------------------

    def _opened(self, message: Message, at: float) -> Iterator[Found]:
        if self.stage != "opening" or self._opened_at is None:
            yield Broken(Rule.OPENED_UNASKED, f"while {self.stage}")
            return
        took_s = at - self._opened_at
        if took_s > OPENED_WITHIN_S:
            yield Broken(Rule.OPENED_LATE, f"after {took_s:.1f} s")
        chosen = message.parameters.get("media")
        chosen = chosen if isinstance(chosen, list) else []
        if len(chosen) > 1 or any(entry not in self.offers for entry in chosen):
            yield Broken(Rule.MEDIA_NOT_OFFERED, clean(", ".join(map(wire.media_words, chosen[:2])), _WORD_LIMIT))
        if "supportedLanguages" in message.parameters and not self._asked.languages:
            yield Broken(Rule.LANGUAGES_UNASKED, "")
        self.media = wire.media(chosen[0]) if chosen else None
        if self.media is not None:
            self._format = self.media.audio
        paused = message.parameters.get("startPaused") is True
        self.stage = "paused" if paused else "active"
        self._asked.pause = paused
        names = self.media.names if self.media else ()
        words = str(self.media) if self.media else clean(wire.media_words(chosen[0]), _WORD_LIMIT) if chosen else ""
        yield HookAccepted(self.call_id, at, took_s, words, names, paused)

    def _closed(self, message: Message, at: float) -> Iterator[Found]:
        if self.stage != "closing":
            yield Broken(Rule.CLOSED_UNASKED, f"while {self.stage}")
            return
        self.stage = "closed"
        yield SessionClosed(self.call_id, at)

    def _disconnect(self, message: Message, at: float) -> Iterator[Found]:
        said, outputs = message.parameters, message.parameters.get("outputVariables")
        variables = tuple(variables_of(outputs)) if isinstance(outputs, dict) else ()
        reason, info = word(said.get("reason")), word(said.get("info"), TEXT_LIMIT)
        yield SessionEnding(self.call_id, at, "server", reason, info, variables)

    def _event(self, message: Message, at: float) -> Iterator[Found]:
        if self.stage not in ("active", "paused", "closing"):
            yield Broken(Rule.EVENT_UNEXPECTED, f"while {self.stage}")
        yield from self._entities.read(message.parameters, self.media.names if self.media else (), self.call_id, at)

    def _pause(self, message: Message, at: float) -> Iterator[Found]:
        self._asked.pause = True
        return iter(())

    def _resume(self, message: Message, at: float) -> Iterator[Found]:
        self._asked.resume = True
        return iter(())

    def _pong(self, message: Message, at: float) -> Iterator[Found]:
        if not self._asked.pings:
            yield Broken(Rule.PONG_UNASKED, "")
        elif message.ack in self._asked.pings:
            self._asked.pings.remove(message.ack)
        else:
            yield Broken(Rule.PONG_MISMATCH, f"clientseq {message.ack}, the ping was {self._asked.pings[-1]}")

    def _reconnect(self, message: Message, at: float) -> Iterator[Found]:
        info = word(message.parameters.get("info"), TEXT_LIMIT)
        yield StatusReceived(self.call_id, at, f"the server asks for a reconnect{f': {info}' if info else ''}")

    def _updated(self, message: Message, at: float) -> Iterator[Found]:
        if self._asked.updates == 0:
            yield Broken(Rule.UPDATED_UNASKED, "")
        self._asked.updates = max(0, self._asked.updates - 1)


_Handler = Callable[[AudioHook, Message, float], Iterable[Found]]
_HANDLERS: dict[str, _Handler] = {
    kind: getattr(AudioHook, f"_{kind}")
    for kind in (
        *("open", "close", "ping", "paused", "resumed", "discarded", "update", "error", "dtmf"),
        *("playback_started", "playback_completed"),
        *("opened", "closed", "disconnect", "event", "pause", "resume", "pong", "reconnect", "updated"),
    )
}
