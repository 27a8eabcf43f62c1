"""The worker process: does jobs until it is told to stop. It needs no token and never sees Discord."""

import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

from notetaker.host import stacks
from notetaker.host.exit_codes import ExitCode
from notetaker.host.sd_notify import ServiceManager
from notetaker.jobs.worker import MOST_COUNTED, STOP_TIMEOUT, Work, Worker
from notetaker.jobs.workflows import Preferences
from notetaker.model import events
from notetaker.model.wording import count
from notetaker.settings.values import Settings

log = logging.getLogger(__name__)

SLOW_S = 60.0
"""A look for jobs that has taken longer waits for the database."""
OVERDUE_S = 600.0
"""One that has taken longer may as well wait for something else, and the watchdog is to end it. A server that cannot
be reached any more is noticed sooner (``store.database``); one that is frozen is not."""
STOP_S = STOP_TIMEOUT + 10.0
"""For the jobs to end, and for the database to hear of it."""


def run(settings: Settings) -> ExitCode:
    """Runs until SIGTERM or SIGINT. Raises StoreError and EngineError when it cannot even begin."""
    stacks.block_abort()
    stacks.on_abort()
    stop: SimpleQueue[int] = SimpleQueue()  # which a signal handler may use at any instant, unlike an Event
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: stop.put(number))
    manager = ServiceManager()
    preferences = Preferences(settings.speech_language, settings.speech_vocabulary, settings.time_zone)
    worker = Worker(
        settings.database,
        settings.meetings_folder,
        settings.engine_settings,
        preferences,
        settings.speech_processes,
    )
    idle = f"Waiting for speech, with {worker.engine_name}"
    worker.start()
    manager.ready(idle)
    log.info("Ready, with the speech engine %s", worker.engine_name, extra=events.READY())
    while not _asked(stop, manager.ping_every_s):
        if worker.unattended_s < OVERDUE_S:
            manager.healthy()
            manager.status(status_line(worker.work, worker.unattended_s) or idle)
    manager.stopping("Ending the running jobs")
    log.info("Stopping", extra=events.STOPPING())
    code = ExitCode.TRY_AGAIN if worker.taken_for_dead else ExitCode.OK
    try:
        ThreadPoolExecutor(1).submit(worker.stop).result(STOP_S)
    except TimeoutError:
        log.warning(
            "Not waiting for the database any longer; what was begun is done again by the next worker"
        )
        logging.shutdown()
        os._exit(code)  # the threads that do wait for it would not let us go
    return code


def _asked(stop: SimpleQueue[int], within_s: float) -> bool:
    try:
        stop.get(timeout=within_s)
    except Empty:
        return False
    return True


def status_line(work: Work | None, unattended_s: float) -> str:
    """``Transcribing, 12 waiting``; nothing when there is nothing to do. For both see ``Worker``."""
    if work is None or unattended_s > SLOW_S:
        return "Waiting for the database"
    parts = ["transcribing"] if work.transcribing else []
    if work.refining:
        parts.append("improving the transcript")
    if work.finishing:
        parts.append(f"writing the notes of {count(work.finishing, 'meeting')}")
    if work.waiting:
        more = "" if work.waiting < MOST_COUNTED else " or more"
        parts.append(f"{work.waiting}{more} waiting, {work.behind_s:.0f} s behind")
    line = ", ".join(parts)
    return line[:1].upper() + line[1:]
