"""Notices that we have gone deaf: frames that are refused one after the other although there is a key for them.

The group is then joined anew (opcode 31), which a member may do at any time; when that does not help, only another
session does. Three things look like deafness and are not:

- the commit is still on its way: nothing is decided before a heartbeat sent since then has been acknowledged, for
  what the voice server had sent before must have come by then;
- frames of the old epoch after a commit, and of the new one while we recover;
- one speaker whose client is broken: it costs one recovery a minute, as long as anyone else can be heard.
"""

from dataclasses import dataclass
from enum import Enum

from notetaker.wire.dave import DaveGroup

FRAMES = 36
"""Refused in a row, 0.7 s of speech: as many as @discordjs/voice tolerates (discord.js, DAVESession.ts)."""
GRACE_S = 1.0
"""After new keys or a resumed websocket nothing counts for so long."""
CHANCE_S = 5.0
"""A recovery has so long for its commit or welcome."""
PAUSE_S = 60.0
"""Between recoveries that the same speaker occasions."""


class Advice(Enum):
    PROBE = "send a heartbeat: is there something that has not come yet?"
    RECOVER = "join the group anew"
    END = "end the session"


@dataclass(slots=True)
class _Run:
    decrypted: int
    started: float
    frames: int = 0


class Deafness:
    """Counts per speaker, and only what is refused: a frame that is decrypted costs nothing here."""

    def __init__(self, group: DaveGroup) -> None:
        self._group = group
        self._runs: dict[int, _Run] = {}
        self._count_from = 0.0
        self._pause_until: dict[int, float] = {}
        self._heard: int | None = None  # by the last recovery

    def start_anew(self, now: float) -> None:
        """The keys have changed, or the websocket is back."""
        self._runs.clear()
        self._count_from = now + GRACE_S

    def refused(self, user_id: int, now: float, proved: float) -> Advice | None:
        """A frame of ``user_id`` was refused by its key.

        ``proved``: when the heartbeat was sent that was acknowledged last.
        """
        if now < self._count_from:
            return None
        decrypted = self._group.decrypted(user_id)
        run = self._runs.get(user_id)
        if run is None or run.decrypted != decrypted:
            run = self._runs[user_id] = _Run(decrypted, now)
        run.frames += 1
        if run.frames < FRAMES:
            return None
        self._group.undecryptable_runs += run.frames == FRAMES
        heard = self._group.decrypted()
        in_vain = self._heard == heard
        if not in_vain and now < self._pause_until.get(user_id, 0.0):
            return None
        if proved <= run.started:
            return Advice.PROBE if run.frames == FRAMES else None
        if in_vain:
            return Advice.END
        self._runs.clear()
        self._count_from = now + CHANCE_S
        self._pause_until[user_id] = now + PAUSE_S
        self._heard = heard
        return Advice.RECOVER
