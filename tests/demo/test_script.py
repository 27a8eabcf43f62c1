"""The recorded meeting is as the demo promises."""

from itertools import pairwise

from notetaker.demo import script


def test_of_four_people_one_comes_late_and_one_leaves_early() -> None:
    people = {person.name: person for person in script.load().people}
    assert list(people) == ["Ada", "Ben", "Chloe", "Dan"]
    assert [name for name, person in people.items() if person.joins_s > 0] == ["Dan"]
    assert [name for name, person in people.items() if person.leaves_s is not None] == ["Ben"]


def test_everyone_speaks_only_while_present() -> None:
    meeting = script.load()
    people = {person.name: person for person in meeting.people}
    assert {line.speaker for line in meeting.sentences} == set(people)
    for line in meeting.sentences:
        person = people[line.speaker]
        assert person.joins_s <= line.start_s
        assert person.leaves_s is None or line.end_s <= person.leaves_s


def test_others_speak_when_someone_comes_or_goes() -> None:
    meeting = script.load()
    for person in meeting.people:
        for moment in filter(None, (person.joins_s, person.leaves_s)):
            assert any(
                line.start_s < moment < line.end_s and line.speaker != person.name
                for line in meeting.sentences
            )


def test_voices_overlap_now_and_then_but_nobody_overlaps_with_themselves() -> None:
    sentences = script.load().sentences
    assert sum(after.start_s < before.end_s for before, after in pairwise(sentences)) >= 4
    for name in {line.speaker for line in sentences}:
        own = [line for line in sentences if line.speaker == name]
        assert all(before.end_s <= after.start_s for before, after in pairwise(own))


def test_the_meeting_takes_about_forty_seconds_and_little_space() -> None:
    assert 35 <= script.load().duration_s <= 41
    assert sum(file.stat().st_size for file in script.VOICES.iterdir()) < 300_000


def test_every_packet_is_speech_sized() -> None:
    for line in script.load().sentences:
        assert len(line.frames) >= 50
        assert all(1 <= len(opus) <= 400 for opus in line.frames)
