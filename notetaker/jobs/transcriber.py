"""Runs the speech engine in separate processes.

An engine may hold the interpreter lock for seconds, hang, or crash in C code. That costs the worker one call, but
never its queues, its watchdog, or a database lock that is held too long.

There are two lanes, so that live lines never wait behind a final pass, whose processes have a lower priority. Each
process loads the engine once and uses one thread, because a second one hardly makes Whisper faster.
"""

import logging
import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from notetaker.jobs import speech_process
from notetaker.jobs.capacity import processes_for
from notetaker.jobs.speech_process import ClipToHear
from notetaker.model.utterance import Clip
from notetaker.speech.engine import EngineError, Heard, Hints
from notetaker.speech.engines import EngineSettings, choose

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 300.0
"""Seconds after which an engine counts as hanging. A call is for at most three minutes of sound."""
FINAL_NICENESS: Final = 10


class _Lane:
    """Speech processes of one priority. Calls wait for a free one."""

    def __init__(self, processes: int, niceness: int) -> None:
        self._processes = processes
        self._niceness = niceness
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._closed = False
        self._calls: set[ProcessFuture[Any]] = set()

    @property
    def idle(self) -> int:
        """Number of processes without a call."""
        return max(self._processes - len(self._calls), 0)

    def call(self, timeout_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``function``. Raises what it raises, TimeoutError, and ProcessExpired if the process died."""
        try:
            return self._ask(timeout_s, function, *args, **kwargs)
        except (BrokenProcessPool, RuntimeError):  # a process died between two calls: this one has not begun
            return self._ask(timeout_s, function, *args, **kwargs)

    def _ask(self, timeout_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._lock:
            future: ProcessFuture[T] = self._running_pool().schedule(
                function, args, kwargs, timeout=timeout_s
            )
            self._calls.add(future)
        try:
            return future.result()
        except CancelledError as error:
            raise ProcessExpired("closed") from error  # type: ignore[no-untyped-call]
        finally:
            with self._lock:
                self._calls.discard(future)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
            calls = list(self._calls)
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()
        for call in calls:
            call.cancel()  # type: ignore[no-untyped-call] # Pebble leaves them without an answer

    def _running_pool(self) -> ProcessPool:
        if self._closed:
            raise ProcessExpired("closed")  # type: ignore[no-untyped-call]
        # Pebble gives up a pool when a process dies between two calls.
        if self._pool is None or not self._pool.active:
            self._pool = ProcessPool(
                self._processes,
                initializer=speech_process.lower_priority,
                initargs=(self._niceness,),
                context=multiprocessing.get_context("spawn"),  # this process has threads
            )
        return self._pool


class Transcriber:
    """A speech engine. Any thread may call it; calls wait for a free process."""

    def __init__(
        self, settings: EngineSettings, processes: int | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        """``processes`` is the number in each lane. Raises EngineSettingError if there is no such engine."""
        chosen = choose(settings)
        self.engine_name = chosen.name
        if chosen.advice:
            log.warning("The speech engine is %s. %s", chosen.name, chosen.advice)
        self.processes = processes or processes_for(chosen.memory)
        self.two_passes = False
        """Whether a final pass improves on drafts; set by ``start``."""
        self.languages: frozenset[str] | None = None
        """Codes of the languages that the engine supports, set by ``start``; None if unknown."""
        self._local = chosen.local
        self._settings = chosen.settings  # fixed, even if another model is installed while this runs
        self._timeout_s = timeout_s
        self._live = _Lane(self.processes, niceness=0)
        self._final = _Lane(self.processes, niceness=FINAL_NICENESS)

    def start(self) -> None:
        """Load the engine. Raises EngineSettingError, or EngineError if it does not start."""
        capabilities = self._call(self._live, speech_process.start, self._settings)
        self.two_passes, self.languages = capabilities.two_passes, capabilities.languages
        if self.two_passes:
            self._call(self._final, speech_process.start, self._settings)

    def draft(self, folder: Path, clip: Clip, hints: Hints) -> Heard:
        """Transcribe a clip of the meeting in ``folder`` quickly. Raises EngineError, whose message is a sentence."""
        return self._call(self._live, speech_process.draft, self._settings, folder, clip, hints)

    def final(
        self, folder: Path, clips: Sequence[ClipToHear], hints: Hints, *, urgent: bool = False
    ) -> list[Heard]:
        """Transcribe clips of one speaker thoroughly, in order. Raises EngineError, whose message is a sentence.

        With ``urgent``, because people are waiting, a process for live lines may do it if the others are busy.
        """
        lane = self._live if urgent and not self._final.idle and self._live.idle else self._final
        return self._call(lane, speech_process.final, self._settings, folder, clips, hints)

    def close(self) -> None:
        """Stop all processes. Running calls fail."""
        self._live.close()
        self._final.close()

    def _call(self, lane: _Lane, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return lane.call(self._timeout_s, function, *args, **kwargs)
        except TimeoutError:
            raise EngineError(
                f"The speech engine {self.engine_name} did not respond within {self._timeout_s:g} s.",
                retryable=not self._local,  # a server may be slow for other reasons than the sound
            ) from None
        except (ProcessExpired, BrokenProcessPool, RuntimeError):
            raise EngineError(f"The speech engine {self.engine_name} crashed.") from None
