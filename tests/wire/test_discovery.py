from hypothesis import given
from hypothesis import strategies as st

from notetaker.wire.discovery import parse_response, request
from tests.wire.conversation import discovery_answer


def test_request_is_as_documented() -> None:
    assert request(0x01020304) == b"\x00\x01\x00\x46\x01\x02\x03\x04" + bytes(66)


def test_answer_tells_address_and_port() -> None:
    assert parse_response(discovery_answer("203.0.113.9", 40000, 5), 5) == ("203.0.113.9", 40000)


def test_answers_for_others_and_echoes_are_refused() -> None:
    assert parse_response(discovery_answer(ssrc=6), 5) is None
    assert parse_response(request(5), 5) is None


def test_every_other_length_is_refused() -> None:
    answer = discovery_answer(ssrc=5)
    assert all(parse_response(answer[:length], 5) is None for length in range(len(answer)))
    assert parse_response(answer + b"\0", 5) is None


def test_answer_without_address_or_port_is_refused() -> None:
    assert parse_response(discovery_answer("", 40000, 5), 5) is None
    assert parse_response(discovery_answer("203.0.113.9", 0, 5), 5) is None


@given(st.binary(min_size=74, max_size=74))
def test_any_bytes_are_understood_or_refused(data: bytes) -> None:
    parse_response(b"\x00\x02\x00\x46\x00\x00\x00\x05" + data[8:], 5)
