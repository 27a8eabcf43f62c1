"""Groups the utterances that get their final texts together. Pure."""

import re
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
QUIET_NS: Final = 120_000_000_000
"""Silence of a speaker that ends a window, or the notes would wait for those who say little."""
LOST_WORDS: Final = 3
"""Fewest last words of a draft without which a final text is cut short."""


def continues(before: Utterance, after: Utterance) -> bool:
    """Return whether there is no pause between two utterances of one speaker."""
    same_stream = (before.clip.segment, before.clip.ssrc) == (after.clip.segment, after.clip.ssrc)
    return same_stream and after.started_ns - before.ended_ns < JOINED_NS


def windows(utterances: Iterable[Utterance]) -> list[list[Utterance]]:
    """Split one speaker's utterances into runs that fill a window each, or end in QUIET_NS of silence.

    Monologues up to LONGEST_NS stay together.
    """
    found: list[list[Utterance]] = []
    filled_ns = 0
    for utterance in utterances:
        lasts_ns = utterance.ended_ns - utterance.started_ns
        together_ns = filled_ns + PAUSE_NS + lasts_ns
        monologue = found and continues(found[-1][-1], utterance) and together_ns <= LONGEST_NS
        quiet = found and utterance.started_ns - found[-1][-1].ended_ns >= QUIET_NS
        if found and not quiet and (monologue or together_ns <= WINDOW_NS):
            found[-1].append(utterance)
            filled_ns = together_ns
        else:
            found.append([utterance])
            filled_ns = lasts_ns
    return found


def complete(utterances: Sequence[Utterance], now_ns: int) -> list[list[Utterance]]:
    """Return the windows that get no more utterances, given all of one speaker until ``now_ns`` (meeting time)."""
    found = windows(utterances)
    ended = found and now_ns - found[-1][-1].ended_ns >= QUIET_NS
    return found if ended else found[:-1]


def cut_short(final: str, draft: str) -> bool:
    """Return whether a final text is the draft without its last words.

    Whisper's beam search may end early in a window with a single short utterance; where there are several, words may
    have moved to the next one.
    """
    kept, heard = (re.findall(r"\w+", text.casefold()) for text in (final, draft))
    return bool(kept) and len(heard) - len(kept) >= LOST_WORDS and heard[: len(kept)] == kept
