"""Notes as JSON, held against the published schema by a validator that is not ours."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from notetaker.model.locale import Locale
from notetaker.model.minutes import Item, Kind, Minutes, PartMinutes
from notetaker.model.notes_kind import NotesKind
from notetaker.model.transcript import Transcript
from notetaker.notes.as_json import as_json, schema
from notetaker.notes.kinds import BUILT_IN, STANDARD
from tests.notes.builders import ADA, BEN, at, gap, heard, said, transcript
from tests.notes.strategies import locales, meetings, minutes_of

VALIDATOR = Draft202012Validator(schema())


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


def test_a_line_that_is_gone_is_not_cited() -> None:
    point = Item(Kind.POINT, "The guards were paid.", ("gone",))
    minutes = Minutes("Toll", (point,), (), (), (), (), ("built-in",), 0)
    document = as_json(minutes, transcript(said(ADA, 0, 3, "You find forty silver pieces.")))
    assert document["sections"][0]["items"][0]["cites"] == []
    VALIDATOR.validate(document)


def test_what_notes_say_and_rest_on() -> None:
    meeting = transcript(
        said(ADA, 0, 3, "You find forty silver pieces."),
        said(BEN, 5, 9, "Who paid the guards?"),
        gaps=(gap(10, 14, user_id=BEN),),
        coverage=(heard(ADA, 150), heard(BEN, 198, lost=2)),
    )
    first, second = (line.utterance_id for line in meeting.lines)
    point = Item(Kind.POINT, "The guards were paid by somebody.", (second,))
    loot = Item(Kind.ENTRY, "You find forty silver pieces.", (first,), section="loot")
    part = PartMinutes("Toll house", (point, loot), at(0), "built-in", 1, "The model is away.")
    minutes = Minutes(
        "Toll", (point,), (part,), (), (), (), ("built-in",), 1, entries=(loot,), kind="session"
    )
    document = as_json(minutes, meeting, STANDARD.by_name["session"])
    VALIDATOR.validate(document)
    assert document["meeting"] == {
        "id": "20261122-143005-k3f9qz",
        "channel": "General",
        "started": "2026-11-22T14:30:05.000+00:00",
        "ended": "2026-11-22T14:31:05.000+00:00",
        "language": "en",
        "people": [
            {"id": str(ADA), "name": "Ada", "spoke_s": 3.0},
            {"id": str(BEN), "name": "Ben", "spoke_s": 4.0},
            {"id": "103", "name": "Chloe", "spoke_s": 0.0},
        ],
    }
    assert [(one["name"], one["heading"], len(one["items"])) for one in document["sections"]] == [
        ("summary", "Story", 1),
        ("loot", "Gained and spent", 1),
    ]
    assert document["sections"][1]["items"] == [
        {
            "text": "You find forty silver pieces.",
            "owner": None,
            "due": None,
            "overturned": False,
            "cites": [{"utterance": first, "speaker": "Ada", "started": "2026-11-22T14:30:05.000+00:00"}],
        }
    ]
    [topic] = document["topics"]
    assert (topic["title"], [item["text"] for item in topic["items"]]) == ("Toll house", [point.text])
    assert document["gaps"][0]["people"] == ["Ben"]
    assert document["rests_on"] == {
        "writers": ["built-in"],
        "speech_engines": ["pocketsphinx"],
        "coverage": "348 of 350 voice packets were heard; 2 never arrived.",
        "packets": {"heard": 348, "lost": 2},
        "parts": 1,
        "parts_by_the_built_in_writer": [{"part": 1, "reason": "The model is away."}],
        "summary_by_the_built_in_writer": None,
        "dropped": 1,
    }


@settings(max_examples=100)
@given(meetings(), locales, st.sampled_from(BUILT_IN), st.data())
def test_any_notes_are_as_the_schema_says(
    meeting: Transcript, locale: Locale, kind: NotesKind, data: st.DataObject
) -> None:
    minutes = data.draw(minutes_of(meeting, kind))
    VALIDATOR.validate(json.loads(json.dumps(as_json(minutes, replace(meeting, locale=locale), kind))))
