"""The speech engine in processes of its own.

An engine may hold the interpreter lock for seconds, hang, or crash in C code. Here that costs the worker one call,
never its queues, its watchdog, or a database lock that is held a moment too long.

There are two lanes: live lines never wait behind a final pass, whose processes have a lower priority. Each process
loads the engine once and uses one thread, because a second one hardly makes Whisper faster.
"""

import logging
import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

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
"""Seconds after which an engine is taken to hang: a call is three minutes of sound at most."""
FINAL_NICENESS: Final = 10


class _Lane:
    """Speech processes of one priority. Calls wait for one that is free."""

    def __init__(self, processes: int, niceness: int) -> None:
        self._processes = processes
        self._niceness = niceness
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._closed = False
        self._calls = 0

    @property
    def idle(self) -> int:
        """Processes that have nothing to do."""
        return max(self._processes - self._calls, 0)

    def call(self, timeout_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises what ``function`` raises, TimeoutError, and ProcessExpired when the process has died."""
        with self._lock:
            self._calls += 1
        try:
            return self._ask(timeout_s, function, *args, **kwargs)
        except (BrokenProcessPool, RuntimeError):  # a process died between two calls: this one has not begun
            return self._ask(timeout_s, function, *args, **kwargs)
        except CancelledError as error:
            raise ProcessExpired("closed") from error  # type: ignore[no-untyped-call]
        finally:
            with self._lock:
                self._calls -= 1

    def _ask(self, timeout_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._lock:
            pool = self._running_pool()
        future: ProcessFuture[T] = pool.schedule(function, args, kwargs, timeout=timeout_s)
        return future.result()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def _running_pool(self) -> ProcessPool:
        if self._closed:
            raise CancelledError
        # Pebble gives a pool up when a process dies between two calls.
        if self._pool is None or not self._pool.active:
            self._pool = ProcessPool(
                self._processes,
                initializer=speech_process.be_nice,
                initargs=(self._niceness,),
                context=multiprocessing.get_context("spawn"),  # this process has threads
            )
        return self._pool


class Transcriber:
    """An engine. Calls may come from any thread, and wait for a process that is free."""

    def __init__(
        self, settings: EngineSettings, processes: int | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        """``processes``: of each kind. Raises EngineSettingError when there is no such engine."""
        chosen = choose(settings)
        self.engine_name = chosen.name
        if chosen.advice:
            log.warning("The speech engine is %s. %s", chosen.name, chosen.advice)
        self.processes = processes or processes_for(chosen.memory)
        self.two_passes = False
        """Whether a final pass is worth it; known after ``start``."""
        self.languages: frozenset[str] | None = None
        """Codes of the languages that the engine understands, known after ``start``; None: not known, perhaps all."""
        self._local = chosen.local
        self._settings = chosen.settings  # also when another model is installed while this runs
        self._timeout_s = timeout_s
        self._live = _Lane(self.processes, niceness=0)
        self._final = _Lane(self.processes, niceness=FINAL_NICENESS)

    def start(self) -> None:
        """Loads the engine. Raises EngineSettingError, or EngineError when it does not start."""
        capabilities = self._call(self._live, speech_process.start, self._settings)
        self.two_passes, self.languages = capabilities.two_passes, capabilities.languages
        if self.two_passes:
            self._call(self._final, speech_process.start, self._settings)

    def draft(self, folder: Path, clip: Clip, hints: Hints) -> Heard:
        """The words in a clip of the meeting in ``folder``, soon. Raises EngineError, one sentence."""
        return self._call(self._live, speech_process.draft, self._settings, folder, clip, hints)

    def final(
        self, folder: Path, clips: Sequence[ClipToHear], hints: Hints, *, urgent: bool = False
    ) -> list[Heard]:
        """The words in clips of one speaker, in order, as well as can be. Raises EngineError, one sentence.

        ``urgent``: people wait for it, so that a process for live lines may do it when the others are busy.
        """
        lane = self._live if urgent and not self._final.idle and self._live.idle else self._final
        return self._call(lane, speech_process.final, self._settings, folder, clips, hints)

    def close(self) -> None:
        """Calls that are under way fail."""
        self._live.close()
        self._final.close()

    def _call(self, lane: _Lane, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return lane.call(self._timeout_s, function, *args, **kwargs)
        except TimeoutError:
            raise EngineError(
                f"The speech engine {self.engine_name} did not answer in {self._timeout_s:g} s.",
                retryable=not self._local,  # a server may be slow for reasons of its own
            ) from None
        except (ProcessExpired, BrokenProcessPool, RuntimeError):
            raise EngineError(f"The speech engine {self.engine_name} has died.") from None
