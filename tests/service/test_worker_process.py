"""The real worker process, as systemd sees it."""

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from notetaker.host import stacks
from notetaker.jobs.queue import JobQueue
from notetaker.jobs.worker import Work
from notetaker.service.worker import status_line
from notetaker.store.store import Store
from tests.harness.office import PRELUDE, Office
from tests.harness.watchdog import a_watchdog
from tests.jobs.recording import record_meeting
from tests.store import postgres
from tests.store.examples import MEETING

PATIENCE_S = 60.0
WATCHDOG_S = 3.0


class Supervisor:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, folder: Path) -> None:
        self.address = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.address))
        self._socket.settimeout(PATIENCE_S)

    def next(self) -> str:
        return self._socket.recv(4096).decode()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path)
    yield supervisor
    supervisor.close()


@contextmanager
def worker(state: Path, supervisor: Supervisor, **settings: str) -> Iterator[subprocess.Popen[str]]:
    environment = {
        "SPEECH_ENGINE": "pocketsphinx",
        **settings,
        "PATH": os.environ["PATH"],
        "NOTETAKER_STATE_DIR": str(state),
        "NOTIFY_SOCKET": str(supervisor.address),
        "WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6)),
    }
    command = [sys.executable, "-m", "notetaker.cli", "worker"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_pings_the_watchdog_without_any_work_and_says_when_it_stops(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    with worker(tmp_path / "state", supervisor) as process:
        assert supervisor.next() == "READY=1\nSTATUS=Waiting for speech (pocketsphinx)"
        assert [supervisor.next(), supervisor.next()] == ["WATCHDOG=1", "WATCHDOG=1"]
        process.terminate()
        while (said := supervisor.next()) == "WATCHDOG=1":
            pass
        assert said == "STOPPING=1\nSTATUS=Finishing the running jobs"
        assert process.wait(PATIENCE_S) == 0


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


def test_the_status_says_what_there_is_to_do(tmp_path: Path, supervisor: Supervisor) -> None:
    store, queue = Store(f"sqlite:///{tmp_path}/notetaker.db"), JobQueue(f"sqlite:///{tmp_path}/notetaker.db")
    store.migrate()
    for utterance in record_meeting(tmp_path / "meetings", store):
        queue.transcribe(utterance.id)
    queue.finish(MEETING.id)
    queue.close()
    store.close()
    (tmp_path / "pocketsphinx.py").write_text(ENGINE)
    with worker(tmp_path, supervisor, PYTHONPATH=f"{tmp_path}:{PRELUDE}"):
        while (
            said := supervisor.next()
        ) != "STATUS=Improving the transcript, writing the notes of 1 meeting":
            assert said.startswith(("READY=1", "WATCHDOG=1", "STATUS=")), said


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
            a_watchdog(tmp_path, WATCHDOG_S) as watchdog,
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
            a_watchdog(tmp_path) as watchdog,
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
            a_watchdog(tmp_path, WATCHDOG_S) as watchdog,
            office.process("worker", **settings, **watchdog.settings) as process,
        ):
            await watchdog.until_heard("READY=1")
            with postgres.frozen(server):
                assert await process.exit_code() == -signal.SIGABRT
            assert watchdog.bitten.is_set()
            assert "in _sweep" in process.log


def test_the_abort_of_a_watchdog_leaves_the_stack_of_every_thread_and_no_core_dump(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    with worker(tmp_path / "state", supervisor) as process:
        assert supervisor.next().startswith("READY=1")
        assert resource.prlimit(process.pid, resource.RLIMIT_CORE) == (0, 0)
        process.send_signal(signal.SIGABRT)
        _, written = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGABRT
    stack = written.partition(f"{stacks.ABORTED}\n")[2]  # other threads may have something to say in between
    assert "Fatal Python error: Aborted" in stack
    assert "in _sweep" in written
    assert "in run" in written
