"""Notices when frames can no longer be decrypted, and tells whose fault that is.

If the fault is ours, the remedy is to rejoin the group (opcode 31), which a member may do at any time, and if that
does not help, a new session. If it is the sender's, neither helps, and a new session would cost the words of everyone
else. Broken senders exist (discordgo#1701, nextcord#1294), and discord.js sends plain Opus while it is not ready. So:

- A sender that cannot be decrypted costs one recovery, because the fault may be ours. After that it counts as
  undecryptable until one of its frames can be decrypted, and is tried again after growing pauses.
- Only when at least two senders fail who have a key, and so does everybody else who was ever heard, does the session
  end. Who was heard and is merely silent shows that our keys are good, as far as anybody knows.

Two things look like a fault and are none:

- The commit is still on its way. So nothing is decided before a heartbeat sent since then has been acknowledged:
  everything that the voice server sent earlier has arrived by then.
- The others use the keys of the old epoch until a transition is executed (opcode 22; DAVE whitepaper,
  "Welcome Handling"), and after that a few of their frames are still in flight.
"""

from dataclasses import dataclass
from enum import Enum

from notetaker.wire.dave import TRANSITION_S, DaveGroup
from notetaker.wire.patience import Patience

FRAMES = 36
"""Failures in a row, 0.7 s of speech; @discordjs/voice tolerates as many (discord.js, DAVESession.ts)."""
RESUMED_FRAMES = 5
"""As many are enough after a websocket was lost: that may have cost our place in the group (DAVE whitepaper,
"Member Remove")."""
SILENT_S = 2.0
"""How long after a resume nobody may be heard until we rejoin the group to be sure: the last other member has
nobody to encrypt for, and may send nothing at all (DAVE whitepaper, "Sole member reset")."""
GRACE_S = 1.0
"""How long nothing counts after new keys."""
CHANCE_S = 5.0
"""How long a recovery may wait for its commit or welcome, and how long a sender may be without a key."""


class Advice(Enum):
    PROBE = "send a heartbeat, to learn whether something is still on its way"
    RECOVER = "rejoin the group"
    END = "end the session"


@dataclass(slots=True)
class _Failing:
    """A sender of whom nothing was decrypted since ``heard``."""

    decrypted: int
    """How many of its frames had been decrypted when it began to fail."""
    heard: int
    """How many of everybody's."""
    frames: int = 0
    """Failures in a row since the keys changed."""
    started: float = 0.0
    """When the first of these came."""
    counted: bool = False
    undecryptable: bool = False


class DecryptWatch:
    """Counts failures per sender. A frame that is decrypted costs nothing here."""

    def __init__(self, group: DaveGroup, patience: Patience) -> None:
        self._group = group
        self._patience = patience
        self._failing: dict[int, _Failing] = {}
        # Frames decrypted at the last recovery: of the sender that it was for, or of all.
        self._recovered: dict[int, int] = {}
        self._count_from = 0.0
        self._transition_until = 0.0
        self._severed = False
        self._heard = 0  # frames decrypted of all, at the last resume
        self.due: float | None = None
        """When to call ``handle_timeout``."""

    @property
    def undecryptable(self) -> tuple[int, ...]:
        """Ids of the users in the channel who cannot be decrypted, although everything was tried."""
        return tuple(user for user, one in self._failing.items() if one.undecryptable and self._fails(user))

    def restart(self, now: float) -> None:
        """Start over: the keys have changed."""
        self._begin(now + GRACE_S)
        self._transition_until = now + TRANSITION_S

    def severed(self) -> None:
        """Note that the websocket is lost. Until keys change, few failures are enough of those who were heard."""
        self._begin(0.0)
        self._severed = True

    def resumed(self, now: float) -> None:
        """Note that the websocket is back."""
        self._heard = self._group.decrypted()
        self.due = now + SILENT_S

    def handle_timeout(self, now: float) -> Advice | None:
        """Return what to do when nobody has been heard since the websocket is back."""
        self.due = None
        if not self._group.has_others or self._heard != self._group.decrypted():
            return None
        if self._heard != self._recovered.get(Patience.RESUMED, 0):
            self._patience.helped(Patience.RESUMED)
        if not self._patience.over(Patience.RESUMED, now):
            self.due = self._patience.until(Patience.RESUMED, now)
            return None
        self._patience.begin(Patience.RESUMED, now)
        self._recovered[Patience.RESUMED] = self._heard
        self._begin(now + CHANCE_S)
        return Advice.RECOVER

    def left(self, user_id: int) -> None:
        self._failing.pop(user_id, None)

    def refused(self, user_id: int, now: float, proved: float) -> Advice | None:
        """Count a frame of ``user_id`` that could not be decrypted, and return what to do.

        ``proved`` is when the last acknowledged heartbeat was sent.
        """
        group = self._group
        if now < self._count_from or (group.in_transition and now < self._transition_until):
            return None
        decrypted = group.decrypted(user_id)
        one = self._failing.get(user_id)
        if one is None or one.decrypted != decrypted:
            one = self._failing[user_id] = _Failing(decrypted, group.decrypted())
        if not one.frames:
            one.started = now
        one.frames += 1
        removed = (
            self._severed and one.frames >= RESUMED_FRAMES and one.decrypted > 0 and self._deaf_since(one)
        )
        waits_for_key = not group.has_key(user_id) and now < one.started + CHANCE_S
        if not removed and (one.frames < FRAMES or waits_for_key):
            return None
        known, one.counted = one.counted, True
        group.undecryptable_runs += not known and group.has_key(user_id)
        if proved <= one.started:
            return None if known else Advice.PROBE
        return self._decide(user_id, one, removed, now)

    def _decide(self, user_id: int, one: _Failing, removed: bool, now: float) -> Advice | None:
        patience = self._patience
        if one.decrypted > self._recovered.get(user_id, 0):
            patience.helped(user_id)
        if removed or patience.over(user_id, now):
            patience.begin(user_id, now)
            self._recovered[user_id] = one.decrypted
            self._begin(now + CHANCE_S)
            return Advice.RECOVER
        one.undecryptable = True
        if not self._deaf or not patience.over(Patience.SESSION, now):
            return None
        patience.begin(Patience.SESSION, now)
        return Advice.END

    @property
    def _deaf(self) -> bool:
        """True if two or more senders fail, and nobody is left who does not."""
        group = self._group
        if any(group.decrypted(user) and not self._fails(user) for user in group.others):
            return False
        failing = [one for user, one in self._failing.items() if one.frames >= FRAMES and group.has_key(user)]
        return sum(map(self._deaf_since, failing)) >= 2

    def _fails(self, user_id: int) -> bool:
        one = self._failing.get(user_id)
        return one is not None and one.decrypted == self._group.decrypted(user_id)

    def _deaf_since(self, one: _Failing) -> bool:
        """Return True if nobody has been heard since this sender began to fail."""
        return one.heard == self._group.decrypted()

    def _begin(self, count_from: float) -> None:
        for one in self._failing.values():
            one.frames, one.counted = 0, False
        self._severed = False
        self.due = None
        self._count_from = count_from
