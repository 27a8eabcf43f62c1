"""The real worker process, as systemd sees it."""

import asyncio
import json
import resource
import signal
import threading
from contextlib import closing
from pathlib import Path

import pytest

from notetaker.host import stacks
from notetaker.host.exit_codes import ExitCode
from notetaker.jobs.queue import JobQueue
from notetaker.jobs.worker import Work
from notetaker.model.utterance import Transcription
from notetaker.service.worker import status_line
from notetaker.store.store import Store
from tests.harness import postgres
from tests.harness.office import Office
from tests.harness.process import POLL_S, PRELUDE, WAIT_S
from tests.harness.watchdog import a_watchdog
from tests.jobs.recording import record_meeting
from tests.remote.server import Answer
from tests.store.examples import MEETING, STARTED
from tests.writing.llm_server import MODEL, Server, completion

WATCHDOG_S = 3.0


async def test_it_pings_the_watchdog_without_any_work_and_says_when_it_stops(office: Office) -> None:
    async with (
        a_watchdog(WATCHDOG_S) as watchdog,
        office.process("worker", **watchdog.settings) as worker,
    ):
        await watchdog.until_heard("READY=1")
        await watchdog.until_pinged(2)
        assert await worker.terminate() == 0
    assert watchdog.heard == [
        "READY=1",
        "STATUS=Waiting for speech (pocketsphinx)",
        "STOPPING=1",
        "STATUS=Finishing the running jobs",
    ]


# An engine that never comes to an end, but does with the worker.
ENGINE = """
import os
import time

WORKER = os.getppid()

class Segment: pass

class Decoder:
    def __init__(self, **_): pass
    def start_utt(self): pass
    def process_raw(self, pcm, full_utt):
        while os.getppid() == WORKER:
            time.sleep(0.1)
"""


async def test_the_status_says_what_there_is_to_do(office: Office, tmp_path: Path) -> None:
    url = f"sqlite:///{office.state}/notetaker.db"
    with closing(Store(url)) as store, closing(JobQueue(url)) as queue:
        store.migrate()
        for utterance in record_meeting(office.state / "meetings", store):
            queue.transcribe(utterance.id)
        queue.finish(MEETING.id)
    (tmp_path / "pocketsphinx.py").write_text(ENGINE)
    settings = {"PYTHONPATH": f"{tmp_path}:{PRELUDE}"}
    async with a_watchdog() as watchdog, office.process("worker", **settings, **watchdog.settings):
        await watchdog.until_heard("STATUS=Improving the transcript, writing the notes of 1 meeting")


SETTLED = "We open the new website on the first of March."


async def test_the_language_model_of_the_settings_writes_the_notes(office: Office) -> None:
    minutes = {"title": "New website", "decisions": [{"lines": [1], "text": SETTLED}]}
    summary = {"title": "Website in March", "summary": [{"items": [1], "text": SETTLED}]}
    url = f"sqlite:///{office.state}/notetaker.db"
    with closing(Store(url)) as store, closing(JobQueue(url)) as queue, Server().running() as model:
        model.answer = lambda question: completion(
            json.dumps(summary if '"summary"' in question.text else minutes)
        )
        store.migrate()
        for utterance in record_meeting(office.state / "meetings", store):
            store.set_final({utterance.id: Transcription(SETTLED, "e", language="en")}, STARTED)
        queue.finish(MEETING.id)
        settings = {"NOTES_LLM_BASE_URL": model.url, "NOTES_LLM_MODEL": MODEL}
        async with office.process("worker", **settings):
            async with asyncio.timeout(WAIT_S):
                while not store.due_postings():  # noqa: ASYNC110 - another process stores them
                    await asyncio.sleep(POLL_S)
                model.answer = lambda _: completion(json.dumps({"points": minutes["decisions"]}))
                [line, *_] = store.utterances(MEETING.id)
                asked = queue.ask("What is settled?", [(MEETING.id, [line.id])])
                while (answered := queue.answer(asked)) is None:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
        [posting] = store.due_postings()
        assert answered == {"by": MODEL, "sentences": [[SETTLED, [line.id]]]}
        queue.forget(asked)
        assert queue.answer(asked) is None
    assert f"### Decisions\n- {SETTLED} (" in posting.content
    assert f"Notes by: {MODEL}; " in posting.content
    assert "built-in" not in posting.content


async def test_a_worker_stops_while_its_language_model_does_not_answer(office: Office) -> None:
    url, never = f"sqlite:///{office.state}/notetaker.db", threading.Event()
    with closing(Store(url)) as store, closing(JobQueue(url)) as queue, Server().running() as model:
        model.answer = lambda _: Answer(until=never)
        store.migrate()
        for utterance in record_meeting(office.state / "meetings", store):
            store.set_final({utterance.id: Transcription(SETTLED, "e", language="en")}, STARTED)
        queue.finish(MEETING.id)
        settings = {
            "NOTES_LLM_BASE_URL": model.url,
            "NOTES_LLM_MODEL": MODEL,
            "AT_START": "from notetaker.jobs import worker; worker.STOP_TIMEOUT = 1",
        }
        try:
            async with office.process("worker", **settings) as worker:
                async with asyncio.timeout(WAIT_S):
                    while not model.questions:  # noqa: ASYNC110 - another thread is asked
                        await asyncio.sleep(POLL_S)
                assert await worker.terminate() == 0
        finally:
            never.set()


async def test_a_language_model_without_a_name_is_a_wrong_setting(office: Office) -> None:
    async with office.process("worker", NOTES_LLM_BASE_URL="http://127.0.0.1:1/v1") as worker:
        assert await worker.exit_code() == ExitCode.CONFIGURATION
    assert "NOTES_LLM_MODEL is not set" in worker.log


@pytest.mark.parametrize(
    ("work", "unattended_s", "line"),
    [
        (
            Work(transcribing=True, finishing=0, waiting=12, behind_s=3.4),
            2.1,
            "Transcribing, 12 waiting, 3 s behind",
        ),
        (Work(transcribing=False, finishing=0, waiting=0, refining=True), 2.1, "Improving the transcript"),
        (Work(transcribing=False, finishing=2, waiting=0), 2.1, "Writing the notes of 2 meetings"),
        (
            Work(transcribing=True, finishing=1, waiting=0, parts=1),
            2.1,
            "Transcribing, writing the minutes of 1 part, writing the notes of 1 meeting",
        ),
        (
            Work(transcribing=True, finishing=0, waiting=1000, behind_s=900.0),
            2.1,
            "Transcribing, 1000 or more waiting, 900 s behind",
        ),
        (Work(transcribing=False, finishing=0, waiting=0), 2.1, ""),
        (Work(transcribing=True, finishing=0, waiting=12), 60.1, "Waiting for the database"),
        (None, 2.1, "Waiting for the database"),
    ],
)
def test_the_status_is_one_line(work: Work | None, unattended_s: float, line: str) -> None:
    assert status_line(work, unattended_s) == line


async def test_a_worker_whose_database_is_frozen_is_left_alone(office: Office, tmp_path: Path) -> None:
    with postgres.temporary_cluster() as server:
        settings = {"NOTETAKER_DATABASE_URL": postgres.new_database(server)}
        async with (
            a_watchdog(WATCHDOG_S) as watchdog,
            office.process("worker", **settings, **watchdog.settings) as process,
        ):
            await watchdog.until_heard("READY=1")
            with postgres.frozen(server):
                await watchdog.until_pinged(8)  # longer than WATCHDOG_S from the next look for jobs
                assert not watchdog.bitten.is_set()
            assert await process.terminate() == 0


async def test_a_worker_whose_database_is_frozen_can_be_stopped(office: Office, tmp_path: Path) -> None:
    hurried = "from notetaker.service import worker; worker.STOP_S = 1.0"
    with postgres.temporary_cluster() as server:
        settings = {
            "NOTETAKER_DATABASE_URL": postgres.new_database(server),
            "AT_START": hurried,
        }
        async with (
            a_watchdog() as watchdog,
            office.process("worker", **settings, **watchdog.settings) as process,
        ):
            await watchdog.until_heard("READY=1")
            with postgres.frozen(server):
                assert await process.terminate() == 0
            assert "The database does not answer, exiting" in process.log


async def test_a_worker_that_looks_for_jobs_for_ever_is_ended_and_its_stacks_are_in_the_log(
    office: Office, tmp_path: Path
) -> None:
    two_looks = "from notetaker.service import worker; worker.OVERDUE_S = 4.0"
    with postgres.temporary_cluster() as server:
        settings = {
            "NOTETAKER_DATABASE_URL": postgres.new_database(server),
            "AT_START": two_looks,
        }
        async with (
            a_watchdog(WATCHDOG_S) as watchdog,
            office.process("worker", **settings, **watchdog.settings) as process,
        ):
            await watchdog.until_heard("READY=1")
            with postgres.frozen(server):
                assert await process.exit_code() == -signal.SIGABRT
            assert watchdog.bitten.is_set()
            assert "in _sweep" in process.log


async def test_the_abort_of_a_watchdog_leaves_the_stack_of_every_thread_and_no_core_dump(
    office: Office,
) -> None:
    async with a_watchdog() as watchdog, office.process("worker", **watchdog.settings) as worker:
        await watchdog.until_heard("READY=1")
        assert resource.prlimit(worker.pid, resource.RLIMIT_CORE) == (0, 0)
        worker.send_signal(signal.SIGABRT)
        assert await worker.exit_code() == -signal.SIGABRT
    stack = worker.log.partition(f"{stacks.ABORTED}\n")[
        2
    ]  # other threads may have something to say in between
    assert "Fatal Python error: Aborted" in stack
    assert "in _sweep" in worker.log
    assert "in run" in worker.log
