"""The rules of AudioHook that a peer can break, by stable identifiers: the strict reading beside the tolerant one."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """One rule each; `RULES` says it in words. New ones are added, none renamed."""

    # the envelope
    BAD_VERSION = "bad_version"
    BAD_ID = "bad_id"
    ID_DIFFERS = "id_differs"
    BAD_SEQ = "bad_seq"
    SEQ_GAP = "seq_gap"
    BAD_ACK = "bad_ack"
    ACK_AHEAD = "ack_ahead"
    ACK_BACK = "ack_back"
    BAD_POSITION = "bad_position"
    POSITION_BACK = "position_back"
    POSITION_MISMATCH = "position_mismatch"
    NO_PARAMETERS = "no_parameters"
    BAD_PARAMETERS = "bad_parameters"
    UNKNOWN_TYPE = "unknown_type"
    WRONG_SIDE = "wrong_side"
    # the upgrade
    HEADER_MISSING = "header_missing"
    BAD_HEADER = "bad_header"
    ORGANIZATION_DIFFERS = "organization_differs"
    # the order of things
    NOT_OPENED = "not_opened"
    OPENED_LATE = "opened_late"
    OPEN_REPEATED = "open_repeated"
    OPENED_UNASKED = "opened_unasked"
    LANGUAGES_UNASKED = "languages_unasked"
    UPDATED_UNASKED = "updated_unasked"
    CLOSED_UNASKED = "closed_unasked"
    AFTER_CLOSE = "after_close"
    PAUSED_UNEXPECTED = "paused_unexpected"
    RESUMED_UNEXPECTED = "resumed_unexpected"
    PING_MISSING = "ping_missing"
    PONG_UNASKED = "pong_unasked"
    PONG_MISMATCH = "pong_mismatch"
    PONG_MISSING = "pong_missing"
    CLOSE_MISSING = "close_missing"
    # media
    MEDIA_NOT_OFFERED = "media_not_offered"
    AUDIO_UNEXPECTED = "audio_unexpected"
    AUDIO_EMPTY = "audio_empty"
    AUDIO_ODD = "audio_odd"
    GAP_MISPLACED = "gap_misplaced"
    # events
    EVENT_UNEXPECTED = "event_unexpected"
    NO_ENTITIES = "no_entities"
    BAD_ENTITY = "bad_entity"
    CHANNEL_UNKNOWN = "channel_unknown"
    FINAL_REPEATED = "final_repeated"
    # Audio Connector
    TURN_LATE = "turn_late"
    DISCONNECT_EARLY = "disconnect_early"
    RATE_EXCEEDED = "rate_exceeded"
    RATE_IGNORED = "rate_ignored"


RULES: dict[Rule, str] = {
    Rule.BAD_VERSION: 'version is the text "2"',
    Rule.BAD_ID: "id is a UUID",
    Rule.ID_DIFFERS: "id is that of the session in every message, and in the upgrade's header",
    Rule.BAD_SEQ: "seq is a whole number",
    Rule.SEQ_GAP: "seq begins at 1 and grows by 1 with every text message",
    Rule.BAD_ACK: "serverseq, and clientseq of a server, is a whole number",
    Rule.ACK_AHEAD: "nobody can have seen what was not sent yet",
    Rule.ACK_BACK: "the highest number seen does not become smaller",
    Rule.BAD_POSITION: "a client's message has a position, PT<seconds>S; a server's has none",
    Rule.POSITION_BACK: "the media position never goes back",
    Rule.POSITION_MISMATCH: "position = audio sent + discarded, also while paused",
    Rule.NO_PARAMETERS: "parameters is always an object, {} if empty",
    Rule.BAD_PARAMETERS: "required parameters are there, and all are of their type",
    Rule.UNKNOWN_TYPE: "there is no message of this type",
    Rule.WRONG_SIDE: "this message is for the other side to send",
    Rule.HEADER_MISSING: "the upgrade names organisation, session, correlation and key",
    Rule.BAD_HEADER: "organisation, session and correlation of the upgrade are UUIDs, its key is one that can be",
    Rule.ORGANIZATION_DIFFERS: "organizationId of open is the one of the upgrade",
    Rule.NOT_OPENED: "open comes first",
    Rule.OPENED_LATE: "opened comes within 5 s of open",
    Rule.OPEN_REPEATED: "there is one open in a session",
    Rule.OPENED_UNASKED: "opened answers an open, once",
    Rule.LANGUAGES_UNASKED: "opened tells languages only to who asked for them",
    Rule.UPDATED_UNASKED: "updated answers an update",
    Rule.CLOSED_UNASKED: "closed answers a close",
    Rule.AFTER_CLOSE: "nothing comes after close, or after closed",
    Rule.PAUSED_UNEXPECTED: "paused comes while audio flows, or answers pause",
    Rule.RESUMED_UNEXPECTED: "resumed comes while paused, or answers resume",
    Rule.PING_MISSING: "a client pings every 5 s",
    Rule.PONG_UNASKED: "pong answers a ping",
    Rule.PONG_MISMATCH: "clientseq of a pong is the seq of its ping",
    Rule.PONG_MISSING: "a ping is answered before the next one is due",
    Rule.CLOSE_MISSING: "a session is closed by close and closed before the socket is",
    Rule.MEDIA_NOT_OFFERED: "the media of opened is one of those offered, unchanged",
    Rule.AUDIO_UNEXPECTED: "audio comes between opened and close, not while paused, and where media was selected",
    Rule.AUDIO_EMPTY: "a frame holds audio",
    Rule.AUDIO_ODD: "a frame holds whole samples of all channels",
    Rule.GAP_MISPLACED: "what was discarded begins where the audio before it ends",
    Rule.EVENT_UNEXPECTED: "events come between opened and closed",
    Rule.NO_ENTITIES: "an event has at least one entity",
    Rule.BAD_ENTITY: "an entity has a type, and data as its type wants it",
    Rule.CHANNEL_UNKNOWN: "channelId is an index into the selected channels",
    Rule.FINAL_REPEATED: "the final transcript of an utterance is sent once",
    Rule.TURN_LATE: "bot_turn_response comes before the audio of its turn",
    Rule.DISCONNECT_EARLY: "disconnect completed comes when all audio has been played",
    Rule.RATE_EXCEEDED: "a bot sends 5 audio messages a second on average, and 25 at once",
    Rule.RATE_IGNORED: "after error 429 no audio comes for as long as its retryAfter says",
}
