"""Searching in the store, with meetings that are indexed, and with those that are not yet."""

from dataclasses import replace

from sqlalchemy import delete

from notetaker.jobs.search import Shelf, index_all, message_link
from notetaker.model.meeting import Meeting
from notetaker.model.utterance import Transcription
from notetaker.notes.search.finding import answers, mentions
from notetaker.store import tables
from notetaker.store.store import Store
from tests.store.examples import MEETING, NO_NOTES, POSTING, SECOND, meeting, utterance


def hold(store: Store, number: int, *texts: str, ended: bool = True) -> Meeting:
    held = meeting(number)
    store.add_meeting(held)
    for at, text in enumerate(texts):
        one = utterance(at, held.id)
        store.add_utterance(one)
        store.set_final({one.id: Transcription(text, "e", language="en")}, one.ended_ns)
    if ended:
        store.end_meeting(held.id, held.started_ns + SECOND)
        store.save_notes(NO_NOTES, replace(POSTING, meeting_id=held.id))
    return held


def found(store: Store, *meetings: Meeting, words: str) -> list[tuple[str, str]]:
    shelf = Shelf(store, MEETING.guild_id, meetings)
    return [(hit.meeting.id, hit.snippet.line.text) for hit in shelf.hits(mentions(shelf, words, 9))]


def test_meetings_are_found_before_and_after_they_are_indexed(store: Store) -> None:
    held = [hold(store, 1, "The roof leaks."), hold(store, 2, "A new roof.", ended=False)]
    before = found(store, *held, words="roof")
    assert before == [(held[1].id, "A new roof."), (held[0].id, "The roof leaks.")]
    index_all(store, lambda: False)
    assert store.heads(None).keys() == {held[0].id}, "the one that goes on is not indexed"
    assert found(store, *held, words="roof") == before


def test_only_the_given_meetings_are_searched(store: Store) -> None:
    held = [hold(store, number, "The roof leaks.") for number in range(3)]
    index_all(store, lambda: False)
    assert found(store, held[1], words="roof") == [(held[1].id, "The roof leaks.")]
    assert found(store, words="roof") == []
    shelf = Shelf(store, MEETING.guild_id, held[:1])
    assert [one.passage.meeting_id for one in answers(shelf, "Does the roof leak?", 9)] == [held[0].id]


def test_what_is_deleted_meanwhile_is_not_shown(store: Store) -> None:
    held = hold(store, 1, "The sky.", "The roof leaks.")
    index_all(store, lambda: False)
    shelf = Shelf(store, MEETING.guild_id, [held])
    seen = mentions(shelf, "roof", 9)
    with store.engine.begin() as connection:
        connection.execute(delete(tables.transcriptions))
    assert shelf.hits(seen) == []


def test_a_worker_that_stops_leaves_the_rest(store: Store) -> None:
    for number in range(3):
        hold(store, number, "The roof leaks.")
    index_all(store, lambda: len(store.heads(None)) > 0)
    assert store.heads(None).keys() == {meeting(2).id}


def test_notes_are_linked_only_in_a_channel_of_the_meeting(store: Store) -> None:
    held = hold(store, 1)
    assert message_link(store, held) is None
    store.posted(held.id, 7, held.text_channel_id)
    place = f"https://discord.com/channels/{held.guild_id}/{held.text_channel_id}/7"
    assert message_link(store, held) == place
    assert message_link(store, replace(held, text_channel_id=1)) is None
