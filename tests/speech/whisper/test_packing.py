"""Packing clips into windows, and assigning words to clips."""

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.speech.engine import Word
from notetaker.speech.whisper import packing
from notetaker.speech.whisper.packing import FULL_S, PAUSE_S, Placed, unpack


def pack(lengths_s: list[float]) -> list[list[Placed]]:
    """Pack clips that are loud from start to end."""
    return packing.pack(lengths_s, [(0.0, length_s) for length_s in lengths_s])


lengths = st.lists(st.floats(0.02, 30.0), max_size=40)


@given(lengths)
def test_every_clip_is_in_one_window_in_order(lengths_s: list[float]) -> None:
    windows = pack(lengths_s)
    assert [placed.clip for placed in chain(*windows)] == list(range(len(lengths_s)))
    for window in windows:
        assert window[0].start_s == 0
        assert len(window) == 1 or window[-1].start_s + window[-1].length_s <= FULL_S
        for before, after in pairwise(window):
            assert after.start_s == pytest.approx(before.start_s + before.length_s + PAUSE_S)


@given(lengths)
def test_no_window_could_have_taken_the_next_clip(lengths_s: list[float]) -> None:
    for window, following in pairwise(pack(lengths_s)):
        end_s = window[-1].start_s + window[-1].length_s
        assert end_s + PAUSE_S + following[0].length_s > FULL_S


@given(lengths, st.data())
def test_words_come_back_to_the_clip_in_which_they_were_said(
    lengths_s: list[float], data: st.DataObject
) -> None:
    for window in pack(lengths_s):
        said = []
        for placed in window:
            start_s = placed.start_s + data.draw(st.floats(0, 0.5)) * placed.length_s
            end_s = placed.start_s + data.draw(st.floats(0.5, 1)) * placed.length_s
            said.append(Word(f" {placed.clip}", start_s, end_s, 1.0))
        found = unpack(window, said)
        assert [[word.text for word in own] for own in found] == [[f" {placed.clip}"] for placed in window]
        for placed, [word] in zip(window, found, strict=True):
            assert 0 <= word.start_s <= word.end_s <= placed.length_s


@given(lengths, st.lists(st.tuples(st.floats(0, 31), st.floats(0, 3)), max_size=20))
def test_no_word_is_lost_and_their_order_stays(
    lengths_s: list[float], times: list[tuple[float, float]]
) -> None:
    words = [
        Word(str(n), start_s, start_s + length_s, 1.0) for n, (start_s, length_s) in enumerate(sorted(times))
    ]
    for window in pack(lengths_s)[:1]:
        found = unpack(window, words)
        assert [word.text for word in chain(*found)] == [word.text for word in words]


def test_a_word_that_is_heard_early_belongs_to_the_clip_that_is_nearer() -> None:
    [window] = pack([2.0, 2.0])
    words = [
        Word(" one", 0.1, 1.9, 1.0),
        Word(" two", 2.6, 3.0, 1.0),
    ]  # 0.4 s before its clip begins at 2.9 s
    first, second = unpack(window, words)
    assert [word.text for word in first] == [" one"]
    assert [(word.text, word.start_s) for word in second] == [(" two", 0.0)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            Word(" week.", 1.7, 4.0, 1.0),
            Word(" I", 4.0, 4.3, 1.0),
        ),  # the pause is a part of the word before it
        (Word(" week.", 1.5, 1.8, 1.0), Word(" I", 1.8, 3.9, 1.0)),  # or of the word after it
    ],
)
def test_the_pause_between_two_clips_belongs_to_no_word(first: Word, second: Word) -> None:
    [window] = packing.pack([2.0, 2.0], [(0.0, 1.9), (0.3, 2.0)])
    found = unpack(window, [Word(" last", 1.0, 1.5, 1.0), first, second, Word(" think", 4.3, 4.8, 1.0)])
    assert [[word.text for word in own] for own in found] == [[" last", " week."], [" I", " think"]]


def test_without_sentences_the_loud_part_of_a_clip_decides() -> None:
    [window] = packing.pack([2.0, 2.0], [(0.0, 1.9), (0.8, 2.0)])
    reaching = Word(" week", 1.6, 3.9, 1.0)  # 0.3 s of sound in its own clip, 0.7 s of silence in the next
    first, second = unpack(window, [reaching, Word(" think", 4.1, 4.8, 1.0)])
    assert ([word.text for word in first], [word.text for word in second]) == ([" week"], [" think"])
