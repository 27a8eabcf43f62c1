"""What people have answered, and what there is of them, on SQLite and PostgreSQL."""

from dataclasses import replace

from notetaker.model.consent import Answer
from notetaker.model.utterance import Transcription
from notetaker.store.consents import Said
from notetaker.store.store import Store
from tests.store.examples import MEETING, SECOND, STARTED, meeting, utterance

ONE, OTHER, ADA, BEN = 2**62 + 1, 2**62 + 2, 2**61, 43


def test_the_latest_answer_in_a_server_counts(store: Store) -> None:
    assert store.answers(ONE) == {}
    store.set_answer(ONE, ADA, Answer(True, 1, 10))
    store.set_answer(ONE, ADA, Answer(False, 2, 2**62))
    store.set_answer(ONE, BEN, Answer(True, 1, 30))
    store.set_answer(OTHER, ADA, Answer(True, 1, 40))
    assert store.answers(ONE) == {ADA: Answer(False, 2, 2**62), BEN: Answer(True, 1, 30)}
    assert store.answers(OTHER) == {ADA: Answer(True, 1, 40)}


def test_the_words_of_one_person_in_one_server(store: Store) -> None:
    mine = replace(utterance(1, meeting(1).id), user_id=ADA)
    said = [
        mine,
        replace(utterance(3, meeting(1).id), user_id=ADA),
        replace(utterance(2, meeting(1).id), user_id=ADA),
        replace(utterance(5, meeting(1).id), user_id=BEN),
        replace(utterance(4, meeting(2).id), user_id=ADA),
        replace(utterance(6, meeting(3).id), user_id=ADA),
    ]
    for number in (2, 1):
        store.add_meeting(meeting(number))
    store.add_meeting(replace(meeting(3), guild_id=OTHER))
    for one in said:
        store.add_utterance(one)
    texts = {one.id: Transcription(f"text {n}", "pocketsphinx") for n, one in enumerate(said)}
    store.set_final(texts, now_ns=0)
    assert store.said_by(MEETING.guild_id, ADA) == [
        (
            meeting(1),
            [Said(STARTED + n * SECOND, f"text {text}") for n, text in ((1, 0), (2, 2), (3, 1))],
        ),
        (meeting(2), [Said(STARTED + 4 * SECOND, "text 4")]),
    ]
    assert store.heard_in(MEETING.guild_id, ADA) == 2
    assert store.heard_in(OTHER, ADA) == 1
    assert (store.heard_in(OTHER, BEN), store.said_by(OTHER, BEN)) == (0, [])
