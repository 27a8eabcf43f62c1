"""Runs a worker in a separate process: ``python -m tests.jobs.worker_process DATABASE_URL MEETINGS_FOLDER``.

It prints a line when it serves the queues, and stops on SIGTERM.
"""

import logging
import signal
import sys
from pathlib import Path
from queue import SimpleQueue

from notetaker.jobs.worker import Worker
from tests.jobs.engine import POCKETSPHINX

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    stop: SimpleQueue[int] = SimpleQueue()
    signal.signal(signal.SIGTERM, lambda number, _: stop.put(number))
    worker = Worker(sys.argv[1], Path(sys.argv[2]), POCKETSPHINX, processes=1)
    worker.start()
    sys.stdout.write("serving\n")
    sys.stdout.flush()
    stop.get()
    worker.stop()
