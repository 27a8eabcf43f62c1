"""Signs of invented text."""

import pytest

from notetaker.speech.guards import (
    echoes,
    loops,
    no_words,
    recites,
    repetitive,
    too_few_words,
    too_many_words,
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No, no, no.",
        "I'm sorry. I'm sorry.",
        "We opened the new website on the first of March, and the search is still slow, but it works.",
        "Ja, das ist gut, das machen wir so, und dann sehen wir weiter.",
        "今日の会議では、新しいウェブサイトについて話しました。",
    ],
)
def test_what_people_say_is_believed(text: str) -> None:
    assert not repetitive(text)


@pytest.mark.parametrize(
    "text", ["I'm sorry. " * 12, "you " * 30, "今日は" * 40, "Thank you for watching. " * 8]
)
def test_the_same_over_and_over_is_not(text: str) -> None:
    assert repetitive(text)


@pytest.mark.parametrize(
    ("words", "speech_s", "doubted"),
    [(1, 2.1, True), (2, 2.1, False), (0, 2.1, True), (0, 1.9, False), (20, 29.0, True), (21, 29.0, False)],
)
def test_few_words_in_much_speech_are_doubted(words: int, speech_s: float, doubted: bool) -> None:
    assert too_few_words("word " * words, speech_s) is doubted


@pytest.mark.parametrize(
    ("words", "speech_s", "doubted"), [(4, 0.3, False), (5, 0.3, True), (63, 10.0, False), (64, 10.0, True)]
)
def test_more_words_than_anybody_says_are_doubted(words: int, speech_s: float, doubted: bool) -> None:
    assert too_many_words("word " * words, speech_s) is doubted


@pytest.mark.parametrize("text", ["", "... ...", "♪ ♪", "Ssssssss…", "S-s-s-s-s-s-s-s."])
def test_what_is_no_word(text: str) -> None:
    assert no_words(text)


@pytest.mark.parametrize("text", ["Mmm.", "A", "1", "Ja.", "はい", "Hmm, hmm.", "OK."])
def test_what_is_one(text: str) -> None:
    assert not no_words(text)


@pytest.mark.parametrize(
    ("text", "echo"),
    [
        ("Thank you very much. Thank you very much.", True),
        ("That sounds good. That sounds good. That sounds good.", True),
        ("No problem, no problem, no problem, no problem,", True),
        ("no problem, no problem,", False),
        ("Yes yes yes.", False),
        ("Thank you very much. Thank you all.", False),
        ("", False),
    ],
)
def test_a_sentence_that_comes_twice_is_doubted(text: str, echo: bool) -> None:
    assert echoes(text) is echo


@pytest.mark.parametrize(
    ("text", "speech_s", "loop"),
    [
        ("Yeah, yeah, yeah, yeah, yeah.", 0.5, True),  # birdsong
        ("No, no, no, no, no!", 1.0, False),
        ("I'm sorry. " * 12, 2.0, True),
        ("I'm sorry. " * 3, 2.0, False),
        ("We meet on Monday morning at nine.", 0.3, False),
    ],
)
def test_nobody_repeats_themselves_that_quickly(text: str, speech_s: float, loop: bool) -> None:
    assert loops(text, speech_s) is loop


@pytest.mark.parametrize(
    ("text", "recited"),
    [
        ("Ada, Ben.", True),
        ("Kubernetes, Lady Vire, Ada. So, where were we?", True),
        ("And then lady vire, ADA, Kubernetes", True),
        ("Ada, Ben and I met.", False),
        ("Ada and Ben.", False),
        ("Lady Vire.", False),
        ("Lady, Ada?", False),
        ("", False),
    ],
)
def test_a_list_of_the_vocabulary_is_no_speech(text: str, recited: bool) -> None:
    assert recites(text, ("Ada", "Lady Vire", "Kubernetes", "…", "Ben")) == recited


def test_without_a_vocabulary_nothing_is_recited() -> None:
    assert not recites("Ada, Ben, Ada, Ben.", ())
