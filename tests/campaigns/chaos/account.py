"""The books of one meeting: what people sent, what reached the bot, what it stored, and what it counts as of no use.

They are kept in windows, one fault in each. What the bot cannot decrypt it holds for a while before giving it up, so
a window is settled later than it ends, and the next one has begun by then.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from notetaker.wire.receiver import HOLD_S
from tests.campaigns.chaos.journal import Tail
from tests.campaigns.chaos.judge import Evidence, missing, unheard, unmarked_s
from tests.campaigns.chaos.patience import comes_true
from tests.campaigns.chaos.truth import Delivered, Sent, Stored

UNDER_WAY_S = 3.0
"""When the machine is busy, what people sent last may still be on its way when their window closes."""
HELD_S = HOLD_S + 3.0
"""Longer than the bot holds what it cannot decrypt yet, and then marks as lost."""
COUNTED_S = 7.0
"""Longer than the bot takes to store its counts."""

SETTLING_POLL_S = 1.0
"""Of many windows, for a minute: a busy campaign would disturb those who speak."""


class Account:
    def __init__(
        self,
        folder: Path,
        delivered: Callable[[], list[Delivered]],
        given_up: Callable[[], int],
        held_s: float = HELD_S,
        counted_s: float = COUNTED_S,
        poll_s: float = SETTLING_POLL_S,
    ) -> None:
        """`folder` is the meeting's. `delivered` gives what has reached the bot since it was asked last; `given_up`,
        how many packets the bot counts as of no use, all in all.
        """
        self.window = Evidence()
        """The one that is open for what people send."""
        self.over = False
        """The meeting has ended: nothing is held any more."""
        self._delivered = delivered
        self._given_up = given_up
        self._held_s = held_s
        self._counted_s = counted_s
        self._poll_s = poll_s
        self._tail = Tail(folder)
        self._unsettled: list[Evidence] = []
        self._settled = 0  # of those given up

    def sent(self, packet: Sent) -> None:
        self.window.sent.append(packet)

    def read(self) -> None:
        """Takes in what has happened since the last time."""
        self.window.delivered += self._delivered()
        awaited = [(evidence, _keys(missing(evidence)) | unheard(evidence)) for evidence in self._unsettled]
        for event in self._tail.new():
            if isinstance(event, Stored):
                keys = {(event.ssrc, event.sequence), (event.sent_by, event.number)}
                late = next((evidence.late for evidence, those in awaited if keys & those), None)
                (self.window.stored if late is None else late).append(event)
            else:
                for evidence in (*self._unsettled, self.window):
                    if event not in evidence.gaps:
                        evidence.gaps.append(event)

    def close_window(self) -> Evidence:
        """The next one begins. The closed one is to be settled."""
        self.read()
        closed, self.window = self.window, Evidence()
        self._unsettled.append(closed)
        return closed

    async def settle(self, evidence: Evidence) -> None:
        """Returns when everything that reached the bot is accounted for, or nothing more can be expected."""
        await comes_true(lambda: self.over or self._is_heard(evidence), UNDER_WAY_S)
        await comes_true(lambda: self.over or self._is_complete(evidence), self._held_s, self._poll_s)
        await comes_true(
            lambda: self._is_complete(evidence) or self._is_accounted(evidence), self._counted_s, self._poll_s
        )
        evidence.dropped = min(self._unaccounted(), len(missing(evidence)))
        self._settled += evidence.dropped
        self._unsettled.remove(evidence)

    def _is_heard(self, evidence: Evidence) -> bool:
        self.read()
        return not unheard(evidence)

    def _is_complete(self, evidence: Evidence) -> bool:
        self.read()
        return not missing(evidence) and not unmarked_s(evidence)

    def _is_accounted(self, evidence: Evidence) -> bool:
        return not unmarked_s(evidence) and len(missing(evidence)) <= self._unaccounted()

    def _unaccounted(self) -> int:
        """Packets given up that no settled window has."""
        return self._given_up() - self._settled


def _keys(packets: list[Delivered]) -> set[tuple[int, int]]:
    return {(packet.ssrc, packet.sequence) for packet in packets}
