"""Pages of live text in the store, on SQLite and PostgreSQL."""

from dataclasses import replace

from notetaker.model.live_text import LiveText, ShownPage
from notetaker.model.mark import Mark
from notetaker.model.meeting import Place
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Transcription
from notetaker.store.store import Store
from tests.store.examples import MEETING, STARTED, meeting, utterance

FIRST, SECOND = ShownPage(2**62 + 9, ("a", "b")), ShownPage(2**62 + 10, ())


def test_pages_come_back_in_order_with_what_they_show(store: Store) -> None:
    store.add_meeting(MEETING)
    assert store.live_text(MEETING.id) is None
    store.open_live_text(MEETING.id, 2**62 + 7)
    store.save_page(MEETING.id, 2, SECOND)
    store.save_page(MEETING.id, 1, replace(FIRST, keys=()))
    store.save_page(MEETING.id, 1, FIRST)
    assert store.live_text(MEETING.id) == LiveText(2**62 + 7, (FIRST, SECOND), closed=False)


def test_the_first_place_stays(store: Store) -> None:
    store.add_meeting(MEETING)
    store.open_live_text(MEETING.id, 1)
    store.open_live_text(MEETING.id, 2)
    assert store.live_text(MEETING.id) == LiveText(1, (), closed=False)


def test_meetings_are_followed_until_their_text_is_closed(store: Store) -> None:
    for number in (2, 1, 3):
        store.add_meeting(meeting(number))
    for number in (1, 2):
        store.open_live_text(meeting(number).id, number)
    assert store.open_live_texts() == [meeting(1), meeting(2)]
    store.close_live_text(meeting(1).id)
    assert store.open_live_texts() == [meeting(2)]


def test_the_version_changes_with_everything_that_is_shown(store: Store) -> None:
    store.add_meeting(MEETING)
    draft = Transcription("hello", "engine", final=False)
    seen = [store.text_version(MEETING.id)]
    store.add_utterance(utterance(1))
    assert store.text_version(MEETING.id) == seen[-1]  # without a text there is nothing to show
    store.set_draft(utterance(1).id, draft, STARTED)
    seen.append(store.text_version(MEETING.id))
    store.set_final({utterance(1).id: replace(draft, final=True)}, STARTED)
    seen.append(store.text_version(MEETING.id))
    store.add_gap(MEETING.id, Gap(STARTED, STARTED + 1, "lost"))
    seen.append(store.text_version(MEETING.id))
    store.add_mark(MEETING.id, Mark(STARTED, 1, "Ada", "here"))
    seen.append(store.text_version(MEETING.id))
    store.set_place(MEETING.id, Place(STARTED + 1, 7, "Planning"))
    seen.append(store.text_version(MEETING.id))
    store.end_meeting(MEETING.id, STARTED + 2)
    seen.append(store.text_version(MEETING.id))
    assert len({*seen}) == len(seen)
