"""How much was heard, in words and in a table: the notes never hide a loss."""

from collections import Counter

from notetaker.model.outcome import Outcome
from notetaker.model.transcript import Transcript
from notetaker.model.wording import count, duration
from notetaker.notes.markdown import escape
from notetaker.notes.wording import unknown_speaker

_DROPPED = {
    Outcome.HELD_TOO_LONG: "came without a known speaker or key",
    Outcome.UNDECRYPTABLE: "could not be decrypted",
    Outcome.BAD_AUTH: "forged or damaged",
    Outcome.REPLAY: "came too late",
}
"""Outcomes by which a voice may have gone unheard; the others carry no voice, or one that was heard already."""


def heard(transcript: Transcript) -> str:
    """What became of the voice packets of everyone, and of the words in them: sentences."""
    return " ".join([_packets(transcript), *_errors(transcript)])


def _packets(transcript: Transcript) -> str:
    total = _total(transcript)
    stored = total[Outcome.STORED]
    lost = sum(part.lost for part in transcript.coverage)
    missing = {"never arrived": lost, **{words: total[outcome] for outcome, words in _DROPPED.items()}}
    reasons = [f"{number:,} {words}" for words, number in missing.items() if number]
    if reasons:
        everything = count(stored + sum(missing.values()), "voice packet")
        return f"{stored:,} of {everything} were heard; {', '.join(reasons)}."
    return (
        f"All {count(stored, 'voice packet')} were heard; none was lost."
        if stored
        else "No voice packet came."
    )


def _errors(transcript: Transcript) -> list[str]:
    failed = [line for line in transcript.lines if line.error is not None]
    if not failed:
        return []
    length = duration(sum(line.ended_ns - line.started_ns for line in failed))
    return [f"{count(len(failed), 'stretch', 'stretches')} of speech ({length}) could not be transcribed."]


def talk_times(transcript: Transcript) -> list[tuple[str, int]]:
    """Name and nanoseconds spoken, of everyone who spoke, the longest first."""
    return [(name(user_id, transcript), ns) for user_id, ns in _spoken(transcript).most_common()]


def table(transcript: Transcript) -> list[str]:
    """Lines of a Markdown table: a row for each speaker, a column for everything that became of a packet."""
    total = _total(transcript)
    columns = [outcome for outcome in Outcome if outcome is Outcome.STORED or total[outcome]]
    spoken = _spoken(transcript)
    rows = [["Speaker", "spoke for", *(outcome.replace("_", " ") for outcome in columns), "never arrived"]]
    rows += [
        [
            escape(name(part.user_id, transcript)),
            duration(spoken[part.user_id]),
            *(f"{part.outcomes[outcome]:,}" for outcome in columns),
            f"{part.lost:,}",
        ]
        for part in transcript.coverage
    ]
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
    """Nanoseconds by user id."""
    spoken: Counter[int] = Counter()
    for line in transcript.lines:
        spoken[line.user_id] += line.ended_ns - line.started_ns
    return spoken


def _total(transcript: Transcript) -> Counter[Outcome]:
    total: Counter[Outcome] = Counter()
    for part in transcript.coverage:
        total.update(part.outcomes)
    return total
