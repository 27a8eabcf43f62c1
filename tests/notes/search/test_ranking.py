"""Which passages are found."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.transcript import Line
from notetaker.notes.search.index import index
from notetaker.notes.search.question import Question
from notetaker.notes.search.ranking import Passage, Sought, passages, promise, rarities

NAMES = {1: "Ana", 2: "Ben"}
FILLING = ["yes", "okay"] * 15


def find(said: Sequence[tuple[int, str]], question: str, *, every: bool = False) -> list[Passage]:
    lines = [Line(str(n), who, NAMES[who], n, n + 1, text) for n, (who, text) in enumerate(said)]
    built = index(lines, "en")
    asked = Question(question)
    who = asked.named(NAMES)
    sought = Sought(asked.weights("en", who), who.keys())
    rarity = rarities([built.places], len(lines))
    return list(passages("m", built.lines, built.places, sought, rarity, every=every))


def has(passage: Passage, number: int) -> bool:
    return passage.first <= number <= passage.last


def test_the_passage_with_the_words_is_found() -> None:
    said = [(1, word) for word in [*FILLING, "the invoices are late", *FILLING, "the roof leaks", *FILLING]]
    [found] = find(said, "Which invoice?")
    assert has(found, 30)
    assert not has(found, 61)


def test_rare_words_tell_more_than_frequent_ones() -> None:
    filling = [*FILLING, "the remote"] * 4
    said = [(1, word) for word in [*filling, "the titanium case", *filling, "a remote case", *filling]]
    best, *_ = find(said, "the titanium remote")
    assert has(best, said.index((1, "the titanium case")))


def test_who_is_named_is_preferred() -> None:
    said = [(1, "the price is right"), *[(1, word) for word in FILLING], (2, "the price is wrong")]
    for name, number in (("Ana", 0), ("Ben", len(said) - 1)):
        best, _ = find(said, f"What did {name} say about the price?")
        assert has(best, number)


def test_every_word_may_be_required() -> None:
    said = [(1, word) for word in ["the old invoice", *FILLING, "a new invoice", *FILLING]]
    assert len(find(said, "new invoice")) == 2
    [found] = find(said, "new invoices", every=True)
    assert has(found, 31)
    assert find(said, "new zebra", every=True) == []


def test_nothing_is_found_of_what_nobody_said() -> None:
    assert find([(1, "the roof leaks")], "invoice") == find([], "invoice") == find([(1, "a roof")], "") == []


def test_a_line_of_one_everyday_word_is_found() -> None:
    [found] = find([(1, "Problem."), *[(1, "yes")] * 3], "problem", every=True)
    assert (found.first, has(found, 0)) == (0, True)
    assert len(find([(1, "Problem.")], "What's the problem?")) == 1


def test_a_meeting_with_all_the_words_is_more_promising() -> None:
    both, one, none = {"roof": [1], "leak": [9]}, {"roof": [1, 2, 3]}, {"tree": [1]}
    sought = Sought({"roof": 1.0, "leak": 1.0})
    rarity = rarities([both, one, none], 100)
    scores = [promise(places, sought, rarity) for places in (both, one, none)]
    assert scores[0] > scores[1] > scores[2] == 0


_WORDS = st.sampled_from(["roof", "price", "invoice", "um", "yes", "case"])
_SAID = st.lists(st.tuples(st.sampled_from([1, 2]), st.lists(_WORDS, max_size=60).map(" ".join)), max_size=50)


@given(_SAID, st.booleans())
def test_passages_are_apart_and_have_what_is_sought(said: list[tuple[int, str]], every: bool) -> None:
    found = find(said, "roof price", every=every)
    assert found == sorted(found, key=lambda passage: -passage.score)
    taken: set[int] = set()
    for passage in found:
        numbers = set(range(passage.first, passage.last + 1))
        assert 0 < len(numbers) <= 20
        assert not numbers & taken
        taken |= numbers
        words = " ".join(text for _, text in said[passage.first : passage.last + 1]).split()
        assert (all if every else any)(word in words for word in ("roof", "price"))
    mentioned = any({"roof", "price"} & set(text.split()) for _, text in said)
    assert every or bool(found) == mentioned
