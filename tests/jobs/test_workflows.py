"""What the jobs do, without the queue that starts them."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dbos import DBOSClient

from notetaker.demo.script import load
from notetaker.jobs.batches import complete
from notetaker.jobs.database import jobs_url
from notetaker.jobs.queue import REFINE, JobQueue, refine_name
from notetaker.jobs.speech_process import ClipToHear
from notetaker.jobs.transcriber import Transcriber
from notetaker.jobs.workflows import Interrupted, Preferences, Workflows
from notetaker.model.audio import AudioFrame
from notetaker.model.utterance import Transcription, Utterance
from notetaker.model.vocabulary import Entry
from notetaker.speech.engine import Hints
from notetaker.speech.engines import EngineSettings
from notetaker.store.store import Store
from tests.jobs.engine import POCKETSPHINX
from tests.jobs.recording import record_frames, record_meeting, record_speech
from tests.speech.installed import FOLDERS, model
from tests.store.examples import MEETING, SECOND

WORDS = Transcription("words", "engine")


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/notetaker.db"


@pytest.fixture
def queue(database_url: str) -> Iterator[JobQueue]:
    queue = JobQueue(database_url)
    yield queue
    queue.close()


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


@pytest.fixture
def workflows(
    tmp_path: Path, store: Store, queue: JobQueue, stopping: threading.Event
) -> Iterator[Workflows]:
    transcriber = Transcriber(POCKETSPHINX, processes=1)
    yield Workflows(store, queue, transcriber, tmp_path, stopping, Preferences())
    transcriber.close()


@pytest.fixture
def utterances(tmp_path: Path, store: Store) -> list[Utterance]:
    return record_meeting(tmp_path, store)


def test_utterances_whose_sound_is_gone_say_so(
    tmp_path: Path, store: Store, workflows: Workflows, utterances: list[Utterance]
) -> None:
    (tmp_path / MEETING.id / "journal").rename(tmp_path / "elsewhere")
    workflows.refine_utterances([one.id for one in utterances[:2]])
    assert [one for one, _ in store.transcribed(MEETING.id)] == utterances[:2]
    for _, transcription in store.transcribed(MEETING.id):
        assert transcription.text == ""
        assert transcription.error and transcription.error.startswith("The recording could not be read")


def test_one_utterance_that_cannot_be_heard_costs_no_other_one(
    tmp_path: Path, store: Store, workflows: Workflows, utterances: list[Utterance]
) -> None:
    beyond = replace(utterances[0], clip=replace(utterances[0].clip, start_offset=7, end_offset=10**9))
    store.add_utterance(beyond)
    workflows.refine_utterances([utterances[0].id, beyond.id, utterances[1].id])
    errors = {one.id: said.error for one, said in store.transcribed(MEETING.id)}
    assert errors == {utterances[0].id: None, beyond.id: "The recording is damaged.", utterances[1].id: None}


def test_a_single_utterance_keeps_its_draft_if_the_final_text_lacks_its_end(
    tmp_path: Path, store: Store, workflows: Workflows, utterances: list[Utterance]
) -> None:
    first, second, *_ = utterances
    for one, more, kept in ((first, "and three more words", True), (second, "or two", False)):
        clip = ClipToHear(one.clip, continues=False)
        [heard] = workflows._transcriber.final(tmp_path / MEETING.id, [clip], Hints(thorough=True))
        assert heard.text
        draft = Transcription(f"{heard.text} {more}", "a draft", language="en", final=False)
        store.set_draft(one.id, draft, MEETING.started_ns)
        workflows.refine_utterances([one.id])
        found = store.transcription(one.id)
        assert found and (found.text, found.final) == (draft.text if kept else heard.text, True)


def test_a_live_line_that_fails_is_left_to_the_final_pass(
    tmp_path: Path, store: Store, workflows: Workflows, caplog: pytest.LogCaptureFixture
) -> None:
    [first, *_] = record_meeting(tmp_path, store, ended=False)
    journal = tmp_path / MEETING.id / "journal"
    journal.rename(tmp_path / "elsewhere")
    workflows.transcribe_utterance(first.id)
    assert store.transcribed(MEETING.id) == []
    assert f"No live line for utterance {first.id}: The recording could not be read" in caplog.text
    (tmp_path / "elsewhere").rename(journal)
    workflows.transcribe_utterance(first.id)
    [(_, said)] = store.transcribed(MEETING.id)
    assert said.text and said.final, "PocketSphinx makes no better text in a second pass"


def test_a_language_that_the_engine_does_not_know_is_in_the_log(
    tmp_path: Path, store: Store, workflows: Workflows, caplog: pytest.LogCaptureFixture
) -> None:
    workflows._transcriber.start()
    spoken = record_meeting(tmp_path, store, ended=False, language="de")
    for utterance in spoken:
        workflows.transcribe_utterance(utterance.id)
    sentence = "is in German, which pocketsphinx does not support; see notetaker models list"
    assert caplog.text.count(sentence) == 1
    assert all(said.text for _, said in store.transcribed(MEETING.id))


def test_a_meeting_that_is_over_gets_no_live_lines(
    store: Store, workflows: Workflows, utterances: list[Utterance]
) -> None:
    workflows.transcribe_utterance(utterances[0].id)
    assert store.transcribed(MEETING.id) == []


def test_what_is_transcribed_is_not_transcribed_again(
    tmp_path: Path, store: Store, workflows: Workflows, utterances: list[Utterance]
) -> None:
    (tmp_path / MEETING.id / "journal").rename(tmp_path / "elsewhere")  # so that transcribing would fail
    store.set_final({utterances[0].id: WORDS}, MEETING.started_ns)
    workflows.transcribe_utterance(utterances[0].id)
    workflows.refine_utterances([utterances[0].id])
    assert store.transcribed(MEETING.id) == [(utterances[0], WORDS)]


def test_a_job_whose_subject_is_not_in_the_store_is_dropped(
    workflows: Workflows, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    workflows.transcribe_utterance("m.1.2.3")
    workflows.refine_utterances(["m.1.2.3"])
    workflows.finish_meeting("m")
    assert "Utterance m.1.2.3 is not in the store" in caplog.text
    assert "Meeting m is not in the store" in caplog.text


def test_a_meeting_in_which_nobody_spoke_is_finished(store: Store, workflows: Workflows) -> None:
    store.add_meeting(MEETING)
    store.end_meeting(MEETING.id, MEETING.started_ns + 1)
    workflows.finish_meeting(MEETING.id)
    assert [posting.meeting_id for posting in store.due_postings()] == [MEETING.id]


@pytest.mark.parametrize(("own", "zone"), [(None, "CET"), ("Asia/Tokyo", "JST")])
def test_the_notes_are_in_the_language_and_the_time_zone_of_the_meeting_or_of_the_settings(
    tmp_path: Path, store: Store, queue: JobQueue, stopping: threading.Event, own: str | None, zone: str
) -> None:
    store.add_meeting(replace(MEETING, language="de", time_zone=own))
    store.end_meeting(MEETING.id, MEETING.started_ns + 1)
    transcriber = Transcriber(POCKETSPHINX, processes=1)
    preferences = Preferences(time_zone="Europe/Berlin")
    Workflows(store, queue, transcriber, tmp_path, stopping, preferences).finish_meeting(MEETING.id)
    transcriber.close()
    [posting] = store.due_postings()
    assert "18. November 2026" in posting.attachment
    assert f"Times are {zone}." in posting.attachment


def test_corrections_are_in_the_notes_and_not_in_the_store(
    store: Store, workflows: Workflows, utterances: list[Utterance]
) -> None:
    heard = replace(WORDS, text="Cooper Netties is down.")
    store.set_final({utterance.id: heard for utterance in utterances}, MEETING.started_ns)
    store.add_vocabulary(MEETING.guild_id, [Entry("Kubernetes", "cooper netties")])
    store.add_vocabulary(MEETING.guild_id + 1, [Entry("out", "down")])
    workflows.finish_meeting(MEETING.id)
    [posting] = store.due_postings()
    assert posting.attachment.count("Kubernetes is down.") >= 3
    assert "- Corrected: Kubernetes for “cooper netties” (3 times)\n" in posting.attachment
    assert [said.text for _, said in store.transcribed(MEETING.id)] == [heard.text] * 3


def test_an_utterance_whose_job_was_given_up_does_not_hold_up_the_notes(
    store: Store,
    queue: JobQueue,
    workflows: Workflows,
    utterances: list[Utterance],
    database_url: str,
) -> None:
    store.set_final({utterance.id: WORDS for utterance in utterances[1:]}, MEETING.started_ns)
    queue.refine([utterances[0].id])
    client = DBOSClient(system_database_url=jobs_url(database_url))
    client.cancel_workflow(f"refine:{refine_name([utterances[0].id])}")
    client.destroy()
    workflows.finish_meeting(MEETING.id)
    error = "Transcribing this utterance failed repeatedly."
    assert [found.error for _, found in store.transcribed(MEETING.id)] == [error, None, None]
    assert store.due_postings()


def test_one_of_several_utterances_that_is_to_blame_costs_the_others_nothing(
    store: Store, queue: JobQueue, workflows: Workflows, utterances: list[Utterance], database_url: str
) -> None:
    """Their job was given up because the worker died of it each time, so each utterance is tried alone."""
    spoken = [replace(one, user_id=utterances[0].user_id) for one in utterances]
    store.set_final({spoken[2].id: WORDS}, MEETING.started_ns)
    store.set_draft(spoken[1].id, replace(WORDS, text="a draft", final=False), MEETING.started_ns)
    batch = [spoken[0].id, spoken[1].id]
    queue.refine(batch)
    queue.refine([spoken[1].id])  # this one was also tried alone
    client = DBOSClient(system_database_url=jobs_url(database_url))
    for name in (refine_name(batch), refine_name([spoken[1].id])):
        client.cancel_workflow(f"refine:{name}")
    client.destroy()
    workflows._give_up_together(batch)
    assert queue.states(REFINE, [refine_name([spoken[0].id])]) == {refine_name([spoken[0].id]): "ENQUEUED"}
    assert store.transcription(spoken[0].id) is None
    assert store.transcription(spoken[1].id) == replace(WORDS, text="a draft"), (
        "what is known is not thrown away"
    )


def test_a_job_that_fails_is_tried_again(
    tmp_path: Path,
    store: Store,
    workflows: Workflows,
    utterances: list[Utterance],
    caplog: pytest.LogCaptureFixture,
) -> None:
    store.set_final({utterance.id: WORDS for utterance in utterances}, MEETING.started_ns)
    folder = tmp_path / MEETING.id
    (folder / "tracks").write_text("in the way of the folder")

    class Repair(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            (folder / "tracks").unlink()

    repair = Repair(logging.ERROR)
    logging.getLogger("notetaker.jobs.workflows").addHandler(repair)
    workflows.finish_meeting(MEETING.id)
    logging.getLogger("notetaker.jobs.workflows").removeHandler(repair)
    assert f"write_tracks of {MEETING.id} failed; retrying in 1 s" in caplog.text
    assert len(list((folder / "tracks").glob("*.ogg"))) == 3
    assert not (folder / "journal").exists()


def test_the_notes_tell_when_it_was_said_although_it_came_late(
    tmp_path: Path, store: Store, workflows: Workflows
) -> None:
    """What Ada said first, in a stall of her network, came with all of its sound 3 s late."""
    store.add_meeting(MEETING)
    sent = [*range(50, 100), *range(1000, 1300)]
    frames = [
        AudioFrame(1001, 70, n, 960 * frame, load().sentences[0].frames[20], max(0.02 * frame, 4.0))
        for n, frame in enumerate(sent)
    ]
    for utterance in record_frames(tmp_path / MEETING.id, frames):
        store.add_utterance(utterance)
    live = store.utterances(MEETING.id)
    store.set_final({one.id: WORDS for one in live}, MEETING.started_ns)
    store.end_meeting(MEETING.id, MEETING.started_ns + 60 * SECOND)
    workflows.finish_meeting(MEETING.id)
    first, second = store.utterances(MEETING.id)
    assert live[0].started_ns - first.started_ns == pytest.approx(2 * SECOND, abs=SECOND / 50)
    assert first.started_ns == pytest.approx(MEETING.started_ns + SECOND, abs=SECOND / 50)
    assert second == live[1]


def test_a_meeting_whose_journal_cannot_be_read_gets_its_notes(
    tmp_path: Path, store: Store, workflows: Workflows, utterances: list[Utterance]
) -> None:
    store.set_final({one.id: WORDS for one in utterances}, MEETING.started_ns)
    journal = tmp_path / MEETING.id / "journal"
    (journal / "0001.pcap").rename(journal / "kept")
    (journal / "0001.pcap").mkdir()
    workflows._write_notes(MEETING.id)
    assert store.due_postings()
    assert store.utterances(MEETING.id) == utterances


def test_a_journal_that_the_tracks_do_not_hold_stays(
    tmp_path: Path, store: Store, workflows: Workflows, caplog: pytest.LogCaptureFixture
) -> None:
    utterances = record_meeting(tmp_path, store)
    store.set_final({utterance.id: WORDS for utterance in utterances}, MEETING.started_ns)
    journal = tmp_path / MEETING.id / "journal"
    (journal / "0002.pcap").write_bytes(b"not a journal file at all")
    workflows.finish_meeting(MEETING.id)
    assert store.due_postings()
    assert journal.exists()
    assert f"Cannot write the tracks of meeting {MEETING.id}; keeping its journal" in caplog.text


def test_a_waiting_job_is_interrupted_when_the_worker_stops(
    store: Store, workflows: Workflows, utterances: list[Utterance], stopping: threading.Event
) -> None:
    stopping.set()
    with pytest.raises(Interrupted):
        workflows.finish_meeting(MEETING.id)
    assert store.due_postings() == []


def test_drafts_while_the_meeting_runs_and_final_texts_of_full_windows(
    tmp_path: Path, store: Store, queue: JobQueue, stopping: threading.Event
) -> None:
    model()
    transcriber = Transcriber(EngineSettings("whisper", models_folders=FOLDERS), processes=1)
    transcriber.start()
    workflows = Workflows(store, queue, transcriber, tmp_path, stopping, Preferences(language="en"))
    spoken = record_speech(tmp_path, store)
    for utterance in spoken:
        workflows.transcribe_utterance(utterance.id)
    drafts = dict(store.transcribed(MEETING.id))
    assert all(draft.text and not draft.final and draft.language == "en" for draft in drafts.values())
    batches = [[one.id for one in window] for window in complete(spoken, spoken[-1].ended_ns)]
    names = [refine_name(batch) for batch in batches]
    assert queue.states(REFINE, names) == dict.fromkeys(names, "ENQUEUED")
    ids = batches[0]
    workflows.refine_utterances(ids)
    transcriber.close()
    for utterance, said in store.transcribed(MEETING.id):
        assert said.final is (utterance.id in ids)
        assert said.text if utterance.id in ids else said == drafts[utterance]
