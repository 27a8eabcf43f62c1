"""What notes say of rooms: where a meeting went, when it paused, and who was not recorded."""

from notetaker.model.mark import Mark
from notetaker.model.meeting import Place
from notetaker.model.minutes import Minutes
from notetaker.model.transcript import EMPTY, MOVED
from notetaker.notes.live_text import entries, pages
from notetaker.notes.marks import marked
from notetaker.notes.render import render_message, render_transcript
from notetaker.notes.wording import clock
from tests.notes.builders import ADA, BEN, MEETING, at, gap, heard, said, transcript

NOTHING = Minutes("", (), (), (), (), (), ("built-in",), 0)
ROBOT = 666


def test_a_meeting_that_moved_names_all_its_channels_and_the_moment() -> None:
    moved = transcript(
        said(ADA, 0, 3, "Let us move."),
        said(BEN, 25, 28, "Here we are."),
        gaps=(gap(10, 20, MOVED),),
        places=(MEETING.first_place, Place(at(20), 9, "*Planning*")),
    )
    message, document = render_message(NOTHING, moved), render_transcript(moved, NOTHING)
    assert message.startswith("## Meeting notes: General, \\*Planning\\*\n")
    assert "- Channel: General, \\*Planning\\*\n" in document
    in_order = [
        "14:30:05 **Ada:** Let us move.",
        "**14:30:15–14:30:25 paused: the note-taker had been moved to another voice channel**",
        "**14:30:25 moved to \\*Planning\\***",
        "14:30:30 **Ben:** Here we are.",
    ]
    assert [line for line in document.splitlines() if line in in_order] == in_order


def test_live_text_has_the_pause_and_the_move_in_their_places() -> None:
    moved = transcript(
        said(ADA, 0, 3, "Let us move."),
        said(BEN, 25, 28, "Here we are."),
        gaps=(gap(10, 20, MOVED),),
        places=(MEETING.first_place, Place(at(20), 9, "Planning")),
    )
    [page] = pages(entries(moved, set()), [])
    _, paused, went, _ = page.text.split("\n")
    assert paused.endswith("Paused: the note-taker had been moved to another voice channel")
    assert paused.startswith("⏸️ <t:")
    assert went.startswith("➡️ <t:") and went.endswith(" Moved to Planning")


def test_who_marks_a_moment_is_called_as_in_the_transcript() -> None:
    two = transcript(
        said(ADA, 0, 3, "Nine euros."),
        names={ADA: "Alex (alex_a)", BEN: "Alex (alex_b)"},
        marks=(Mark(at(2), BEN, "Alex", "price"),),
    )
    assert marked(two, 200, clock) == ["Alex (alex\\_b): price – Alex (alex\\_a): “Nine euros.” (14:30:05)"]


def test_a_renamed_channel_has_its_new_name() -> None:
    renamed = transcript(said(ADA, 0, 3, "Hi."), places=(MEETING.first_place._replace(name="Lobby"),))
    assert render_message(NOTHING, renamed).startswith("## Meeting notes: Lobby\n")
    assert "moved to" not in render_transcript(renamed, NOTHING)


def test_a_pause_is_no_gap_and_what_was_lost_in_it_was_not_to_be_heard() -> None:
    paused = transcript(
        said(ADA, 0, 3, "Bye."), gaps=(gap(10, 40, EMPTY), gap(12, 15), gap(20, 40), gap(35, 45))
    )
    message = render_message(NOTHING, paused)
    assert message.split("### ")[1:3] == [
        "Gaps in the recording\n- <t:1795357840:T>–<t:1795357850:T> not heard: voice session lost (4006)\n",
        "Pauses\n- <t:1795357815:T>–<t:1795357845:T> paused: nobody was in the voice channel\n",
    ]


def test_who_was_not_recorded_is_named_and_is_no_loss() -> None:
    with_robot = transcript(
        said(ADA, 0, 3, "Nice song."),
        names={ADA: "Ada", ROBOT: "DJ Robot"},
        coverage=(heard(ADA, 150), heard(ROBOT, 0, refused=900)),
    )
    document = render_transcript(with_robot, NOTHING)
    assert "- People: Ada, DJ Robot (not recorded)\n" in document
    assert "All 150 voice packets were heard; none was lost. Not recorded: DJ Robot." in document


def test_who_refused_in_the_middle_was_not_recorded_part_of_the_time() -> None:
    changed = transcript(
        said(ADA, 0, 3, "Nice song."),
        names={ADA: "Ada", BEN: "Ben"},
        coverage=(heard(ADA, 150), heard(BEN, 50, refused=100)),
    )
    document = render_transcript(changed, NOTHING)
    assert "All 200 voice packets were heard; none was lost. Not recorded part of the time: Ben." in document
    assert "Ben (did not speak)" in document, "nothing of it is in the transcript"
