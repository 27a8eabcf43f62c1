"""Holds the meeting of the script in real time, with speakers who connect like any other client."""

import asyncio
import time
from contextlib import AsyncExitStack

from notetaker.demo.place import TEXT_CHANNEL, Event, Place
from notetaker.demo.screen import Screen
from notetaker.demo.script import Person, Script
from notetaker.discordsim.speaker.speaker import Speaker

NOTES_TIMEOUT_S = 60.0
SCREEN_S = 0.1


class NoNotes(Exception):
    """The bot did not join, or posted no notes. The message is a sentence for people."""


class DemoMeeting:
    """The meeting: its speakers, and everything that happened."""

    def __init__(self, place: Place, script: Script, screen: Screen) -> None:
        self.speakers: dict[str, Speaker] = {}
        self.events: list[Event] = []
        self.notes: Event | None = None
        """The message with the notes."""
        self.stop_to_notes_s = 0.0
        self._place = place
        self._script = script
        self._screen = screen
        self._notes_posted = asyncio.Event()

    async def hold(self) -> None:
        """Hold the meeting, from the first person in the channel to the notes. Raise a group with ``NoNotes``."""
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch())
            async with AsyncExitStack() as stay:
                early = [person for person in self._script.people if person.joins_s == 0]
                for person in early:
                    await stay.enter_async_context(self._speaker(person))
                await self._start()
                started = time.monotonic()
                async with asyncio.TaskGroup() as speaking:
                    showing = tasks.create_task(self._show_progress(started))
                    for person in self._script.people:
                        speaking.create_task(self._take_part(person, started, stay))
                showing.cancel()
                await self._stop()
            watching.cancel()

    async def _start(self) -> None:
        ada = self._place.person(self._script.people[0].name)
        await self._place.refuse_next_identify(self._place.bot, 4006)
        with self._screen.waiting("The bot joins, although Discord refuses its first attempt"):
            answer = await self._place.types(ada, "startnotes")
        if not any(e["event"] == "voice_identified" and self._place.is_of_bot(e) for e in self.events):
            raise NoNotes(f"The bot did not join the voice channel. It answered: {answer}")

    async def _stop(self) -> None:
        ada = self._place.person(self._script.people[0].name)
        stopped = time.monotonic()
        await self._place.types(ada, "stopnotes")
        try:
            with self._screen.waiting("The worker writes the notes"):
                async with asyncio.timeout(NOTES_TIMEOUT_S):
                    await self._notes_posted.wait()
        except TimeoutError:
            raise NoNotes(f"No notes were posted within {NOTES_TIMEOUT_S:.0f} s of /stopnotes.") from None
        self.stop_to_notes_s = time.monotonic() - stopped

    async def _take_part(self, person: Person, started: float, stay: AsyncExitStack) -> None:
        """Let a person join, say every sentence on time, and leave."""
        if person.joins_s:
            await _until(started + person.joins_s)
            await stay.enter_async_context(self._speaker(person))
        speaker = self.speakers[person.name]
        for sentence in self._script.sentences:
            if sentence.speaker == person.name:
                await _until(started + sentence.start_s)
                self._screen.line(person.name, f"“{sentence.text}”")
                await speaker.speak(sentence.frames)
        if person.leaves_s is not None:
            await _until(started + person.leaves_s)
            await speaker.leave()

    def _speaker(self, person: Person) -> Speaker:
        user = self._place.person(person.name)
        speaker = self.speakers[person.name] = Speaker(
            api_url=f"{self._place.api_url}/v10",
            token=user.token,
            ca_file=self._place.ca_file,
            guild_id=self._place.guild_id,
            channel_id=self._place.voice_channel_id,
            name=person.name,
        )
        return speaker

    async def _watch(self) -> None:
        async for event in self._place.events():
            self.events.append(event)
            self._screen.event(event, self._place)
            if (
                event["event"] == "message_create"
                and event["attachments"]
                and event["channel"] == TEXT_CHANNEL
            ):
                self.notes = event
                self._notes_posted.set()

    async def _show_progress(self, started: float) -> None:
        while True:
            self._screen.progress(time.monotonic() - started, self._script.duration_s)
            await asyncio.sleep(SCREEN_S)


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
