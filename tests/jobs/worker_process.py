"""A worker as a process of its own: ``python -m tests.jobs.worker_process DATABASE_URL MEETINGS_FOLDER``.

Prints a line when it serves the queues; SIGTERM stops it.
"""

import logging
import signal
import sys
from pathlib import Path

from notetaker.jobs.worker import Worker

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    stop = {signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)  # before any thread starts, for all of them
    worker = Worker(sys.argv[1], Path(sys.argv[2]), "pocketsphinx")
    worker.start()
    sys.stdout.write("serving\n")
    sys.stdout.flush()
    signal.sigwait(stop)
    worker.stop()
