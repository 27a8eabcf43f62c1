"""What people ask for with the slash commands: ``discordbot.ports.Meetings``.

The latest command in a guild wins, as Discord numbers them, and interrupts what is under way for an earlier one.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from notetaker.discordbot import consent, replies
from notetaker.discordbot.ports import Refused, Start, Started, Stopped
from notetaker.meetings import causes
from notetaker.meetings.live import LiveMeeting
from notetaker.meetings.ports import Voice
from notetaker.meetings.recordings import Recordings
from notetaker.meetings.saving import PATIENCE_S
from notetaker.meetings.server_settings import ServerSettings
from notetaker.meetings.storage import NO_ANSWER, Storage
from notetaker.model import events
from notetaker.model.consent import OPT_IN
from notetaker.model.guild_settings import GuildSettings
from notetaker.model.mark import Mark
from notetaker.model.meeting import Meeting, new_meeting_id
from notetaker.model.transcript import paused_by
from notetaker.model.wording import clip
from notetaker.recording.clock import MeetingClock, Moment, read_clocks
from notetaker.recording.state import OpenGap
from notetaker.store.database import Rejected, StoreError
from notetaker.voice.ports import JoinFailed

log = logging.getLogger(__name__)


class Meetings:
    def __init__(
        self,
        voice: Voice,
        recordings: Recordings,
        storage: Storage,
        settings: ServerSettings,
        clocks: Callable[[], Moment] = read_clocks,
    ) -> None:
        self._voice = voice
        self._recordings = recordings
        self._storage = storage
        self._settings = settings
        self._clocks = clocks
        self._latest: dict[int, int] = {}  # command by guild
        self._starting: dict[int, Meeting] = {}
        self._closing = False

    async def close(self) -> None:
        """Suspend what is being recorded, and refuse to start anything else."""
        self._closing = True
        await self._recordings.suspend()

    # discordbot.ports.Meetings

    def channel(self, guild_id: int) -> int | None:
        return self._voice.channel(guild_id)

    def wanted(self, guild_id: int) -> int | None:
        return self._voice.wanted(guild_id)

    def meeting(self, guild_id: int) -> Meeting | None:
        live = self._recordings.get(guild_id)
        if live is not None and not live.leaving:
            return live.meeting
        return self._starting.get(guild_id)

    def already_so(self, guild_id: int, command_id: int) -> None:
        self._latest[guild_id] = max(command_id, self._latest.get(guild_id, 0))

    async def join(self, guild_id: int, channel_id: int, command_id: int) -> None:
        self._refuse_another(guild_id)
        self._obey(guild_id, channel_id, command_id)
        async with self._recordings.locks[guild_id]:
            reason = await self._connect(guild_id, channel_id, command_id)
        if reason is not None:
            raise Refused(replies.join_failed_trying(channel_id, reason))

    async def leave(self, guild_id: int, command_id: int, asked_in: int | None = None) -> Stopped | None:
        self._obey(guild_id, None, command_id)
        async with self._recordings.locks[guild_id]:
            stopped = await self._recordings.stop(guild_id, asked_in)
            if stopped is not None:
                return stopped
            wanted = self._voice.wanted(guild_id)
            if wanted is not None:
                raise Refused(replies.overtaken(wanted))
            await self._voice.leave(guild_id)
            return None

    async def start(self, wish: Start, command_id: int) -> Started:
        guild_id = wish.guild_id
        self._refuse_another(guild_id)
        clock, gap = MeetingClock(self._clocks), None
        meeting = _meeting(wish, clock, GuildSettings())
        if self._storage.database.waiting_s(time.monotonic()) > PATIENCE_S:
            raise _not_stored(meeting, NO_ANSWER)
        self._obey(guild_id, wish.voice_channel_id, command_id)
        self._starting[guild_id] = meeting
        try:
            async with self._recordings.locks[guild_id]:
                reason = await self._connect(guild_id, wish.voice_channel_id, command_id)
                if reason is None:  # it begins when somebody can be heard, not when it was asked for
                    clock = MeetingClock(self._clocks)
                else:
                    gap = OpenGap(clock.began_ns, causes.not_joined(reason))
                settings = await self._settings_for(meeting)
                meeting = _meeting(wish, clock, settings)
                try:
                    await self._recordings.start(meeting, clock, gap, settings)
                except (OSError, StoreError) as error:
                    await self._voice.leave(guild_id)
                    raise _not_stored(meeting, error) from error
        finally:
            del self._starting[guild_id]
        nobody_to_hear = self._voice.nobody_to_hear(guild_id)
        return Started(meeting, reason, nobody_to_hear, opt_in=settings.consent == OPT_IN)

    async def _settings_for(self, meeting: Meeting) -> GuildSettings:
        """Return the settings of the meeting's server. Raises Refused."""
        try:
            return await self._settings.read(meeting.guild_id)
        except StoreError as error:
            await self._voice.leave(meeting.guild_id)
            raise _not_stored(meeting, error) from error

    async def stop(self, guild_id: int, command_id: int, asked_in: int | None = None) -> Stopped | None:
        if self.meeting(guild_id) is None:
            return None
        self._obey(guild_id, None, command_id)
        async with self._recordings.locks[guild_id]:
            return await self._recordings.stop(guild_id, asked_in)

    async def shown(self, meeting: Meeting, channel_id: int, message_id: int) -> None:
        try:
            await self._storage.database(self._storage.store.open_panel, meeting.id, channel_id, message_id)
        except (StoreError, Rejected) as error:
            log.warning("Meeting %s has no panel: %s", meeting.id, error)

    async def pause(self, guild_id: int, name: str) -> None:
        live = self._running(guild_id)
        if live.held is not None:
            raise Refused(consent.ALREADY_PAUSED)
        live.hold(paused_by(clip(name, consent.NAME_MAX)))
        self._recordings.look(guild_id)
        self._recordings.say(live, consent.paused(live.meeting, name))

    async def resume(self, guild_id: int) -> None:
        live = self._running(guild_id)
        if live.held is None:
            raise Refused(consent.NOT_PAUSED)
        live.hold(None)
        self._recordings.look(guild_id)
        self._recordings.say(live, consent.resumed(live.meeting, opt_in=live.opt_in))

    async def mark(self, guild_id: int, user_id: int, name: str, text: str) -> Mark:
        live = self._running(guild_id)
        mark = Mark(live.time_ns(time.monotonic()), user_id, name, text)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._storage.database(self._storage.store.add_mark, live.meeting.id, mark)
        except (TimeoutError, StoreError, Rejected) as error:
            log.warning("Cannot store a mark in meeting %s: %s", live.meeting.id, error or NO_ANSWER)
            raise Refused(replies.MARK_NOT_KEPT) from error
        return mark

    def _running(self, guild_id: int) -> LiveMeeting:
        """Return the meeting that is being recorded. Raises Refused."""
        live = self._recordings.get(guild_id)
        if live is None or live.leaving:
            raise Refused(replies.NOT_RUNNING)
        return live

    # The latest wins

    def _refuse_another(self, guild_id: int) -> None:
        if self._closing:
            raise Refused(replies.SHUTDOWN)
        meeting = self.meeting(guild_id)
        if meeting is not None:
            raise Refused(replies.already_running(meeting))

    def _obey(self, guild_id: int, channel_id: int | None, command_id: int) -> None:
        """Want this from now on, and interrupt what is under way. Raises Refused if a later command came first."""
        if command_id < self._latest.get(guild_id, 0):
            raise Refused(replies.overtaken(self._voice.wanted(guild_id)))
        self._latest[guild_id] = command_id
        if channel_id is None:
            self._recordings.want_none(guild_id)
        else:
            self._voice.want(guild_id, channel_id)

    async def _connect(self, guild_id: int, channel_id: int, command_id: int) -> str | None:
        """Return None once in the channel, or the reason why not yet. Raises Refused if it is no longer wanted."""
        while True:
            try:
                await self._voice.settled(guild_id, channel_id)
                return None
            except JoinFailed as failed:
                if self._closing:
                    raise Refused(replies.SHUTDOWN) from None
                if not failed.final:
                    return str(failed)
                wanted = self._voice.wanted(guild_id)
                if wanted == channel_id:
                    continue  # one command gave it up, and another has asked for it again
                if self._latest[guild_id] != command_id:
                    raise Refused(replies.overtaken(wanted)) from None
                raise Refused(replies.join_failed(channel_id, str(failed))) from failed


def _not_stored(meeting: Meeting, failure: Exception | str) -> Refused:
    bug = failure if isinstance(failure, Exception) and isinstance(failure.__cause__, Rejected) else None
    log.critical(
        "Cannot start a meeting: %s", failure, extra=events.MEETING_NOT_STORED.of(meeting), exc_info=bug
    )
    return Refused(replies.CANNOT_WRITE)


def _meeting(wish: Start, clock: MeetingClock, settings: GuildSettings) -> Meeting:
    return Meeting(
        id=new_meeting_id(clock.began_ns),
        guild_id=wish.guild_id,
        voice_channel_id=wish.voice_channel_id,
        voice_channel_name=wish.voice_channel_name,
        text_channel_id=wish.text_channel_id,
        started_by=wish.started_by,
        started_ns=clock.began_ns,
        language=wish.language or settings.language,
        time_zone=settings.time_zone,
        kind=wish.kind or settings.kind,
    )
