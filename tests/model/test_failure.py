import pytest

from notetaker.model.failure import ABNORMAL, CLOSE_CODES, DeadPath, Failure, Rung, Step

DOCUMENTED = [4001, 4002, 4003, 4004, 4005, 4006, 4009, 4011, 4012, 4014, 4015, 4016, 4017, 4020, 4021, 4022]
"""Discord docs, Opcodes and Status Codes, Voice Close Event Codes, as of 2026-08-06."""


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_a_rung(code: int) -> None:
    assert code in CLOSE_CODES


@pytest.mark.parametrize(
    ("failure", "rung"),
    [
        (Failure(Step.IDENTIFY, 4006), Rung.NEW_SESSION),
        (Failure(Step.ESTABLISHED, 4014), Rung.WAIT),
        (Failure(Step.IDENTIFY, 4016), Rung.STOP),
        (Failure(Step.IDENTIFY, 4017), Rung.STOP),
        (Failure(Step.IDENTIFY, 4021), Rung.COOL_DOWN),
        (Failure(Step.ESTABLISHED, ABNORMAL), Rung.RESUME),
        (Failure(Step.ESTABLISHED, 4999), Rung.NEW_SESSION),
        (Failure(Step.DISCOVER, timed_out=True), Rung.NEW_SESSION),
        (Failure(Step.ESTABLISHED, path=DeadPath.MOVED), Rung.NEW_SESSION),
    ],
)
def test_a_failure_knows_its_rung(failure: Failure, rung: Rung) -> None:
    assert failure.rung is rung
