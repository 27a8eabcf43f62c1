import pytest

from notetaker.model.minutes import Kind
from notetaker.notes.minutes.cues import EXPLICIT, is_ruled_out, normal


@pytest.mark.parametrize(
    "said",
    [
        "Let's carry on with this.",
        "We have seen a lot of those this year.",
        "People want it in bright colours.",
        "If we go with rubber it gets soft.",
        "We're not able to do that with one chip.",
        "We still have to decide on the colour.",
    ],
)
def test_how_things_are_and_what_may_be_is_no_decision(said: str) -> None:
    assert is_ruled_out(" ".join(normal(said)), Kind.DECISION)


@pytest.mark.parametrize(
    "said",
    [
        "First I will tell you what I found.",
        "I'll explain that in a minute.",
        "You could press it and then it opens.",
        "I just wondered if you could comment on that.",
        "Next slide please.",
    ],
)
def test_what_is_done_in_the_room_is_no_task(said: str) -> None:
    assert is_ruled_out(" ".join(normal(said)), Kind.ACTION)


@pytest.mark.parametrize(
    "said", ["I'll tell you what it costs tomorrow.", "I'll show it to Marta.", "I'll fix the bell."]
)
def test_what_is_done_afterwards_may_be_one(said: str) -> None:
    assert not is_ruled_out(" ".join(normal(said)), Kind.ACTION)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("okay let's go for the blue one", Kind.DECISION),
        ("we will leave out the camera", Kind.DECISION),
        ("the committee resolves to exclude the public", Kind.DECISION),
        ("we can write to the committee on that", Kind.ACTION),
        ("I'd be happy to provide you with a note", Kind.ACTION),
        ("you two are going to work on the model", Kind.ACTION),
        ("I want you to draw the case", Kind.ACTION),
    ],
)
def test_what_is_plain_is_explicit(said: str, kind: Kind) -> None:
    assert EXPLICIT[kind].search(" ".join(normal(said)))
