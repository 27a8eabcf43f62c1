"""Groups the utterances that get their final texts together. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from notetaker.model.utterance import Utterance

WINDOW_NS: Final = 27_000_000_000
"""Most speech of one speaker in a window, which is as much as an engine listens to at once."""
PAUSE_NS: Final = 1_200_000_000
"""Silence between two utterances in a window."""
JOINED_NS: Final = 200_000_000
"""Two utterances with less than this between them are parts of one monologue, cut because it was long."""
LONGEST_NS: Final = 180_000_000_000
"""Longest monologue in one window. Its middle must not wait for its end, nor one call take minutes."""


def continues(before: Utterance, after: Utterance) -> bool:
    """Return whether there is no pause between two utterances of one speaker."""
    same_stream = (before.clip.segment, before.clip.ssrc) == (after.clip.segment, after.clip.ssrc)
    return same_stream and after.started_ns - before.ended_ns < JOINED_NS


def windows(utterances: Iterable[Utterance]) -> list[list[Utterance]]:
    """Split one speaker's utterances into runs that fill a window each. Monologues up to LONGEST_NS stay together."""
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
    """Return the windows that are full, given all utterances of one speaker until now."""
    return windows(utterances)[:-1]
