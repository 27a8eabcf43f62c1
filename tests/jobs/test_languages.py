"""Inferring a speaker's language."""

import pytest

from notetaker.jobs.languages import Spoken, language_of

ADA, BEN = 1, 2
SECOND = 1_000_000_000


def heard(*utterances: tuple[int, str, float]) -> list[Spoken]:
    return [(user_id, language, round(seconds * SECOND)) for user_id, language, seconds in utterances]


@pytest.mark.parametrize(
    ("lasts_s", "spoken", "language"),
    [
        (5.0, heard(), None),
        (0.5, heard(), None),
        (0.5, heard((ADA, "de", 3.0)), "de"),
        (0.5, heard((BEN, "de", 3.0)), "de"),  # "ja" among Germans is German
        (0.5, heard((BEN, "de", 3.0), (ADA, "fr", 3.0)), "fr"),
        (5.0, heard((ADA, "de", 3.0)), None),  # not settled yet
        (5.0, heard((ADA, "de", 6.0), (ADA, "de", 5.0)), "de"),
        (5.0, heard((ADA, "de", 4.0), (ADA, "nl", 3.0), (ADA, "de", 4.0)), "de"),
        (5.0, heard((ADA, "de", 11.0), *[(ADA, "en", 20.0)] * 5), "de"),  # settled
        (5.0, heard(*[(ADA, "nn", 1.0)] * 30), None),  # too short to detect a language
    ],
)
def test_the_language_of_the_next_utterance(
    lasts_s: float, spoken: list[Spoken], language: str | None
) -> None:
    assert language_of(ADA, round(lasts_s * SECOND), spoken) == language
