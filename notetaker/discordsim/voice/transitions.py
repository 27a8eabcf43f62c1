"""Changes of a DAVE group that are announced, and executed when everybody concerned is ready.

Source: the DAVE whitepaper, "Commit Handling" and "Protocol Version Changes". It is told the time.
"""

from collections.abc import Iterable
from dataclasses import dataclass

TRANSITION_TIMEOUT_S = 2.0
"""DAVE whitepaper, "Member Remove": roughly two seconds."""


@dataclass
class _Transition:
    recipients: list[int]
    unready: set[int]
    deadline: float


class Transitions:
    def __init__(self) -> None:
        self._last = 0
        self._open: dict[int, _Transition] = {}

    def begin(self, recipients: Iterable[int], now: float) -> int:
        """Returns its id, which fits 16 bits and is not 0: that one has a meaning of its own."""
        self._last = self._last % 0xFFFF + 1
        concerned = list(recipients)
        self._open[self._last] = _Transition(concerned, set(concerned), now + TRANSITION_TIMEOUT_S)
        return self._last

    def ready(self, user_id: int, transition_id: int) -> bool:
        """Op 23; False if it was not waited for."""
        transition = self._open.get(transition_id)
        if transition is None or user_id not in transition.unready:
            return False
        transition.unready.discard(user_id)
        return True

    def stop_waiting_for(self, user_id: int) -> None:
        for transition in self._open.values():
            transition.unready.discard(user_id)

    @property
    def deadline(self) -> float | None:
        """When `expire` wants to be called."""
        return min((transition.deadline for transition in self._open.values()), default=None)

    def expire(self, now: float) -> None:
        """Those that are due wait for nobody any more."""
        for transition in self._open.values():
            if transition.deadline <= now:
                transition.unready.clear()

    def take_ready(self) -> list[tuple[int, list[int]]]:
        """Id and recipients of each that is to be executed now."""
        ready = [number for number, transition in self._open.items() if not transition.unready]
        return [(number, self._open.pop(number).recipients) for number in ready]
