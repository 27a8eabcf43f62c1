"""The same seed, the same campaign; and no class is left out."""

from itertools import islice
from random import Random

from notetaker.model.failure import CLOSE_CODES
from tests.campaigns.chaos import disasters, faults, plan

ROOMS = 12


def test_the_same_seed_makes_the_same_plan() -> None:
    def made(seed: int) -> list[list[list[str]]]:
        random = Random(seed)
        laps = islice(plan.laps(faults.catalogue(), random), 3)
        return [[[str(f) for f in queue] for queue in plan.deal(lap, ROOMS, random)] for lap in laps]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_every_lap_has_every_class_and_no_variant_twice() -> None:
    classes = faults.catalogue()
    for lap in islice(plan.laps(classes, Random(1)), 5):
        assert {fault.name for fault in lap} == set(classes)
        assert len({str(fault) for fault in lap}) == len(lap)


def test_every_variant_comes_before_any_comes_again() -> None:
    classes = faults.catalogue()
    most = max(len(variants) for variants in classes.values())
    laps = list(islice(plan.laps(classes, Random(1)), -(-most // plan.AT_ONCE)))
    seen = {str(fault) for lap in laps for fault in lap}
    assert seen == {str(fault) for variants in classes.values() for fault in variants}


def test_every_fault_is_dealt_once_and_the_work_is_shared() -> None:
    lap = next(plan.laps(faults.catalogue(), Random(1)))
    queues = plan.deal(lap, ROOMS, Random(1))
    assert sorted(str(f) for queue in queues for f in queue) == sorted(str(f) for f in lap)
    shares = [sum(fault.takes_s for fault in queue) for queue in queues]
    assert max(shares) <= max(2 * sum(shares) / ROOMS, max(fault.takes_s for fault in lap))


def test_every_close_code_is_tried_in_mid_session_and_at_every_step() -> None:
    classes = faults.catalogue()
    for code in [*CLOSE_CODES, faults.UNDOCUMENTED]:
        assert f"closed with {code}" in classes
        for step in faults.STEPS:
            assert str(code) in {f.variant for f in classes[f"closed in the handshake, at {step}"]}


def test_classes_have_names_of_their_own() -> None:
    names = [disaster.fault.name for disaster in disasters.catalogue()]
    assert len({*names, *faults.catalogue()}) == len(names) + len(faults.catalogue())
