"""Notes as plain values, ready for JSON. ``notes.schema.json`` beside this file is their published schema."""

import json
import pkgutil
from collections import Counter
from typing import Any, Final

from notetaker.model.minutes import Item, Minutes
from notetaker.model.notes_kind import TOPICS, NotesKind, in_language
from notetaker.model.outcome import Outcome
from notetaker.model.transcript import Transcript
from notetaker.model.wording import iso
from notetaker.notes import coverage
from notetaker.notes.entries import filled
from notetaker.notes.gaps import join_gaps
from notetaker.notes.kinds import MEETING

VERSION: Final = 1
"""Of the schema. It grows when something is taken away or means something else, not when something is added."""


def schema() -> dict[str, Any]:
    """Return the JSON Schema of what :func:`as_json` returns."""
    text = pkgutil.get_data(__name__, "notes.schema.json")
    assert text is not None
    found: dict[str, Any] = json.loads(text)
    return found


def as_json(minutes: Minutes, transcript: Transcript, kind: NotesKind = MEETING) -> dict[str, Any]:
    """Return the notes of a meeting, without its transcript. Times are ISO 8601 in UTC, ids are strings."""
    meeting, locale = transcript.meeting, transcript.locale
    lines = {line.utterance_id: line for line in transcript.lines}

    def items(found: tuple[Item, ...]) -> list[dict[str, Any]]:
        return [_item(item, lines) for item in found]

    return {
        "version": VERSION,
        "meeting": {
            "id": meeting.id,
            "channel": transcript.channels,
            "started": iso(meeting.started_ns),
            "ended": None if meeting.ended_ns is None else iso(meeting.ended_ns),
            "language": locale.language,
            "people": _people(transcript),
        },
        "kind": minutes.kind,
        "title": minutes.title,
        "sections": [
            {
                "name": section.name,
                "heading": in_language(section.heading, locale.language),
                "items": items(found),
            }
            for section, found in filled(minutes, kind)
            if section.name != TOPICS
        ],
        "topics": [
            {
                "title": part.title,
                "started": iso(part.started_ns),
                "items": items(tuple(item for item in part.items if item.belongs_in == TOPICS)),
            }
            for part in minutes.parts
        ],
        "gaps": [
            {
                "started": iso(gap.started_ns),
                "ended": iso(gap.ended_ns),
                "cause": gap.cause,
                "people": [coverage.name(user_id, transcript) for user_id in gap.user_ids],
            }
            for gap in join_gaps(transcript.gaps)
        ],
        "rests_on": _rests_on(minutes, transcript),
    }


def _item(item: Item, lines: dict[str, Any]) -> dict[str, Any]:
    return {
        "text": item.text,
        "owner": item.owner,
        "due": item.due,
        "overturned": item.overturned,
        "cites": [
            {"utterance": cite, "speaker": lines[cite].speaker, "started": iso(lines[cite].started_ns)}
            for cite in item.cites
            if cite in lines
        ],
    }


def _people(transcript: Transcript) -> list[dict[str, Any]]:
    spoken: Counter[int] = Counter()
    for line in transcript.lines:
        spoken[line.user_id] += line.ended_ns - line.started_ns
    return [
        {"id": str(user_id), "name": name, "spoke_s": round(spoken[user_id] / 1e9, 3)}
        for user_id, name in transcript.speakers.items()
    ]


def _rests_on(minutes: Minutes, transcript: Transcript) -> dict[str, Any]:
    """Return who wrote the notes, and what may be missing in them."""
    outcomes: Counter[Outcome] = Counter()
    for one in transcript.coverage:
        outcomes += one.outcomes
    return {
        "writers": list(minutes.made_by),
        "speech_engines": list(transcript.engines),
        "coverage": coverage.heard(transcript),
        "packets": {
            "heard": outcomes[Outcome.HEARD],
            "lost": sum(one.lost for one in transcript.coverage),
        },
        "parts": len(minutes.parts),
        "parts_by_the_built_in_writer": [
            {"part": number, "reason": part.fell_back}
            for number, part in enumerate(minutes.parts, start=1)
            if part.fell_back
        ],
        "summary_by_the_built_in_writer": minutes.fell_back,
        "dropped": minutes.dropped,
    }
