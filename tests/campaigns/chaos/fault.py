"""What is known of a fault: how it strikes, and what must come of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.campaigns.chaos.room import Room

Strike = Callable[[Room], Awaitable[None]]


class Expect(Enum):
    RECOVERED = "recovered"
    """Without help: the same meeting, and everybody is heard again."""
    ENDED = "ended and said"
    """The meeting ends, and the bot says why in the text channel."""


@dataclass(frozen=True)
class Fault:
    name: str
    """The class."""
    variant: str
    strike: Strike
    expect: Expect = Expect.RECOVERED
    lossless: bool = False
    """Sound goes on arriving, so every word must be in the journal, which tells of no gap."""
    says: bool = False
    """The bot has to say in the text channel what happened."""
    at_most_s: float | None = None
    """Without audio."""
    at_least_s: float = 0.0
    """Without audio: the bot has to wait."""
    same_session: bool = False
    """The voice session is not replaced, which lossless ones need not say."""
    within_s: float = 45.0
    """The expected must be so soon after the strike."""
    takes_s: float = 5.0
    """About; for a fair share of the work."""

    def __str__(self) -> str:
        return f"{self.name} ({self.variant})" if self.variant else self.name


def once(kind: str, **fields: Any) -> Strike:
    """It strikes the bot."""

    async def strike(room: Room) -> None:
        await room.fault(kind, **fields)

    return strike
