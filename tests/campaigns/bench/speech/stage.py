"""Everyone who takes part, and the rounds that they hear."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from tests.campaigns.bench.contender import ContenderFailed
from tests.campaigns.bench.speech import ggml
from tests.campaigns.bench.speech.clips import Round
from tests.campaigns.bench.speech.entries import OURS, Entry
from tests.campaigns.bench.speech.listener import Listener, listener
from tests.campaigns.bench.speech.tally import Row, Tallies, Tally, rows, wrong_words

UNSOUND = 0.3
"""Of the words of the warm-up: a converted model that hears more of them otherwise than the original is broken."""

Progress = Callable[[str], None]


class Stage:
    def __init__(self, folder: Path, progress: Progress) -> None:
        self.peak_mb: dict[Row, float] = {}
        self.load_cpu_s: dict[Row, float] = {}
        self._listeners: dict[Entry, Listener] = {}
        self._folder = folder
        self._progress = progress

    async def enter(self, entry: Entry, stack: AsyncExitStack) -> None:
        self._progress(f"{entry.title} loads its model")
        settings = dict(entry.settings)
        if entry.ggml:
            settings["ggml"] = str(await asyncio.to_thread(self._converted, Path(settings["model"])))
        log = self._folder / f"{len(self._listeners)}.log"
        self._listeners[entry] = await stack.enter_async_context(listener(entry, settings, log))

    async def warm_up(self, said: Round) -> None:
        """Nothing of it counts. Raises ContenderFailed when a converted model hears other words than its original."""
        paths = self._write("warm-up", said)
        originals: dict[str, list[str]] = {}
        for entry, one in self._listeners.items():
            self._progress(f"{entry.title} warms up")
            texts = next(iter((await one.hear(paths)).passes.values()))["texts"]
            if entry.name == OURS:
                originals[entry.model] = texts
            if entry.ggml and wrong_words(originals[entry.model], texts) > UNSOUND:
                raise ContenderFailed(f"the converted model is broken: {entry.title} heard {texts}.")

    async def measure(self, kind: str, rounds: Sequence[Round]) -> Tallies:
        """Everyone hears the same, one after the other, in every round: what disturbs one disturbs all.

        Another one begins each time.
        """
        found: dict[Entry, Tallies] = {entry: {} for entry in self._listeners}
        order = list(self._listeners.items())
        for number, said in enumerate(rounds):
            paths = self._write(f"{kind}-{number}", said)
            begin = number % len(order)
            for entry, one in order[begin:] + order[:begin]:
                self._progress(f"{kind}, round {number + 1} of {len(rounds)}: {entry.title}")
                heard = await one.hear(paths)
                for row, its in rows(entry, heard.passes):
                    found[entry].setdefault(row, Tally()).add(said, its)
                    self.peak_mb[row] = heard.peak_mb
                    self.load_cpu_s[row] = one.load_cpu_s
        return {row: tally for tallies in found.values() for row, tally in tallies.items()}

    def _converted(self, model: Path) -> Path:
        target = self._folder / f"{model.name}.ggml"
        if not target.exists():
            try:
                ggml.convert(model, target)
            except ValueError as error:
                raise ContenderFailed(str(error)) from error
        return target

    def _write(self, name: str, said: Round) -> list[Path]:
        paths = [self._folder / f"{name}-{number}.pcm" for number in range(len(said))]
        for path, one in zip(paths, said, strict=True):
            path.write_bytes(one.pcm)
        return paths
