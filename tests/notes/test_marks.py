"""Marked moments in notes, transcript and live text."""

from dataclasses import replace

from notetaker.model.mark import Mark
from notetaker.model.transcript import Transcript
from notetaker.notes.live_text import entries, pages
from notetaker.notes.marks import marked
from notetaker.notes.wording import clock
from tests.notes.builders import ADA, BEN, START, at, said, transcript


def meeting(*marks: Mark) -> Transcript:
    spoken = transcript(said(ADA, 0, 3, "It costs nine euros."), said(BEN, 5, 6, "is that so"))
    return replace(spoken, marks=marks)


def test_a_mark_cites_what_was_being_said() -> None:
    assert marked(meeting(Mark(at(4), BEN, "Ben", "check the *price*")), 200, clock) == [
        "Ben: check the \\*price\\* – Ada: “It costs nine euros.” (14:30:05)"
    ]
    assert marked(meeting(Mark(at(7), BEN, "Ben", "")), 200, clock) == ["Ben – Ben: “Is that so.” (14:30:10)"]


def test_a_mark_long_after_the_last_words_has_a_time_of_its_own() -> None:
    assert marked(meeting(Mark(at(500), BEN, "Ben", "coffee")), 200, clock) == ["Ben: coffee (14:38:25)"]
    assert marked(replace(transcript(), marks=(Mark(at(1), BEN, "Ben", ""),)), 200, clock) == [
        "Ben (14:30:06)"
    ]


def test_a_mark_is_in_its_place_in_the_live_text() -> None:
    [page] = pages(entries(meeting(Mark(at(4), BEN, "Ben", "price")), set()), [])
    second = START // 10**9
    assert page.text.split("\n")[1] == f"🔖 <t:{second + 4}:T> Ben: price"
    [page] = pages(entries(meeting(Mark(at(4), BEN, "Ben", "")), set()), [])
    assert page.text.split("\n")[1] == f"🔖 <t:{second + 4}:T> Ben"
