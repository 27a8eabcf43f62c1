"""Minutes that are written while the meeting goes on."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from dbos import DBOSClient

from notetaker.jobs.database import jobs_url
from notetaker.jobs.minutes import LONGEST_WAIT, MinuteTaker
from notetaker.jobs.queue import MINUTES, JobQueue, part_name
from notetaker.jobs.so_far import known_parts, transcript_of
from notetaker.jobs.transcriber import Transcriber
from notetaker.jobs.workflows import Preferences, Workflows
from notetaker.model.meeting import Meeting
from notetaker.model.minutes import Item, Kind, Minutes, Part, PartMinutes, Summary
from notetaker.model.transcript import Transcript
from notetaker.model.utterance import Transcription, Utterance
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.writer import WriterError
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.jobs.engine import POCKETSPHINX
from tests.store.examples import MEETING, SECOND, STARTED, utterance

WORDS = "We decided to open the new website in spring."
EVERY_S = 10
TEN_MINUTES = 60


@dataclass
class Observed:
    """A writer that makes one decision of each part, and counts them."""

    parts: list[Part] = field(default_factory=list)
    fails: Exception | None = None
    name = "observed"

    def write(self, part: Part) -> PartMinutes:
        self.parts.append(part)
        if self.fails:
            raise self.fails
        decision = Item(Kind.DECISION, f"{part.lines[0].text}", (part.lines[0].utterance_id,))
        return PartMinutes("Website", (decision,), part.lines[0].started_ns, self.name)

    def repair(self, part: Part, objections: Sequence[tuple[Item, str]]) -> tuple[Item, ...]:
        return ()

    def sum_up(self, parts: Sequence[PartMinutes], kind: object = None) -> tuple[str, tuple[Item, ...]]:
        if self.fails:
            raise self.fails
        return "Website", tuple(replace(item, kind=Kind.POINT) for item in parts[0].items[:1])


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/notetaker.db"


@pytest.fixture
def queue(database_url: str) -> Iterator[JobQueue]:
    queue = JobQueue(database_url)
    yield queue
    queue.close()


@pytest.fixture
def writer() -> Observed:
    return Observed()


@pytest.fixture
def workflows(tmp_path: Path, store: Store, queue: JobQueue, writer: Observed) -> Iterator[Workflows]:
    transcriber = Transcriber(POCKETSPHINX, processes=1)
    yield Workflows(store, queue, transcriber, tmp_path, threading.Event(), Preferences(), writer)
    transcriber.close()


def speak(store: Store, number: int, *, final: bool = True) -> Utterance:
    """Store an utterance of nine seconds, the ``number``-th, with its text."""
    started_ns = STARTED + number * EVERY_S * SECOND
    one = replace(utterance(number), started_ns=started_ns, ended_ns=started_ns + 9 * SECOND)
    store.add_utterance(one)
    store.set_draft(one.id, Transcription(WORDS, "e", language="en", final=final), STARTED)
    return one


def requested(queue: JobQueue, store: Store) -> list[str]:
    """Return the keys of the parts whose minutes were requested."""
    meeting = store.meeting(MEETING.id)
    assert meeting
    keys = list(known_parts(store, transcript_of(store, meeting, "UTC")))
    states = queue.states(MINUTES, [part_name(MEETING.id, key) for key in keys])
    return [key for key in keys if part_name(MEETING.id, key) in states]


def test_a_part_is_written_while_the_meeting_goes_on_and_not_again_at_its_end(
    store: Store, queue: JobQueue, workflows: Workflows, writer: Observed
) -> None:
    store.add_meeting(MEETING)
    spoken = [speak(store, number) for number in range(TEN_MINUTES)]
    workflows.refine_utterances([spoken[-1].id])
    keys = requested(queue, store)
    assert keys
    for key in keys * 2:
        workflows.write_part(MEETING.id, key)
    assert list(store.parts(MEETING.id)) == keys
    assert len(writer.parts) == len(keys)

    store.end_meeting(MEETING.id, spoken[-1].ended_ns)
    client = _client(store)
    for key in keys:
        client.cancel_workflow(f"minutes:{part_name(MEETING.id, key)}")
    client.destroy()
    workflows.finish_meeting(MEETING.id)
    assert [line for part in writer.parts for line in part.lines] == list(
        dict.fromkeys(line for part in writer.parts for line in part.lines)
    )
    assert sum(len(part.lines) for part in writer.parts) == TEN_MINUTES
    minutes = store.notes(MEETING.id)
    assert minutes and (minutes.title, minutes.made_by) == ("Website", ("observed",))
    assert len(minutes.parts) == len(writer.parts)


def test_a_text_that_is_not_final_holds_up_the_parts_after_it(
    store: Store, queue: JobQueue, workflows: Workflows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notetaker.jobs.minutes.REQUEST_INTERVAL", 0.0)
    store.add_meeting(MEETING)
    spoken = [speak(store, number, final=number != 5) for number in range(TEN_MINUTES)]
    workflows.refine_utterances([spoken[-1].id])
    assert requested(queue, store) == []
    store.set_final({spoken[5].id: Transcription(WORDS, "e", language="en")}, STARTED)
    workflows.refine_utterances([spoken[-1].id])
    assert requested(queue, store)


def test_a_part_that_has_other_lines_by_now_is_written_with_them(
    store: Store, queue: JobQueue, workflows: Workflows, writer: Observed
) -> None:
    store.add_meeting(MEETING)
    spoken = [speak(store, number) for number in range(TEN_MINUTES)]
    workflows.refine_utterances([spoken[-1].id])
    key, *_ = requested(queue, store)
    late = replace(spoken[3], user_id=7, clip=replace(spoken[3].clip, segment=9))
    store.add_utterance(late)
    store.set_final({late.id: Transcription("But not before May.", "e", language="en")}, STARTED)
    workflows.write_part(MEETING.id, key)
    assert (store.parts(MEETING.id), writer.parts) == ({}, [])
    store.end_meeting(MEETING.id, spoken[-1].ended_ns)
    workflows.finish_meeting(MEETING.id)
    assert late.id in [line.utterance_id for line in writer.parts[0].lines]


def test_the_notes_are_of_the_kind_that_was_chosen_for_the_meeting(
    store: Store, workflows: Workflows, writer: Observed
) -> None:
    store.add_meeting(replace(MEETING, kind="podcast"))
    one = speak(store, 0)
    store.end_meeting(MEETING.id, one.ended_ns)
    workflows.finish_meeting(MEETING.id)
    assert {part.notes and part.notes.name for part in writer.parts} == {"podcast"}
    minutes, [posting] = store.notes(MEETING.id), store.due_postings()
    assert minutes and minutes.kind == "podcast"
    assert posting.content.startswith("## Episode notes: ")
    assert posting.attachment.count("## In short") == posting.content.count("### In short")


def test_a_part_that_the_model_did_not_write_is_named_in_the_notes(
    store: Store, workflows: Workflows, writer: Observed
) -> None:
    writer.fails = WriterError("The language model is away.")
    store.add_meeting(MEETING)
    one = speak(store, 0)
    store.end_meeting(MEETING.id, one.ended_ns)
    workflows.finish_meeting(MEETING.id)
    [posting] = store.due_postings()
    assert "-# 1 of 1 part by the built-in writer: The language model is away." in posting.content


def test_a_writer_with_a_bug_costs_no_notes_and_what_was_said_stays_out_of_the_log(
    store: Store, queue: JobQueue, workflows: Workflows, writer: Observed, caplog: pytest.LogCaptureFixture
) -> None:
    writer.fails = KeyError("website")
    store.add_meeting(MEETING)
    spoken = [speak(store, number) for number in range(TEN_MINUTES)]
    workflows.refine_utterances([spoken[-1].id])
    key, *_ = requested(queue, store)
    workflows.write_part(MEETING.id, key)
    assert (
        f"Meeting {MEETING.id}: the built-in writer had to write part 1: The writer failed (KeyError at"
        in (caplog.text)
    )
    store.end_meeting(MEETING.id, spoken[-1].ended_ns)
    client = _client(store)
    client.cancel_workflow(f"minutes:{part_name(MEETING.id, key)}")
    client.destroy()
    workflows.finish_meeting(MEETING.id)
    minutes = store.notes(MEETING.id)
    assert minutes
    assert all("KeyError" in (part.fell_back or "") for part in minutes.parts)
    assert "the built-in writer had to sum up" in caplog.text
    assert "website" not in caplog.text


def test_a_part_whose_job_does_not_end_is_written_with_the_notes(store: Store, queue: JobQueue) -> None:
    store.add_meeting(MEETING)
    spoken = [speak(store, number) for number in range(TEN_MINUTES)]
    now = 0.0
    waited: list[float] = []

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds
        waited.append(seconds)

    def transcript(meeting: Meeting) -> Transcript:
        return transcript_of(store, meeting, "UTC")

    writer = Observed()
    taker = MinuteTaker(store, queue, writer, transcript, wait, lambda: now)
    taker.request_parts(MEETING)  # and no worker takes the jobs
    store.end_meeting(MEETING.id, spoken[-1].ended_ns)
    meeting = store.meeting(MEETING.id)
    assert meeting
    minutes = taker.of(transcript(meeting))
    assert len(minutes.parts) == len(writer.parts) == 3
    assert LONGEST_WAIT < now < LONGEST_WAIT + 1


def test_a_transcript_is_read_once_in_15_seconds(store: Store, queue: JobQueue) -> None:
    other = replace(MEETING, id="other")
    for meeting in (MEETING, other):
        store.add_meeting(meeting)
    now, read = 0.0, []

    def transcript(meeting: Meeting) -> Transcript:
        read.append((now, meeting.id))
        return transcript_of(store, meeting, "UTC")

    taker = MinuteTaker(store, queue, None, transcript, lambda _: None, lambda: now)
    for at in (0.0, 1.0, 14.9, 15.0, 29.0):
        now = at
        taker.request_parts(MEETING)
    taker.request_parts(other)
    assert read == [(0.0, MEETING.id), (15.0, MEETING.id), (29.0, "other")]


def test_an_unexpected_failure_is_logged_without_what_was_said(
    store: Store, workflows: Workflows, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store.add_meeting(MEETING)
    failures: list[Exception] = [KeyError("website"), StoreError("the database is locked")]

    def of(_: MinuteTaker, transcript: Transcript) -> Minutes:
        if failures:
            raise failures.pop(0)
        return join((), Summary("", (), "built-in"))

    monkeypatch.setattr(MinuteTaker, "of", of)
    monkeypatch.setattr(workflows, "_pause", lambda _: None)
    store.end_meeting(MEETING.id, STARTED + SECOND)
    workflows.finish_meeting(MEETING.id)
    assert "RuntimeError: KeyError" in caplog.text
    assert "StoreError: the database is locked" in caplog.text
    assert "website" not in caplog.text


def test_the_minutes_of_a_meeting_that_is_gone_are_dropped(workflows: Workflows, writer: Observed) -> None:
    workflows.write_part("gone", "0.k")
    assert writer.parts == []


def _client(store: Store) -> DBOSClient:
    return DBOSClient(system_database_url=jobs_url(f"sqlite:///{store.name}"))
