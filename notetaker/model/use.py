"""What became of a stored packet on its way to the text. Every packet in the journal has exactly one use."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from notetaker.model.outcome import Coverage
from notetaker.model.utterance import Transcription, Utterance


class Use(StrEnum):
    TRANSCRIBED = "transcribed"
    """Its sound reached a speech engine."""
    NO_SPEECH = "no_speech"
    """It is in an utterance in which no voice was found."""
    QUIET = "quiet"
    """It is in no utterance: a silence frame, discontinuous transmission, or noise in a pause."""
    UNDECODABLE = "undecodable"
    """It is no Opus packet, or a damaged one. If it does not even look like one, the tracks lack it, too."""
    FAILED = "failed"
    """It is in an utterance that could not be transcribed."""
    WAITING = "waiting"
    """It is in an utterance that has no text yet."""


def uses(
    coverage: Iterable[Coverage], said: Iterable[tuple[Utterance, Transcription | None]]
) -> dict[int, Counter[Use]]:
    """Count every speaker's stored packets by their use, given all utterances and their texts so far."""
    found: dict[int, Counter[Use]] = {}
    for utterance, transcription in said:
        of_speaker = found.setdefault(utterance.user_id, Counter())
        undecodable = transcription.undecodable or 0 if transcription else 0
        of_speaker[Use.UNDECODABLE] += undecodable
        of_speaker[_use(transcription)] += utterance.packets - undecodable
    for one in coverage:
        of_speaker = found.setdefault(one.user_id, Counter())
        of_speaker[Use.UNDECODABLE] += one.no_opus
        # while the meeting runs, an utterance may be stored before the counts are
        of_speaker[Use.QUIET] = max(one.stored - of_speaker.total(), 0)
    return found


def _use(transcription: Transcription | None) -> Use:
    if transcription is None:
        return Use.WAITING
    if transcription.error is not None:
        return Use.FAILED
    return Use.NO_SPEECH if transcription.speech_s == 0 else Use.TRANSCRIBED
