"""On SIGABRT, which a watchdog sends to a hung process, log every stack and exit.

A dedicated thread waits for the signal, so this works while all other threads are blocked and after the process was
stopped and continued. It logs the stacks of the asyncio tasks, since a waiting task is on no thread's stack. Then the
signal takes effect, and ``faulthandler`` writes the stacks of the threads, from C. Stacks contain function names and
line numbers, no values.
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

from notetaker.host.logs import journald
from notetaker.host.logs.setup import in_journal
from notetaker.model import events

STDERR = 2
"""File descriptor of standard error."""

ABORTED = "Received SIGABRT, exiting."


def block_abort() -> None:
    """Block SIGABRT in this thread and those that it starts. Call it before there are others, then ``on_abort``."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGABRT})


def on_abort(loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Make SIGABRT end the process with the stack of every thread, and of every task of the loop.

    There is no core dump: it would contain keys and speech.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable(STDERR)
    threading.Thread(target=_await_abort, args=(loop, in_journal()), name="stacks", daemon=True).start()


def give_up_after(seconds: float) -> None:
    """Exit with the stack of every thread unless this is called again in time.

    This is for a C library that holds the interpreter lock forever: no thread can handle SIGABRT then.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)


def never_give_up() -> None:
    """Cancel ``give_up_after``."""
    faulthandler.cancel_dump_traceback_later()


def of_tasks(loop: asyncio.AbstractEventLoop) -> str:
    """Return the stack of every task, innermost call first. Can be called from any thread."""
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
        tasks = "" if loop is None else f" Tasks:\n{of_tasks(loop)}"
        _write(f"{ABORTED}{tasks}", in_journal)
    finally:  # even if that failed, write the stacks of the threads and exit
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGABRT})
        signal.raise_signal(signal.SIGABRT)


def _write(message: str, in_journal: bool) -> None:
    """Write a message without ``logging`` and ``sys.stderr``: a hung thread may hold their locks."""
    if in_journal:
        with suppress(OSError):  # the journal reads standard error as well
            journald.send(message, logging.CRITICAL, events.ABORTED())
            return
    os.write(STDERR, f"{message}\n".encode())


def _frames(coroutine: object) -> Iterator[FrameType]:
    """Yield the frames of a task from the outermost to the innermost; of a running task, only the first."""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is None:
            return
        yield frame
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
