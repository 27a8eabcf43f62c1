"""The worker process: does jobs until it is told to stop. It needs no token and never sees Discord."""

import logging
import signal
import threading

from notetaker.jobs.worker import MOST_COUNTED, Work, Worker
from notetaker.model import events
from notetaker.notes.wording import count
from notetaker.service import stacks
from notetaker.service.exit_codes import ExitCode
from notetaker.service.settings import Settings
from notetaker.service.systemd import Systemd

log = logging.getLogger(__name__)


def run(settings: Settings) -> ExitCode:
    """Runs until SIGTERM or SIGINT. Raises StoreError and EngineError when it cannot even begin."""
    stacks.block_abort()
    stacks.on_abort()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    systemd = Systemd()
    idle = f"Waiting for speech, with {settings.speech_engine}"

    def on_round(work: Work | None) -> None:
        systemd.healthy()
        if not stop.is_set():
            systemd.status(status_line(work) or idle)

    worker = Worker(settings.database, settings.meetings_folder, settings.speech_engine, on_round)
    worker.start()
    systemd.ready(idle)
    log.info("Ready, with the speech engine %s", settings.speech_engine, extra=events.READY())
    stop.wait()
    systemd.stopping("Ending the running jobs")
    log.info("Stopping", extra=events.STOPPING())
    worker.stop()
    return ExitCode.TRY_AGAIN if worker.taken_for_dead else ExitCode.OK


def status_line(work: Work | None) -> str:
    """``Transcribing, 12 waiting``; nothing when there is nothing to do. None: the database is away."""
    if work is None:
        return "Waiting for the database"
    parts = ["transcribing"] if work.transcribing else []
    if work.finishing:
        parts.append(f"writing the notes of {count(work.finishing, 'meeting')}")
    if work.waiting:
        parts.append(f"{work.waiting}{'' if work.waiting < MOST_COUNTED else ' or more'} waiting")
    line = ", ".join(parts)
    return line[:1].upper() + line[1:]
