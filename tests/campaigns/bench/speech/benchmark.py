"""CPU seconds for an hour of speech, beside others with the same weights."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from itertools import chain
from operator import truediv
from pathlib import Path
from statistics import median
from typing import Any

from notetaker.speech.files.media import MediaError
from tests.campaigns.bench.contender import ContenderFailed
from tests.campaigns.bench.report import Result, reached
from tests.campaigns.bench.speech import clips, environment
from tests.campaigns.bench.speech.clips import Round
from tests.campaigns.bench.speech.entries import MODELS, OURS, entries, models, versions
from tests.campaigns.bench.speech.stage import Stage
from tests.campaigns.bench.speech.tally import BOTH, Row, Tallies
from tests.campaigns.speech_eval.recordings import RecordingError

DEMO, HUMAN = "demo", "human"
REACH = {"whisper-tiny.en": 0.10, "whisper-base": 0.20}
"""CPU seconds for a second of speech, both passes together."""
WARM_UP = 2
"""Utterances that everyone hears before the first round."""

Progress = Callable[[str], None]


async def run(
    folder: Path,
    progress: Progress,
    *,
    rounds: int = 5,
    utterances: int | None = None,
    recordings: Path | None = None,
    install: bool = True,
) -> Result:
    """``utterances``: in a round of the demo's voices, at most. ``recordings``: a folder of human speech.

    ``install``: get the libraries of others where they are missing.
    """
    try:
        said = {DEMO: [one[:utterances] for one in clips.demo(rounds)]}
        if recordings is not None:
            said[HUMAN] = clips.recorded(recordings)
    except (RecordingError, MediaError) as error:
        raise ContenderFailed(str(error)) from error
    if not all(said.values()):
        raise ContenderFailed(f"no recording in {recordings} has its words beside it and is short enough.")
    progress("installing faster-whisper and pywhispercpp")
    others = await asyncio.to_thread(environment.install) if install else environment.installed()
    found = models()
    stage = Stage(folder, progress)
    async with AsyncExitStack() as stack:
        for entry in entries(found, others=others):
            await stage.enter(entry, stack)
        await stage.warm_up(said[DEMO][0][:WARM_UP])
        tallies = {kind: await stage.measure(kind, its_rounds) for kind, its_rounds in said.items()}
    result = _result(tallies, stage)
    result.figures["speech"] = {kind: _speech(its_rounds) for kind, its_rounds in said.items()}
    result.figures["versions"] = versions()
    if not others:
        result.notes.append("faster-whisper and whisper.cpp are left out: they are not installed.")
    for name in MODELS:
        if name not in found:
            result.notes.append(f"{name} is left out: notetaker models pull {name}")
    return result


def _result(tallies: dict[str, Tallies], stage: Stage) -> Result:
    columns = chain.from_iterable((f"{kind}\nCPU s", "\n×", "\nWER") for kind in tallies)
    result = Result(
        "speech: CPU seconds for an hour of it, on one thread",
        ("", "", *columns, "one by one\ns", "peak\nMB"),
    )
    for row in tallies[DEMO]:
        figures: dict[str, Any] = {"peak_mb": round(stage.peak_mb[row])}
        figures["load_cpu_s"] = round(stage.load_cpu_s[row], 2)
        cells = []
        for kind, its in tallies.items():
            tally, ours = its[row], its.get(_beside(row))
            ratio = median(map(truediv, tally.cpu, ours.cpu)) if ours else None
            figures[kind] = {**tally.as_json(), "to_both_passes": ratio and round(ratio, 2)}
            cells += [
                f"{tally.cpu_s_per_hour:.0f}",
                f"{ratio:.2f}" if ratio else "",
                f"{tally.word_error_rate:.1%}",
            ]
        waited = tallies[DEMO][row].utterance_s
        cells += [f"{waited:.2f}" if waited else "", f"{stage.peak_mb[row]:.0f}"]
        how = ", ".join(filter(None, (row.name, row.how)))
        result.rows.append((row.model.removeprefix("whisper-"), how, *cells))
        result.figures[", ".join(filter(None, row))] = figures
    for model, most in REACH.items():
        for kind, its in tallies.items():
            if (both := its.get(Row(model, OURS, BOTH))) is not None:
                cost = both.cpu_s_per_hour / 3600
                what = f"{model}, {kind}: {cost:.3f} CPU s for a second of speech (at most {most:.2f})"
                result.notes.append(reached(what, cost <= most))
    result.notes.append("×: beside both passes of notetaker with the same model; pocketsphinx: with base.")
    return result


def _beside(row: Row) -> Row:
    """What a row is compared with."""
    return Row(row.model or MODELS[-1], OURS, BOTH)


def _speech(rounds: Sequence[Round]) -> dict[str, Any]:
    utterances = list(chain.from_iterable(rounds))
    seconds = sum(one.length_s for one in utterances)
    return {
        "rounds": len(rounds),
        "utterances": len(utterances),
        "seconds": round(seconds, 1),
        "seconds_an_utterance": round(seconds / max(len(utterances), 1), 2),
    }
