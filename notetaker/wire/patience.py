"""How long to wait before a remedy that did not help is tried again. Outlives sessions: see ``DecryptWatch``."""

FIRST_S = 120.0
MAX_S = 3600.0
HELPED_S = 30.0


class Patience:
    """Growing pauses in one guild, by what they are for: a user's id, or one of the constants."""

    SESSION = 0
    """A new session."""
    RESUMED = -1
    """Rejoining the group because nobody is heard after a resume."""

    def __init__(self) -> None:
        self._pauses: dict[int, tuple[float, float]] = {}  # when it began, and its length

    def over(self, what: int, now: float) -> bool:
        return now >= self.until(what, now)

    def until(self, what: int, now: float) -> float:
        """Return when the pause is over; ``now`` if there is none."""
        began, length = self._pauses.get(what, (now, 0.0))
        return began + length

    def begin(self, what: int, now: float) -> None:
        """Begin a pause twice as long as the last one, or a first one if that is long over."""
        began, length = self._pauses.get(what, (now, 0.0))
        fresh = now > began + 2 * length
        self._pauses[what] = now, FIRST_S if fresh or not length else min(2 * length, MAX_S)

    def helped(self, what: int) -> None:
        """Shorten the pause, because the remedy helped: what is wrong now is something else."""
        if what in self._pauses:
            self._pauses[what] = self._pauses[what][0], HELPED_S
