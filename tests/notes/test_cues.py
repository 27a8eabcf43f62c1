import pytest

from notetaker.notes import cues

TASKS = cues.Tasks(["Ada", "Ben Smith", "Chloe", "(x", ""])


@pytest.mark.parametrize(
    "text",
    [
        "so we decided to open the new website on the first of march",
        "let us agree that we meet again on monday morning",
        "Let’s agree on Tuesday.",
        "We've agreed on the budget.",
        "we have all decided to wait",
        "OK, let's go with the second option.",
        "The decision is to stay.",
        "it was decided that the old server goes",
        "we agree to meet again on monday",
    ],
)
def test_a_decision_is_found(text: str) -> None:
    assert cues.decisions(text)


@pytest.mark.parametrize(
    "text",
    [
        "have we decided on a date",
        "if we decided to wait it would cost more",
        "we have not decided anything",
        "we need to decide when it opens",
        "Did we agree on that?",
        "We decided what?",
        "once we have agreed we can start",
        "i agree with that completely",
        "whether we agreed or not",
        "have you decided",
    ],
)
def test_talk_about_deciding_is_no_decision(text: str) -> None:
    assert not cues.decisions(text)


@pytest.mark.parametrize(
    "text",
    [
        "i will send the final report to all of you by friday",
        "chloe will call the customers on tuesday",
        "Ben will fix the search.",
        "Ben Smith's going to write the report",
        "I'll look into it.",
        "I’ll also write to them.",
        "we need to test the payment system before the first of march",
        "then we'll send a report by friday",
        "you should talk to the bank tomorrow",
        "Can you please send me the numbers?",
        "please check the numbers",
        "action item talk to the bank",
        "she will have the draft ready by next week",
        "everyone must read the plan before the next meeting",
    ],
)
def test_a_task_is_found(text: str) -> None:
    assert TASKS.find(text)


@pytest.mark.parametrize(
    "text",
    [
        "i will see",
        "i will not send it by friday",
        "i will never do that again",
        "if i will send it by friday",
        "that will be a great help",
        "it will rain on friday",
        "we will be open on monday",
        "we should be fine",
        "i think that three weeks is enough time",
        "the train will arrive at noon",
        "will you be there on monday?",
        "Would I send it by Friday?",
        "last week we tested the payment system with real customers",
    ],
)
def test_talk_about_the_future_is_no_task(text: str) -> None:
    assert not TASKS.find(text)


def test_only_the_names_of_the_meeting_are_people() -> None:
    assert not TASKS.find("Zoe will fix the search.")
    assert cues.Tasks(["Zoe"]).find("Zoe will fix the search.")


def test_without_names_i_is_still_somebody() -> None:
    assert cues.Tasks([]).find("i will fix the search")


def test_names_are_no_patterns() -> None:
    assert not cues.Tasks([".*"]).find("the cat will fix the search")


def test_a_cue_is_placed_where_it_stands_in_the_text() -> None:
    text = "well I’ll send it and I’ll call them"
    assert [text[match.start() : match.end()] for match in TASKS.find(text)] == ["I’ll send", "I’ll call"]
