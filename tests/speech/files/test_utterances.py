from collections.abc import Iterator
from itertools import pairwise

import pytest

from notetaker.speech.files.utterances import MARGIN_S, utterances
from tests.speech.files.recordings import length_s, silence, voice


def in_pieces(pcm: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(pcm), size):
        yield pcm[at : at + size]


def test_each_sentence_between_two_pauses_is_an_utterance() -> None:
    first, second = voice(0), voice(2)
    found = list(utterances([silence(2) + first + silence(3) + second + silence(2)]))
    assert [one.piece.continues for one in found] == [False, False]
    for one, begins_s, sound in zip(found, (2, 5 + length_s(first)), (first, second), strict=True):
        assert begins_s - 2 * MARGIN_S < one.start_s <= begins_s
        assert begins_s + length_s(sound) <= one.end_s < begins_s + length_s(sound) + 2 * MARGIN_S


def test_an_utterance_is_the_sound_at_its_place() -> None:
    stream = silence(2) + voice(0) + silence(3)
    [found] = utterances([stream])
    begin = round(found.start_s * 16_000) * 2
    assert found.piece.pcm == stream[begin : begin + len(found.piece.pcm)]


@pytest.mark.parametrize("size", [2, 100, 1024, 1026, 5000])
def test_it_does_not_matter_in_which_pieces_the_sound_comes(size: int) -> None:
    stream = voice(0) + silence(1) + voice(2)
    assert list(utterances(in_pieces(stream, size))) == list(utterances([stream]))


def test_speech_to_the_very_end_is_kept_whole() -> None:
    said = voice(0)[: 2 * 16_000]  # broken off in mid-sentence
    [found] = utterances([said])
    assert found.start_s == 0
    assert found.piece.pcm[: len(said)] == said


def test_without_a_pause_it_is_cut_at_a_quiet_moment_and_nothing_is_lost() -> None:
    said = b"".join(voice(number) for number in range(16)) * 2
    found = list(utterances([said]))
    assert [one.piece.continues for one in found] == [False] + [True] * (len(found) - 1)
    assert len(found) > 2
    assert all(one.piece.length_s <= 28 for one in found)
    assert all(before.end_s == after.start_s for before, after in pairwise(found))
    assert b"".join(one.piece.pcm for one in found).startswith(said)


@pytest.mark.parametrize("sound", [b"", silence(0.01), silence(60)])
def test_where_nobody_speaks_there_is_nothing(sound: bytes) -> None:
    assert list(utterances([sound])) == []


def test_a_monologue_that_stops_right_after_a_cut() -> None:
    monologue = (b"".join(voice(number) for number in range(16)) * 2)[: 2 * 16_000 * 28]
    for end_s in (27.5, 27.9, 28.0):
        stream = monologue[: 2 * round(16_000 * end_s)] + silence(30) + voice(0) + silence(2)
        found = list(utterances([stream]))
        assert sum(one.piece.length_s for one in found) < end_s + length_s(voice(0)) + 4
        assert not found[-1].piece.continues
        assert end_s + 30 - 2 * MARGIN_S < found[-1].start_s <= end_s + 30
