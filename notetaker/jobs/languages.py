"""Infers a speaker's language from the languages detected in earlier utterances. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

SURE_NS: Final = 2_000_000_000
"""Shortest utterance in which to detect a language. In a shorter one, "ja" comes out as "Yeah"."""
HELD_NS: Final = 10_000_000_000
"""Speech after which a speaker's language is settled, because the next utterance may be a foreign name."""

Spoken = tuple[int, str, int]
"""User id, language and length in nanoseconds of an utterance."""


def language_of(user_id: int, lasts_ns: int, spoken: Iterable[Spoken]) -> str | None:
    """Return the language in which to transcribe an utterance of ``lasts_ns``, or None to detect it.

    ``spoken`` are the meeting's utterances in a known language, in time order.
    """
    own: Counter[str] = Counter()
    all_speakers: Counter[str] = Counter()
    for user, language, ns in spoken:
        if ns < SURE_NS:
            continue
        all_speakers[language] += ns
        if user == user_id and own.total() < HELD_NS:
            own[language] += ns
    if lasts_ns >= SURE_NS and own.total() < HELD_NS:
        return None
    return _most(own) or _most(all_speakers)


def _most(languages: Counter[str]) -> str | None:
    return languages.most_common(1)[0][0] if languages else None
