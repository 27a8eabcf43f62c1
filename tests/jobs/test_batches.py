"""Which utterances get their final texts together."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.jobs.batches import (
    JOINED_NS,
    LONGEST_NS,
    PAUSE_NS,
    QUIET_NS,
    WINDOW_NS,
    complete,
    continues,
    cut_short,
    windows,
)
from notetaker.model.utterance import Utterance
from tests.store.examples import SECOND, STARTED, utterance


def said(*times_s: tuple[float, float]) -> list[Utterance]:
    """Make utterances with these starts and ends in seconds."""
    return [
        replace(
            utterance(number),
            started_ns=STARTED + round(start_s * SECOND),
            ended_ns=STARTED + round(end_s * SECOND),
        )
        for number, (start_s, end_s) in enumerate(times_s)
    ]


def lasted(one: Utterance) -> int:
    return one.ended_ns - one.started_ns


def test_a_window_is_filled_in_order() -> None:
    spoken = said((0, 10), (60, 70), (100, 104), (110, 119), (120, 121))
    assert windows(spoken) == [spoken[:3], spoken[3:]]
    assert complete(spoken, spoken[-1].ended_ns) == [spoken[:3]]
    assert windows([]) == complete([], STARTED) == []


def test_who_says_little_does_not_hold_up_the_window() -> None:
    spoken = said((0, 1), (60, 61), (181, 182))
    assert windows(spoken) == [spoken[:2], spoken[2:]]
    assert complete(spoken, spoken[2].ended_ns + QUIET_NS - 1) == [spoken[:2]]
    assert complete(spoken, spoken[2].ended_ns + QUIET_NS) == [spoken[:2], spoken[2:]]


def test_a_monologue_stays_together() -> None:
    spoken = said((0, 24.0), (24.02, 48.0), (48.02, 70.0), (75.0, 76.0))
    assert windows(spoken) == [spoken[:3], spoken[3:]]


def test_a_microphone_that_is_open_for_an_hour_is_transcribed_meanwhile() -> None:
    spoken = said(*((24.02 * n, 24.02 * n + 24.0) for n in range(150)))
    found = windows(spoken)
    assert [len(window) for window in found[:-1]] == [7] * 21
    assert complete(spoken, spoken[-1].ended_ns) == found[:-1]


def test_another_stream_does_not_continue_one() -> None:
    first, second = said((0, 24.0), (24.02, 48.0))
    assert continues(first, second)
    assert not continues(first, replace(second, clip=replace(second.clip, ssrc=7)))
    assert not continues(first, replace(second, clip=replace(second.clip, segment=2)))
    assert not continues(first, replace(second, started_ns=first.ended_ns + JOINED_NS))


utterances = st.lists(st.tuples(st.floats(0.02, 28), st.floats(0, 60)), max_size=60).map(
    lambda lengths: said(
        *(
            (start := sum(a + b for a, b in lengths[:n]), start + length)
            for n, (length, _) in enumerate(lengths)
        )
    )
)


@given(utterances)
def test_windows_are_full_but_not_too_full_and_leave_nothing_out(spoken: list[Utterance]) -> None:
    found = windows(spoken)
    assert [one for window in found for one in window] == spoken
    for window in found:
        filled_ns = lasted(window[0])
        for before, after in pairwise(window):
            filled_ns += PAUSE_NS + lasted(after)
            assert filled_ns <= (LONGEST_NS if continues(before, after) else WINDOW_NS)
    for window, following in pairwise(found):
        filled_ns = sum(map(lasted, [*window, following[0]])) + PAUSE_NS * len(window)
        assert filled_ns > (LONGEST_NS if continues(window[-1], following[0]) else WINDOW_NS)


@given(utterances)
def test_later_speech_does_not_change_complete_windows(spoken: list[Utterance]) -> None:
    """Batches must not shift, because a request is only recognised as a repetition if it is for the same batch."""
    for count in range(len(spoken)):
        before = complete(spoken[:count], spoken[count - 1].ended_ns)
        assert complete(spoken, spoken[-1].ended_ns)[: len(before)] == before


@pytest.mark.parametrize(
    ("final", "draft", "short"),
    [
        ("Let us agree that", "Let us agree that we meet again on Monday morning.", True),
        ("Let us, agree that.", "let us agree that we meet again", True),
        ("Let us agree that we meet again.", "Let us agree that we meet again on Monday.", False),
        ("Let's agree that", "Let us agree that we meet again on Monday morning.", False),
        ("Let us agree that we meet again.", "Let us agree", False),
        ("", "Thanks for watching and see you.", False),
    ],
)
def test_a_final_text_may_lack_the_end_of_the_draft(final: str, draft: str, short: bool) -> None:
    assert cut_short(final, draft) is short
