"""The bot's side of jobs: requesting them."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import uuid4

from dbos import DBOSClient, EnqueueOptions

from notetaker.jobs.database import APPLICATION, jobs_url, prepare, store_errors

TRANSCRIBE: Final = "transcribe"
REFINE: Final = "refine"
MINUTES: Final = "minutes"
FINISH: Final = "finish"
ASK: Final = "ask"
"""Names of the kinds of job and of their queues. Each kind has its own queue, so that live lines and the notes
of finished meetings never wait behind final texts."""

ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
"""DBOS's states of a workflow that will not run again."""


class JobQueue:
    """Requests jobs. Synchronous, usable from any thread, and without a thread of its own.

    When a call returns, the job is on disk, and a worker will do it after any number of crashes.
    All methods raise StoreError if the database cannot be reached.
    """

    def __init__(self, database_url: str) -> None:
        prepare(database_url)
        self._database_url = database_url
        self._client = DBOSClient(
            system_database_url=jobs_url(database_url),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,  # the bot needs the error; DBOS would wait forever
        )

    def transcribe(self, utterance_id: str) -> None:
        """Request a draft of an utterance. Repeating the request changes nothing, even when the job is done."""
        self._enqueue(TRANSCRIBE, utterance_id, utterance_id)

    def refine(self, utterance_ids: Sequence[str]) -> None:
        """Request the final texts of some utterances of one speaker. Repeating the request changes nothing."""
        self._enqueue(REFINE, list(utterance_ids), refine_name(utterance_ids))

    def write_part(self, meeting_id: str, key: str) -> None:
        """Request the minutes of a part of a meeting. Repeating the request changes nothing."""
        self._enqueue(MINUTES, [meeting_id, key], part_name(meeting_id, key))

    def finish(self, meeting_id: str) -> None:
        """Request the notes of a meeting that has ended. Repeating the request changes nothing."""
        self._enqueue(FINISH, meeting_id, meeting_id)

    def ask(self, question: str, passages: Sequence[tuple[str, Sequence[str]]]) -> str:
        """Request an answer from passages, each given as its meeting and its lines. Return the name of the job."""
        name = uuid4().hex
        self._enqueue(ASK, [question, [[meeting_id, list(lines)] for meeting_id, lines in passages]], name)
        return name

    def answer(self, name: str) -> dict[str, Any] | None:
        """Return what ``jobs.asking`` answered, or None if it has not yet. An answer that failed is empty."""
        with store_errors(self._database_url):
            jobs = self._client.list_workflows(workflow_ids=[f"{ASK}:{name}"], load_input=False)
        return next((job.output or {} for job in jobs if job.status in ENDED), None)

    def forget(self, name: str) -> None:
        """Delete a question and its answer, which are what people said."""
        with store_errors(self._database_url):
            self._client.delete_workflow(f"{ASK}:{name}")

    def forget_all_asked(self) -> None:
        """Delete all questions and answers: nobody waits for those of an earlier life of the bot."""
        with store_errors(self._database_url):
            jobs = self._client.list_workflows(
                workflow_id_prefix=f"{ASK}:", load_input=False, load_output=False
            )
            for job in jobs:
                self._client.delete_workflow(job.workflow_id)

    def states(self, kind: str, names: Iterable[str]) -> dict[str, str]:
        """Return DBOS's state of each existing job of a kind, by the job's subject."""
        with store_errors(self._database_url):
            jobs = self._client.list_workflows(
                workflow_ids=[f"{kind}:{name}" for name in names], load_input=False, load_output=False
            )
        return {job.workflow_id.removeprefix(f"{kind}:"): job.status for job in jobs}

    def close(self) -> None:
        self._client.destroy()

    def _enqueue(self, kind: str, subject: str | list[Any], name: str) -> None:
        options: EnqueueOptions = {
            "workflow_name": kind,
            "queue_name": kind,
            "workflow_id": f"{kind}:{name}",
        }
        with store_errors(self._database_url):
            self._client.enqueue(options, subject)


def part_name(meeting_id: str, key: str) -> str:
    """Return the name of the job that writes the minutes of a part."""
    return f"{meeting_id}.{key}"


def refine_name(utterance_ids: Sequence[str]) -> str:
    """Return the name of a batch's job: its first utterance, for readers of the database, and a digest of all."""
    digest = hashlib.sha256("\n".join(utterance_ids).encode()).hexdigest()[:16]
    return f"{utterance_ids[0]}.{digest}"
