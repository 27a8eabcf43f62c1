"""Packet loss, through everything: people in a local Discord, the real bot, a real worker, in real time.

The demo's sentences are said by people whose clients repeat each packet in the next one (in-band forward error
correction, FEC), and at the same time by people whose clients do not. Both lose the same packets.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from notetaker.demo.script import VOICES, Script, load
from notetaker.speech.engines import EngineSettings
from tests.campaigns.bench.report import Result, reached
from tests.campaigns.speech_eval.client import Run, runs
from tests.campaigns.speech_eval.recordings import RATE, read
from tests.campaigns.speech_eval.score import Said, Score, examples, percent
from tests.campaigns.speech_eval.stage import stage

Progress = Callable[[str], None]

LOSSES: Final = (0.0, 0.02, 0.05, 0.10)
PAUSE_S: Final = 1.5
"""Between two sentences of somebody."""
REACH: Final = 0.015
"""What 5 % of loss may add to the word error rate."""
KINDS: Final = ("with FEC", "without FEC")


async def run(
    folder: Path,
    progress: Progress,
    settings: EngineSettings,
    *,
    losses: Sequence[float] = LOSSES,
    rounds: int = 1,
) -> Result:
    people = {
        f"{person.name} {kind}": Monologue(load(), person.name, rounds, fec=kind == "with FEC")
        for person in load().people
        for kind in KINDS
    }
    found: dict[tuple[str, float], Score] = {(kind, loss): Score() for kind in KINDS for loss in losses}
    lost: dict[float, float] = {}
    lines: dict[str, dict[str, list[str]]] = {}
    progress("starting bot and worker")
    async with stage(folder, settings, list(people)) as here:
        lasts_s = max(person.runs[-1].end_s for person in people.values())
        for loss in losses:
            progress(f"{loss:.0%} of the packets lost, {lasts_s:.0f} s")
            held = await here.hold({name: person.runs for name, person in people.items()}, loss)
            lost[loss] = held.lost
            for name, person in people.items():
                kind = next(kind for kind in KINDS if name.endswith(kind))
                found[kind, loss].add_lines(person.said, held.lines[name])
            lines[f"{loss:.0%}"] = {name: [one.text for one in held.lines[name]] for name in people}
    shown = result(found, lost)
    shown.figures["lines"] = lines
    return shown


class Monologue:
    """All that somebody says in the demo, sentence after sentence with pauses between."""

    def __init__(self, script: Script, name: str, rounds: int, *, fec: bool) -> None:
        self.said: list[Said] = []
        self.runs: list[Run] = []
        texts = [sentence.text for sentence in script.sentences if sentence.speaker == name]
        sounds = [read(file) for file in sorted(VOICES.glob(f"*-{name.lower()}.opus"))]
        at_s = 0.0
        for text, sound in [*zip(texts, sounds, strict=True)] * rounds:
            self.runs += (Run(at_s + run.start_s, run.packets) for run in runs(sound, fec=fec))
            self.said.append(Said(at_s, at_s + len(sound) / RATE, text))
            at_s += len(sound) / RATE + PAUSE_S


def result(scores: dict[tuple[str, float], Score], losses: Mapping[float, float]) -> Result:
    """``losses``: what was wanted, and how much of it came about."""
    shown = Result(
        "network: WER by packet loss, bot and worker as processes", ("", *(f"{x:.0%}" for x in losses))
    )
    shown.rows.append(("packets lost", *(percent(lost) for lost in losses.values())))
    for kind in KINDS:
        shown.rows.append((kind, *(percent(scores[kind, loss].rate) for loss in losses)))
        shown.figures[kind] = {f"{loss:.0%}": scores[kind, loss].as_json() for loss in losses}
    for kind in KINDS:
        for loss in losses:
            if mistakes := scores[kind, loss].mistakes:
                shown.notes.append(f"{kind}, {loss:.0%}: {examples(mistakes.most_common(8))}")
    if {0.0, 0.05} <= set(losses):
        added = max(scores[kind, 0.05].rate - scores[kind, 0.0].rate for kind in KINDS)
        shown.notes.append(
            reached(f"5 % of loss adds {added * 100:.1f} points (at most {REACH * 100:.1f})", added <= REACH)
        )
    return shown
