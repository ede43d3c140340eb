"""The few AppFoundry messages that a host sends and reads (appfoundry.md, section 5), as JSON text."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from dashboard.simulator.dialogue import Intent, Transcript
from dashboard.simulator.voices import AudioFormat


def session_start(session_id: str, conversation_id: str) -> dict[str, Any]:
    return {"type": "sessionStart", "sessionId": session_id, "conversationId": conversation_id}


def status(word: str) -> dict[str, Any]:
    return {"type": "status", "status": word}


def transcript(said: Transcript) -> dict[str, Any]:
    return {"type": "transcript", "text": said.text, "isFinal": said.final, "speaker": said.who}


def intent(matched: Intent) -> dict[str, Any]:
    message: dict[str, Any] = {"type": "intent", "intent": matched.name}
    return message if matched.confidence is None else {**message, "confidence": matched.confidence}


def audio(sound: bytes, form: AudioFormat, index: int) -> dict[str, Any]:
    """One frame; `index` counts the frames of the session from 0, dropped ones included."""
    payload: dict[str, Any] = {
        "audio": base64.b64encode(sound).decode(),
        "encoding": form.encoding,
        "sampleRate": form.rate,
        "channels": form.channels,
    }
    if form.position:
        payload |= {"seq": index, "position": round(index * form.frame_s, 6)}
    return {"type": "audio", "payload": payload}


@dataclass(frozen=True, slots=True)
class Resume:
    """The client wants to go on with a session."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """The client says something to the bot."""

    text: str


def read(text: bytes) -> Resume | Utterance | None:
    """Read a client's message; None for anything else than the two that there are."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match message:
        case {"type": "reconnect", "sessionId": str(session_id)}:
            return Resume(session_id)
        case {"type": "event", "event": "userInput", "data": {"text": str(said)}}:
            return Utterance(said)
    return None
