"""A voice server of the local Discord with a main gateway just big enough for voice, and who takes part."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from notetaker.discordsim.speaker.dave import MakeDave, SpeakerDave
from notetaker.discordsim.speaker.link import VoiceLink, VoicePlace
from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.server import VoiceServer
from notetaker.model.audio import AudioFrame
from notetaker.model.voice import VoiceServer as ServerUpdate
from notetaker.model.voice import VoiceState
from notetaker.voice.manager import VoiceManager
from notetaker.voice.settings import VoiceSettings
from notetaker.wire.losses import Loss
from notetaker.wire.path import PACES, Paces

GUILD, CHANNEL, BOT = 10, 20, 4242


class Hasty:
    """A clock that waits for nothing; ``slept`` is what it was asked for. ``deadlines`` makes some shorter."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.deadlines: dict[float, float] = {}
        self.skipped = 0.0

    def skip(self, seconds: float) -> None:
        """So much later all of a sudden."""
        self.skipped += seconds

    def time(self) -> float:
        return asyncio.get_running_loop().time() + self.skipped

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        return asyncio.timeout(self.deadlines.get(seconds, seconds))


class Gateway:
    """The main gateway's part: answers opcode 4 as Discord does. ``silent``: as for a full channel."""

    user_id = BOT

    def __init__(self, server: VoiceServer, e2ee: bool) -> None:
        self.manager: VoiceManager | None = None
        self.asked: list[int | None] = []
        self.silent = False
        self.down = False
        self.server_first = False
        self.regions: dict[int, str | None] = {}
        self.regions_set: list[str | None] = []
        self.regions_fixed = False
        self._server = server
        self._e2ee = e2ee

    async def voice_region(self, channel_id: int) -> str | None:
        return self.regions.get(channel_id)

    async def set_voice_region(self, channel_id: int, region: str | None) -> None:
        if self.regions_fixed:
            raise PermissionError("I lack the permission Manage Channels.")
        self.regions[channel_id] = region
        self.regions_set.append(region)

    async def update_voice_state(self, guild_id: int, channel_id: int | None) -> None:
        if self.down:
            raise ConnectionError
        self.asked.append(channel_id)
        if self.silent:
            return
        if channel_id is None:
            self.tell(VoiceState(guild_id, None, BOT, "session"))
            await self._server.release(guild_id=guild_id, user_id=BOT)
            return
        session = "session 1"  # of the main gateway, whatever happens to voice
        token = self._server.allocate(
            guild_id=guild_id, channel_id=channel_id, user_id=BOT, session_id=session, e2ee=self._e2ee
        )
        events: list[VoiceState | ServerUpdate] = [
            VoiceState(guild_id, channel_id, BOT, session),
            ServerUpdate(guild_id, token, self._server.endpoint),
        ]
        for event in reversed(events) if self.server_first else events:
            self.tell(event)

    def tell(self, event: VoiceState | ServerUpdate) -> None:
        assert self.manager is not None
        if isinstance(event, VoiceState):
            self.manager.voice_state_update(event)
        else:
            self.manager.voice_server_update(event)


async def until(holds: Callable[[], object], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - there is no event for every state
            await asyncio.sleep(0.01)


@dataclass
class Recording:
    """A sink that remembers; ``until`` waits for what is expected, for a bounded time."""

    heard: dict[int, list[bytes]] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    closed_at: list[float] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def session_opened(self, now: float) -> None:
        self._note("opened")

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        self._note(f"joined {user_id}")

    def speaker_left(self, user_id: int, now: float) -> None:
        self._note(f"left {user_id}")

    def frame(self, frame: AudioFrame) -> None:
        self.heard.setdefault(frame.user_id, []).append(frame.opus)
        self._changed.set()

    def session_closed(self, now: float, reason: str) -> None:
        self.closed_at.append(now)
        self._note("closed")

    def lost(self, loss: Loss) -> None:
        self.losses.append(loss)

    def deafened(self, now: float, deaf: bool) -> None:
        self._note("deafened" if deaf else "heard again")

    @property
    def stored(self) -> dict[int, int]:
        return {user_id: len(frames) for user_id, frames in self.heard.items()}

    def _note(self, event: str) -> None:
        self.events.append(event)
        self._changed.set()

    async def until_heard(self, user_id: int, frames: int) -> list[bytes]:
        async with asyncio.timeout(10):
            while len(self.heard.get(user_id, [])) < frames:
                self._changed.clear()
                await self._changed.wait()
        return self.heard[user_id]

    async def until_event(self, event: str, times: int = 1) -> None:
        async with asyncio.timeout(15):
            while self.events.count(event) < times:
                self._changed.clear()
                await self._changed.wait()


@dataclass
class Observer:
    """Remembers what becomes of the bot."""

    removals: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    waits: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    joins: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    def removed(self, guild_id: int, reason: str) -> None:
        self.removals.put_nowait(reason)

    def moved(self, guild_id: int) -> None: ...

    def waiting(self, guild_id: int, reason: str) -> None:
        self.waits.put_nowait(reason)

    def joined(self, guild_id: int) -> None:
        self.joins.put_nowait(guild_id)


@dataclass
class Call:
    server: VoiceServer
    gateway: Gateway
    manager: VoiceManager
    faults: Faults
    tls: ssl.SSLContext
    removed: asyncio.Queue[str]
    waiting: asyncio.Queue[str]
    joined: asyncio.Queue[int]
    clock: Hasty
    e2ee: bool

    @asynccontextmanager
    async def speaker(
        self, user_id: int, mode: str | None = None, dave: MakeDave = SpeakerDave
    ) -> AsyncIterator[VoiceLink]:
        session = f"session of {user_id}"
        token = self.server.allocate(
            guild_id=GUILD, channel_id=CHANNEL, user_id=user_id, session_id=session, e2ee=self.e2ee
        )
        place = VoicePlace(GUILD, CHANNEL, user_id, session, self.server.endpoint, token)
        async with VoiceLink(place, self.tls, mode, dave) as link:
            link.speaking(1)
            yield link
        await self.server.release(guild_id=GUILD, user_id=user_id)


@asynccontextmanager
async def a_call(
    folder: Path,
    *,
    faults: Faults | None = None,
    e2ee: bool = True,
    attempts: int = 3,
    timeout_s: float = 30,
    regions: tuple[str, ...] = (),
    gateway_of: Callable[[VoiceServer, bool], Gateway] = Gateway,
    paces: Paces = PACES,
) -> AsyncIterator[Call]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    faults = faults or Faults()
    server = VoiceServer(ssl_context=context, faults=faults, on_event=lambda event: None)
    await server.start()
    gateway = gateway_of(server, e2ee)
    observer = Observer()
    clock = Hasty()
    manager = gateway.manager = VoiceManager(
        gateway,
        VoiceSettings(timeout_s, attempts, regions=regions, traces=folder / "traces", paces=paces),
        ca_file=folder / "ca.pem",
        regions_file=folder / "regions.json",
        clock=clock,
    )
    manager.observe(observer)
    tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    try:
        waits = observer.removals, observer.waits, observer.joins
        yield Call(server, gateway, manager, faults, tls, *waits, clock, e2ee)
    finally:
        await manager.close()
        await server.stop()
        await asyncio.sleep(0)  # closed transports let go of their sockets in the loop's next turn
