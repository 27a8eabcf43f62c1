"""A whole run: laps of faults in several meetings at once, and what strikes them all between the laps."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

import aiohttp

from notetaker.discordsim.server import LocalDiscord
from notetaker.store.store import Store
from tests.campaigns.chaos import disasters, faults, plan
from tests.campaigns.chaos.bot import BotProcess, Usage
from tests.campaigns.chaos.crowd import HURRY, Crowd
from tests.campaigns.chaos.disasters import Disaster, Stage
from tests.campaigns.chaos.fault import Fault
from tests.campaigns.chaos.patience import comes_true
from tests.campaigns.chaos.place import Place
from tests.campaigns.chaos.room import NotWell, Room
from tests.campaigns.chaos.window import Result, Trial, alone, conclude, judged, not_tried
from tests.campaigns.chaos.witness import Witness

REST_S = 20.0
"""At most, until what was used is given back: aiohttp keeps idle connections to the REST API for 15 s."""
STARTING_APART_S = 0.4
COMMANDS = 100
"""Joins and leaves of the bot in a minute, past and expected, with which no fault is begun: a main gateway connection
takes 120 commands a minute (Discord docs, Gateway, Rate Limiting), and py-cord holds back what is more than 110."""
COMMANDS_EACH = 4
"""Of a fault that is under way."""


class Leak(NamedTuple):
    """What the bot holds on to beyond what it did before, with nobody in voice."""

    descriptors: int
    sockets: int
    tasks: int | None
    """None: unknown."""

    @property
    def any(self) -> bool:
        return any((count or 0) > 0 for count in self)


@dataclass
class Report:
    results: list[Result] = field(default_factory=list)
    rests: list[Leak] = field(default_factory=list)
    """One for each time that everything was at rest."""
    bad_lines: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    withheld: int | None = None
    laps: int = 0


MANY = 100_000
DISPLAYS = 2
"""Tasks that show how a meeting is doing until its notes are written: as there is no worker, that is never."""


@dataclass
class Campaign:
    seed: int
    seconds: float
    """No lap begins after them; the first one always does."""
    meetings: int
    only: str
    """A regular expression that the names of the classes match; empty: all."""
    folder: Path
    on_result: Callable[[Result], None]
    rest_s: float = REST_S
    _under_way: int = 0
    report: Report = field(default_factory=Report)

    async def run(self) -> Report:
        """Raises DidNotStart when the bot does not come up."""
        self._began = time.monotonic()
        random = Random(self.seed)
        place = Place(self.meetings)
        self.folder.mkdir(parents=True, exist_ok=True)
        async with (
            LocalDiscord(state_dir=self.folder, world=place.world) as local,
            aiohttp.ClientSession() as http,
            self._bot(local, place) as bot,
        ):
            local.faults.padding_burst_chance = 0.0  # a datagram is a packet of sound
            witness = Witness(local, place.bot.id)
            store = Store(f"sqlite:///{bot.state / 'notetaker.db'}")
            doorway, meetings = asyncio.Lock(), bot.state / "meetings"
            rooms = [Room(local, site, witness, store, meetings, http, doorway) for site in place.sites]
            crowd = Crowd(local, place.crowd, witness, http, random)
            try:
                async with asyncio.TaskGroup() as people:
                    living = [people.create_task(room.run()) for room in rooms]
                    living.append(people.create_task(bot.supervise()))
                    stage = Stage(local, bot, rooms, self.folder, lambda: len(store.meetings(MANY)))
                    await self._laps(stage, crowd, random)
                    for task in living:
                        task.cancel()
            finally:
                store.close()
        self.report.bad_lines = bot.bad_lines()
        self.report.unexpected = bot.unexpected
        self.report.withheld = bot.withheld
        return self.report

    @asynccontextmanager
    async def _bot(self, local: LocalDiscord, place: Place) -> AsyncIterator[BotProcess]:
        bot = BotProcess(local, place.bot, self.folder / "state", self.folder / "bot.log")
        try:
            await bot.begin()
            yield bot
        finally:
            await bot.close()

    async def _laps(self, stage: Stage, crowd: Crowd, random: Random) -> None:
        classes = {name: found for name, found in faults.catalogue().items() if self._is_wanted(name)}
        together = [disaster for disaster in disasters.catalogue() if self._is_wanted(disaster.fault.name)]
        survived = [disaster for disaster in together if not disaster.ends_process]
        ending = [disaster for disaster in together if disaster.ends_process]
        await asyncio.gather(*(room.begin() for room in stage.rooms))  # everything has been in use once
        before = await self._at_rest(stage)
        for lap in plan.laps(classes, random):
            async with asyncio.TaskGroup() as judges:
                async with asyncio.TaskGroup() as tasks:
                    queues = plan.deal(lap, len(stage.rooms), random)
                    for number, (room, queue) in enumerate(zip(stage.rooms, queues, strict=True)):
                        tasks.create_task(self._queue(room, queue, number * STARTING_APART_S, judges))
                    if self._is_wanted(HURRY.name):
                        tasks.create_task(self._hurry(crowd))
                for disaster in random.sample(survived, len(survived)):
                    await self._everywhere(stage, disaster, judges)
                usage = await self._at_rest(stage, before)
                self.report.rests.append(_leak(before, usage))
            async with asyncio.TaskGroup() as judges:  # nothing is held any more when the process is killed
                for disaster in ending:
                    await self._everywhere(stage, disaster, judges)
                # Then nothing is held any more, and the books can be closed.
                await asyncio.gather(*(room.stop_notes() for room in stage.rooms))
            self.report.laps += 1
            if self._elapsed >= self.seconds:
                return
            if ending:
                before = await self._at_rest(stage)

    async def _queue(
        self, room: Room, queue: Sequence[Fault], after_s: float, judges: asyncio.TaskGroup
    ) -> None:
        await asyncio.sleep(after_s)
        for fault in queue:
            if self.report.laps and self._elapsed >= self.seconds:
                return
            await comes_true(lambda: self._may_begin(room.witness), 60.0)
            self._under_way += 1
            began = self._elapsed
            trial = await alone(room, fault)
            self._under_way -= 1
            judges.create_task(self._judge([trial], began, self._elapsed - began))

    def _may_begin(self, witness: Witness) -> bool:
        return witness.commands(60.0) + COMMANDS_EACH * self._under_way < COMMANDS

    async def _hurry(self, crowd: Crowd) -> None:
        began = self._elapsed
        self._add(await crowd.hurry(), began, self._elapsed - began)

    async def _everywhere(self, stage: Stage, disaster: Disaster, judges: asyncio.TaskGroup) -> None:
        began = self._elapsed
        stage.killed_at = stage.contested = None
        expected = [disaster.fault for _ in stage.rooms]
        try:
            await asyncio.gather(*(room.begin() for room in stage.rooms))
            struck = time.time()
            said = [len(room.messages) for room in stage.rooms]
            await disaster.strike(stage)
        except NotWell as problem:
            trials = [await not_tried(*each, problem) for each in zip(stage.rooms, expected, strict=True)]
        else:
            expected[0] = stage.contested or disaster.fault
            trials = await asyncio.gather(
                *(
                    conclude(room, fault, struck, before, stage.killed_at)
                    for room, fault, before in zip(stage.rooms, expected, said, strict=True)
                )
            )
        judges.create_task(self._judge(trials, began, self._elapsed - began))

    async def _judge(self, trials: Sequence[Trial], began: float, took_s: float) -> None:
        """One fault. What struck many meetings is as bad as in the worst; what was lost is added up."""
        results = await asyncio.gather(*(judged(trial) for trial in trials))
        whole = results[-1]
        if len(results) > 1:
            whole.wrong = [f"{part.where}: {sentence}" for part in results for sentence in part.wrong]
            whole.where = "everywhere"
            whole.as_expected = all(part.as_expected for part in results)
            whole.without_audio_s = max(part.without_audio_s for part in results)
            for part in results[:-1]:
                whole.lost_though_received += part.lost_though_received
                whole.lost_without_session += part.lost_without_session
                whole.given_up += part.given_up
                whole.leaked += part.leaked
        self._add(whole, began, took_s)

    def _add(self, result: Result, began: float, took_s: float) -> None:
        result.began, result.took_s = began, took_s
        self.report.results.append(result)
        self.on_result(result)

    async def _at_rest(self, stage: Stage, before: Usage | None = None) -> Usage:
        """With nobody in voice. What was used is given back in time, or it is not given back."""
        await asyncio.gather(*(room.stop_notes() for room in stage.rooms))
        # aiohttp keeps an idle connection to REST for 15 to 30 s.
        deadline = time.monotonic() + (self.rest_s if before is None else 2 * self.rest_s)
        while True:
            await asyncio.sleep(1.0)
            usage = stage.bot.usage(await stage.bot.status())
            if usage.tasks is not None:
                usage = usage._replace(tasks=usage.tasks - DISPLAYS * stage.meetings())
            over = time.monotonic() >= deadline
            if over or (before is not None and not _leak(before, usage).any):
                return usage

    def _is_wanted(self, name: str) -> bool:
        return re.search(self.only, name) is not None

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def _leak(before: Usage, after: Usage) -> Leak:
    tasks = None if before.tasks is None or after.tasks is None else after.tasks - before.tasks
    return Leak(after.descriptors - before.descriptors, after.sockets - before.sockets, tasks)
