"""Which language somebody speaks, from what was found out about their first utterances. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

SURE_NS: Final = 2_000_000_000
"""An utterance that is shorter says too little about its language: "ja" comes out as "Yeah"."""
HELD_NS: Final = 10_000_000_000
"""After so much speech the language of a speaker is held: the next utterance may be a foreign name."""

Spoken = tuple[int, str, int]
"""User id, language and nanoseconds of an utterance."""


def language_of(user_id: int, lasts_ns: int, spoken: Iterable[Spoken]) -> str | None:
    """The language in which to transcribe an utterance of ``lasts_ns``; None: it is to be detected.

    ``spoken``: what is known of the meeting so far, in time order.
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
