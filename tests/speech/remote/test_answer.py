"""Reading the answers of different servers."""

import json
from typing import Any

import pytest

from notetaker.speech.engine import Heard
from notetaker.speech.remote.answer import read


def heard(length_s: float = 10.0, **answer: Any) -> Heard:
    return read(json.dumps(answer).encode(), length_s)


def timed(*spellings: str) -> list[dict[str, object]]:
    return [
        {"word": spelling, "start": number / 2, "end": number / 2 + 0.5}
        for number, spelling in enumerate(spellings)
    ]


def spelled(text: str, *words: str) -> list[str]:
    return [word.text for word in heard(text=text, words=timed(*words)).words]


def test_bare_words_are_spelled_as_in_the_text() -> None:
    text = "“Well,” she said: ready? It's 5 o'clock, (nearly)."
    words = spelled(text, "Well", "she", "said", "ready", "It's", "5", "o'clock", "nearly")
    assert words == [" “Well,”", " she", " said:", " ready?", " It's", " 5", " o'clock,", " (nearly)."]


def test_words_with_blanks_stay_as_they_are() -> None:
    assert spelled(" Hello, Ada. Twenty-one.", " Hello,", " Ada.", " Twenty", "-one.") == [
        *(" Hello,", " Ada.", " Twenty-one."),
    ]


def test_tokens_inside_segments_become_words() -> None:
    tokens = timed(" Hel", "lo", ",", " Ada")
    tokens[1]["probability"] = 0.5
    found = heard(
        text=" Hello,\n Ada\n", segments=[{"words": tokens[:2]}, {"id": 1, "words": tokens[2:]}, {}]
    )
    hello, ada = found.words
    assert found.text == "Hello, Ada"
    assert (hello.text, hello.start_s, hello.end_s, hello.confidence) == (" Hello,", 0.0, 1.5, 0.5)
    assert (ada.text, ada.start_s, ada.end_s, ada.confidence) == (" Ada", 1.5, 2.0, 1.0)


def test_languages_without_blanks_get_none() -> None:
    assert spelled("今日は、晴れです。", "今日", "は", "晴れ", "です") == ["今日", "は、", "晴れ", "です。"]
    assert spelled("안녕 하세요", "안녕", "하세요") == [" 안녕", " 하세요"]


def test_no_word_of_the_text_is_lost_where_the_list_is_spelled_otherwise() -> None:
    text = "It costs $5, I think."
    words = spelled(text, "It", "costs", "five", "dollars", "I", "think")
    assert "".join(words).strip() == text
    assert words == [" It", " costs $5,", " I", " think."]
    assert spelled(text, "something", "else") == []
    assert spelled("a " + "b" * 200 + " c", "c") == []


@pytest.mark.parametrize(
    "words",
    [
        [{"word": "no", "start": float("nan"), "end": 1}],
        [{"word": "no", "start": 0, "end": float("inf")}],
        [{"word": "no", "start": -1, "end": 1}],
        [{"word": "no", "start": 2, "end": 1}],
        [{"word": "no", "start": 1e300, "end": 1e300}],
        [{"word": "no", "start": 3, "end": 4}, {"word": "no", "start": 1, "end": 2}],
        [{"word": "no", "start": 0, "end": 13}],
        [{"word": "no", "start": "0:00", "end": 1}],
        [{"word": "no", "start": 0, "end": 1, "probability": 7}],
        [{"word": None, "start": 0, "end": 1}],
        [{"start": 0, "end": 1}],
        ["no"],
        "no",
        {"no": 1},
        7,
    ],
)
def test_where_times_make_no_sense_the_text_stays(words: object) -> None:
    assert heard(text="no no", words=words) == Heard("no no")
    assert heard(text="no no", segments=[{"words": words}]) == Heard("no no")


@pytest.mark.parametrize("segments", [7, "no", [None], [{"words": 7}]])
def test_where_segments_make_no_sense_the_text_stays(segments: object) -> None:
    assert heard(text="no no", segments=segments) == Heard("no no")


def test_a_word_ends_with_its_clip_at_the_latest() -> None:
    [word] = heard(1.0, text="yes", words=[{"word": "yes", "start": 0.8, "end": 2.9}]).words
    assert (word.start_s, word.end_s) == (0.8, 1.0)


def test_silence_has_no_words() -> None:
    assert heard(text=" ", language="en", words=timed("you")) == Heard("", (), "en")


def test_control_characters_are_no_text() -> None:
    assert heard(text="a\0b\x1b[31m\r\nc").text == "a b [31m c"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        *(("English", "en"), ("de", "de"), (" german ", "de"), ("haitian creole", "ht"), ("yue", "yue")),
        *(("auto", None), ("", None), ("xx", None), (None, None), (7, None), (["en"], None)),
    ],
)
def test_languages_by_code_or_name(language: object, code: str | None) -> None:
    assert heard(text="a", language=language).language == code


def test_an_error_quotes_nothing() -> None:
    with pytest.raises(ValueError, match=r"text") as caught:
        heard(text=["what was said"])
    assert "what was said" not in str(caught.value)
