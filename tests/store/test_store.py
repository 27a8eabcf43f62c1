"""The queries, on SQLite and PostgreSQL."""

import re
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import select

from notetaker.model.audio import UNKNOWN
from notetaker.model.meeting import MeetingState, Place
from notetaker.model.minutes import Item, Kind
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Transcription
from notetaker.store import tables
from notetaker.store.database import Rejected
from notetaker.store.store import Store
from tests.store.examples import MEETING, NOTES, POSTING, SECOND, STARTED, meeting, utterance


def test_migrations_arrive_at_the_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_migrating_again_changes_nothing(store: Store) -> None:
    store.add_meeting(MEETING)
    store.migrate()
    assert store.meeting(MEETING.id) == MEETING


def test_a_meeting_comes_back_as_it_was(store: Store) -> None:
    ended = replace(meeting(1), ended_ns=STARTED + 60 * SECOND, state=MeetingState.POSTED)
    store.add_meeting(MEETING)
    store.add_meeting(ended)
    assert store.meeting(MEETING.id) == MEETING
    assert store.meeting(ended.id) == ended
    assert store.meeting("nobody") is None


def test_meetings_are_listed_newest_first(store: Store) -> None:
    for number in (2, 1, 3):
        store.add_meeting(meeting(number))
    assert store.meetings() == [meeting(3), meeting(2), meeting(1)]
    assert store.meetings(limit=2) == [meeting(3), meeting(2)]


def test_a_meeting_goes_from_recording_to_posted(store: Store) -> None:
    store.add_meeting(MEETING)
    assert store.meetings_in(MeetingState.RECORDING) == [MEETING]

    store.end_meeting(MEETING.id, STARTED + SECOND)
    finishing = replace(MEETING, state=MeetingState.FINISHING, ended_ns=STARTED + SECOND)
    assert store.meeting(MEETING.id) == finishing
    assert store.meetings_in(MeetingState.RECORDING) == []

    store.save_notes(NOTES, POSTING)
    assert store.meeting(MEETING.id) == replace(finishing, state=MeetingState.READY)
    store.posted(MEETING.id, 77, POSTING.channel_id)
    assert store.meeting(MEETING.id) == replace(finishing, state=MeetingState.POSTED)


def test_a_meeting_ends_once(store: Store) -> None:
    store.add_meeting(MEETING)
    store.end_meeting(MEETING.id, STARTED + SECOND)
    store.end_meeting(MEETING.id, STARTED + 2 * SECOND)
    store.save_notes(NOTES, POSTING)
    store.end_meeting(MEETING.id, STARTED + 3 * SECOND)
    found = store.meeting(MEETING.id)
    assert found and (found.ended_ns, found.state) == (STARTED + SECOND, MeetingState.READY)


def test_utterances_that_begin_at_the_same_time_are_in_the_order_of_their_recording(store: Store) -> None:
    store.add_meeting(MEETING)
    places = [(2, 900), (10, 24), (2, 1000), (2, 24)]
    one = utterance(1)
    utterances = [
        replace(one, clip=replace(one.clip, segment=segment, start_offset=start)) for segment, start in places
    ]
    for each in utterances:
        store.add_utterance(each)
    assert store.utterances(MEETING.id) == [utterances[number] for number in (3, 0, 2, 1)]


def test_the_last_name_of_a_speaker_counts(store: Store) -> None:
    store.add_meeting(MEETING)
    store.name_speaker(MEETING.id, 2**62, "Ada")
    store.name_speaker(MEETING.id, 5, "Bob")
    store.name_speaker(MEETING.id, 2**62, "Ada L.")
    assert store.speakers(MEETING.id) == {5: "Bob", 2**62: "Ada L."}
    assert store.speakers("other") == {}


def test_speakers_of_one_name_are_told_apart(store: Store) -> None:
    store.add_meeting(MEETING)
    store.name_speaker(MEETING.id, 5, "Alex", "alex_a")
    store.name_speaker(MEETING.id, 6, "Alex", "alex_b")
    store.name_speaker(MEETING.id, 7, "\u3164", "eve")
    assert store.speakers(MEETING.id) == {5: "Alex (alex_a)", 6: "Alex (alex_b)", 7: "eve"}


def test_the_places_of_a_meeting_begin_with_the_first(store: Store) -> None:
    store.add_meeting(MEETING)
    assert store.places(MEETING) == [MEETING.first_place]
    moved = Place(MEETING.started_ns + 60, 2**62 + 9, "Planning")
    store.set_place(MEETING.id, moved)
    store.set_place(MEETING.id, moved._replace(name="Plans"))
    store.set_place(MEETING.id, MEETING.first_place._replace(name="Lobby"))
    assert store.places(MEETING) == [
        MEETING.first_place._replace(name="Lobby"),
        moved._replace(name="Plans"),
    ]


def test_coverage_replaces_what_was_known(store: Store) -> None:
    store.add_meeting(MEETING)
    store.set_coverage(MEETING.id, [Coverage(1, Counter({Outcome.HEARD: 5})), Coverage(2)])
    latest = [Coverage(1, Counter({Outcome.HEARD: 9, Outcome.BAD_AUTH: 1}), lost=3, stored=8, no_opus=2)]
    store.set_coverage(MEETING.id, latest)
    assert store.coverage(MEETING.id) == latest
    store.set_coverage(MEETING.id, [])
    assert store.coverage(MEETING.id) == []


def test_an_earlier_release_counted_only_what_was_stored(store: Store) -> None:
    store.add_meeting(MEETING)
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO coverage (meeting_id, user_id, outcomes, lost) "
            f"""VALUES ('{MEETING.id}', 1, '{{"stored": 9, "bad_auth": 1}}', 3)"""
        )
    outcomes = Counter({Outcome.HEARD: 9, Outcome.BAD_AUTH: 1})
    assert store.coverage(MEETING.id) == [Coverage(1, outcomes, lost=3, stored=9)]


def test_a_worker_of_an_earlier_release_can_read_the_counts(store: Store) -> None:
    store.add_meeting(MEETING)
    outcomes = Counter({Outcome.HEARD: 9, Outcome.BAD_AUTH: 1})
    store.set_coverage(MEETING.id, [Coverage(1, outcomes, lost=3, stored=8)])
    with store.engine.connect() as connection:
        assert connection.execute(select(tables.coverage.c.outcomes)).scalar() == {"stored": 8, "bad_auth": 1}


def test_the_same_gap_is_kept_once(store: Store) -> None:
    store.add_meeting(MEETING)
    everyone = Gap(STARTED + SECOND, STARTED + 2 * SECOND, "voice session lost (4006)")
    one = replace(everyone, user_id=7)
    earlier = replace(everyone, started_ns=STARTED)
    for gap in (everyone, one, everyone, earlier, one):
        store.add_gap(MEETING.id, gap)
    assert store.gaps(MEETING.id) == [earlier, everyone, one]


def test_an_utterance_is_added_once(store: Store) -> None:
    store.add_meeting(MEETING)
    assert store.add_utterance(utterance(2)) is True
    assert store.add_utterance(utterance(1)) is True
    assert store.add_utterance(replace(utterance(1), packets=9)) is False
    assert store.utterance(utterance(1).id) == utterance(1)
    assert store.utterance("nothing") is None
    assert store.utterances(MEETING.id) == [utterance(1), utterance(2)]


def test_an_utterance_turns_out_to_have_been_said_earlier(store: Store) -> None:
    store.add_meeting(MEETING)
    store.add_utterance(utterance(1))
    store.add_utterance(utterance(2))
    earlier = replace(
        utterance(2), started_ns=utterance(1).started_ns - 2, ended_ns=utterance(1).started_ns - 1
    )
    store.move([earlier])
    assert store.utterances(MEETING.id) == [earlier, utterance(1)]


def test_an_utterance_without_a_speaker_gets_one_and_no_other(store: Store) -> None:
    store.add_meeting(MEETING)
    named = utterance(1)
    nameless = replace(named, user_id=UNKNOWN)
    assert store.add_utterance(nameless) is True
    assert store.add_utterance(nameless) is False
    assert store.add_utterance(named) is True
    assert store.utterances(MEETING.id) == [named]
    assert store.add_utterance(nameless) is False
    assert store.add_utterance(replace(named, user_id=named.user_id + 1)) is False
    assert store.utterances(MEETING.id) == [named]


DRAFT = Transcription("helo", "whisper-base", final=False)
FINAL = Transcription("Hello.", "whisper-base", language="en", undecodable=2)
FAILED = Transcription("", "whisper-base", "The engine has died.")


def test_a_final_text_replaces_a_draft_and_nothing_replaces_a_final_text(store: Store) -> None:
    store.add_meeting(MEETING)
    for number in (3, 2, 1):
        store.add_utterance(utterance(number))
    assert store.transcription(utterance(2).id) is None
    store.set_draft(utterance(2).id, DRAFT, STARTED)
    store.set_draft(utterance(2).id, FAILED, STARTED)
    assert store.transcription(utterance(2).id) == DRAFT
    assert store.untranscribed(MEETING.id) == [utterance(1).id, utterance(3).id]
    assert store.unfinished(MEETING.id) == [utterance(1), utterance(2), utterance(3)]
    store.set_final({utterance(2).id: FINAL, utterance(1).id: FAILED}, STARTED)
    store.set_final({utterance(2).id: FAILED}, STARTED)
    store.set_draft(utterance(2).id, DRAFT, STARTED)
    assert store.unfinished(MEETING.id) == [utterance(3)]
    assert store.transcribed(MEETING.id) == [(utterance(1), FAILED), (utterance(2), FINAL)]


def test_a_worker_of_an_earlier_release_did_not_count_what_it_could_not_decode(store: Store) -> None:
    store.add_meeting(MEETING)
    store.add_utterance(utterance(1))
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO transcriptions (utterance_id, text, engine, final) "
            f"VALUES ('{utterance(1).id}', 'Hello.', 'whisper-base', true)"
        )
    assert store.transcription(utterance(1).id) == Transcription("Hello.", "whisper-base", undecodable=None)


def test_the_lag_is_that_of_the_first_text(store: Store) -> None:
    store.add_meeting(MEETING)
    store.add_utterance(utterance(1))
    store.add_utterance(utterance(2))
    store.set_draft(utterance(1).id, DRAFT, utterance(1).ended_ns + SECOND)
    store.set_final({utterance(1).id: FINAL, utterance(2).id: FINAL}, utterance(1).ended_ns + 20 * SECOND)
    assert sorted(store.lags_ns(MEETING.id)) == [SECOND, 19 * SECOND]


def test_the_languages_of_a_meeting_are_in_time_order(store: Store) -> None:
    store.add_meeting(MEETING)
    for number, language in ((2, "de"), (1, "en"), (3, None)):
        store.add_utterance(utterance(number))
        store.set_final({utterance(number).id: replace(FINAL, language=language)}, STARTED)
    user_id = utterance(1).user_id
    assert store.languages(MEETING.id) == [(user_id, "en", SECOND // 2), (user_id, "de", SECOND // 2)]


def test_a_meeting_has_a_language(store: Store) -> None:
    store.add_meeting(replace(MEETING, language="de"))
    found = store.meeting(MEETING.id)
    assert found and found.language == "de"


def test_meetings_do_not_mix(store: Store) -> None:
    for number in (1, 2):
        store.add_meeting(meeting(number))
        store.add_utterance(utterance(number, meeting(number).id))
    store.set_final({utterance(1, meeting(1).id).id: Transcription("one", "e")}, STARTED)
    assert [found.started_ns for found, _ in store.transcribed(meeting(1).id)] == [STARTED + SECOND]
    assert store.transcribed(meeting(2).id) == []
    assert store.untranscribed(meeting(2).id) == [utterance(2, meeting(2).id).id]


def test_notes_come_back_as_they_were(store: Store) -> None:
    store.add_meeting(MEETING)
    assert (store.notes(MEETING.id), store.posting(MEETING.id), store.due_postings()) == (None, None, [])
    store.save_notes(NOTES, POSTING)
    assert store.notes(MEETING.id) == NOTES
    assert store.posting(MEETING.id) == POSTING
    assert store.due_postings() == [POSTING]


def test_notes_of_an_earlier_release_become_minutes(store: Store) -> None:
    store.add_meeting(MEETING)
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).with_name("migrations")))
    old = {"summary": [{"text": "Ada: We ship.", "cites": ["u1"]}], "decisions": [], "actions": []}
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.stamp(config, "0005")
        connection.execute(
            tables.notes.insert().values(meeting_id=MEETING.id, items=old, made_by="extractive summariser")
        )
        command.upgrade(config, "0006")
        command.stamp(config, "head")
    found = store.notes(MEETING.id)
    assert found and found.summary == (Item(Kind.POINT, "Ada: We ship.", ("u1",)),)
    assert found.made_by == ("extractive summariser",)


def test_the_first_minutes_of_a_part_stay(store: Store) -> None:
    store.add_meeting(MEETING)
    assert store.parts(MEETING.id) == {}
    (part,) = NOTES.parts
    store.save_part(MEETING.id, "0.k", part)
    store.save_part(MEETING.id, "0.k", replace(part, title="Another"))
    store.save_part(MEETING.id, "1.k", replace(part, title="Another"))
    assert store.parts(MEETING.id) == {"0.k": part, "1.k": replace(part, title="Another")}
    assert store.parts("other") == {}


def test_notes_may_be_replaced_until_the_first_attempt_to_post(store: Store) -> None:
    better = replace(NOTES, title="Better", made_by=("a model",))
    best = replace(better, made_by=("a better model",))
    store.add_meeting(MEETING)
    store.save_notes(NOTES, POSTING)
    store.save_notes(better, replace(POSTING, content="better"))
    assert store.begin_posting(MEETING.id) is True
    store.save_notes(best, replace(POSTING, content="best"))
    assert store.notes(MEETING.id) == better
    assert store.due_postings() == [replace(POSTING, content="better")]

    store.posted(MEETING.id, 77, POSTING.channel_id)
    store.save_notes(best, replace(POSTING, content="best"))
    found = store.meeting(MEETING.id)
    assert found and found.state == MeetingState.POSTED
    assert store.due_postings() == []


def test_only_the_first_attempt_to_post_is_told_so(store: Store) -> None:
    store.add_meeting(MEETING)
    store.save_notes(NOTES, POSTING)
    assert [store.begin_posting(MEETING.id) for _ in range(3)] == [True, False, False]
    assert store.due_postings() == [POSTING]  # still due, because the attempt may have failed
    store.posted(MEETING.id, 77, POSTING.channel_id)
    store.posted(MEETING.id, 78, POSTING.channel_id)
    assert store.due_postings() == []
    assert store.begin_posting(MEETING.id) is False
    assert store.posting(MEETING.id) == POSTING


def test_a_place_that_refuses_the_notes_is_kept_until_none_is_left(store: Store) -> None:
    store.add_meeting(MEETING)
    store.save_notes(NOTES, POSTING)
    store.begin_posting(MEETING.id)
    for _ in range(2):
        store.refuse(MEETING.id, 3, "the channel no longer exists")
    assert store.refusals(MEETING.id) == {3: "the channel no longer exists"}
    assert store.begin_posting(MEETING.id) is True  # in the next place
    store.give_up_posting(MEETING.id)
    assert store.due_postings() == []
    assert store.posting(MEETING.id) == POSTING


def test_it_is_kept_where_the_notes_were_posted(store: Store) -> None:
    store.add_meeting(MEETING)
    store.save_notes(NOTES, POSTING)
    store.posted(MEETING.id, 77, 99)
    assert store.posting(MEETING.id) == replace(POSTING, channel_id=99)


@pytest.mark.parametrize(("utterance_id", "engine"), [("no such utterance", "e"), (utterance(1).id, None)])
def test_what_was_said_is_not_in_an_error(store: Store, utterance_id: str, engine: str) -> None:
    store.add_meeting(MEETING)
    store.add_utterance(utterance(1))
    said = Transcription("our secret", engine)
    with pytest.raises(Rejected) as caught:
        store.set_final({utterance_id: said}, STARTED)
    assert re.match(
        "ForeignKeyViolation|NotNullViolation|IntegrityError: SQLITE_CONSTRAINT", str(caught.value)
    )
    assert "secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("character", ["\ud800", "\0"])
def test_a_name_that_no_database_can_hold_is_stored_all_the_same(store: Store, character: str) -> None:
    store.add_meeting(replace(MEETING, voice_channel_name=f"Stand{character}up"))
    store.name_speaker(MEETING.id, 42, f"Ada {character} \U0001f600")
    assert store.meetings()[0].voice_channel_name == "Stand\ufffdup"
    assert store.speakers(MEETING.id) == {42: "Ada \ufffd \U0001f600"}


def test_a_deleted_meeting_leaves_nothing(store: Store) -> None:
    for number in (1, 2):
        held, said = meeting(number), utterance(number, meeting(number).id)
        store.add_meeting(held)
        store.name_speaker(held.id, said.user_id, "Ada")
        store.add_gap(held.id, Gap(1, 2, "lost"))
        store.set_coverage(held.id, [Coverage(said.user_id, Counter({Outcome.HEARD: 1}), stored=1)])
        store.add_utterance(said)
        store.set_final({said.id: Transcription("words", "e")}, 1)
        store.save_part(held.id, "0", NOTES.parts[0])
        store.save_notes(NOTES, replace(POSTING, meeting_id=held.id))
        store.open_live_text(held.id, 1)

    def counted() -> dict[str, int]:
        with store.engine.connect() as connection:
            found = {
                table.name: len(connection.execute(select(table)).all())
                for table in tables.metadata.sorted_tables
            }
        return {name: rows for name, rows in found.items() if rows}

    before = counted()
    store.delete_meeting(meeting(1).id)
    assert counted() == {name: rows // 2 for name, rows in before.items()}
    assert store.transcription(utterance(2, meeting(2).id).id) is not None
