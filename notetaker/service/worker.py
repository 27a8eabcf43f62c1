"""The worker process: runs jobs until it is stopped. It needs no token and never connects to Discord."""

import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from notetaker.host import stacks
from notetaker.host.errors import SettingsError
from notetaker.host.exit_codes import ExitCode
from notetaker.host.sd_notify import ServiceManager
from notetaker.jobs.worker import MOST_COUNTED, STOP_TIMEOUT, Work, Worker
from notetaker.jobs.workflows import Preferences
from notetaker.model import events
from notetaker.model.wording import count
from notetaker.remote.errors import ServerSettingError
from notetaker.settings.kinds import load_kinds
from notetaker.settings.values import Settings

if TYPE_CHECKING:
    from notetaker.writing.llm import LlmWriter

log = logging.getLogger(__name__)

SLOW_S = 60.0
"""If looking for jobs takes longer, the worker is waiting for the database."""
OVERDUE_S = 600.0
"""If it takes longer, the worker may be stuck, and stops pinging the watchdog. A server that cannot be reached is
noticed sooner (``store.database``); one that hangs is not."""
STOP_S = STOP_TIMEOUT + 10.0
"""Timeout for ending the jobs and storing their state."""


def run(settings: Settings) -> ExitCode:
    """Run until SIGTERM or SIGINT. Raises StoreError, EngineError or SettingsError if it cannot start."""
    stacks.block_abort()
    stacks.on_abort()
    stop: SimpleQueue[int] = SimpleQueue()  # unlike an Event, safe to use in a signal handler
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: stop.put(number))
    manager = ServiceManager()
    kinds = load_kinds(settings)
    for fault in kinds.faults:
        log.error("%s", fault)
    preferences = Preferences(settings.speech_language, settings.vocabulary, settings.time_zone, kinds.kinds)
    writer = _writer(settings)
    worker = Worker(
        settings.database,
        settings.meetings_folder,
        settings.engine_settings,
        preferences,
        settings.speech_processes,
        writer,
        writer,
    )
    idle = f"Waiting for speech ({worker.engine_name})"
    worker.start()
    manager.ready(idle)
    log.info("Ready with the speech engine %s", worker.engine_name, extra=events.READY())
    while not _asked(stop, manager.ping_every_s):
        if worker.unattended_s < OVERDUE_S:
            manager.healthy()
            manager.status(status_line(worker.work, worker.unattended_s) or idle)
    manager.stopping("Finishing the running jobs")
    log.info("Stopping", extra=events.STOPPING())
    code = ExitCode.TRY_AGAIN if worker.slot_lost else ExitCode.OK
    try:
        ThreadPoolExecutor(1).submit(worker.stop).result(STOP_S)
    except TimeoutError:
        log.warning("The database does not answer, exiting; the next worker will repeat unfinished jobs")
        logging.shutdown()
        os._exit(code)  # a normal exit would wait for the threads that wait for it
    return code


def _writer(settings: Settings) -> "LlmWriter | None":
    """Return the language model that is set, if any. Raises SettingsError."""
    llm = settings.llm
    if llm is None:
        return None
    from notetaker.writing.llm import LlmWriter  # takes a second

    log.info("The notes are written by %s; what is said is sent to its server", llm.model)
    try:
        return LlmWriter(llm)
    except ServerSettingError as error:
        raise SettingsError(str(error)) from None


def _asked(stop: SimpleQueue[int], within_s: float) -> bool:
    """Return whether the worker is asked to stop within that time."""
    try:
        stop.get(timeout=within_s)
    except Empty:
        return False
    return True


def status_line(work: Work | None, unattended_s: float) -> str:
    """``Transcribing, 12 waiting``, or empty if there is nothing to do. For the arguments see ``Worker``."""
    if work is None or unattended_s > SLOW_S:
        return "Waiting for the database"
    parts = ["transcribing"] if work.transcribing else []
    if work.refining:
        parts.append("improving the transcript")
    if work.parts:
        parts.append(f"writing the minutes of {count(work.parts, 'part')}")
    if work.finishing:
        parts.append(f"writing the notes of {count(work.finishing, 'meeting')}")
    if work.waiting:
        more = "" if work.waiting < MOST_COUNTED else " or more"
        parts.append(f"{work.waiting}{more} waiting, {work.behind_s:.0f} s behind")
    line = ", ".join(parts)
    return line[:1].upper() + line[1:]
