from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from notetaker.speech.engine import Word
from notetaker.speech.files.subtitles import COLUMNS, LINES, LONGEST_S, Cue, Cues
from notetaker.speech.files.transcript import Segment


def spoken(text: str, start_s: float = 0.0, each_s: float = 0.3) -> Segment:
    """Make a segment with equally long words."""
    words = tuple(
        Word(f" {one}", start_s + at * each_s, start_s + (at + 1) * each_s, 0.9)
        for at, one in enumerate(text.split())
    )
    return Segment(start_s, words[-1].end_s, text, words)


def cues(*segments: Segment) -> list[Cue]:
    made = Cues()
    return [cue for segment in segments for cue in made.of(segment)]


def test_a_short_sentence_is_one_line() -> None:
    assert cues(spoken("We shipped it.", 1.5)) == [Cue(1500, 2400, ("We shipped it.",))]


def test_a_long_sentence_is_cut_at_a_comma_rather_than_in_a_phrase() -> None:
    said = spoken(
        "Last week we tested the payment system with real customers in two cities, and it worked, "
        "although the search is still slow."
    )
    assert [cue.lines for cue in cues(said)] == [
        ("Last week we tested the payment system", "with real customers in two cities,"),
        ("and it worked, although the search is", "still slow."),
    ]


def test_a_slow_sentence_is_not_shown_for_too_long() -> None:
    found = cues(spoken("one two three four five six", each_s=2.0))
    assert [cue.lines for cue in found] == [("one two three",), ("four five six",)]
    assert all(cue.end_ms - cue.start_ms <= 1000 * LONGEST_S for cue in found)


def test_a_text_without_times_of_words_is_spread_over_its_time() -> None:
    text = "word " * 40
    found = cues(Segment(10.0, 20.0, text.strip()))
    assert (found[0].start_ms, found[-1].end_ms) == (10_000, 20_000)
    assert " ".join(line for cue in found for line in cue.lines).split() == text.split()


def test_characters_that_take_two_columns_are_counted_as_two() -> None:
    text = "我们决定在三月一日开放新的网站然后我们再一次测试支付系统和搜索"
    for segment in (
        Segment(0.0, 6.0, text),
        Segment(0.0, 6.0, text, tuple(Word(c, at / 5, (at + 1) / 5, 1) for at, c in enumerate(text))),
    ):
        [cue] = cues(segment)
        assert "".join(cue.lines) == text
        assert [cell_len(line) for line in cue.lines] == [42, 20]


def test_a_word_that_fills_more_than_a_line_is_broken() -> None:
    assert [cue.lines for cue in cues(spoken("x" * 100))] == [("x" * 42, "x" * 42), ("x" * 16,)]


WORDS = st.lists(
    st.tuples(
        st.text(
            st.characters(exclude_categories=["Zs", "Cc", "Cs", "Zl", "Zp", "Mn", "Me", "Cf"]), max_size=90
        ),
        st.floats(0, 20),
        st.floats(0, 3),
    ),
    min_size=1,
    max_size=60,
)


@given(st.lists(WORDS, min_size=1, max_size=3))
def test_cues_never_overlap_are_small_and_lose_nothing(drawn: list[list[tuple[str, float, float]]]) -> None:
    made = [tuple(Word(f" {text}", at, at + length, 0.5) for text, at, length in one) for one in drawn]
    segments = [Segment(one[0].start_s, one[-1].end_s, "", one) for one in made]
    found = cues(*segments)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(found))
    assert all(cue.start_ms < cue.end_ms for cue in found)
    assert all(1 <= len(cue.lines) <= LINES for cue in found)
    assert all(cell_len(line) <= COLUMNS and line.strip() for cue in found for line in cue.lines)
    shown = "".join("".join(line.split()) for cue in found for line in cue.lines)
    assert shown == "".join("".join(word.text.split()) for one in made for word in one)
