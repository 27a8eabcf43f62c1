"""Whether another process uses this bot's token.

The session id in a voice state is that of the main-gateway session which asked for it (discord-api-docs#1724). One
that is shown for our own user, and is of no session that this process has had, is somebody else's: two processes
with one token take the voice sessions away from each other, which both see as 4006 (discord.py#9634, Magma#9).

The rule is applied only once it has proven true: after Discord has shown us a session of our own.
"""

import logging

from notetaker.model import events
from notetaker.model.voice import VoiceState

log = logging.getLogger(__name__)

MEMORY_S = 600.0
"""How long a sighting is named as the likely cause of what goes wrong."""

DUPLICATE = (
    "Another process is using this bot's token: it has joined a voice channel with a session that is not ours. "
    "Two bots with one token throw each other out of voice (4006); stop the other one, or reset the token."
)


class Instances:
    def __init__(self) -> None:
        self._ours: set[str] = set()
        self._proven = False
        self._seen_at: float | None = None

    def session_began(self, session_id: str) -> None:
        """A main-gateway session of this process."""
        self._ours.add(session_id)

    def is_foreign(self, state: VoiceState, now: float) -> bool:
        """Judges a voice state of our own user. What Discord knew before we came may be of an earlier process."""
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
        """A sentence for people, when another process was seen lately."""
        lately = self._seen_at is not None and now - self._seen_at <= MEMORY_S
        return DUPLICATE if lately else None
