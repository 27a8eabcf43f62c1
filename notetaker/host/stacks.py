"""Every stack of this process in the log, when whoever supervises it ends it with SIGABRT.

A thread of its own waits for the signal, which works while all others are blocked, and after the whole process was
stopped. It tells what happens, with the stacks of the tasks: one that waits is on no thread's stack. Then it lets the
signal do its work: ``faulthandler`` writes the stacks of the threads, from C. Names of functions and lines are
written, and no values.
"""

import asyncio
import faulthandler
import logging
import os
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType

from notetaker.host.logs import journald, setup
from notetaker.model import events

STDERR = 2
"""Its file descriptor."""

ABORTED = "This process is ended by SIGABRT."


def block_abort() -> None:
    """In this thread and all that it begins from now on; so call it while there is no other. Then ``on_abort``."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGABRT})


def on_abort(loop: asyncio.AbstractEventLoop | None = None) -> None:
    """From now on SIGABRT ends this process with the stack of every thread, and of every task of the loop.

    Without a core dump: it would hold keys and speech.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable(STDERR)
    threading.Thread(target=_await_abort, args=(loop, setup.in_journal()), name="stacks", daemon=True).start()


def give_up_after(seconds: float) -> None:
    """Unless this is called again in time, the process ends, with the stack of every thread.

    For a C library that holds the interpreter lock for ever: no thread can act on SIGABRT then.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)


def never_give_up() -> None:
    """``give_up_after`` holds no more."""
    faulthandler.cancel_dump_traceback_later()


def of_tasks(loop: asyncio.AbstractEventLoop) -> str:
    """What every task waits for, the innermost call first. For any thread."""
    lines = []
    for task in sorted(asyncio.all_tasks(loop), key=asyncio.Task.get_name):
        lines.append(f"Task {task.get_name()} (most recent call first):")
        frames = list(_frames(task.get_coro()))
        lines += [
            f'  File "{f.f_code.co_filename}", line {f.f_lineno} in {f.f_code.co_name}'
            for f in reversed(frames)
        ]
    return "\n".join(lines)


def _await_abort(loop: asyncio.AbstractEventLoop | None, in_journal: bool) -> None:
    signal.sigwait({signal.SIGABRT})
    try:
        tasks = "" if loop is None else f" What its tasks wait for:\n{of_tasks(loop)}"
        _tell(f"{ABORTED}{tasks}", in_journal)
    finally:  # whatever went wrong with the tasks: the threads are still to be told, and the process is to end
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGABRT})
        signal.raise_signal(signal.SIGABRT)


def _tell(message: str, in_journal: bool) -> None:
    """Not by way of ``logging`` or ``sys.stderr``, whose locks somebody may hold."""
    if in_journal:
        with suppress(OSError):  # the journal reads standard error, too
            journald.tell(message, logging.CRITICAL, events.ABORTED())
            return
    os.write(STDERR, f"{message}\n".encode())


def _frames(coroutine: object) -> Iterator[FrameType]:
    """From the task's own coroutine to the one that waits; of a task that runs, only the first."""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is None:
            return
        yield frame
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
