import pytest

from notetaker.wire.close_codes import CLOSE_CODES, Rung, close_code

DOCUMENTED = [4001, 4002, 4003, 4004, 4005, 4006, 4009, 4011, 4012, 4014, 4015, 4016, 4017, 4020, 4021, 4022]
"""Discord docs, Opcodes and Status Codes, Voice Close Event Codes, as of 2026-08-06."""


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_a_row(code: int) -> None:
    assert code in CLOSE_CODES


def test_4006_gets_a_fresh_pair() -> None:
    assert close_code(4006).rung is Rung.NEW_SESSION


@pytest.mark.parametrize("code", [4016, 4017])
def test_what_no_retry_can_mend_stops_and_says_what_to_do(code: int) -> None:
    assert close_code(code).rung is Rung.STOP
    assert close_code(code).advice


def test_a_cut_connection_is_1006_and_an_unknown_code_is_safe() -> None:
    assert close_code(None) is CLOSE_CODES[1006]
    assert close_code(4999).rung is Rung.NEW_SESSION
