import pytest

from notetaker.model.minutes import Kind
from notetaker.notes.minutes.cues import EXPLICIT, is_denied, is_ruled_out, normal


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


@pytest.mark.parametrize(
    "said",
    [
        "I don't think we are going with the blue logo.",
        "I'm not sure that we're going with the blue logo.",
        "We agreed to disagree on the blue logo.",
        "We almost agreed to sell the company.",
        "We never agreed to pay for the flights.",
        "You said that we agreed to drop the old logo.",
        "The others told me that we decided to drop it.",
        "In the game we decided to attack the castle.",
        "I wish we had decided to move.",
        "We'd more or less be cornering the market.",
    ],
)
def test_what_was_doubted_reported_or_made_up_is_no_decision(said: str) -> None:
    assert is_denied(" ".join(normal(said)), Kind.DECISION)


@pytest.mark.parametrize(
    "said",
    [
        "I will not call the client tomorrow.",
        "I won't send the report by Friday.",
        "I will never send them the report before Monday.",
        "He said he will send the report by Friday.",
        "I forgot to send the report on Friday.",
        "Can you imagine Ben will send the report by Friday.",
        "You don't have to email the client by Friday.",
    ],
)
def test_what_nobody_will_do_is_no_task(said: str) -> None:
    assert is_denied(" ".join(normal(said)), Kind.ACTION)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("I can't come on Friday, but I will send you the report.", Kind.ACTION),
        ("Don't forget to send the report by Friday.", Kind.ACTION),
        ("As I said, I will send the report tomorrow.", Kind.ACTION),
        ("We are not going with the blue logo.", Kind.DECISION),
        ("We agreed not to renew the contract.", Kind.DECISION),
    ],
)
def test_a_no_that_leaves_a_task_or_is_itself_decided_counts(said: str, kind: Kind) -> None:
    assert not is_denied(" ".join(normal(said)), kind)
