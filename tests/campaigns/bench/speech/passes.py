"""What the contenders share: they hear clips, and read what it cost them.

A contender says ``loaded`` when it is ready. Each line of its standard input is then the paths of a round's clips,
one person's, in order; it answers with its passes over them. Needs nothing but the standard library.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

from tests.campaigns.bench import child


class Pass(TypedDict):
    """What came out of hearing all clips once."""

    texts: list[str]
    """Of each clip."""
    seconds: list[float]
    """How long each clip took, on the clock; empty when they are heard together."""
    cpu_s: float
    """User and system time of the whole process."""


Passes = dict[str, Pass]
"""By the name of the pass."""
Hear = Callable[[Sequence[bytes]], Passes]


def one_by_one(name: str, hear: Callable[[bytes], str]) -> Hear:
    """Each clip alone, in one pass."""

    def hear_all(clips: Sequence[bytes]) -> Passes:
        began, texts, seconds = child.cpu_us(), [], []
        for clip in clips:
            called = time.perf_counter()
            texts.append(hear(clip))
            seconds.append(time.perf_counter() - called)
        return {name: Pass(texts=texts, seconds=seconds, cpu_s=(child.cpu_us() - began) / 1e6)}

    return hear_all


def together(name: str, hear: Callable[[Sequence[bytes]], list[str]]) -> Hear:
    """All clips at once, in one pass."""

    def hear_all(clips: Sequence[bytes]) -> Passes:
        began = child.cpu_us()
        texts = hear(clips)
        return {name: Pass(texts=texts, seconds=[], cpu_s=(child.cpu_us() - began) / 1e6)}

    return hear_all


def serve(load: Callable[[dict[str, str]], Hear]) -> None:
    """Loads, and answers until the parent hangs up. ``load`` is given the settings."""
    began = child.cpu_us()
    hear = load(child.settings())
    child.say(event="loaded", cpu_s=(child.cpu_us() - began) / 1e6)
    for line in sys.stdin:
        clips = [Path(path).read_bytes() for path in json.loads(line)]
        child.say(event="heard", passes=hear(clips), peak_mb=_peak_mb())


def _peak_mb() -> float:
    """Resident memory at its highest. ``ru_maxrss`` would count the parent's too: it is kept across fork and exec."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    raise OSError("/proc/self/status has no line VmHWM.")
