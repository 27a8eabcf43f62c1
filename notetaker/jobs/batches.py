"""Which utterances get their final text together. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from notetaker.model.utterance import Utterance

WINDOW_NS: Final = 27_000_000_000
"""Of one speaker: as much speech as an engine listens to at once."""
PAUSE_NS: Final = 1_200_000_000
"""What lies between two utterances in such a window."""
JOINED_NS: Final = 200_000_000
"""Two utterances with less than this between them are one monologue, cut because it was long."""
LONGEST_NS: Final = 180_000_000_000
"""Of a monologue that is transcribed at once: its middle must not wait for its end, nor one call take minutes."""


def continues(before: Utterance, after: Utterance) -> bool:
    """Whether there is no pause between two utterances of one speaker."""
    same_stream = (before.clip.segment, before.clip.ssrc) == (after.clip.segment, after.clip.ssrc)
    return same_stream and after.started_ns - before.ended_ns < JOINED_NS


def windows(utterances: Iterable[Utterance]) -> list[list[Utterance]]:
    """Runs of one speaker's utterances that fill a window each; a monologue stays together for up to LONGEST_NS."""
    found: list[list[Utterance]] = []
    filled_ns = 0
    for utterance in utterances:
        lasts_ns = utterance.ended_ns - utterance.started_ns
        together_ns = filled_ns + PAUSE_NS + lasts_ns
        monologue = found and continues(found[-1][-1], utterance) and together_ns <= LONGEST_NS
        if found and (monologue or together_ns <= WINDOW_NS):
            found[-1].append(utterance)
            filled_ns = together_ns
        else:
            found.append([utterance])
            filled_ns = lasts_ns
    return found


def complete(utterances: Sequence[Utterance]) -> list[list[Utterance]]:
    """The windows to which nothing will be added, when ``utterances`` are all of one speaker so far."""
    return windows(utterances)[:-1]
