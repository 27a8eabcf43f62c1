"""Reading what JSON columns hold."""

import traceback

import pytest

from notetaker.store import tables
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.store.examples import MEETING, NOTES, POSTING


def test_what_damaged_minutes_say_is_not_in_the_error(store: Store) -> None:
    store.add_meeting(MEETING)
    store.save_notes(NOTES, POSTING)
    store.save_part(MEETING.id, "k", NOTES.parts[0])
    with store.engine.begin() as connection:
        damaged = {"title": ["We fire Bob."]}
        connection.execute(tables.notes.update().values({"items": damaged}))
        connection.execute(tables.parts.update().values(minutes=damaged))
    for read in (store.notes, store.parts):
        with pytest.raises(StoreError) as caught:
            read(MEETING.id)
        assert "Bob" not in "".join(traceback.format_exception(caught.value))
