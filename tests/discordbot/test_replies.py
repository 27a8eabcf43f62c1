"""What is said must be sayable (Discord docs, Create Message: 2000 characters) and must name what to do."""

from dataclasses import replace

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Started, Stopped
from notetaker.model.meeting import Meeting
from notetaker.model.transcript import Gap

ID = 2**64 - 1
MEETING = Meeting("20261122-143005-k3f9qz", ID, ID, "Standup", ID, ID, 1_795_357_805_000_000_000)


def test_every_answer_fits_into_a_message() -> None:
    said = [
        *(text for text in vars(replies).values() if isinstance(text, str)),
        replies.joined(ID),
        replies.already_joined(ID),
        replies.already_running(MEETING),
        replies.only_connected(ID),
        replies.started(Started(MEETING)),
        replies.started(Started(MEETING, "x" * 1000)),
        replies.unknown_language("*" * 6000),
        replies.begun_at_last(MEETING),
        replies.stopped(Stopped(MEETING, 0)),
        replies.stopped(Stopped(MEETING, 10**6)),
        replies.stopped(Stopped(MEETING, 0, connected=False)),
        replies.left(ID),
        replies.no_longer_joining(ID),
        replies.overtaken(None),
        replies.overtaken(ID),
        replies.ended_unasked(MEETING, replies.CRASH),
        replies.join_failed(ID, "x" * 1000),
        replies.join_failed_so_far(ID, "x" * 1000),
        replies.suspended(MEETING, 1_795_357_805),
        replies.back(MEETING, Gap(MEETING.started_ns, MEETING.started_ns * 2, "x" * 1000)),
        replies.still_away(ID, "x" * 1000),
        replies.deafened(ID),
        replies.undeafened(ID),
    ]
    assert all(0 < len(text) <= 2000 for text in said)


def test_the_announcement_says_who_is_recorded_where_and_on_whose_wish() -> None:
    said = replies.started(Started(MEETING))
    assert f"<#{MEETING.voice_channel_id}>" in said
    assert f"<@{MEETING.started_by}>" in said
    assert "record" in said


def test_the_announcement_names_the_language_that_was_chosen() -> None:
    german = replace(MEETING, language="de")
    assert f"taken in <#{ID}>, in German.**" in replies.started(Started(german))
    assert f"<#{ID}>, in German, and could not join it" in replies.started(Started(german, "Why."))


def test_people_are_counted_in_english() -> None:
    assert "I heard one person." in replies.stopped(Stopped(MEETING, 1))
    assert "I heard 2 people." in replies.stopped(Stopped(MEETING, 2))
    assert "I heard nobody" in replies.stopped(Stopped(MEETING, 0))


def test_whoever_starts_notes_that_cannot_begin_is_told_what_why_and_what_next() -> None:
    said = replies.started(Started(MEETING, "Tried 3 times without success. The voice server said 4006."))
    assert "Tried 3 times without success. The voice server said 4006." in said
    for promised in (
        "at regular intervals",
        "As soon as I am in",
        "/stopnotes ends it",
        "try another voice channel",
    ):
        assert promised in said


def test_an_absence_is_told_with_both_times_its_length_and_its_cause() -> None:
    gap = Gap(1_795_357_805_400_000_000, 1_795_357_819_400_000_000, "the note-taker was restarted")
    said = replies.back(MEETING, gap)
    assert "<t:1795357805:T> to <t:1795357819:T> (14 s): the note-taker was restarted." in said
    assert "everyone is recorded again" in said
