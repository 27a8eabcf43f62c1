import pytest

from notetaker.notes.minutes.repairs import attempts, is_rough, repaired


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("and we we're sure that it it's new", "and we're sure that it's new"),
        ("so when it when it's different", "so when it's different"),
        ("I want the I'd like you to try it", "I'd like you to try it"),
        ("maybe we should we want a bell", "maybe we want a bell"),
        ("we'll tha let's go with the bell", "let's go with the bell"),
        ("let's just let's go with the bell", "let's go with the bell"),
        ("that's the yeah, the price of a an old one", "that's the price of an old one"),
        ("for the for the old ones", "for the old ones"),
        ("it's kind of cold", "it's cold"),
        ("we keep it to two or something, and that's it", "we keep it to two, and that's it"),
    ],
)
def test_beginnings_that_were_given_up_are_left_out(said: str, meant: str) -> None:
    assert repaired(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "what we were saying is that it works as well as theirs",
        "what kind of bell is it, and that's some kind of answer",
        "it is a lot, I think I know why",
        "from A to Z",
        "should we wait until they call",
        "all the people that I know think we can",
    ],
)
def test_what_was_meant_stays(said: str) -> None:
    assert repaired(said) == said


def test_a_capital_within_a_sentence_begins_another_attempt() -> None:
    assert attempts("we had the If we keep the bell it costs more") == [
        "we had the",
        "If we keep the bell it costs more",
    ]
    assert attempts("we met The Hague people in London") == ["we met The Hague people in London"]


@pytest.mark.parametrize(
    "said",
    [
        "We don't want that it's no it's not loud.",
        "The price of we have to see.",
        "It would can be louder.",
        "We the people with the bell.",
        "The bell is better than the.",
        "It was cold, but it was, I don't know, early.",
        "It is not so simple and I say it is not so simple.",
    ],
)
def test_what_was_not_said_in_one_go_is_rough(said: str) -> None:
    assert is_rough(said)


@pytest.mark.parametrize(
    "said",
    ["The bell costs four euros more than the horn.", "What we aim to do is to sell a bell to the cyclists."],
)
def test_a_sentence_is_not(said: str) -> None:
    assert not is_rough(said)
