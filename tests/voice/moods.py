"""A main gateway that is late, falls silent, loses its session, and moderators who move and kick the bot."""

import asyncio
from collections import deque
from random import Random

from notetaker.discordsim.voice.server import VoiceServer
from notetaker.model.voice import ChannelDeleted, SessionBegan, SessionResumed, VoiceState
from notetaker.model.voice import VoiceServer as ServerUpdate
from tests.voice.call import BOT, GUILD, Gateway

MOODS = ("full", "no state", "no server", "server first", "twice", "stale server", "null first")
"""How opcode 4 may be answered."""

News = VoiceState | ServerUpdate | ChannelDeleted


class MoodyGateway(Gateway):
    """Tells everything in order and ``lag_s`` late at most; ``moods`` are for the next opcodes 4."""

    def __init__(self, server: VoiceServer, e2ee: bool) -> None:
        super().__init__(server, e2ee)
        self.random = Random()
        self.lag_s = 0.0
        self.moods: deque[str] = deque()
        self.place: int | None = None
        """Where the bot truly is."""
        self.wish: int | None = None
        """What people have asked for last."""
        self.fates: set[int | None] = set()
        """Where else Discord has told the bot to be since."""
        self.thrown_out = False
        """The bot has been kicked since, from where it was wanted."""
        self._asking = False
        self._untold = False  # somebody has just moved or kicked the bot
        self._session = "main 0"
        self._sessions = 0
        self._news: deque[tuple[News, bool]] = deque()  # and whether it is somebody else's doing

    @property
    def quiet(self) -> bool:
        return not self._news and not self.down

    def wished(self, channel_id: int | None) -> None:
        self.wish = channel_id
        self.fates.clear()
        self.thrown_out = False

    # Opcode 4

    async def update_voice_state(self, guild_id: int, channel_id: int | None) -> None:
        if self._untold or any(
            doing for _, doing in self._news
        ):  # asked again before it was told: who could know?
            self.thrown_out = False
        self._asking = True
        try:
            await self._obey(channel_id)
        finally:
            self._asking = False

    async def _obey(self, channel_id: int | None) -> None:
        await asyncio.sleep(self.random.choice((0, 0, self.lag_s)))
        if self.down:
            raise ConnectionError
        self.asked.append(channel_id)
        mood = self.moods.popleft() if channel_id is not None and self.moods else ""
        if channel_id is None:
            await self._put(None, [self._state(None)])
        elif mood != "full":
            await self._put(channel_id, self._answer(channel_id, mood))
        await asyncio.sleep(self.random.choice((0, 0, self.lag_s)))

    def _answer(self, channel_id: int, mood: str) -> list[News]:
        state, server = self._state(channel_id), self._allocated(channel_id)
        match mood:
            case "no state":
                return [server]
            case "no server":
                return [state]
            case "server first":
                return [server, state]
            case "twice":
                return [state, server, state, server]
            case "stale server":
                return [state, ServerUpdate(GUILD, "stale", server.endpoint), server]
            case "null first":
                return [state, ServerUpdate(GUILD, "gone", None), server]
            case _:
                return [state, server]

    # What moderators and Discord do

    async def kick(self, code: int = 4014) -> None:
        assert self.manager is not None
        if self.place is None:
            return
        known = self.manager._guilds[GUILD].presence.channel_id == self.place and not self._asking
        self.thrown_out |= known and self.manager.wanted(GUILD) == self.place == self.wish
        await self._put(None, [self._state(None)], code, doing=True)

    async def move(self, channel_id: int) -> None:
        if self.place in (None, channel_id):
            return
        news: list[News] = [self._state(channel_id), self._allocated(channel_id)]
        if self.random.random() < 0.5:
            news.reverse()
        await self._put(channel_id, news, doing=True)

    def migrate(self) -> None:
        """Another voice server, sometimes after a while in which there is none."""
        if self.place is None:
            return
        if self.random.random() < 0.5:
            self._tell_later(ServerUpdate(GUILD, "gone", None))
        self._tell_later(self._allocated(self.place))

    async def delete(self, channel_id: int) -> None:
        if self.place == channel_id:
            await self.kick(4022)
        self._tell_later(ChannelDeleted(GUILD, channel_id), doing=True)

    async def begin_anew(self) -> None:
        """The main session is lost, and with it the voice session and what was still to be told."""
        assert self.manager is not None
        self._sessions += 1
        self._session = f"main {self._sessions}"
        self._news.clear()
        self.down, self.thrown_out, self.place = True, False, None
        await self._server.release(guild_id=GUILD, user_id=BOT, code=self.random.choice((4006, 4014)))
        await asyncio.sleep(self.random.choice((0, self.lag_s)))
        self.down = False
        self.manager.receive(SessionBegan(self._session, frozenset({GUILD})))

    def come_back(self) -> None:
        """The main session is resumed: what was missed comes first."""
        assert self.manager is not None
        if self.down:
            self.down = False
            while self._news:
                self._tell_next()
            self.manager.receive(SessionResumed())

    # Inside

    async def _put(
        self, channel_id: int | None, news: list[News], code: int = 4014, *, doing: bool = False
    ) -> None:
        self.place = channel_id
        told_first = self.random.random() < 0.5
        if told_first:
            self._tell_later(*news, doing=doing)
        if channel_id is None:
            self._untold = doing and not told_first
            await self._server.release(guild_id=GUILD, user_id=BOT, code=code)
            self._untold = False
        if not told_first:
            self._tell_later(*news, doing=doing)

    def _state(self, channel_id: int | None) -> VoiceState:
        return VoiceState(GUILD, channel_id, BOT, self._session)

    def _allocated(self, channel_id: int) -> ServerUpdate:
        token = self._server.allocate(
            guild_id=GUILD, channel_id=channel_id, user_id=BOT, session_id=self._session, e2ee=self._e2ee
        )
        return ServerUpdate(GUILD, token, self._server.endpoint)

    def _tell_later(self, *news: News, doing: bool = False) -> None:
        for event in news:
            self._news.append((event, doing))
            lag_s = self.random.uniform(0, self.lag_s)
            asyncio.get_running_loop().call_later(lag_s, self._tell_next)

    def _tell_next(self) -> None:
        assert self.manager is not None
        if self.down or not self._news:
            return
        event, doing = self._news.popleft()
        if doing and not isinstance(event, ServerUpdate):
            self.fates.add(event.channel_id if isinstance(event, VoiceState) else None)
        self.manager.receive(event)
