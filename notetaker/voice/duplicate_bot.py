"""Detects another process that uses this bot's token.

The session id in a voice state is that of the main-gateway session which asked for it (discord-api-docs#1724). One
that is shown for our own user and belongs to no session of this process is another process's: two processes with one
token take the voice sessions away from each other, which both see as 4006 (discord.py#9634, Magma#9).

The rule applies only once it has proven true: after Discord has shown us a session of our own.
"""

import logging

from notetaker.model import events
from notetaker.model.voice import VoiceState

log = logging.getLogger(__name__)

MEMORY_S = 600.0
"""Seconds for which a sighting is named as the likely reason for failures."""

DUPLICATE = (
    "Another process is using this bot's token: it has joined a voice channel with a session that is not ours. "
    "Two bots with one token throw each other out of voice (4006); stop the other one, or reset the token."
)


class DuplicateDetector:
    def __init__(self) -> None:
        self._ours: set[str] = set()
        self._proven = False
        self._seen_at: float | None = None

    def session_began(self, session_id: str) -> None:
        """Remember a main-gateway session of this process."""
        self._ours.add(session_id)

    def is_foreign(self, state: VoiceState, now: float) -> bool:
        """Return True if a voice state of our own user is another process's, and no remnant of an earlier one."""
        if state.session_id in self._ours:
            self._proven = True
        if state.session_id in self._ours or state.snapshot or not self._proven:
            return False
        if state.channel_id is not None:
            if self.duplicate(now) is None:
                log.critical("%s", DUPLICATE, extra=events.DUPLICATE_INSTANCE())
            self._seen_at = now
        return True

    def duplicate(self, now: float) -> str | None:
        """Return a sentence for people if another process was seen lately."""
        lately = self._seen_at is not None and now - self._seen_at <= MEMORY_S
        return DUPLICATE if lately else None
