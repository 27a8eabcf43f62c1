"""Meetings built by hand for the tests in this folder. Times are seconds after the start."""

from collections import Counter
from datetime import datetime

from notetaker.model.mark import Mark
from notetaker.model.meeting import Meeting, Place
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap, Transcript
from notetaker.model.utterance import Clip, Transcription, Utterance
from notetaker.model.vocabulary import Entry
from notetaker.notes.merge import merge

SECOND = 1_000_000_000
START = 1_795_357_805 * SECOND
"""22 November 2026, 14:30:05 UTC."""
ADA, BEN, CHLOE = 101, 102, 103
NAMES = {ADA: "Ada", BEN: "Ben", CHLOE: "Chloe"}

MEETING = Meeting(
    id="20261122-143005-k3f9qz",
    guild_id=1,
    voice_channel_id=2,
    voice_channel_name="General",
    text_channel_id=3,
    started_by=ADA,
    started_ns=START,
    ended_ns=START + 60 * SECOND,
)

Said = tuple[Utterance, Transcription]


def unix_ns(iso: str) -> int:
    """Parse a time such as ``2026-11-22T14:30:05Z``."""
    return round(datetime.fromisoformat(iso).timestamp()) * SECOND


def at(seconds: float) -> int:
    return START + round(seconds * SECOND)


def said(
    user_id: int,
    start: float,
    end: float,
    text: str,
    error: str | None = None,
    language: str | None = None,
    undecodable: int | None = None,
) -> Said:
    clip = Clip(1, start_offset=round(start * 1000), end_offset=round(end * 1000), ssrc=user_id)
    utterance = Utterance(MEETING.id, user_id, clip, at(start), at(end), packets=round((end - start) * 50))
    return utterance, Transcription(text, "pocketsphinx", error, language, undecodable=undecodable)


def gap(
    start: float, end: float, cause: str = "voice session lost (4006)", user_id: int | None = None
) -> Gap:
    return Gap(at(start), at(end), cause, user_id)


def heard(user_id: int, packets: int, lost: int = 0, unstored: int = 0, **dropped: int) -> Coverage:
    outcomes = Counter({Outcome.HEARD: packets})
    outcomes.update({Outcome(reason): number for reason, number in dropped.items()})
    return Coverage(user_id, outcomes, lost, packets - unstored)


def transcript(
    *lines: Said,
    names: dict[int, str] | None = None,
    gaps: tuple[Gap, ...] = (),
    coverage: tuple[Coverage, ...] = (),
    meeting: Meeting = MEETING,
    time_zone: str = "UTC",
    places: tuple[Place, ...] = (),
    marks: tuple[Mark, ...] = (),
    vocabulary: tuple[Entry, ...] = (),
) -> Transcript:
    called = NAMES if names is None else names
    return merge(meeting, lines, called, gaps, coverage, time_zone, marks, places, vocabulary)
