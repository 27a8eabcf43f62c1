"""A guild in which notes are taken while people speak and things go wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.dave import MakeDave, SpeakerDave
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.voice.faults import Damage
from notetaker.model.meeting import MeetingState
from notetaker.model.outcome import Outcome
from notetaker.store.store import Store
from tests.campaigns.chaos.account import Account
from tests.campaigns.chaos.judge import Evidence
from tests.campaigns.chaos.patience import comes_true
from tests.campaigns.chaos.place import Site
from tests.campaigns.chaos.talker import Talker
from tests.campaigns.chaos.truth import Sent
from tests.campaigns.chaos.witness import Witness
from tests.campaigns.interop.clients.libdave import LibdaveSpeaker
from tests.harness.people import in_voice, text_of, type_command

HEARD = 20
"""Packets of everybody that must be stored in a row: 0.4 s of speech."""
FRESH_S = 0.3
"""A packet that old is in the journal, if it ever will be."""
LEAD_S = 0.6
"""Of speech before a fault and after it."""
SETTLE_S = 0.4
"""After the last word, until it is in the journal."""
STEADY_S = 6.0
"""From a new session to the next fault: when sessions die within 5 s again and again, the bot takes its time."""
START_S = 90.0
ANSWER_S = 60.0
HELLO_S = 5.0
"""Until a closed voice websocket is followed by another one."""
ALWAYS = 1_000_000
"""Times."""

LIBRARIES: tuple[MakeDave, ...] = (SpeakerDave, LibdaveSpeaker)
"""One uses a new key from the commit on, the other from op 22 on."""

OF_USE = {Outcome.HEARD, Outcome.DUPLICATE, Outcome.PADDING_ONLY, Outcome.NOT_AUDIO}


class NotWell(Exception):
    """Something was wrong before the fault came, or while it lasted. One sentence."""


class Room:
    """`run` it as a task: it keeps the people there."""

    def __init__(
        self,
        local: LocalDiscord,
        site: Site,
        witness: Witness,
        store: Store,
        meetings: Path,
        http: aiohttp.ClientSession,
        doorway: asyncio.Lock,
    ) -> None:
        """`store` and the folder `meetings` are the bot's; it is only looked at. `doorway` is the same for all rooms:
        who holds it is the only one to have the bot open a voice websocket.
        """
        self.local = local
        self.site = site
        self.witness = witness
        self.account: Account | None = None
        """Of the meeting that is being held."""
        self.channel_id = site.voice_channel_ids[0]
        self.talkers = [
            Talker(local, user, site.guild.id, self.channel_id, self._note, dave)
            for user, dave in zip(site.people, LIBRARIES, strict=True)
        ]
        self._guest = Talker(local, site.guest, site.guild.id, self.channel_id, self._note)
        self._newcomers: list[Talker] = []
        self._store = store
        self._meetings = meetings
        self._http = http
        self._doorway = doorway
        self._newest: dict[int, list[Sent]] = {}
        self._session: int | None = None
        self._session_since = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for talker in self.talkers:
                tasks.create_task(talker.run())

    # What people do

    async def says(self, command: str) -> str:
        """What somebody reads after typing a command."""
        person, channel_id = self.site.people[0], self.site.text_channel_id
        return text_of(
            await type_command(self._http, self.local, person.id, channel_id, command, wait_s=ANSWER_S)
        )

    async def stop_notes(self) -> None:
        """Whether notes are being taken or not; the bot leaves."""
        await self.hush()
        await self.says("stopnotes")
        if self.account is not None:
            self.account.over = True
            self.account = None

    @asynccontextmanager
    async def guest(self, dave: MakeDave = SpeakerDave) -> AsyncIterator[Speaker]:
        """Somebody is there whose words are not in the books."""
        async with in_voice(
            self.local, self.site.guest, self.site.guild.id, self.channel_id, dave
        ) as speaker:
            yield speaker

    @asynccontextmanager
    async def newcomer(self) -> AsyncIterator[None]:
        """Somebody comes, speaks, is to be heard like everybody, and leaves."""
        self._guest.channel_id = self.channel_id
        stays = asyncio.ensure_future(self._guest.run())
        try:
            await self._guest.here()
            self._guest.talk()
            self._newcomers.append(self._guest)
            yield
            await self._guest.hush()
        finally:
            self._newcomers.clear()
            stays.cancel()
            await asyncio.wait({stays})

    async def hush(self) -> None:
        await asyncio.gather(*(talker.hush() for talker in self.talkers))

    async def go_to(self, channel_id: int) -> None:
        """Everybody but the bot."""
        self.channel_id = channel_id
        await asyncio.gather(*(talker.go_to(channel_id) for talker in self.talkers))

    def next_channel(self) -> int:
        """Another voice channel that exists."""
        others = [
            i for i in self.site.voice_channel_ids if i in self.site.guild.channels and i != self.channel_id
        ]
        return min(others, key=lambda channel_id: (channel_id < self.channel_id, channel_id))

    # What the local Discord does

    async def fault(
        self, kind: str, *, everywhere: bool = False, user_id: int | None = None, **fields: Any
    ) -> None:
        """To the bot, or to somebody else; in this guild only unless `everywhere`."""
        async with self._doorway:
            await self._fault(kind, everywhere=everywhere, user_id=user_id, **fields)

    async def fault_at_hello(self, kind: str, close_code: int, **fields: Any) -> None:
        """To the next websocket that is opened: before op 0 a voice server cannot know for which guild."""
        seq = int(str(self.local.events.since(0)[-1]["seq"]))
        async with self._doorway:
            await self._fault(kind, step="hello", **fields)
            await self._fault("voice_close", code=close_code)
            with suppress(TimeoutError):
                async with asyncio.timeout(HELLO_S):
                    async for event in self.local.events.watch(seq):
                        if event["event"] == "fault" and event["state"] == "struck":
                            return

    async def _fault(
        self, kind: str, *, everywhere: bool = False, user_id: int | None = None, **fields: Any
    ) -> None:
        where = {} if everywhere else {"guild_id": str(self.site.guild.id)}
        await self.sim("faults", kind=kind, user_id=str(user_id or self.bot_id), **where, **fields)

    @contextmanager
    def damaged(
        self, kind: Damage, *, user_id: int | None = None, seconds: float | None = None
    ) -> Iterator[None]:
        """It happens to the bot, or to somebody else, again and again."""
        faults, victim = self.local.faults, user_id or self.bot_id
        faults.damage(kind, victim, ALWAYS, self.site.guild.id, seconds)
        try:
            yield
        finally:
            faults.damage(kind, victim, 0, self.site.guild.id)

    async def sim(self, path: str, **body: Any) -> None:
        async with self._http.post(f"{self.local.world.cdn_url}/sim/{path}", json=body) as response:
            if response.status != 204:
                raise NotWell(f"The local Discord refused {path} {body}: {await response.text()}")

    @property
    def bot_id(self) -> int:
        return self.witness.bot_id

    @property
    def messages(self) -> list[str]:
        """What the bot has posted, oldest first."""
        messages = self.site.guild.channels[self.site.text_channel_id].messages.values()
        return [message.content for message in messages if message.author_id == self.bot_id]

    # A window: from some speech before a fault until everybody is silent

    async def begin(self) -> None:
        """People speak and are heard. Raises NotWell."""
        if self.account is None:
            self.account = await self._start_notes()
            self.connected()
        await asyncio.sleep(self._session_since + STEADY_S - LEAD_S - time.monotonic())
        for talker in self.talkers:
            talker.talk()
        since = time.time()
        if not await comes_true(lambda: self.hears(since), START_S):
            raise NotWell("Not everybody was heard before the fault came.")
        await asyncio.sleep(LEAD_S)

    def connected(self) -> bool:
        """The bot is in voice. Returns whether it has a new session."""
        session = self.witness.session(self.site.guild.id)
        if session == self._session:
            return False
        self._session, self._session_since = session, time.monotonic()
        return True

    async def end(self) -> tuple[Account, Evidence]:
        """Everybody is silent. The evidence is to be settled."""
        assert self.account is not None
        await asyncio.sleep(LEAD_S)
        await self.hush()
        await asyncio.sleep(SETTLE_S)
        return self.account, self.account.close_window()

    def hears(self, since: float) -> bool:
        """Whether the newest words since then are in the journal, of everybody who is there."""
        assert self.account is not None
        self.account.read()
        fresh = time.time() - FRESH_S
        stored = {(packet.sent_by, packet.number) for packet in self.account.window.stored}
        for talker in (*self.talkers, *self._newcomers):
            newest = [s for s in self._newest.get(talker.user.id, []) if since <= s.time <= fresh][-HEARD:]
            if len(newest) < HEARD or any((s.user_id, s.number) not in stored for s in newest):
                return False
        return True

    @property
    def notes_are_taken(self) -> bool:
        recording = self._store.meetings_in(MeetingState.RECORDING)
        return any(meeting.guild_id == self.site.guild.id for meeting in recording)

    def _note(self, sent: Sent) -> None:
        if self.account is not None:
            self.account.sent(sent)
        newest = self._newest.setdefault(sent.user_id, [])
        newest.append(sent)
        del newest[: -10 * HEARD]

    async def _start_notes(self) -> Account:
        """By somebody in the channel, while nobody speaks. Raises NotWell."""
        await self.hush()
        for talker in self.talkers:
            await talker.here()
        deadline = time.monotonic() + START_S
        while "I'm taking notes" not in (said := await self.says("startnotes")):
            if time.monotonic() > deadline:
                raise NotWell(f"No notes were started within {START_S:.0f} s: {said}")
            await asyncio.sleep(1.0)
        guild_id = self.site.guild.id
        self.witness.take(guild_id)  # of the time before
        meeting_id = next(m.id for m in self._store.meetings(100) if m.guild_id == guild_id)
        return Account(
            self._meetings / meeting_id,
            partial(self.witness.take, guild_id),
            partial(self._given_up, meeting_id),
        )

    def _given_up(self, meeting_id: str) -> int:
        outcomes = [one.outcomes for one in self._store.coverage(meeting_id)]
        return sum(count for one in outcomes for outcome, count in one.items() if outcome not in OF_USE)
