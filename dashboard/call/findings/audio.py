"""What is wrong with the sound itself: none, nobody's, one side's, too little, too much, or read wrongly."""

from __future__ import annotations

import math

from dashboard.call.findings.finding import Severity
from dashboard.call.findings.rule import Rule, Sign, View
from dashboard.call.words import span_words
from dashboard.media.levels import LevelMeter

LOOK_BACK_S = 20.0

MISREAD = 0.7
READ_WELL = 0.3
FEWEST_BATCHES = 20
"""Two seconds of batches."""

TOO_QUIET_DBFS = -40.0
QUIET_NO_MORE_DBFS = -37.0
"""Speech on a telephone line is about -26 dBFS while somebody speaks (ITU-T P.56, G.100)."""
SPOKEN_S = 2.0
TALKS_AT_MOST = 0.8
"""What has no pauses is noise."""

CLIPPED_PER_S = 1.0
CLIPPED_NO_MORE_PER_S = 0.3

LISTENS_AT_MOST = 2
"""Somebody who has been heard may only be listening: it takes twice the time until that is taken for trouble."""

DIGITAL_SILENCE_S = 5.0

_SILENCES = frozenset({"dead_air", "one_way_audio", "digital_silence", "too_quiet"})


def _wrong_codec(view: View, standing: bool) -> Sign | None:
    before, now = view.before(LOOK_BACK_S / 2), view.reading
    checked, misfits = now.checked - before.checked, now.misfits - before.misfits
    if checked < FEWEST_BATCHES or misfits / checked < (READ_WELL if standing else MISREAD):
        return None
    read, other = ("PCMU", "PCM16") if view.leg.encoding == "pcmu" else ("PCM16", "PCMU")
    return Sign(
        f"Wrong codec: the sound is read as {read} and looks like {other}",
        (
            f"read as {read}, {misfits} of {checked} pieces of the last {now.at - before.at:.0f} s are loud noise;"
            f" read as {other} they are not",
            "nobody who listens hears a word of it",
        ),
        f"If frames say nothing about themselves, set --audio-format {other.lower()}; else have the sender label what"
        f" it sends: {other}, not {read}.",
    )


# -- silence ----------------------------------------------------------------------------------------------


def _no_audio(view: View, standing: bool) -> Sign | None:
    since, last_at = view.flows_since, view.pacing.last_arrival
    if since is None:
        return None
    open_s = view.now - since
    since_s = open_s if last_at is None else min(open_s, view.now - last_at)
    if since_s < view.targets.dead_air_after_s:
        return None
    inbound_at = view.link.last_inbound_at
    if inbound_at is None or view.now - inbound_at > since_s - 0.1:
        others = f"nothing else comes either: replaced as stale after {span_words(view.targets.stale_after_s)}"
    else:
        others = f"other messages still come, the last one {span_words(view.now - inbound_at)} ago"
    ever = f"{view.pacing.frames} frames had come before" if view.pacing.frames else "none has come on this call"
    if inbound_at is None:
        return Sign(f"Connected for {open_s:.0f} s, but not one message came", (others,))
    return Sign(f"No audio for {since_s:.0f} s, though the connection is open", (others, ever))


def _quiet_s(view: View) -> list[float]:
    """Return for each channel how long nobody has been heard on it."""
    since = view.now if view.flows_since is None else view.flows_since
    return [view.now - max(meter.sound_until or 0.0, since) for meter in view.leg.meters]


def _dead_air(view: View, standing: bool) -> Sign | None:
    quiet = _quiet_s(view)
    if not quiet or view.flows_since is None or min(quiet) < view.targets.dead_air_after_s:
        return None
    return Sign(
        f"Dead air: nobody has spoken for {min(quiet):.0f} s{_whose_turn(view)}",
        tuple(_channel(name, meter, view) for name, meter in zip(view.leg.channels, view.leg.meters, strict=True)),
    )


def _whose_turn(view: View) -> str:
    """Name the side from which something is due: the one that did not speak last."""
    turn, channels, meters = view.call.turns.current, view.leg.channels, view.leg.meters
    if turn is not None and turn.answered_at is None:
        return "; the bot owes an answer"
    if set(channels) != {"caller", "bot"}:
        return ""
    last = max(zip(channels, meters, strict=True), key=lambda one: one[1].sound_until or -math.inf)
    if last[1].sound_until is None:
        return ""
    return "; it is the bot's turn" if last[0] == "caller" else "; the bot spoke last"


def _one_way_audio(view: View, standing: bool) -> Sign | None:
    quiet, limits, leg = _quiet_s(view), view.targets, view.leg
    if len(quiet) < 2 or view.flows_since is None:
        return None
    least, most = quiet.index(min(quiet)), quiet.index(max(quiet))
    side, never = leg.channels[most], leg.meters[most].sound_until is None
    patience = 1 if never else LISTENS_AT_MOST
    if quiet[most] < patience * limits.one_way_after_s or quiet[least] >= limits.dead_air_after_s:
        return None
    if _spoken_s(view, least, quiet[most]) < (0.1 if never else SPOKEN_S):
        return None
    written = view.call.messages.get("transcript", 0)
    evidence = [
        _channel(side, leg.meters[most], view),
        f"the {leg.channels[least]} was heard {span_words(quiet[least])} ago",
    ]
    if side == "bot" and written:
        evidence.append("transcripts come: the bot speaks, its sound does not get here")
    return Sign(
        f"One-way audio: nothing from the {side} for {quiet[most]:.0f} s",
        tuple(evidence),
        severity=Severity.ERROR if never else Severity.WARNING,
    )


def _spoken(view: View, channel: int, window_s: float) -> tuple[float, float]:
    """Return energy and seconds of what was heard on a channel within the last `window_s`, a minute at most."""
    before, (energy, seconds) = view.before(window_s).loud, view.reading.loud[channel]
    earlier_energy, earlier_s = before[channel] if channel < len(before) else (0.0, 0.0)
    return energy - earlier_energy, seconds - earlier_s


def _spoken_s(view: View, channel: int, window_s: float) -> float:
    return _spoken(view, channel, window_s)[1]


def _spoken_level(view: View, channel: int, window_s: float) -> float | None:
    """Return how loud it was while somebody was heard, dBFS."""
    energy, seconds = _spoken(view, channel, window_s)
    return 10 * math.log10(energy / seconds) if seconds > 0.05 and energy > 0.0 else None


def _digital_silence(view: View, standing: bool) -> Sign | None:
    since = view.flows_since
    if since is None:
        return None
    found = [
        (name, meter, view.now - max(meter.signal_until or 0.0, since))
        for name, meter in zip(view.leg.channels, view.leg.meters, strict=True)
    ]
    silent = [one for one in found if one[2] >= DIGITAL_SILENCE_S]
    if not silent:
        return None
    name, meter, since_s = max(silent, key=lambda one: one[2])
    never = meter.signal_until is None
    return Sign(
        f"Digital silence on the {name} channel for {since_s:.0f} s",
        (
            "every sample is 0: a quiet room has noise, so this is a mute or nothing connected",
            "there has been nothing else on this channel" if never else "there had been sound on this channel before",
        ),
        severity=Severity.WARNING if never else Severity.INFO,
    )


def _channel(name: str, meter: LevelMeter, view: View) -> str:
    """Say what a silent channel holds: zeros, a quiet line, or somebody too soft to count."""
    level = meter.level
    if level is None:
        return f"{name}: nothing measured"
    zeros = meter.signal_until is None or view.now - meter.signal_until > 1.0
    what = "digital silence, every sample is 0: muted or not connected" if zeros else f"{level:.0f} dBFS"
    if not zeros:
        what += ": a quiet line" if level < -60 else ": somebody may speak too softly to count"
    return f"{name}: {what}"


# -- level ------------------------------------------------------------------------------------------------


def _too_quiet(view: View, standing: bool) -> Sign | None:
    limit = QUIET_NO_MORE_DBFS if standing else TOO_QUIET_DBFS
    seconds = view.now - view.before(LOOK_BACK_S).at
    for channel, name in enumerate(view.leg.channels):
        spoken_s = _spoken_s(view, channel, LOOK_BACK_S)
        level = _spoken_level(view, channel, LOOK_BACK_S)
        if level is not None and level < limit and SPOKEN_S <= spoken_s <= TALKS_AT_MOST * seconds:
            return Sign(
                f"The {name} is too quiet: {level:.0f} dBFS while speaking",
                (
                    f"measured over {span_words(spoken_s)} of speech; about -26 dBFS is usual on a telephone line",
                    f"raising it by {-26 - level:.0f} dB would make it so",
                ),
            )
    return None


def _clipping(view: View, standing: bool) -> Sign | None:
    before, now = view.before(LOOK_BACK_S / 2), view.reading
    runs, seconds = now.clipped - before.clipped, max(1.0, now.at - before.at)
    if runs < (1 if standing else 3) or runs / seconds < (CLIPPED_NO_MORE_PER_S if standing else CLIPPED_PER_S):
        return None
    loudest = max(range(len(now.loud)), key=lambda channel: _spoken_level(view, channel, LOOK_BACK_S / 2) or -math.inf)
    return Sign(
        f"Clipped: the {view.leg.channels[loudest]} is over full scale",
        (f"{runs} times in the last {seconds:.0f} s three or more samples in a row were at full scale",),
    )


WRONG_CODEC = Rule(
    name="wrong_codec",
    severity=Severity.ERROR,
    means="Samples are read as another encoding than they were made in (PCMU as PCM16, or the reverse): loud noise.",
    remedy="Set --audio-format to what the sender sends, or have it label its frames with the right encoding.",
    sign=_wrong_codec,
    explains=_SILENCES | {"clipping", "sender_gaps", "clock_drift", "high_jitter", "sender_batching"},
    clear_after_s=3.0,
)

NO_AUDIO = Rule(
    name="no_audio",
    severity=Severity.ERROR,
    means="The connection is open and no audio frame comes, of speech or of silence.",
    remedy="Have the sender's media checked: the session lives and its audio does not; press r for a new connection.",
    sign=_no_audio,
    explains=_SILENCES,
    clear_after_s=2.0,
)

DEAD_AIR = Rule(
    name="dead_air",
    severity=Severity.ERROR,
    means="Frames come on time and nobody speaks on either side.",
    remedy="Look at whose turn it is: the bot's flow may wait for input, or the caller may not hear the question.",
    sign=_dead_air,
    explains=frozenset({"one_way_audio", "digital_silence"}),
    clear_after_s=2.0,
)

ONE_WAY_AUDIO = Rule(
    name="one_way_audio",
    severity=Severity.ERROR,
    means="One side is heard and the other has been silent for long.",
    remedy="Check the silent side's mute, media path and mixing; digital silence points to the sender.",
    sign=_one_way_audio,
    explains=frozenset({"digital_silence"}),
    clear_after_s=2.0,
)

DIGITAL_SILENCE = Rule(
    name="digital_silence",
    severity=Severity.WARNING,
    means="A channel holds nothing but zeros, which no room and no line does: muted, or not connected.",
    remedy="Check the mute, and what the sender puts on that channel.",
    sign=_digital_silence,
    clear_after_s=3.0,
)

TOO_QUIET = Rule(
    name="too_quiet",
    severity=Severity.WARNING,
    means="Somebody speaks far below the usual level: recognition suffers first.",
    remedy="Raise the gain of that side (microphone, trunk, speech synthesis), or have a gain control put in.",
    sign=_too_quiet,
    clear_after_s=5.0,
)

CLIPPING = Rule(
    name="clipping",
    severity=Severity.WARNING,
    means="Samples are cut off at full scale: it crackles, and recognition suffers.",
    remedy="Lower the gain of that side (microphone, trunk, speech synthesis).",
    sign=_clipping,
    clear_after_s=5.0,
)
