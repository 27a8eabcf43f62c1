"""The worker process: does jobs until it is told to stop. It needs no token and never sees Discord."""

import faulthandler
import logging
import signal
import threading

from notetaker.jobs.worker import Worker
from notetaker.model import events
from notetaker.service import stacks
from notetaker.service.exit_codes import ExitCode
from notetaker.service.settings import Settings
from notetaker.service.systemd import Systemd

log = logging.getLogger(__name__)


def run(settings: Settings) -> ExitCode:
    """Runs until SIGTERM or SIGINT. Raises StoreError and EngineError when it cannot even begin."""
    faulthandler.enable(stacks.STDERR)  # a watchdog sends SIGABRT: the stack of every thread, to the log
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    systemd = Systemd()
    worker = Worker(settings.database, settings.meetings_folder, settings.speech_engine, systemd.healthy)
    worker.start()
    systemd.ready(f"Waiting for speech, with {settings.speech_engine}")
    log.info("Ready, with the speech engine %s", settings.speech_engine, extra=events.READY())
    stop.wait()
    systemd.stopping("Ending the running jobs")
    log.info("Stopping", extra=events.STOPPING())
    worker.stop()
    return ExitCode.TRY_AGAIN if worker.taken_for_dead else ExitCode.OK
