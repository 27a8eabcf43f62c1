"""Discord's ids.

Source: Discord docs, Reference / Snowflakes: milliseconds since 2015-01-01 in the upper 42 bits, then worker, process
and a counter.
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Ids that only grow. ``clock`` returns Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        stamp = (int(self._clock() * 1000) - EPOCH_MS) << 22
        self._last = max(stamp, self._last + 1)
        return self._last


def created_s(snowflake: int) -> float:
    """Return when an id was made, in Unix seconds."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000


def timestamp(snowflake: int) -> str:
    """Return when an id was made, as Discord's ISO 8601 text."""
    return iso(created_s(snowflake))


def iso(unix_seconds: float) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="microseconds")


def new_token(user_id: int, random: Random) -> str:
    """Return a token in Discord's format: the id in base64, then two parts that are random here."""
    head = base64.urlsafe_b64encode(str(user_id).encode()).decode().rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return ".".join([head, "".join(random.choices(alphabet, k=6)), "".join(random.choices(alphabet, k=38))])
