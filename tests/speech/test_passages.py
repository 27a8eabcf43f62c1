"""Splitting a passage of speech, and joining the words of its parts."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.speech.engine import BYTES_PER_SECOND, Word
from notetaker.speech.passages import EARLIEST_S, LONGEST_S, OVERLAP_S, Part, parts, stitch, to_pieces
from notetaker.speech.vad import CHUNK_S

SPEECH, PAUSE = 0.9, 0.1


def sound(voice: list[float]) -> bytes:
    """Return silent PCM that is as long as the probabilities."""
    return bytes(2 * round(len(voice) * CHUNK_S * BYTES_PER_SECOND / 2))


def voice(seconds: float, *pauses: tuple[float, float]) -> list[float]:
    """Return the probabilities of speech with pauses, which are given by start and length in seconds."""
    chunks = [SPEECH] * round(seconds / CHUNK_S)
    for start_s, length_s in pauses:
        for chunk in range(round(start_s / CHUNK_S), round((start_s + length_s) / CHUNK_S)):
            chunks[chunk] = PAUSE
    return chunks


def cut(chunks: list[float]) -> list[Part]:
    return list(parts(sound(chunks), chunks))


def test_a_short_passage_is_one_part() -> None:
    [part] = cut(voice(LONGEST_S - 1, (10.0, 2.0)))
    assert (part.start_s, part.words_from_s) == (0, 0)
    assert part.end_s == pytest.approx(LONGEST_S - 1, abs=CHUNK_S)


def test_a_long_one_is_cut_in_the_middle_of_its_longest_pause() -> None:
    first, second = cut(voice(40.0, (5.0, 3.0), (21.0, 0.3), (23.0, 0.8), (26.0, 0.5)))
    assert first.end_s == pytest.approx(23.4, abs=2 * CHUNK_S)
    assert second.start_s == second.words_from_s == first.end_s
    assert second.end_s == pytest.approx(40.0, abs=CHUNK_S)


def test_without_a_pause_the_parts_overlap() -> None:
    first, second = cut(voice(40.0, (24.0, 0.1)))  # as short as between words
    assert first.end_s - second.start_s == pytest.approx(OVERLAP_S, abs=2 * CHUNK_S)
    assert second.words_from_s == pytest.approx((first.end_s + second.start_s) / 2, abs=2 * CHUNK_S)


@given(st.lists(st.sampled_from([SPEECH, PAUSE, 0.4]), max_size=4000))
def test_parts_cover_the_passage_and_none_is_too_long(chunks: list[float]) -> None:
    found = cut(chunks)
    assert found[0].start_s == found[0].words_from_s == 0
    assert found[-1].end_s == pytest.approx(len(chunks) * CHUNK_S, abs=CHUNK_S)
    assert all(part.end_s - part.start_s <= LONGEST_S + CHUNK_S for part in found)
    for before, after in pairwise(found):
        assert after.start_s <= before.end_s
        assert before.end_s - before.start_s >= EARLIEST_S - CHUNK_S
        assert before.start_s < after.words_from_s <= before.end_s


@given(st.integers(1, 120), st.booleans())
def test_each_word_comes_back_once(seconds: int, pauses: bool) -> None:
    """There is one word per second, and every part hears those that it contains completely."""
    chunks = voice(float(seconds), *(((s + 0.7, 0.3) for s in range(seconds)) if pauses else ()))
    words = [Word(f" {n}", n + 0.1, n + 0.6, 1.0) for n in range(seconds)]
    heard = [
        (
            part,
            [
                Word(word.text, word.start_s - part.start_s, word.end_s - part.start_s, 1.0)
                for word in words
                if part.start_s <= word.start_s and word.end_s <= part.end_s
            ],
        )
        for part in cut(chunks)
    ]
    assert [word.text for word in stitch(heard)] == [word.text for word in words]


def test_a_word_on_the_seam_is_there_once() -> None:
    parts_of = [Part(0.0, 28.0, 0.0), Part(26.0, 40.0, 27.0)]
    early = [
        Word(" seam", 26.6, 27.3, 0.5)
    ]  # its middle is before the seam in one part, after it in the other
    late = [Word(" Seam", 0.8, 1.4, 0.5), Word(" on", 1.5, 1.8, 0.9)]
    found = stitch(list(zip(parts_of, (early, late), strict=True)))
    assert [word.text.lower() for word in found] == [" seam", " on"]


@pytest.mark.parametrize(("early_s", "late_s"), [(27.05, 26.95), (26.95, 27.05), (26.4, 26.6), (27.6, 27.5)])
def test_a_word_near_the_seam_is_neither_lost_nor_doubled(early_s: float, late_s: float) -> None:
    """Parts may differ in a word's time, capitals and punctuation."""
    early = [Word(" To", 25.0, 25.4, 1.0), Word(" end", early_s - 0.2, early_s + 0.2, 1.0)]
    late = [Word(" end.", late_s - 26.2, late_s - 25.8, 1.0), Word(" Then", 3.0, 3.4, 1.0)]
    found = stitch([(Part(0.0, 28.0, 0.0), early), (Part(26.0, 40.0, 27.0), late)])
    assert [word.text.strip(" .").lower() for word in found] == ["to", "end", "then"]


def test_words_belong_to_the_piece_that_has_their_middle() -> None:
    words = [Word(" a", 0.5, 1.0, 1.0), Word(" b", 1.8, 2.6, 1.0), Word(" c", 5.0, 5.5, 1.0)]
    first, second, third = to_pieces(words, [2.0, 2.0, 1.0])
    assert [word.text for word in first] == [" a"]
    assert [(word.text, word.start_s, round(word.end_s, 6)) for word in second] == [(" b", 0.0, 0.6)]
    assert [word.text for word in third] == [" c"]
