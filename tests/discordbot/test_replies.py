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
        replies.joined_at_last(MEETING),
        replies.stopped(Stopped(MEETING, 0)),
        replies.stopped(Stopped(MEETING, 10**6)),
        replies.stopped(Stopped(MEETING, 0, connected=False)),
        replies.left(ID),
        replies.no_longer_joining(ID),
        replies.overtaken(None),
        replies.overtaken(ID),
        replies.stopped_unasked(MEETING, replies.CRASH),
        replies.join_failed(ID, "x" * 1000),
        replies.join_failed_trying(ID, "x" * 1000),
        replies.suspended(MEETING, 1_795_357_805),
        replies.back(MEETING, Gap(MEETING.started_ns, MEETING.started_ns * 2, "x" * 1000)),
        replies.still_away(ID, "x" * 1000),
        replies.deafened(ID),
        replies.undeafened(ID),
    ]
    assert all(0 < len(text) <= 2000 for text in said)


def test_the_announcement_says_where_and_at_whose_request() -> None:
    said = replies.started(Started(MEETING))
    assert f"<#{MEETING.voice_channel_id}>" in said
    assert f"<@{MEETING.started_by}>" in said
    assert "record" in said


def test_the_announcement_names_the_language_that_was_chosen() -> None:
    german = replace(MEETING, language="de")
    assert f"taking notes in <#{ID}>, in German.**" in replies.started(Started(german))
    assert f"<#{ID}>, in German, but I can't join it yet" in replies.started(Started(german, "Why."))


def test_the_announcement_says_when_nobody_can_be_heard_yet() -> None:
    assert "Nobody to hear yet" not in replies.started(Started(MEETING))
    assert "Nobody to hear yet" in replies.started(Started(MEETING, nobody_to_hear=True))


def test_people_are_counted_in_english() -> None:
    assert "I heard one person, and" in replies.stopped(Stopped(MEETING, 1))
    assert "I heard 2 people, and" in replies.stopped(Stopped(MEETING, 2))
    assert "I didn't hear anyone" in replies.stopped(Stopped(MEETING, 0))


def test_notes_that_cannot_start_yet_say_why_and_what_happens_next() -> None:
    said = replies.started(Started(MEETING, "Tried 3 times without success. The voice server said 4006."))
    assert "Tried 3 times without success. The voice server said 4006." in said
    for promised in (
        "at regular intervals",
        "As soon as I'm in",
        "Use /stopnotes to stop",
        "try another voice channel",
    ):
        assert promised in said


def test_a_gap_is_announced_with_both_times_its_length_and_its_reason() -> None:
    gap = Gap(1_795_357_805_400_000_000, 1_795_357_819_400_000_000, "the note-taker was restarted")
    said = replies.back(MEETING, gap)
    assert "<t:1795357805:T> to <t:1795357819:T> (14 s): the note-taker was restarted." in said
    assert "recording everyone in <#" in said
