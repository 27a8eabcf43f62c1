"""The people in the room of one meeting: they are told, and followed, and without them nothing is recorded."""

import logging
import math
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from notetaker.discordbot import consent as words
from notetaker.discordbot import replies
from notetaker.meetings.audience import End, Enter, Facts, Keep, Pause, Record, decide
from notetaker.meetings.live import LiveMeeting
from notetaker.meetings.ports import Discord, Voice
from notetaker.model import events
from notetaker.model.consent import Consent
from notetaker.model.guild_settings import GuildSettings
from notetaker.model.room import Room
from notetaker.model.transcript import MOVED, UNSHOWN
from notetaker.model.voice import Admission

log = logging.getLogger(__name__)

WARNING_S = 600.0
"""How long before its end people are told that a meeting gets too long."""
MARK_S = 5.0
"""Seconds until Discord shows us a mark that we have set."""
SHOW_AGAIN_S = 30.0
"""Seconds between attempts to show people that they are recorded."""


class Attendance:
    """Carries out what ``decide`` makes of the facts. It belongs to the event loop's thread."""

    def __init__(
        self,
        live: LiveMeeting,
        settings: GuildSettings,
        consent: Consent,
        voice: Voice,
        discord: Discord,
        spawn: Callable[[Coroutine[Any, Any, object]], object],
        end: Callable[[str], Coroutine[Any, Any, None]],
        clock: Callable[[], float],
        *,
        announced: bool,
    ) -> None:
        """``end`` ends the meeting for a reason, ``clock`` returns monotonic seconds. ``announced``: the room is told
        otherwise that it is recorded.
        """
        self.live = live
        self.settings = settings
        self.consent = consent
        self._voice = voice
        self._discord = discord
        self._spawn = spawn
        self._end = end
        self._clock = clock
        self._announced = announced
        self._room: Room | None = None  # as it was last
        self._shown: Room | None = None  # ... as Discord showed it
        self._bots: set[int] = set()  # all that were there
        self._told: set[int] = set()  # who has been, or was there when the room was
        self._newcomers: set[int] = set()  # who is to be told
        self._busy = False  # telling them
        self._tell_again_at = -math.inf  # which has failed
        self._entering = False
        self._ended = False
        self._blind = False  # the last look failed
        self._warned = False
        self.marked = False
        """The bot or the room bears the mark of a recording."""
        self._marked_until = -math.inf  # as far as we know, until Discord shows it
        self._empty_since: float | None = None
        self._untold = False  # nobody is recorded before people in the room have been told
        self._unshown: tuple[int, float] | None = None  # where showing it failed, and when to try again
        self._reason: str | None = None  # why nobody is recorded, as people know

    def look(self, longest_s: float) -> None:
        """Do what the facts call for; no meeting is to be longer than ``longest_s``.

        A bug here must not end all meetings: this one goes on as before.
        """
        try:
            self._look(longest_s)
        except Exception:
            if not self._blind:
                log.exception("Cannot see who is in the room of a meeting", extra=events.BUG())
            self._blind = True
        else:
            self._blind = False

    def _look(self, longest_s: float) -> None:
        meeting, now = self.live.meeting, self._clock()
        channel_id = self._voice.wanted(meeting.guild_id)
        if self.live.leaving or self._ended or channel_id is None:
            return
        room = self._see(channel_id)
        if room is None or room.people or room.failure:
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = now
        self._room = room or self._room
        if room is not None:
            self._marked_until = -math.inf if room.marked else self._marked_until
            self.marked = room.marked or now < self._marked_until
        if self._room is not None:
            self.live.admit(self.consent.admission(self._room))
        facts = Facts(
            room=room,
            place=self.live.channel_id,
            inside=self._voice.channel(meeting.guild_id) == channel_id,
            marked=self.marked,
            unshown=self._unshown is not None and self._unshown[0] == channel_id and now < self._unshown[1],
            untold=self._untold,
            held=self.live.held,
            empty_s=0.0 if self._empty_since is None else now - self._empty_since,
            grace_s=self.settings.empty_grace_s,
            length_s=self.live.length_s(now),
            longest_s=longest_s,
        )
        match decide(facts):
            case Keep():
                if self.live.paused is None and self._room is not None:
                    self._voice.admit(meeting.guild_id, self.live.admission)
            case End(reason):
                self._ended = True
                self._spawn(self._end(reason))
            case Pause(cause, reason):
                self._pause(now, cause, reason)
            case Enter():
                assert room is not None
                self._pause(now, UNSHOWN if room.channel_id == self.live.channel_id else MOVED, None)
                if not self._entering:
                    self._entering = True
                    self._spawn(self._enter(room, longest_s))
            case Record():
                assert room is not None
                self._record(room, now)
        if facts.length_s >= longest_s - WARNING_S and not (self._warned or self._ended):
            self._warned = True
            self.say(replies.ends_soon(meeting, longest_s))

    def say(self, text: str) -> None:
        """Tell people where the notes go, and those in the room in its own chat."""
        for channel_id in (self.live.meeting.text_channel_id, *self.others):
            self._spawn(self._say(channel_id, text))

    async def close(self) -> None:
        """Take off the mark of a recording, also that of an earlier life of the bot. Nobody is recorded without it.

        The bot is still in the voice channel, whose status others may not change.
        """
        if self.marked:
            self._voice.admit(self.live.meeting.guild_id, Admission(None))
        await self._discord.unmark(self.live.meeting.guild_id, self.live.channel_id)

    @property
    def others(self) -> list[int]:
        """The room's own chat, if people are there and the bot may write; not if the notes go there."""
        room = self._room
        if room is None or not room.chat or not room.people:
            return []
        return [room.channel_id] if room.channel_id != self.live.meeting.text_channel_id else []

    def _see(self, channel_id: int) -> Room | None:
        """Return the room as Discord shows it, and in it also the people whom only voice sees: they have come while
        the main gateway was late or down.
        """
        guild_id = self.live.meeting.guild_id
        shown = self._discord.room(guild_id, channel_id, self.live.meeting.text_channel_id)
        room = self._shown = shown or self._shown
        if room is None or not room.channel_id == channel_id == self._voice.channel(guild_id):
            return shown
        self._bots |= room.bots
        unseen = self._voice.others(guild_id) - room.people - self._bots
        if not unseen:
            return shown
        return replace(room, people=room.people | unseen, seen=room.seen and unseen <= self._told)

    def _pause(self, now: float, cause: str, reason: str | None) -> None:
        self._voice.admit(self.live.meeting.guild_id, Admission(None))
        self.live.pause(now, cause)
        if reason is not None and reason != self._reason:
            self._reason = reason
            text = replies.not_recording(reason)
            self._spawn(self._say(self.live.meeting.text_channel_id, text))

    def _record(self, room: Room, now: float) -> None:
        self._voice.admit(self.live.meeting.guild_id, self.live.admission)
        self.live.resume(now)
        self.live.rename(room.name)
        self._reason = None
        if not self.live.connected:
            return  # whoever is there is told when the bot comes in
        meeting = self.live.meeting
        if not self._told:
            self._told = set(room.people)
            if not self._announced and room.chat and room.channel_id != meeting.text_channel_id:
                self._spawn(self._tell_room(room.channel_id))
        self._newcomers |= room.people - self._told
        self._told |= room.people
        if self._newcomers and not self._busy and now >= self._tell_again_at and (room.chat or room.seen):
            self._busy = True
            self._spawn(self._tell_newcomers(room.channel_id if room.chat else meeting.text_channel_id))

    async def _tell_room(self, channel_id: int) -> None:
        text = replies.recording_here(self.live.meeting, opt_in=self.consent.opt_in)
        if not await self._say_and_ask(channel_id, text):
            self._fail(channel_id)

    def _fail(self, channel_id: int) -> None:
        """Record nobody in the room until people there can be told."""
        self._untold = True
        self._unshown = channel_id, self._clock() + SHOW_AGAIN_S

    async def _tell_newcomers(self, channel_id: int) -> None:
        """One message for all who come while another is sent."""
        while self._newcomers:
            newcomers, self._newcomers = frozenset(self._newcomers), set()
            if await self._tell(channel_id, newcomers):
                self._tell_again_at = -math.inf
                continue
            self._told -= newcomers  # whoever is still there is to be told
            if self._tell_again_at > -math.inf:
                self._fail(channel_id)
            self._tell_again_at = self._clock() + SHOW_AGAIN_S
            break
        self._busy = False

    async def _tell(self, channel_id: int, newcomers: frozenset[int]) -> bool:
        """Tell newcomers that they are recorded, or ask them; who has refused knows. Return whether that was done."""
        asked = self.consent.to_ask(newcomers)
        told = [one for one in newcomers - asked if self.live.admission.takes(one)]
        said = True
        for people, text, opt_in in ((told, replies.newcomers, False), (asked, words.asked, True)):
            if people:
                buttons = words.buttons(self.live.meeting.id, opt_in=opt_in)
                said = await self._discord.say(channel_id, text(sorted(people)), buttons) and said
        return said

    async def _enter(self, room: Room, longest_s: float) -> None:
        """Show the people in a room that they are recorded, and go on there."""
        meeting, place = self.live.meeting, self.live.channel_id
        moved = room.channel_id != place
        if moved and (room.chat or room.seen or not room.marked):  # else the mark goes with the bot
            await self._discord.unmark(meeting.guild_id, place)
        if room.chat:
            opt_in = self.consent.opt_in
            text = (
                replies.moved_here(meeting, place, opt_in=opt_in)
                if moved
                else replies.recording_here(meeting, opt_in=opt_in)
            )
            shown = await self._say_and_ask(room.channel_id, text)
        elif room.seen:
            text = replies.moved_to(room.channel_id, opt_in=self.consent.opt_in)
            shown = await self._say_and_ask(meeting.text_channel_id, text)
        else:
            shown = await self._discord.mark(meeting.guild_id, room.channel_id)
            self._marked_until = self._clock() + MARK_S if shown else -math.inf
        self._entering = False
        now = self._clock()
        if not shown:
            self._unshown = room.channel_id, now + SHOW_AGAIN_S
        elif self._voice.wanted(meeting.guild_id) == room.channel_id and not self.live.leaving:
            self._told |= room.people
            self._announced = True
            self._untold = False
            self._newcomers -= room.people
            self._tell_again_at = -math.inf
            if moved:
                self.live.move(now, room.channel_id, room.name)
                if room.chat and room.channel_id != meeting.text_channel_id:
                    text = replies.moved_to(room.channel_id, opt_in=self.consent.opt_in)
                    await self._say(meeting.text_channel_id, text)
        self.look(longest_s)

    async def _say_and_ask(self, channel_id: int, text: str) -> bool:
        """Return whether it was said."""
        buttons = words.buttons(self.live.meeting.id, opt_in=self.consent.opt_in)
        return await self._discord.say(channel_id, text, buttons)

    async def _say(self, channel_id: int, text: str) -> None:
        await self._discord.say(channel_id, text)
