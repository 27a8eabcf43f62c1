"""How long after somebody has stopped speaking their words can be read, with several people who speak by turns."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Final

import numpy as np

from notetaker.demo.script import VOICES, load
from notetaker.speech.engines import EngineSettings
from tests.campaigns.bench.report import Result, reached
from tests.campaigns.speech_eval.client import Run, runs
from tests.campaigns.speech_eval.recordings import RATE, Samples, read
from tests.campaigns.speech_eval.stage import Held, stage
from tests.campaigns.speech_eval.transcriber import percentile

Progress = Callable[[str], None]

OVERLAP_S: Final = 0.3
"""How long before the end of a turn the next person begins."""
PAUSE_S: Final = 1.2
"""Between two turns of somebody who is alone."""
BREATH_S: Final = 0.2
"""Between the two sentences of a turn."""
REACH_S: Final = 2.0
"""Half of the lines, with four people."""


async def run(
    folder: Path,
    progress: Progress,
    settings: EngineSettings,
    *,
    people: Sequence[int] = (1, 4, 8),
    seconds: float = 60,
) -> Result:
    names = [f"Person {number}" for number in range(1, max(people) + 1)]
    held: dict[int, Held] = {}
    progress("starting bot and worker")
    async with stage(folder, settings, names) as here:
        for count in people:
            progress(f"{count} people for {seconds:.0f} s")
            held[count] = await here.hold(by_turns(names[:count], seconds))
    return result(held)


def by_turns(names: Sequence[str], seconds: float) -> dict[str, Sequence[Run]]:
    """What each person says and when, for so long together: two sentences of the demo a turn."""
    said: dict[str, list[Run]] = {name: [] for name in names}
    voices = {name: deque(_turns(voice)) for name, voice in zip(names, cycle(_voices()), strict=False)}
    at_s = 0.0
    for name in cycle(names):
        turn = voices[name][0]
        voices[name].rotate(-1)
        said[name] += [Run(at_s + sent.start_s, sent.packets) for sent in runs(turn)]
        at_s += len(turn) / RATE + (PAUSE_S if len(names) == 1 else -OVERLAP_S)
        if at_s >= seconds:
            return {name: runs for name, runs in said.items() if runs}
    raise AssertionError("names never end")


def _voices() -> list[str]:
    return [person.name for person in load().people]


def _turns(name: str) -> list[Samples]:
    sounds = [read(file) for file in sorted(VOICES.glob(f"*-{name.lower()}.opus"))]
    breath = np.zeros(round(BREATH_S * RATE), np.int16)
    return [
        np.concatenate([one, breath, other])
        for one, other in zip(sounds, sounds[1:] + sounds[:1], strict=True)
    ]


def result(held: dict[int, Held]) -> Result:
    shown = Result(
        "live: seconds from the end of an utterance to its text, bot and worker as processes",
        ("", "lines", "average length", "p50", "p95", "slowest", "notes after /stopnotes"),
    )
    for count, meeting in held.items():
        lengths_s = [line.end_s - line.start_s for lines in meeting.lines.values() for line in lines]
        p50, p95 = (percentile(meeting.lags_s, share) for share in (50, 95))
        average_s = sum(lengths_s) / max(len(lengths_s), 1)
        slowest_s = max(meeting.lags_s, default=0.0)
        shown.rows.append(
            (
                f"{count} people" if count > 1 else "1 person",
                str(len(lengths_s)),
                f"{average_s:.1f} s",
                f"{p50:.1f} s",
                f"{p95:.1f} s",
                f"{slowest_s:.1f} s",
                f"{meeting.notes_s:.1f} s",
            )
        )
        shown.figures[str(count)] = {
            "lines": len(lengths_s),
            "average_s": round(average_s, 2),
            "p50_s": round(p50, 2),
            "p95_s": round(p95, 2),
            "lags_s": [round(lag, 2) for lag in meeting.lags_s],
            "notes_s": round(meeting.notes_s, 2),
        }
        if count == 4:
            shown.notes.append(
                reached(f"p50 {p50:.1f} s with four people (at most {REACH_S:.0f} s)", p50 <= REACH_S)
            )
    return shown
