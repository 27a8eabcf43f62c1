"""After a round of attempts has failed: nothing is done until something speaks for another one."""

from notetaker.voice.ports import JoinFailed

LEAST_S = 5.0
"""Voice activity within this time starts no other round."""


class Rest:
    def __init__(self) -> None:
        self.failure: JoinFailed | None = None
        """Why; None: nobody is resting."""
        self.since = 0.0
        """Monotonic seconds."""

    def begin(self, failure: JoinFailed, now: float) -> None:
        self.failure, self.since = failure, now

    def end(self) -> None:
        """That somebody asks for it is reason enough."""
        self.failure = None

    def stir(self, now: float) -> bool:
        """There is voice activity, or the health monitor comes by: whether that has ended the rest."""
        if self.failure is None or now < self.since + max(self.failure.pause_s, LEAST_S):
            return False
        self.failure = None
        return True

    def discord_is_back(self) -> None:
        """What failed because the main gateway was down is worth another try at once; a cool-down is kept."""
        if self.failure is not None and not self.failure.pause_s:
            self.failure = None
