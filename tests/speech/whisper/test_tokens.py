"""Tokens, compared with those of Hugging Face's ``tokenizers`` 0.23 for the same ``tokenizer.json``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.speech.whisper.tokens import Tokens
from tests.speech.installed import model


@pytest.fixture(scope="session")
def tokens() -> Tokens:
    return Tokens(model() / "tokenizer.json")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            " Ada Lovelace, Chloe, Ben, Zoë.",
            [32276, 6130, 779, 617, 11, 29694, 11, 3964, 11, 10337, 15101, 13],
        ),
        (
            " Hello world! It's 3.5% of 1,000 — don't you think?",
            [
                2425,
                1002,
                0,
                467,
                311,
                805,
                13,
                20,
                4,
                295,
                502,
                11,
                1360,
                3466,
                500,
                380,
                291,
                220,
                21074,
                30,
            ],
        ),
        (
            " Größe: 5 m²  and  spaces\n\nnew",
            [45778, 11451, 25, 1025, 275, 27643, 220, 293, 220, 7673, 198, 198, 7686],
        ),
        (" 日本語のテスト です。", [220, 27311, 31348, 2972, 22985, 40498, 26063, 1543]),
        (" 🦊 emoji #hash_tag", [7385, 99, 232, 31595, 3536, 71, 1299, 62, 25030]),
        ("'tis we'll I'm", [380, 271, 321, 603, 286, 478]),
    ],
)
def test_a_text_has_the_tokens_it_has_elsewhere(tokens: Tokens, text: str, expected: list[int]) -> None:
    assert tokens.encode(text) == expected
    assert tokens.decode(expected) == text


def test_any_text_comes_back(tokens: Tokens) -> None:
    @given(st.text())
    def comes_back(text: str) -> None:
        assert tokens.decode(tokens.encode(text)) == text

    comes_back()


def test_no_text_makes_a_special_token(tokens: Tokens) -> None:
    assert max(tokens.encode("<|endoftext|> <|nospeech|>")) < tokens.end


def test_special_tokens_and_timestamps_have_no_text(tokens: Tokens) -> None:
    said = tokens.encode(" Yes.")
    generated = [tokens.start, tokens.language("en"), 50364, *said, 50400, tokens.end]
    assert tokens.decode(generated) == " Yes."
    assert tokens.text_only(generated) == said


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", " Mr. Ada's well-meant “idea”!", [" Mr.", " Ada's", " well-meant", " “idea”!"]),
        ("en", " at 3.5%, at 9:30", [" at", " 3.5%,", " at", " 9:30"]),
        ("de", " Größe: fünf.", [" Größe:", " fünf."]),
        ("ja", "日本語です。", ["日本", "語", "です。"]),
        ("en", "", []),
    ],
)  # fmt: skip
def test_tokens_make_words(tokens: Tokens, language: str, text: str, words: list[str]) -> None:
    found = tokens.words(tokens.encode(text), language)
    assert [word.text for word in found] == words
    assert sum(word.tokens for word in found) == len(tokens.encode(text))
