"""Notices when frames can no longer be decrypted although there is a key for them.

The remedy is to rejoin the group (opcode 31), which a member may do at any time; if that does not help, only a new
session does. Three things look the same and are harmless:

- The commit is still on its way. So nothing is decided before a heartbeat sent since then has been acknowledged:
  everything that the voice server sent earlier has arrived by then.
- Frames of the old epoch follow a commit, or frames of the new one arrive while we recover.
- One speaker has a broken client. It costs one recovery a minute while anyone else can be heard.
"""

from dataclasses import dataclass
from enum import Enum

from notetaker.wire.dave import DaveGroup

FRAMES = 36
"""Failures in a row, 0.7 s of speech; @discordjs/voice tolerates as many (discord.js, DAVESession.ts)."""
GRACE_S = 1.0
"""How long nothing counts after new keys or a resumed websocket."""
CHANCE_S = 5.0
"""How long a recovery may wait for its commit or welcome."""
PAUSE_S = 60.0
"""Minimum time between two recoveries because of the same speaker."""


class Advice(Enum):
    PROBE = "send a heartbeat, to learn whether something is still on its way"
    RECOVER = "rejoin the group"
    END = "end the session"


@dataclass(slots=True)
class _Run:
    decrypted: int
    started: float
    frames: int = 0


class DecryptWatch:
    """Counts failures per speaker. A frame that is decrypted costs nothing here."""

    def __init__(self, group: DaveGroup) -> None:
        self._group = group
        self._runs: dict[int, _Run] = {}
        self._count_from = 0.0
        self._pause_until: dict[int, float] = {}
        self._heard: int | None = None  # by the last recovery

    def restart(self, now: float) -> None:
        """Start over: the keys have changed, or the websocket is back."""
        self._runs.clear()
        self._count_from = now + GRACE_S

    def refused(self, user_id: int, now: float, proved: float) -> Advice | None:
        """Count a frame of ``user_id`` that its key did not decrypt, and return what to do.

        ``proved`` is when the last acknowledged heartbeat was sent.
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
