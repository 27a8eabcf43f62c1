import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.wire.messages import Message, parse_binary, parse_text, snowflake


def test_sequence_zero_is_a_sequence() -> None:
    # discord.js loses a JSON seq of 0 to truthiness.
    assert parse_text('{"op":5,"d":{},"seq":0}') == Message(5, {}, 0)
    assert parse_binary(b"\x00\x00\x19body") == Message(25, b"body", 0)


def test_binary_sequence_is_big_endian() -> None:
    assert parse_binary(b"\x01\x02\x1b\xff") == Message(27, b"\xff", 258)


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "null", "{}", '{"op":"5"}', '{"op":true}', "[" * 100_000, '{"op":1e3}']
)
def test_text_that_is_no_message_is_refused(text: str) -> None:
    assert parse_text(text) is None


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    parse_text(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_json_value_is_a_snowflake_or_none(value: object) -> None:
    result = snowflake(json.loads(json.dumps(value)))
    assert result is None or 0 <= result < 2**63


def test_snowflakes_come_as_strings_and_numbers() -> None:
    assert snowflake("80351110224678912") == snowflake(80351110224678912) == 80351110224678912
    assert snowflake("12a") is snowflake(True) is snowflake(-1) is snowflake("٣") is None


def test_zero_is_nobodys_id() -> None:
    assert snowflake("0") is None
    assert snowflake(0) is None
    assert snowflake("1") == 1
