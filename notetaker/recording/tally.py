"""Counts packets by user while some streams have no name yet."""

from collections import Counter

from notetaker.model.audio import UNKNOWN


class Tally:
    """What was counted as ``UNKNOWN``'s becomes theirs whose stream it turns out to be."""

    def __init__(self) -> None:
        self.by_user: Counter[int] = Counter()
        self._nameless: Counter[int] = Counter()  # of those, by SSRC, while nobody has claimed it

    def add(self, user_id: int, ssrc: int) -> None:
        self.by_user[user_id] += 1
        if user_id == UNKNOWN:
            self._nameless[ssrc] += 1

    def name(self, user_id: int, ssrc: int) -> None:
        nameless = self._nameless.pop(ssrc, 0)
        self.by_user += Counter({user_id: nameless, UNKNOWN: -nameless})  # keeps what is above zero

    def end_session(self) -> None:
        """SSRCs mean something else in the next session: what has no name now remains without."""
        self._nameless.clear()
