"""Parses what the voice gateway says about users and their streams.

Every function takes the JSON ``d`` of a message, and raises KeyError, TypeError, ValueError or AttributeError when it
is malformed. No audio stream has SSRC 0.
"""

from typing import Any

from notetaker.wire.messages import snowflake, uint


def speaking(data: Any) -> tuple[int, int]:
    """Opcode 5: return user id and SSRC."""
    return _user(data), uint(data["ssrc"], 32)


def video(data: Any) -> tuple[int, int]:
    """Opcode 12: return user id and SSRC of the audio. It may come without opcode 5 (discord-userdoccers)."""
    return _user(data), uint(data["audio_ssrc"], 32)


def clients_connect(data: Any) -> list[int]:
    """Opcode 11: return the ids of all who are there, or of those who have come."""
    return [user_id for user_id in map(snowflake, data["user_ids"]) if user_id is not None]


def client_disconnect(data: Any) -> int:
    """Opcode 13: return the id of who has left."""
    return _user(data)


def _user(data: Any) -> int:
    user_id = snowflake(data["user_id"])
    if user_id is None:
        raise TypeError
    return user_id
