"""Turns gateway payloads into the events that the voice stack receives (Discord docs, Gateway Events)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from notetaker.model.voice import (
    ChannelDeleted,
    SessionBegan,
    SessionResumed,
    VoiceEvent,
    VoiceServer,
    VoiceState,
)


def parse(payload: Mapping[str, Any], user_id: int | None) -> list[VoiceEvent]:
    """The voice events in a payload; ``user_id`` is the bot's own. Raises ValueError if it is malformed."""
    event, data = payload.get("t"), payload.get("d")
    reader = _READERS.get(event) if isinstance(event, str) else None
    if reader is None:
        return []
    try:
        return list(reader(data, user_id))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{event} without a usable {error}") from None


def _voice_state_update(data: Any, user_id: int | None) -> Iterable[VoiceEvent]:
    if data.get("guild_id"):  # a call between users has no guild
        yield _state(data, int(data["guild_id"]), snapshot=False)


def _voice_server_update(data: Any, user_id: int | None) -> Iterable[VoiceEvent]:
    if data.get("guild_id"):
        yield VoiceServer(int(data["guild_id"]), str(data["token"]), data.get("endpoint"))


def _guild_create(data: Any, user_id: int | None) -> Iterable[VoiceEvent]:
    """The voice state in which Discord shows the bot on arrival: left over from an earlier process."""
    guild_id = int(data["id"])
    for state in data.get("voice_states", ()):
        if int(state["user_id"]) == user_id:
            yield _state(state, guild_id, snapshot=True)


def _ready(data: Any, user_id: int | None) -> Iterable[VoiceEvent]:
    guild_ids = frozenset(int(guild["id"]) for guild in data["guilds"])
    yield SessionBegan(str(data["session_id"]), guild_ids, int(data.get("shard", (0,))[0]))


def _resumed(data: Any, user_id: int | None) -> Iterable[VoiceEvent]:
    yield SessionResumed()


def _channel_delete(data: Any, user_id: int | None) -> Iterable[VoiceEvent]:
    if data.get("guild_id"):
        yield ChannelDeleted(int(data["guild_id"]), int(data["id"]))


def _state(data: Any, guild_id: int, *, snapshot: bool) -> VoiceState:
    channel_id = data.get("channel_id")
    return VoiceState(
        guild_id=guild_id,
        channel_id=int(channel_id) if channel_id else None,
        user_id=int(data["user_id"]),
        session_id=str(data["session_id"]),
        deaf=bool(data.get("deaf", False)),
        snapshot=snapshot,
    )


_READERS: dict[str, Callable[[Any, int | None], Iterable[VoiceEvent]]] = {
    "VOICE_STATE_UPDATE": _voice_state_update,
    "VOICE_SERVER_UPDATE": _voice_server_update,
    "GUILD_CREATE": _guild_create,
    "READY": _ready,
    "RESUMED": _resumed,
    "CHANNEL_DELETE": _channel_delete,
}

EVENTS = tuple(f'"{event}"' for event in _READERS)
"""The event names as they appear in the JSON text of a message."""
