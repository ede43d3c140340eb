"""From settings to a call that we make in Genesys' place, in this process."""

from __future__ import annotations

import uuid
from pathlib import Path

from dashboard.call.events import Targets
from dashboard.cli.settings import Settings
from dashboard.clock import Clock, SystemClock
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_client import CLOSED_WITHIN_S, Offer
from dashboard.dialects.audiohook_connector import OFFERS
from dashboard.errors import ConfigError
from dashboard.media.g711 import pcmu_to_linear
from dashboard.media.levels import SILENCE_DBFS
from dashboard.media.wav import WavError, sound_ends_s
from dashboard.media.wav import speech as speech_of
from dashboard.simulator.voices import clip, clip_texts
from dashboard.transport.tls import client_context
from dashboard.wiretext import safe_url
from dashboard.worker.conduct import Script, Speech
from dashboard.worker.dialled import DialledCall, DialOptions

SAYS = ("caller-where", "caller-number", "caller-thanks")
"""The clips that a caller says who has no WAV file."""

_CALLER = "caller-"
_KEYLESS = "callscope"

_NOBODY = ("tel:+15550100", "tel:+15550199")
_STOP_S = 4.5
"""A screen waits no longer for a call to close; without one, the protocol's own limit counts."""


def dialled(settings: Settings, call_id: str, *, attended: bool, clock: Clock | None = None) -> DialledCall:
    """Return the source of the call. attended: somebody sits at a screen and ends it.

    Raises:
        ConfigError: no address; a WAV or CA file that cannot be used.
    """
    script = Script(
        speeches(settings),
        settings.dtmf or "",
        interrupts=settings.barge_in,
        repeats=attended and not settings.wav,
        leaves=not attended,
    )
    options = DialOptions(
        call_id=call_id,
        url=address(settings),
        endpoint=safe_url(address(settings)),
        offer=offer(settings),
        access=access(settings),
        script=script,
        targets=_targets(settings),
        audio_limit=settings.audio_queue,
        control_limit=settings.control_queue,
        drop_policy=settings.drop_policy,
        clips=tuple(name.removeprefix(_CALLER) for name in clip_texts() if name.startswith(_CALLER)),
        stays=attended,
        stop_s=_STOP_S if attended else CLOSED_WITHIN_S + 0.5,
    )
    return DialledCall(options, clock or SystemClock(), tls=client_context(settings.ca_file), find=find)


def address(settings: Settings) -> str:
    """Return whom to call; raises ConfigError if nobody is named."""
    if settings.url is None:
        raise ConfigError(
            "there is no bot to call", remedy="callscope call wss://…; callscope simulate --connector is one to try."
        )
    return settings.url


def access(settings: Settings) -> Access:
    """Return how we get in: with the first of the keys."""
    keys = settings.hook_keys
    return Access.of_entry(keys[0].get_secret_value()) if keys else Access(_KEYLESS)


def offer(settings: Settings) -> Offer:
    """Return what we say of ourselves; nobody that there is."""
    session, organization, conversation, participant, correlation = (str(uuid.uuid4()) for _ in range(5))
    variables = dict(one.split("=", 1) for one in settings.input)
    return Offer(
        session,
        organization,
        conversation,
        participant,
        correlation,
        media=tuple(OFFERS[name] for name in settings.media),
        language=settings.language,
        ani=_NOBODY[0],
        dnis=_NOBODY[1],
        extra={"inputVariables": variables} if variables else {},
    )


def speeches(settings: Settings) -> tuple[Speech, ...]:
    """Return what the caller says; raises ConfigError."""
    return tuple(wav_speech(path) for path in settings.wav) or tuple(map(clip_speech, SAYS))


def wav_speech(path: Path) -> Speech:
    """Return what a WAV file says; raises ConfigError."""
    try:
        samples = speech_of(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", remedy="Name another WAV file.") from None
    except WavError as error:
        raise ConfigError(f"{path}: {error}", remedy="Name another WAV file.") from None
    return Speech(path.name, samples, sound_ends_s(samples, SILENCE_DBFS))


def clip_speech(name: str) -> Speech:
    """Return what a clip that comes with callscope says; raises KeyError."""
    found = clip(name)
    samples = pcmu_to_linear(found.ulaw)
    return Speech(found.text, samples, sound_ends_s(samples, SILENCE_DBFS))


def find(text: str) -> Speech | None:
    """Return what the operator means: a clip by its name or its words, or a WAV file by its path."""
    wanted = text.strip()
    for name, words in clip_texts().items():
        if wanted.lower() in (name, name.removeprefix(_CALLER), words.lower()):
            return clip_speech(name)
    path = Path(wanted).expanduser()
    if path.suffix.lower() == ".wav" and path.is_file():
        try:
            return wav_speech(path)
        except ConfigError:
            return None
    return None


def _targets(settings: Settings) -> Targets:
    return Targets(
        spike_s=settings.spike_ms / 1000,
        buffer_s=settings.buffer_ms / 1000,
        silent_failure_after_s=settings.silent_failure_after,
        dead_air_after_s=settings.dead_air_after,
        one_way_after_s=settings.one_way_after,
    )
