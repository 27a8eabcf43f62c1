"""What is said must be sayable (Discord docs, Create Message: 2000 characters) and must name what to do."""

from notetaker.discordbot import answers
from notetaker.discordbot.ports import Stopped
from notetaker.model.meeting import Meeting

ID = 2**64 - 1
MEETING = Meeting("20261122-143005-k3f9qz", ID, ID, "Standup", ID, ID, 1_795_357_805_000_000_000)


def test_every_answer_fits_into_a_message() -> None:
    said = [
        *(text for text in vars(answers).values() if isinstance(text, str)),
        answers.joined(ID),
        answers.already_joined(ID),
        answers.already_running(MEETING),
        answers.only_connected(ID),
        answers.started(MEETING),
        answers.stopped(Stopped(MEETING, 0)),
        answers.stopped(Stopped(MEETING, 10**6)),
        answers.left(ID),
        answers.ended_unasked(MEETING, answers.CRASH),
        answers.join_failed(ID, "x" * 1000),
    ]
    assert all(0 < len(text) <= 2000 for text in said)


def test_the_announcement_says_who_is_recorded_where_and_on_whose_wish() -> None:
    said = answers.started(MEETING)
    assert f"<#{MEETING.voice_channel_id}>" in said
    assert f"<@{MEETING.started_by}>" in said
    assert "record" in said


def test_people_are_counted_in_english() -> None:
    assert "I heard one person." in answers.stopped(Stopped(MEETING, 1))
    assert "I heard 2 people." in answers.stopped(Stopped(MEETING, 2))
    assert "I heard nobody" in answers.stopped(Stopped(MEETING, 0))
