"""Describes how much was heard, in words and in a table, so that the notes never hide a loss."""

from collections import Counter
from collections.abc import Iterator

from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Transcript
from notetaker.model.use import Use
from notetaker.model.wording import clip, count, duration
from notetaker.notes.markdown import escape
from notetaker.notes.wording import unknown_speaker

_NAMES = 3
"""Most people named in a sentence."""
_NAME = 40
"""Most characters of a name in a sentence."""
_MISSED = 500
"""Packets of one person, 10 s of speech, that are worth a sentence if they could not be decrypted."""
_DROPPED = {
    Outcome.HELD_TOO_LONG: "arrived without a known speaker or key",
    Outcome.UNDECRYPTABLE: "could not be decrypted",
    Outcome.BAD_AUTH: "forged or damaged",
    Outcome.REPLAY: "arrived too late",
}
"""Outcomes that may leave speech unheard. Packets with other outcomes contain no speech that is not heard anyway."""


def heard(transcript: Transcript) -> str:
    """Describe how many voice packets were heard, and what was heard but is not in the transcript."""
    return " ".join(_sentences(transcript))


def _sentences(transcript: Transcript) -> Iterator[str]:
    everyone = _everyone(transcript)
    undecodable = sum(use[Use.UNDECODABLE] for use in transcript.uses.values())
    yield _packets(everyone, whole=not everyone.unstored and not undecodable)
    yield from _undecryptable(transcript)
    for number, done in ((everyone.unstored, "written to disk"), (undecodable, "decoded")):
        if number:
            packets = count(number, "packet that was", "packets that were")
            yield f"{packets} heard could not be {done}."
    for user_ids, how in ((refused(transcript), ""), (_refused_at_times(transcript), " part of the time")):
        if user_ids:
            yield f"Not recorded{how}: {_some(user_ids, transcript)}."
    failed = [line for line in transcript.lines if line.error is not None]
    if failed:
        length = duration(sum(line.ended_ns - line.started_ns for line in failed))
        yield f"{count(len(failed), 'utterance')} ({length}) could not be transcribed."


def _undecryptable(transcript: Transcript) -> Iterator[str]:
    """Name those of whom more could not be decrypted than was heard, and those of whom much could not be."""
    missed = [
        (part, part.outcomes[Outcome.UNDECRYPTABLE] + part.outcomes[Outcome.HELD_TOO_LONG])
        for part in transcript.coverage
        if part.user_id
    ]
    mostly = [part.user_id for part, packets in missed if packets > part.heard]
    partly = [part.user_id for part, packets in missed if _MISSED <= packets <= part.heard]
    for user_ids, how in (mostly, ""), (partly, " part of the time"):
        if user_ids:
            yield f"{_some(user_ids, transcript)} could not be decrypted{how}."


def refused(transcript: Transcript) -> list[int]:
    """Return the user ids of those who were not to be recorded, such as music bots."""
    return [
        part.user_id
        for part in transcript.coverage
        if part.user_id and part.outcomes[Outcome.REFUSED] and not part.heard
    ]


def _refused_at_times(transcript: Transcript) -> list[int]:
    """Return the user ids of those who refused, or agreed, in the middle of the meeting."""
    return [
        part.user_id
        for part in transcript.coverage
        if part.user_id and part.outcomes[Outcome.REFUSED] and part.heard
    ]


def _some(user_ids: list[int], transcript: Transcript) -> str:
    """Return the names of the first few: ``Ada, Ben, Chloe, and 2 more``."""
    people = [escape(clip(name(user_id, transcript), _NAME)) for user_id in user_ids]
    others = [f"and {len(people) - _NAMES:,} more"] if len(people) > _NAMES else []
    return ", ".join(people[:_NAMES] + others)


def _packets(everyone: Coverage, *, whole: bool) -> str:
    """Describe what was heard; ``whole`` if all of it could be used."""
    dropped = {words: everyone.outcomes[outcome] for outcome, words in _DROPPED.items()}
    unheard = {"never arrived": everyone.lost, **dropped}
    reasons = [f"{number:,} {words}" for words, number in unheard.items() if number]
    if reasons:
        everything = count(everyone.heard + sum(unheard.values()), "voice packet")
        return f"{everyone.heard:,} of {everything} were heard; {', '.join(reasons)}."
    if not everyone.heard:
        return "No voice packets arrived."
    return f"All {count(everyone.heard, 'voice packet')} were heard{'; none was lost' if whole else ''}."


def talk_times(transcript: Transcript) -> list[tuple[str, int]]:
    """Return name and talk time in nanoseconds of everyone who spoke, longest first."""
    return [(name(user_id, transcript), ns) for user_id, ns in _spoken(transcript).most_common()]


def table(transcript: Transcript) -> list[str]:
    """Return a Markdown table with a row per speaker and a column for each count that is not 0 for everyone."""
    counted = {part.user_id: _counts(part, transcript.uses[part.user_id]) for part in transcript.coverage}
    columns = [
        column
        for column in next(iter(counted.values()), {})
        if column in ("heard", "never arrived") or any(counts[column] for counts in counted.values())
    ]
    spoken = _spoken(transcript)
    rows = [["Speaker", "spoke for", *columns]]
    for user_id, counts in counted.items():
        numbers = [f"{counts[column]:,}" for column in columns]
        rows.append([escape(name(user_id, transcript)), duration(spoken[user_id]), *numbers])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| "
        + " | ".join(
            [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        )
        + " |"
        for row in rows
    ]
    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])
    return [lines[0], rule, *lines[1:]]


def name(user_id: int, transcript: Transcript) -> str:
    return transcript.speakers.get(user_id) or unknown_speaker(user_id)


def _spoken(transcript: Transcript) -> Counter[int]:
    """Return talk times in nanoseconds by user id."""
    spoken: Counter[int] = Counter()
    for line in transcript.lines:
        spoken[line.user_id] += line.ended_ns - line.started_ns
    return spoken


def _counts(part: Coverage, use: Counter[Use]) -> dict[str, int]:
    """Return a speaker's counts by the names of the table's columns."""
    return {
        **{outcome.replace("_", " "): part.outcomes[outcome] for outcome in Outcome},
        "not stored": part.unstored,
        "not decoded": use[Use.UNDECODABLE],
        "not transcribed": use[Use.FAILED],
        "never arrived": part.lost,
    }


def _everyone(transcript: Transcript) -> Coverage:
    everyone = Coverage(user_id=0)
    for part in transcript.coverage:
        everyone.add(part)
    return everyone
