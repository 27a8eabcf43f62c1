"""Which fault comes when, and where: the same seed, the same plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from tests.chaos.faults import Fault


def laps(classes: Mapping[str, Sequence[Fault]], random: Random) -> Iterator[list[Fault]]:
    """Without end: in every lap each class once, in another order, with the variant that is due."""
    due = {name: random.sample(variants, len(variants)) for name, variants in classes.items()}
    lap = 0
    while True:
        chosen = [variants[lap % len(variants)] for variants in due.values()]
        random.shuffle(chosen)
        yield chosen
        lap += 1


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
