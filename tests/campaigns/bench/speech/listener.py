"""A contender's process, seen from here."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notetaker.speech.threads import ONE_THREAD
from tests.campaigns.bench.contender import ContenderFailed
from tests.campaigns.bench.speech.entries import Entry
from tests.campaigns.bench.speech.environment import ROOT
from tests.campaigns.bench.speech.passes import Passes

LONGEST_S = 300
"""For anything."""


@dataclass(frozen=True, slots=True)
class Heard:
    passes: Passes
    peak_mb: float
    """Resident memory at its highest so far."""


class Listener:
    load_cpu_s: float

    def __init__(self, entry: Entry, process: asyncio.subprocess.Process, log: Path) -> None:
        self._entry = entry
        self._process = process
        self._log = log

    async def loaded(self) -> None:
        self.load_cpu_s = (await self._answer())["cpu_s"]

    async def hear(self, clips: Sequence[Path]) -> Heard:
        """Clips of one person, in order. Raises ContenderFailed."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(clip) for clip in clips]).encode() + b"\n")
        answer = await self._answer()
        return Heard(answer["passes"], answer["peak_mb"])

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(LONGEST_S):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise ContenderFailed(f"{self._entry.title} did not answer in {LONGEST_S} s.") from None
        if not line:
            words = self._log.read_text("utf-8", "replace")[-2000:]
            raise ContenderFailed(f"{self._entry.title} has ended. {words}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def listener(entry: Entry, settings: dict[str, str], log: Path) -> AsyncIterator[Listener]:
    """Starts the contender, and waits until it is ready. Ended at the end. ``log`` is what it writes of itself."""
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            str(entry.python),
            "-m",
            f"tests.campaigns.bench.speech.{entry.module}",
            json.dumps(settings),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD},
        )
    it = Listener(entry, process, log)
    try:
        await it.loaded()
        yield it
    finally:
        await it.close()
