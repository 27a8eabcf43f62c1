"""Merges the utterances of all speakers into one transcript."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from notetaker.model.locale import Locale
from notetaker.model.mark import Mark
from notetaker.model.meeting import Meeting, Place
from notetaker.model.outcome import Coverage
from notetaker.model.transcript import Gap, Line, Transcript
from notetaker.model.use import uses
from notetaker.model.utterance import Transcription, Utterance
from notetaker.model.vocabulary import Entry
from notetaker.notes.corrections import Corrections
from notetaker.notes.wording import unknown_speaker


def merge(
    meeting: Meeting,
    transcribed: Iterable[tuple[Utterance, Transcription]],
    speakers: Mapping[int, str],
    gaps: Iterable[Gap],
    coverage: Iterable[Coverage],
    time_zone: str = "UTC",
    marks: Iterable[Mark] = (),
    places: Iterable[Place] = (),
    vocabulary: Sequence[Entry] = (),
) -> Transcript:
    """Return all lines sorted by start; people who spoke at the same time keep separate lines, in the order in which
    they were recorded.

    Utterances without words are left out, but not those that could not be transcribed, because their sound exists.
    A speaker without a name is called unknown. Gaps within a pause are left out: nothing was to be heard then. Dates
    and times are written for ``time_zone``, in the language chosen for the meeting, or else in the one with the most
    lines. What ``vocabulary`` says is misheard is corrected.
    """
    corrections = Corrections(vocabulary)
    transcribed = sorted(transcribed, key=lambda one: _place(one[0]))
    coverage = sorted(coverage, key=lambda part: part.user_id)
    present = {*speakers, *(utterance.user_id for utterance, _ in transcribed)}
    present |= {part.user_id for part in coverage if part.user_id}  # 0: streams of unknown users
    names = {user_id: speakers.get(user_id, "").strip() or unknown_speaker(user_id) for user_id in present}
    lines = [
        Line(
            utterance_id=utterance.id,
            user_id=utterance.user_id,
            speaker=names[utterance.user_id],
            started_ns=utterance.started_ns,
            ended_ns=utterance.ended_ns,
            text=corrections.correct(transcription.text.strip()),
            error=transcription.error,
        )
        for utterance, transcription in transcribed
        if transcription.text.strip() or transcription.error
    ]
    languages = _by_frequency(said.language for _, said in transcribed if said.text and said.language)
    return Transcript(
        meeting=meeting,
        lines=tuple(lines),
        gaps=_without_pauses(
            sorted(gaps, key=lambda gap: (gap.started_ns, gap.ended_ns, gap.user_id or 0, gap.cause))
        ),
        speakers=dict(sorted(names.items())),
        coverage=tuple(coverage),
        uses=uses(coverage, transcribed),
        engines=_by_frequency(said.engine for _, said in transcribed),
        languages=languages,
        locale=Locale(meeting.language or next(iter(languages), "en"), time_zone),
        marks=tuple(replace(mark, name=names.get(mark.user_id, mark.name)) for mark in marks),
        places=tuple(places),
        spellings=tuple(dict.fromkeys(entry.term for entry in vocabulary)),
        corrected=corrections.made,
    )


def _without_pauses(gaps: list[Gap]) -> tuple[Gap, ...]:
    """Return pauses, and the gaps that do not lie within one."""
    pauses = [gap for gap in gaps if gap.is_pause]
    return tuple(
        gap
        for gap in gaps
        if gap.is_pause
        or not any(one.started_ns <= gap.started_ns and gap.ended_ns <= one.ended_ns for one in pauses)
    )


def _place(utterance: Utterance) -> tuple[int, int, int, str]:
    clip = utterance.clip
    return utterance.started_ns, clip.segment, clip.start_offset, utterance.id


def _by_frequency(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in Counter(names).most_common())
