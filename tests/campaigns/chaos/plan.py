"""Which fault comes when, and where: the same seed, the same plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from random import Random

from tests.campaigns.chaos.fault import Fault

AT_ONCE = 3
"""Variants of a class in a lap, at most."""


def laps(classes: Mapping[str, Sequence[Fault]], random: Random) -> Iterator[list[Fault]]:
    """Without end: in every lap each class, in another order, with the variants that are due."""
    due = [cycle(random.sample(variants, len(variants))) for variants in classes.values()]
    while True:
        chosen = [
            fault
            for variants, endless in zip(classes.values(), due, strict=True)
            for fault in islice(endless, min(AT_ONCE, len(variants)))
        ]
        random.shuffle(chosen)
        yield chosen


def deal(faults: Sequence[Fault], rooms: int, random: Random) -> list[list[Fault]]:
    """A queue for each room; they are over at about the same time."""
    queues: list[list[Fault]] = [[] for _ in range(rooms)]
    for fault in sorted(faults, key=lambda fault: -fault.takes_s):  # stable: equals stay in their order
        min(queues, key=_takes_s).append(fault)
    for queue in queues:
        random.shuffle(queue)
    return queues


def _takes_s(queue: Sequence[Fault]) -> float:
    return sum(fault.takes_s for fault in queue)
