"""The indexes of meetings, on SQLite and PostgreSQL."""

from dataclasses import replace

from sqlalchemy import func, select

from notetaker.model.meeting import MeetingState
from notetaker.model.transcript import Line
from notetaker.notes.search.finding import Head
from notetaker.notes.search.index import Index, index
from notetaker.store import tables
from notetaker.store.store import Store
from tests.store.examples import MEETING, NO_NOTES, POSTING, meeting


def indexed(*texts: str, language: str = "en") -> Index:
    said = [Line(str(n), 2**62 + 5, "Ada", n, n + 1, text) for n, text in enumerate(texts)]
    return index(said, language)


def counted(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(tables.terms)).scalar_one()


def test_an_index_comes_back_as_it_was(store: Store) -> None:
    store.add_meeting(MEETING)
    store.name_speaker(MEETING.id, 2**62 + 5, "Ada")
    store.save_index(MEETING.id, indexed("The roof.", "No.", "A roof, a tall roof; 屋根."))
    assert store.heads(MEETING.guild_id) == {MEETING.id: Head("en", 3, {2**62 + 5: "Ada"})}
    assert store.term_places(MEETING.guild_id, ["roof", "屋根", "tree"]) == {
        MEETING.id: {"roof": [0, 2, 2], "屋根": [2]}
    }
    assert [list(line) for line in store.indexed_lines([MEETING.id, "nobody"])[MEETING.id]] == [
        [2**62 + 5, 1],
        [2**62 + 5, 0],
        [2**62 + 5, 4],
    ]


def test_a_new_index_replaces_the_old_one(store: Store) -> None:
    store.add_meeting(MEETING)
    store.save_index(MEETING.id, indexed("The roof leaks."))
    store.save_index(MEETING.id, indexed("Das Dach.", language="de"))
    assert store.term_places(None, ["roof", "dach"]) == {MEETING.id: {"dach": [0]}}
    assert store.heads(None)[MEETING.id].language == "de"
    store.save_index(MEETING.id, indexed())
    assert counted(store) == 0


def test_another_guild_is_another_shelf(store: Store) -> None:
    other = replace(meeting(1), guild_id=5)
    for one in (MEETING, other):
        store.add_meeting(one)
        store.save_index(one.id, indexed("The roof leaks."))
    assert store.heads(5).keys() == store.term_places(5, ["roof"]).keys() == {other.id}
    assert not store.heads(6)
    assert not store.term_places(6, ["roof"])
    assert store.heads(None).keys() == {MEETING.id, other.id}


def test_meetings_with_notes_are_to_be_indexed(store: Store) -> None:
    for number in range(4):
        store.add_meeting(meeting(number))
    assert store.unindexed() == []
    for number in (1, 2, 3):
        store.end_meeting(meeting(number).id, meeting(number).started_ns + 1)
        if number > 1:
            store.save_notes(NO_NOTES, replace(POSTING, meeting_id=meeting(number).id))
    assert [one.id for one in store.meetings_in(MeetingState.FINISHING)] == [meeting(1).id]
    assert store.unindexed() == [meeting(3).id, meeting(2).id]
    store.save_index(meeting(3).id, indexed())
    assert store.unindexed() == [meeting(2).id]


def test_an_index_goes_with_its_meeting(store: Store) -> None:
    store.add_meeting(MEETING)
    store.save_index(MEETING.id, indexed("The roof leaks."))
    store.delete_meeting(MEETING.id)
    assert store.heads(None) == {}
    assert counted(store) == 0
