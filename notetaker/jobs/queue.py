"""Asking for jobs: the bot's side."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from dbos import DBOSClient, EnqueueOptions

from notetaker.jobs.database import APPLICATION, jobs_url, prepare, store_errors

TRANSCRIBE: Final = "transcribe"
REFINE: Final = "refine"
FINISH: Final = "finish"
"""Names of the three kinds of job, and of the queue that each has to itself: however many utterances wait for their
final text, a live line comes at once, and so do the notes of a meeting that is over."""

ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
"""DBOS's states of a workflow that will not run again."""


class JobQueue:
    """Asks for jobs. Synchronous, usable from any thread; no thread of its own.

    A call that has returned is on the disk: some worker will do the job, now or after any number of crashes.
    All raise StoreError when the database cannot be reached.
    """

    def __init__(self, database_url: str) -> None:
        prepare(database_url)
        self._client = DBOSClient(
            system_database_url=jobs_url(database_url),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,  # the bot must hear of it; it would wait for ever
        )

    def transcribe(self, utterance_id: str) -> None:
        """Asking again for the same utterance changes nothing, whether its job waits, runs or is done."""
        self._enqueue(TRANSCRIBE, utterance_id, utterance_id)

    def refine(self, utterance_ids: Sequence[str]) -> None:
        """The final text of some utterances of one speaker. Asking again for the same ones changes nothing."""
        self._enqueue(REFINE, list(utterance_ids), refine_name(utterance_ids))

    def finish(self, meeting_id: str) -> None:
        """Write the notes of a meeting that has ended. Asking again changes nothing."""
        self._enqueue(FINISH, meeting_id, meeting_id)

    def states(self, kind: str, names: Iterable[str]) -> dict[str, str]:
        """DBOS's state of each job of that kind, by what it works on; without those for which there is no job."""
        with store_errors():
            jobs = self._client.list_workflows(
                workflow_ids=[f"{kind}:{name}" for name in names], load_input=False, load_output=False
            )
        return {job.workflow_id.removeprefix(f"{kind}:"): job.status for job in jobs}

    def close(self) -> None:
        self._client.destroy()

    def _enqueue(self, kind: str, subject: str | list[str], name: str) -> None:
        options: EnqueueOptions = {
            "workflow_name": kind,
            "queue_name": kind,
            "workflow_id": f"{kind}:{name}",
        }
        with store_errors():
            self._client.enqueue(options, subject)


def refine_name(utterance_ids: Sequence[str]) -> str:
    """What the job for a batch is called: its first utterance, for a reader of the database, and a digest of all."""
    digest = hashlib.sha256("\n".join(utterance_ids).encode()).hexdigest()[:16]
    return f"{utterance_ids[0]}.{digest}"
