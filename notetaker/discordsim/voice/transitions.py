"""Changes of a DAVE group, announced first and executed when everybody concerned is ready.

Source: the DAVE whitepaper, "Commit Handling" and "Protocol Version Changes".
"""

from collections.abc import Iterable
from dataclasses import dataclass

TRANSITION_TIMEOUT_S = 2.0
"""How long to wait for members to be ready: "roughly two seconds" (DAVE whitepaper, "Member Remove")."""


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
        """Begin a transition and return its id, 16 bits and never 0, which has a meaning of its own."""
        self._last = self._last % 0xFFFF + 1
        concerned = list(recipients)
        self._open[self._last] = _Transition(concerned, set(concerned), now + TRANSITION_TIMEOUT_S)
        return self._last

    def ready(self, user_id: int, transition_id: int) -> bool:
        """Note that a user is ready (op 23). Return False if nothing waits for it."""
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
        """When to call ``expire``."""
        return min((transition.deadline for transition in self._open.values()), default=None)

    def expire(self, now: float) -> None:
        """Stop waiting in the transitions that are due."""
        for transition in self._open.values():
            if transition.deadline <= now:
                transition.unready.clear()

    def take_ready(self) -> list[tuple[int, list[int]]]:
        """Remove the transitions that can be executed, and return the id and recipients of each."""
        ready = [number for number, transition in self._open.items() if not transition.unready]
        return [(number, self._open.pop(number).recipients) for number in ready]
