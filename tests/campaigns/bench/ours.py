"""Contender: this project's receive path, from the socket to the journal, wired as ``service`` wires it."""

import asyncio
import time
from pathlib import Path
from typing import Any

from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.live import LiveMeeting
from notetaker.meetings.recordings import SYNC_EVERY, TICK
from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import Meeting
from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.recording.clock import MeetingClock
from notetaker.store.database import StoreError
from notetaker.voice.manager import VoiceManager
from notetaker.voice.settings import VoiceSettings
from tests.campaigns.bench import child


class MainGateway:
    """The parent has the connection to it."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id

    async def update_voice_state(self, guild_id: int, channel_id: int | None) -> None:
        channel = None if channel_id is None else str(channel_id)
        child.say(op=4, d={"guild_id": str(guild_id), "channel_id": channel})

    async def voice_region(self, channel_id: int) -> str | None:
        raise PermissionError

    async def set_voice_region(self, channel_id: int, region: str | None) -> None:
        raise PermissionError


class Receiver:
    """A bot in one channel that takes notes of it."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.guild_id, self.channel_id = int(settings["guild_id"]), int(settings["channel_id"])
        self.manager = VoiceManager(
            MainGateway(int(settings["user_id"])),
            VoiceSettings(retry_attempts=1),
            ca_file=Path(settings["ca_file"]),
        )
        clock = MeetingClock()
        meeting = Meeting("bench", self.guild_id, self.channel_id, "Bench", 1, 1, clock.began_ns)
        self.folder = Path(settings["folder"]) / settings["user_id"]
        self.live = LiveMeeting(meeting, self.folder, clock, lambda: None)
        self._background = WorkerThread("database", StoreError)

    def hear(self, message: dict[str, Any]) -> None:
        """An event of the main gateway."""
        data = message["d"]
        if message["t"] == "VOICE_SERVER_UPDATE":
            self.manager.voice_server_update(VoiceServer(self.guild_id, data["token"], data["endpoint"]))
        else:
            channel = data["channel_id"]
            self.manager.voice_state_update(
                VoiceState(
                    self.guild_id,
                    None if channel is None else int(channel),
                    int(data["user_id"]),
                    data["session_id"],
                )
            )

    async def join(self) -> None:
        await self.manager.join(self.guild_id, self.channel_id, self.live)
        child.say(event="joined")

    async def tick(self) -> None:
        """As ``meetings.recordings`` does."""
        synced = time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            self.manager.catch_up(self.guild_id)
            self.live.tick(now)
            self.live.drop_waiting(len(self.live.waiting))
            if now - synced >= SYNC_EVERY:
                synced = now
                await self._background(self.live.recorder.sync)

    @property
    def stored(self) -> int:
        return sum(one.stored for one in self.manager.coverage(self.guild_id))

    async def close(self) -> None:
        await self.manager.close()
        self.live.stop(time.monotonic())
        self._background.close()


class Stopwatch:
    """Between the parent's word to join and the first packet in the journal."""

    def __init__(self, receiver: Receiver) -> None:
        self._write = receiver.live.recorder.write
        self._began = time.monotonic()
        receiver.live.recorder.write = self._first  # type: ignore[method-assign]
        self._recorder = receiver.live.recorder

    def _first(self, frame: AudioFrame) -> None:
        self._write(frame)
        child.say(event="first", ms=(time.monotonic() - self._began) * 1e3)
        self._recorder.write = self._write  # type: ignore[method-assign]


async def main() -> None:
    receiver = Receiver(child.settings())
    measured = child.Round()
    async with asyncio.TaskGroup() as tasks:
        ticking = tasks.create_task(receiver.tick())
        async for message in child.commands():
            match message:
                case {"t": _}:
                    receiver.hear(message)
                case {"do": "join"}:
                    Stopwatch(receiver)
                    tasks.create_task(receiver.join())
                case {"do": "start"}:
                    measured.start(receiver.stored)
                case {"do": "stop"}:
                    measured.stop(receiver.stored)
        ticking.cancel()
    await receiver.close()


if __name__ == "__main__":
    asyncio.run(main())
