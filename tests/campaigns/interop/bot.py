"""Our bot as a process, as in production, without a worker: so its journals stay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import User
from notetaker.model.meeting import MeetingState
from notetaker.model.outcome import Coverage
from notetaker.recording.journal import JournalReader, Packet, journal_files
from notetaker.store.store import Store
from tests.campaigns.chaos.patience import comes_true
from tests.campaigns.interop.client import ClientFailed
from tests.harness.people import text_of, type_command
from tests.harness.process import Process, settings_for

ANSWER_S = 60.0


class Bot:
    """`async with` it: entered, it is ready to be told what to do."""

    def __init__(self, local: LocalDiscord, user: User, folder: Path, http: ClientSession) -> None:
        self._local = local
        self._http = http
        self._state = folder / "notetaker"
        self._process = Process(
            "bot", folder / "bot.log", settings_for(local, user, self._state) | {"RECORD_BOTS": "1"}
        )

    async def __aenter__(self) -> Bot:
        try:
            await self._process.start()
        except BaseException:
            await self._process.kill()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._process.terminate()
        self._process.forget()

    @asynccontextmanager
    async def notes(self, user: User, text_channel_id: int) -> AsyncIterator[None]:
        """Entered, it records: in the channel, connected, and in the DAVE group if there is one."""
        said = await self._types(user, text_channel_id, "startnotes")
        if "I'm taking notes" not in said:
            raise ClientFailed(f"our bot did not start to take notes: {said}")
        try:
            yield
        finally:
            said = await self._types(user, text_channel_id, "stopnotes")
        if "I stopped recording" not in said:
            raise ClientFailed(f"our bot did not end the recording: {said}")

    async def handed_over(self, voice_channel_id: int) -> None:
        """Once all that is known of the meeting is stored: the answer to /stopnotes does not wait for that."""
        store = self._store()

        def over() -> bool:
            meeting = store.meeting(self._meeting(store, voice_channel_id))
            return meeting is not None and meeting.state is not MeetingState.RECORDING

        try:
            if not await comes_true(over, ANSWER_S):
                raise ClientFailed("our bot did not hand the meeting over to the workers")
        finally:
            store.close()

    def journal(self, voice_channel_id: int) -> list[Path]:
        """The files of the meeting held in that channel."""
        return [path for _, path in journal_files(self._folder(voice_channel_id))]

    def stored(self, voice_channel_id: int, user_id: int) -> list[Packet]:
        """Somebody's packets in the journal, in the order written, silence included."""
        return [
            event
            for path in self.journal(voice_channel_id)
            for event in JournalReader(path)
            if isinstance(event, Packet) and event.user_id == user_id
        ]

    def coverage(self, voice_channel_id: int, user_id: int) -> Coverage:
        """What became of somebody's packets; known once the meeting is handed over."""
        store = self._store()
        try:
            found = store.coverage(self._meeting(store, voice_channel_id))
        finally:
            store.close()
        return next((coverage for coverage in found if coverage.user_id == user_id), Coverage(user_id))

    def _folder(self, voice_channel_id: int) -> Path:
        store = self._store()
        try:
            return self._state / "meetings" / self._meeting(store, voice_channel_id)
        finally:
            store.close()

    def _store(self) -> Store:
        return Store(f"sqlite:///{self._state / 'notetaker.db'}")

    @staticmethod
    def _meeting(store: Store, voice_channel_id: int) -> str:
        return next(m.id for m in store.meetings(1000) if m.voice_channel_id == voice_channel_id)

    async def _types(self, user: User, text_channel_id: int, command: str) -> str:
        place = user.id, text_channel_id
        return text_of(await type_command(self._http, self._local, *place, command, wait_s=ANSWER_S))
