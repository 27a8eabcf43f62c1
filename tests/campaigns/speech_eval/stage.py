"""A local Discord with the real bot and a real worker as processes, and people who speak in real time."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from notetaker.demo.place import GUILD, Place
from notetaker.demo.processes import Process
from notetaker.discordsim.control.observation import describe
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.world.world import World
from notetaker.model.meeting import MeetingState
from notetaker.speech.engines import EngineSettings
from notetaker.store.store import Store
from tests.campaigns.speech_eval.client import Run
from tests.campaigns.speech_eval.score import Said
from tests.harness.world import the_guild

START_S: Final = 120.0
NOTES_S: Final = 600.0
POLL_S: Final = 0.2


class StageError(Exception):
    """Bot or worker did not do their part. One sentence."""


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting that is over, with its notes written."""

    lines: dict[str, list[Said]]
    """By the name of who said them, in time order; the times are those of the runs that were held."""
    lags_s: list[float]
    """From the end of each utterance to its first text."""
    notes_s: float
    """From /stopnotes to the notes."""
    lost: float
    """Share of the packets that never arrived, as the bot counts them."""


class Stage:
    """Made by :func:`stage`."""

    def __init__(self, local: LocalDiscord, place: Place, state: Path) -> None:
        self.local = local
        self._place = place
        self._url = f"sqlite:///{state / 'notetaker.db'}"
        self._told: set[str] = set()  # meetings that were held here

    async def hold(self, said: Mapping[str, Sequence[Run]], loss: float = 0.0) -> Held:
        """A meeting in which each person says their runs at the times of these; names are those of the stage."""
        async with AsyncExitStack() as stay:
            speakers = [await stay.enter_async_context(self._speaker(name)) for name in said]
            owner = self._place.person(next(iter(said)))
            answer = await self._place.types(owner, "startnotes")
            meeting_id = await asyncio.to_thread(self._new_meeting)
            if meeting_id is None:
                raise StageError(f"/startnotes was answered with: {answer}")
            self.local.faults.loss_chance = loss
            started, started_ns = asyncio.get_running_loop().time(), time.time_ns()
            async with asyncio.TaskGroup() as tasks:
                for speaker, runs in zip(speakers, said.values(), strict=True):
                    tasks.create_task(_speak(speaker, runs, started))
            self.local.faults.loss_chance = 0.0
            await asyncio.sleep(1.0)  # a pause that ends the last utterance
            stopped = time.monotonic()
            await self._place.types(owner, "stopnotes")
        return await asyncio.to_thread(self._result, meeting_id, started_ns, stopped)

    def _speaker(self, name: str) -> Speaker:
        return Speaker(
            api_url=f"{self._place.api_url}/v10",
            token=self._place.person(name).token,
            ca_file=self._place.ca_file,
            guild_id=self._place.guild_id,
            channel_id=self._place.voice_channel_id,
            name=name,
        )

    def _new_meeting(self) -> str | None:
        with closing(Store(self._url)) as store:
            new = {meeting.id for meeting in store.meetings()} - self._told
        self._told |= new
        return new.pop() if new else None

    def _result(self, meeting_id: str, started_ns: int, stopped: float) -> Held:
        """Waits for the notes."""
        with closing(Store(self._url)) as store:
            while True:
                meeting = store.meeting(meeting_id)
                if meeting is not None and meeting.state in (MeetingState.READY, MeetingState.POSTED):
                    break
                if time.monotonic() - stopped > NOTES_S:
                    raise StageError(f"There were no notes within {NOTES_S:.0f} s of /stopnotes.")
                time.sleep(POLL_S)
            notes_s = time.monotonic() - stopped
            coverage = store.coverage(meeting_id)
            lost, received = sum(one.lost for one in coverage), sum(one.received for one in coverage)
            lines: dict[str, list[Said]] = {user.name: [] for user in self._place.users}
            names = {user.id: user.name for user in self._place.users}
            for utterance, found in store.transcribed(meeting_id):
                start_s, end_s = (
                    (ns - started_ns) / 1e9 for ns in (utterance.started_ns, utterance.ended_ns)
                )
                lines[names[utterance.user_id]].append(Said(start_s, end_s, found.text))
            lags_s = [lag / 1e9 for lag in store.lags_ns(meeting_id)]
            return Held(lines, lags_s, notes_s, lost / max(lost + received, 1))


@asynccontextmanager
async def stage(folder: Path, settings: EngineSettings, names: Sequence[str]) -> AsyncIterator[Stage]:
    """With so many people who can take part in meetings. Raises DidNotStart."""
    world = World.demo()
    guild = the_guild(world, GUILD)
    known = {user.display_name for user in world.users.values()}
    for name in names:
        if name not in known:
            world.add_member(guild, world.add_user(name.lower().replace(" ", "-"), name))
    local = LocalDiscord(state_dir=folder, world=world)
    async with AsyncExitStack() as cleanup:
        await cleanup.enter_async_context(local)
        http = await cleanup.enter_async_context(aiohttp.ClientSession())
        seen = {
            "api_url": local.api_url,
            "sim_url": f"{local.world.cdn_url}/sim",
            "ca_file": str(local.ca_file),
            **describe(local.hub),
        }
        place = Place(seen, http)
        environment = {
            "NOTETAKER_STATE_DIR": str(folder / "state"),
            "NOTETAKER_DATABASE_URL": "",
            "DISCORD_API_BASE_URL": local.api_url,
            "DISCORD_CA_FILE": str(local.ca_file),
            "SPEECH_ENGINE": settings.engine,
            "SPEECH_MODEL": settings.model or "",
        }
        bot = Process(
            "bot",
            ["-m", "notetaker.cli", "bot"],
            folder / "bot.log",
            {**environment, "DISCORD_TOKEN": place.bot.token},
        )
        worker = Process("worker", ["-m", "notetaker.cli", "worker"], folder / "worker.log", environment)
        cleanup.push_async_callback(bot.stop)
        cleanup.push_async_callback(worker.stop)
        await asyncio.gather(bot.start(START_S), worker.start(START_S))
        yield Stage(local, place, folder / "state")


async def _speak(speaker: Speaker, runs: Sequence[Run], started: float) -> None:
    loop = asyncio.get_running_loop()
    for run in runs:
        await asyncio.sleep(max(0.0, started + run.start_s - loop.time()))
        await speaker.speak(run.packets)
