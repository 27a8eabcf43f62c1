"""The product's speech processes, with a clock and a scale."""

import functools
import math
import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from notetaker.jobs import speech_process
from notetaker.jobs.speech_process import ClipToHear
from notetaker.jobs.transcriber import Transcriber
from notetaker.model.utterance import Clip
from notetaker.speech.engine import EngineError, Heard, Hints
from notetaker.speech.engines import EngineSettings

T = TypeVar("T")


@dataclass(slots=True)
class Cost:
    """Of one speech process."""

    calls: int = 0
    cpu_s: float = 0.0
    """User and system time of all its threads."""
    wall_s: list[float] = field(default_factory=list)
    """Of each call."""
    peak_rss: int = 0
    """Bytes that it has ever held in memory."""


@dataclass(frozen=True, slots=True)
class _Measured(Generic[T]):
    result: T
    cpu_s: float
    wall_s: float
    peak_rss: int


class MeasuredTranscriber(Transcriber):
    """Has one process for drafts and one for final texts, as a worker has on two cores."""

    def __init__(self, settings: EngineSettings) -> None:
        """Raises EngineSettingError."""
        super().__init__(settings)
        context = multiprocessing.get_context("spawn")
        self._drafting, self._finishing = (ProcessPoolExecutor(1, mp_context=context) for _ in range(2))
        self.drafts, self.finals = Cost(), Cost()
        self.broken = threading.Event()
        """Set when anything but EngineError was raised: a job would try that again for ever."""

    def start(self) -> None:
        capabilities = self._measure(self._drafting, Cost(), speech_process.start, self._settings)
        self.two_passes, self.languages = capabilities.two_passes, capabilities.languages
        if self.two_passes:
            self._measure(self._finishing, Cost(), speech_process.start, self._settings)

    def draft(self, folder: Path, clip: Clip, hints: Hints) -> Heard:
        return self._measure(
            self._drafting, self.drafts, speech_process.draft, self._settings, folder, clip, hints
        )

    def final(
        self, folder: Path, clips: Sequence[ClipToHear], hints: Hints, *, urgent: bool = False
    ) -> list[Heard]:
        return self._measure(
            self._finishing, self.finals, speech_process.final, self._settings, folder, clips, hints
        )

    def close(self) -> None:
        super().close()
        self._drafting.shutdown()
        self._finishing.shutdown()

    def reset(self) -> None:
        """Forgets what was measured."""
        self.drafts, self.finals = Cost(), Cost()

    def figures(self, speech_s: float) -> dict[str, Any]:
        """What so many seconds of speech have cost."""
        per_s = max(speech_s, 1e-9)
        return {
            "speech_s": round(speech_s, 1),
            "utterances": self.drafts.calls,
            "cpu_s_per_s": {
                "draft": round(self.drafts.cpu_s / per_s, 3),
                "final": round(self.finals.cpu_s / per_s, 3),
                "both": round((self.drafts.cpu_s + self.finals.cpu_s) / per_s, 3),
            },
            "draft_wall_s": {
                "p50": round(percentile(self.drafts.wall_s, 50), 2),
                "p95": round(percentile(self.drafts.wall_s, 95), 2),
            },
            "peak_rss_mb": {
                "draft": round(self.drafts.peak_rss / 1e6),
                "final": round(self.finals.peak_rss / 1e6),
            },
        }

    def _measure(
        self, process: ProcessPoolExecutor, cost: Cost, function: Callable[..., T], *args: object
    ) -> T:
        try:
            measured = process.submit(measure, functools.partial(function, *args)).result()
        except EngineError:
            raise
        except Exception:
            self.broken.set()
            raise
        cost.calls += 1
        cost.cpu_s += measured.cpu_s
        cost.wall_s.append(measured.wall_s)
        cost.peak_rss = max(cost.peak_rss, measured.peak_rss)
        return measured.result


def measure(call: Callable[[], T]) -> _Measured[T]:
    """Runs in the speech process."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = call()
    return _Measured(result, time.process_time() - cpu, time.perf_counter() - wall, _peak_rss())


def percentile(values: Sequence[float], share: int) -> float:
    """The smallest value that so many per cent of them do not exceed; 0 when there are none."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * share / 100) - 1, 0)] if ordered else 0.0


def _peak_rss() -> int:
    """Of this program alone (proc(5), VmHWM); what getrusage(2) says begins with that of the process before exec."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
