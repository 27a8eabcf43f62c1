"""Imported AT_START: SIGUSR1 breaks the process, in the way that SABOTAGE names."""

import gc
import os
import re
import signal
import time


def _block_loop() -> None:
    """A call that waits, on the event loop: here the main thread runs no task any more."""
    time.sleep(3600)


def _hold_interpreter() -> None:
    """C code that neither returns nor lets another thread run."""
    re.match(r"(a+)+$", "a" * 100 + "b")


def _hold_locks() -> None:
    """Every guild's lock is held by somebody who should have let go of it long ago."""
    for lock in gc.get_objects():
        if type(lock).__name__ == "TimedLock":
            lock._locked, lock._deadline = True, 0.0


_WAYS = {"block loop": _block_loop, "hold interpreter": _hold_interpreter, "hold locks": _hold_locks}

signal.signal(signal.SIGUSR1, lambda *_: _WAYS[os.environ["SABOTAGE"]]())
