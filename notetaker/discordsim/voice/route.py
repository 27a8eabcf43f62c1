"""The network between the SFU and one receiver: it loses, delays and duplicates packets."""

from random import Random

from notetaker.discordsim.voice.faults import Faults

DELAY_S = (0.03, 0.12)
"""Shortest and longest delay: one to six packets of 20 ms overtake a delayed one."""


class Route:
    """The network between the SFU and one receiver, for one sender's packets, in the order they are sent.

    The fate of the nth audio packet depends on the seed, the two users and n alone.
    """

    def __init__(self, faults: Faults, sender: int, receiver: int) -> None:
        self.noticeable_losses = 0
        """Packets lost with a delivered one before and after them: the only ones that the receiver can notice."""
        self._faults = faults
        self._sound = Random(f"{faults.seed} {sender} {receiver} sound")
        self._padding = Random(f"{faults.seed} {sender} {receiver} padding")
        self._delivered_any = False
        self._lost_since = 0

    def arrivals(self, *, sound: bool) -> list[float]:
        """Return the seconds after which the next packet arrives: one, two or none.

        The first one delivered is not delayed: DAVE decryptors refuse frames older than the first one they have seen
        (libdave, ``CryptorManager::CanProcessNonce``), so nobody could decrypt it.
        """
        faults = self._faults
        random = self._sound if sound else self._padding
        loss, duplicate, late = (random.random() for _ in range(3))
        delay, again = (random.uniform(*DELAY_S) for _ in range(2))
        if loss < faults.loss_chance:
            self._lost_since += self._delivered_any
            return []
        self.noticeable_losses += self._lost_since
        self._lost_since = 0
        first = delay if late < faults.delay_chance and self._delivered_any else 0.0
        self._delivered_any = True
        return [first, first + again] if duplicate < faults.duplicate_chance else [first]
