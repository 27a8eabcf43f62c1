"""What a question seeks, and whom it names."""

from notetaker.notes.search.question import Question

PEOPLE = {1: "Ana", 2: "Ben Okoro", 3: "Industrial Designer", 4: "Professor D", 5: "👾"}


def named(text: str) -> set[int]:
    return set(Question(text).named(PEOPLE))


def test_the_words_that_ask_are_not_sought() -> None:
    assert Question("What did the team discuss about the invoices?").weights("en", {}) == {"invoic": 1.0}
    assert Question("Summarize the discussion").weights("en", {}).keys() == {"summar", "discuss"}
    assert Question("and what is it?").weights("en", {}) == {}


def test_an_aside_counts_for_less() -> None:
    weights = Question("Why raise the price when discussing the budget?").weights("en", {})
    assert weights["price"] == 1 > weights["budget"] > 0


def test_people_are_named_by_their_whole_name_or_its_beginning() -> None:
    assert named("what did ana say?") == {1}
    assert named("What about Ben's invoices?") == {2}
    assert named("What did ben okoro and Ana say?") == {1, 2}
    assert named("Why did the Professor object?") == {4}
    assert named("What about the industrial components, and the banana?") == set()
    assert named("What did the industrial designer say?") == {3}


def test_a_name_counts_for_less_than_what_is_sought() -> None:
    question = Question("What did Ana say about the price?")
    weights = question.weights("en", question.named(PEOPLE))
    assert weights["price"] == 1 > weights["ana"] > 0


def test_a_question_is_sought_in_the_language_of_each_meeting() -> None:
    question = Question("Rechnungen")
    assert question.weights("de", {}) == {"rechnung": 1.0}
    assert question.weights("en", {}) == {"rechnungen": 1.0}
