"""Renders notes and transcript for people: the Discord message, and the document attached to it.

Both expect minutes whose items have passed :func:`notetaker.notes.minutes.check.check`.
"""

from collections.abc import Iterator

from notetaker.model.languages import english_name
from notetaker.model.locale import Locale
from notetaker.model.minutes import Minutes
from notetaker.model.notes_kind import TOPICS, Form, NotesKind, in_language
from notetaker.model.transcript import Line, Transcript
from notetaker.model.wording import SECOND_NS, clip, count, duration
from notetaker.notes import coverage
from notetaker.notes.corrections import described
from notetaker.notes.entries import Entries, filled, outline, reservations
from notetaker.notes.gaps import join_gaps
from notetaker.notes.kinds import MEETING
from notetaker.notes.markdown import escape, length
from notetaker.notes.marks import marked
from notetaker.notes.turns import Turn, turns
from notetaker.notes.wording import clock, day, sentence, span, zones

MESSAGE_LIMIT = 2000
"""Most characters in a Discord message (Discord docs, Create Message)."""

_NAME = 40
"""Most characters of a name in the message. Discord allows 32 in display names and 100 in channel names."""
_FITTING = (
    (50, 300),
    (12, 250),
    (7, 200),
    (5, 180),
    (4, 160),
    (3, 150),
    (2, 140),
    (1, 120),
    (1, 40),
    (0, 40),
)
"""Most entries per heading and characters per entry; the message uses the first pair with which it fits."""
_GAPS = {
    "en": "Gaps in the recording",
    "de": "Lücken der Aufnahme",
    "es": "Huecos en la grabación",
    "fr": "Lacunes de l'enregistrement",
}
_PAUSES = {"en": "Pauses", "de": "Pausen", "es": "Pausas", "fr": "Pauses"}
_MARKED = {
    "en": "Marked moments",
    "de": "Markierte Momente",
    "es": "Momentos marcados",
    "fr": "Moments marqués",
}
_TRANSCRIPT = {"en": "Transcript", "de": "Mitschrift", "es": "Transcripción", "fr": "Transcription"}
_COVERAGE = {"en": "Coverage", "de": "Abdeckung", "es": "Cobertura", "fr": "Couverture"}
_WHO_SPOKE = {"en": "Who spoke", "de": "Wer sprach", "es": "Quién habló", "fr": "Qui a parlé"}


def render_message(minutes: Minutes, transcript: Transcript, kind: NotesKind = MEETING) -> str:
    """Return Discord Markdown of at most 2000 characters. Entries that do not fit are counted.

    Each reader sees its times in their own time zone.
    """
    items = Entries(transcript, stamp, marks=1)
    for entries, characters in _FITTING:
        message = "\n".join(_message(minutes, transcript, kind, items, entries, characters))
        if length(message) <= MESSAGE_LIMIT:
            return message
    raise AssertionError("without entries, every part of the message is bounded")


def _message(
    minutes: Minutes, transcript: Transcript, kind: NotesKind, shown: Entries, entries: int, characters: int
) -> Iterator[str]:
    language = transcript.locale.language

    def section(heading: str, lines: list[str]) -> Iterator[str]:
        if lines:
            yield f"### {heading}"
            yield from (f"- {line}" for line in lines[:entries])
        if len(lines) > entries:
            yield f"- … {len(lines) - entries:,} more in the attached transcript"

    yield f"## {in_language(kind.heading, language)}: {escape(clip(transcript.channels, _NAME))}"
    start_ns, end_ns = transcript.meeting.started_ns, _end_ns(transcript)
    yield f"{stamp(start_ns, 'D')}, {_span(start_ns, end_ns, 't')} ({duration(end_ns - start_ns)})"
    if minutes.title:
        yield f"**{escape(clip(minutes.title, max(characters, _NAME)))}**"
    for one, items in filled(minutes, kind):
        lines = shown.of(one, items, characters)
        if one.name == TOPICS:
            lines = [
                f"{escape(clip(title, _NAME))} ({stamp(at)})" for at, title, _ in outline(minutes) if title
            ]
            lines = lines if len(lines) > 1 else []
        elif one.form is Form.LINE:
            lines = [one_line(lines, entries)]
        yield from section(in_language(one.heading, language), lines)
    yield from section(in_language(_MARKED, language), marked(transcript, characters, stamp))
    gaps = join_gaps(transcript.gaps)
    for heading, pauses in ((_GAPS, False), (_PAUSES, True)):
        told = [gap.words(transcript, characters, _span) for gap in gaps if gap.is_pause == pauses]
        yield from section(in_language(heading, language), told)
    yield f"### {in_language(_WHO_SPOKE, language)}"
    yield _who_spoke(transcript, max(entries, 1))
    yield f"-# Coverage: {coverage.heard(transcript)}"
    made_by = f"Notes by: {escape(clip(', '.join(minutes.made_by), _NAME))}"
    yield f"-# {made_by}{_transcribed(transcript)}. The full transcript is attached."
    yield from (f"-# {sentence}" for sentence in reservations(minutes, _NAME + characters, language))
    if transcript.corrected:
        words = count(sum(transcript.corrected.values()), "misheard name")
        yield f"-# {words} corrected as this server has asked; the transcript says which."


def stamp(unix_ns: int, style: str = "T") -> str:
    """Return a time that Discord writes for each reader (Discord docs, Message Formatting, Timestamp Styles)."""
    return f"<t:{unix_ns // SECOND_NS}:{style}>"


def _span(started_ns: int, ended_ns: int, style: str = "T") -> str:
    return f"{stamp(started_ns, style)}–{stamp(ended_ns, style)}"


def one_line(names: list[str], most: int = 100) -> str:
    """Return names on one line."""
    others = [f"and {len(names) - most:,} more"] if len(names) > most else []
    return " · ".join(names[:most] + others)


def _transcribed(transcript: Transcript) -> str:
    if not transcript.engines:
        return ""
    return f"; speech to text: {escape(clip(', '.join(transcript.engines), _NAME))}"


def _who_spoke(transcript: Transcript, entries: int) -> str:
    spoken = [f"{escape(clip(name, _NAME))} {duration(ns)}" for name, ns in coverage.talk_times(transcript)]
    if not spoken:
        return _no_words(transcript)
    others = [f"and {len(spoken) - entries:,} more"] if len(spoken) > entries else []
    return ", ".join(spoken[:entries] + others)


def _no_words(transcript: Transcript) -> str:
    if any(part.heard for part in transcript.coverage):
        return "Voices were heard, but no words were recognised."
    return "Nobody spoke."


def render_transcript(transcript: Transcript, minutes: Minutes, kind: NotesKind = MEETING) -> str:
    """Return the whole meeting as a Markdown document: notes, every word, every gap, and how much was heard."""
    return "\n".join(_document(transcript, minutes, kind)) + "\n"


def _document(transcript: Transcript, minutes: Minutes, kind: NotesKind) -> Iterator[str]:
    meeting, locale = transcript.meeting, transcript.locale
    shown = Entries(transcript, lambda at: clock(at, locale), marks=3)
    title = f"Meeting in {escape(transcript.channels)}"
    yield f"# {title}, {day(meeting.started_ns, transcript.locale)}"
    yield ""
    yield f"- Meeting: {escape(meeting.id)}"
    yield f"- Channel: {escape(transcript.channels)}"
    yield f"- Date: {_when(transcript)}"
    yield f"- People: {_people(transcript)}"
    if minutes.title:
        yield f"- About: {escape(minutes.title)}"
    yield f"- Notes by: {escape(', '.join(minutes.made_by))}"
    yield from (f"- Notes: {sentence}" for sentence in reservations(minutes, 200, locale.language))
    if transcript.engines:
        yield f"- Speech to text: {escape(', '.join(transcript.engines))}"
    if transcript.languages:
        yield f"- Languages: {', '.join(map(english_name, transcript.languages))}"
    if transcript.corrected:
        yield f"- Corrected: {described(transcript.corrected)}"
    for section, items in filled(minutes, kind):
        heading = f"## {in_language(section.heading, locale.language)}"
        if section.name == TOPICS:
            yield from _outline(heading, minutes, shown, locale)
        else:
            lines = shown.of(section, items)
            yield from ("", heading, "")
            yield from [one_line(lines)] if section.form is Form.LINE else (f"- {line}" for line in lines)
    if transcript.marks:
        lines = marked(transcript, 500, lambda at: clock(at, locale))
        yield from ("", f"## {in_language(_MARKED, locale.language)}", "", *(f"- {line}" for line in lines))
    yield from ("", f"## {in_language(_TRANSCRIPT, locale.language)}", "", f"Times are {_zones(transcript)}.")
    if not transcript.lines:
        yield from ("", _no_words(transcript))
    for paragraph in _paragraphs(transcript):
        yield from ("", paragraph)
    yield from ("", f"## {in_language(_COVERAGE, locale.language)}", "", coverage.heard(transcript))
    if transcript.coverage:
        yield from ("", *coverage.table(transcript))


def _outline(heading: str, minutes: Minutes, shown: Entries, locale: Locale) -> Iterator[str]:
    parts = outline(minutes)
    if parts:
        yield from ("", heading)
    for at, title, points in parts:
        yield from ("", f"### {clock(at, locale)} {escape(title)}".rstrip())
        if points:
            yield from ("", *(f"- {shown.line(point)}" for point in points))


def _people(transcript: Transcript) -> str:
    spoken = {line.user_id for line in transcript.lines}
    refused = coverage.refused(transcript)
    people = [
        escape(name)
        + ("" if user_id in spoken else " (not recorded)" if user_id in refused else " (did not speak)")
        for user_id, name in transcript.speakers.items()
    ]
    return ", ".join(people) or "nobody"


def _paragraphs(transcript: Transcript) -> Iterator[str]:
    """Yield turns, gaps and moves to other voice channels, sorted by start."""
    entries = [(turn.started_ns, _turn(turn, transcript.locale)) for turn in turns(transcript)]
    for gap in join_gaps(transcript.gaps):
        entries.append((gap.started_ns, f"**{gap.words(transcript, characters=200)}**"))
    for place in transcript.places[1:]:
        when = clock(place.started_ns, transcript.locale)
        entries.append((place.started_ns, f"**{when} moved to {escape(place.name)}**"))
    return (text for _, text in sorted(entries, key=lambda entry: entry[0]))


def _turn(turn: Turn, locale: Locale) -> str:
    words = " ".join(_words(line) for line in turn.lines)
    return f"{clock(turn.started_ns, locale)} **{escape(turn.speaker)}:** {words}"


def _words(line: Line) -> str:
    if line.error is not None:
        return f"\\[not transcribed: {escape(line.error)}]"
    return escape(sentence(line.text))


def _when(transcript: Transcript) -> str:
    """Return ``22 November 2026, 14:30:05 to 14:31:00 UTC (55 s)``."""
    started_ns, locale = transcript.meeting.started_ns, transcript.locale
    return f"{day(started_ns, locale)}, {span(started_ns, _end_ns(transcript), locale)}"


def _zones(transcript: Transcript) -> str:
    """Return ``UTC``, or ``CEST, then CET`` if the clocks changed during the meeting."""
    names = zones(transcript.meeting.started_ns, _end_ns(transcript), transcript.locale)
    return ", then ".join(dict.fromkeys(names))


def _end_ns(transcript: Transcript) -> int:
    """Nothing that was said comes after it, nor does it come before the start, even if a clock was set."""
    meeting = transcript.meeting
    return max(meeting.started_ns, meeting.ended_ns or 0, *(line.ended_ns for line in transcript.lines))
