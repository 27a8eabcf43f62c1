"""Asking for jobs: the bot's side."""

from collections.abc import Iterable
from typing import Final

from dbos import DBOSClient, EnqueueOptions

from notetaker.jobs.database import APPLICATION, jobs_url, prepare, store_errors

TRANSCRIBE: Final = "transcribe"
FINISH: Final = "finish"
"""Names of the two kinds of job, and of the queue that each has to itself: however many utterances wait,
a meeting that is over is finished at once."""

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
        self._enqueue(TRANSCRIBE, utterance_id)

    def finish(self, meeting_id: str) -> None:
        """Write the notes of a meeting that has ended. Asking again changes nothing."""
        self._enqueue(FINISH, meeting_id)

    def transcribe_states(self, utterance_ids: Iterable[str]) -> dict[str, str]:
        """DBOS's state of the job of each utterance that has one."""
        prefix = f"{TRANSCRIBE}:"
        ids = [prefix + one for one in utterance_ids]
        with store_errors():
            jobs = self._client.list_workflows(workflow_ids=ids, load_input=False, load_output=False)
        return {job.workflow_id.removeprefix(prefix): job.status for job in jobs}

    def close(self) -> None:
        self._client.destroy()

    def _enqueue(self, kind: str, subject: str) -> None:
        options: EnqueueOptions = {
            "workflow_name": kind,
            "queue_name": kind,
            "workflow_id": f"{kind}:{subject}",
        }
        with store_errors():
            self._client.enqueue(options, subject)
