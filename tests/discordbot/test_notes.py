"""/notes show of the real bot in the local Discord, on a real database."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import discord
import pytest
from aiohttp import ClientSession

from notetaker.discordbot import replies
from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordbot.ports import Meetings, Privacy, ServerSettings, Voice
from notetaker.discordbot.sight import Refusals
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import ChannelType
from notetaker.discordsim.world.permissions import Permission
from notetaker.host.worker_thread import WorkerThread
from notetaker.jobs.queue import JobQueue
from notetaker.jobs.so_far import known_parts, transcript_of
from notetaker.meetings.notebook import Notebook
from notetaker.meetings.storage import Storage
from notetaker.model.meeting import Meeting
from notetaker.model.utterance import Clip, Transcription, Utterance
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.making import make
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.harness.bench import Broken
from tests.harness.office import Office
from tests.store.examples import NOTES, POSTING

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
STARTED = 1_795_357_800 * SECOND
TALK = (
    "So the shop needs a payment page before the summer.",
    "I would take the simple form, with cards and nothing else.",
    "Okay, we decided to launch the payment page on the twelfth of March.",
    "I'll write the payment form by Friday.",
    "The customers asked for invoices in the account as well.",
)
BUILT_IN = BuiltIn()


class Readers(Office):
    """Ada, who owns the server, Ben and Chloe, and the database behind the bot."""

    store: Store
    broken: Broken
    notebook: Notebook
    discord: NotetakerBot
    minutes: float = 0.0
    """How long after the start it is now."""

    def meet(self, number: int, *, voice: str = "Standup", text: str = "general") -> Meeting:
        """Store a meeting that is going on, the ``number``-th."""
        where = self.guild.id, self.channel(voice), voice, self.channel(text)
        started_ns = STARTED + number * MINUTE
        meeting = Meeting(f"20261122-14{number:02}00-abcdef", *where, self.user("Ada").id, started_ns)
        self.store.add_meeting(meeting)
        self.store.name_speaker(meeting.id, self.user("Ben").id, "Ben")
        return meeting

    def talk(self, meeting: Meeting, minutes: int) -> None:
        """Have them talk from the start, six sentences a minute, and the minutes written of what is complete."""
        for number in range(minutes * 6):
            said_ns = meeting.started_ns + number * 10 * SECOND
            clip = Clip(1, 100 * number, 100 * number + 90, 7)
            one = Utterance(meeting.id, self.user("Ben").id, clip, said_ns, said_ns + 9 * SECOND, 450)
            self.store.add_utterance(one)
            text = Transcription(TALK[number % len(TALK)], "e", language="en")
            self.store.set_final({one.id: text}, said_ns)
        for key, part in known_parts(self.store, transcript_of(self.store, meeting, "UTC")).items():
            self.store.save_part(meeting.id, key, make(part, BUILT_IN, BUILT_IN))

    async def is_offered(
        self, text: str = "", *, user: str = "Ada", command: str = "notes show"
    ) -> list[dict[str, str]]:
        shown = await self.sim(
            "autocomplete",
            user_id=str(self.user(user).id),
            channel_id=str(self.channel("general")),
            command=command,
            focused="meeting",
            options={"meeting": text},
        )
        return cast(list[dict[str, str]], shown["choices"])


@pytest.fixture
async def readers(tmp_path: Path) -> AsyncIterator[Readers]:
    async with asyncio.timeout(30), LocalDiscord(state_dir=tmp_path) as local, ClientSession() as http:
        readers = Readers(local, http, tmp_path)
        world, guild = local.world, readers.guild
        for kind, name, hidden in (
            (ChannelType.VOICE, "Board", Permission.VIEW_CHANNEL),
            (ChannelType.VOICE, "Locked", Permission.CONNECT),
            (ChannelType.TEXT, "board-notes", Permission.VIEW_CHANNEL),
            (ChannelType.TEXT, "no-history", Permission.READ_MESSAGE_HISTORY),
        ):
            channel = world.add_channel(guild, kind, name)
            world.overwrite(channel, guild.id, deny=hidden)
            world.overwrite(channel, readers.user("Chloe").id, allow=hidden)
        readers.store = Store(f"sqlite:///{tmp_path}/notetaker.db")
        readers.store.migrate()
        readers.broken = Broken(readers.store)
        database = WorkerThread("database", StoreError)
        storage = Storage(cast("Store", readers.broken), cast("JobQueue", None), database, database)
        notebook = Notebook(
            storage, "UTC", tmp_path / "meetings", lambda: STARTED + round(readers.minutes * MINUTE)
        )
        readers.notebook = notebook
        bot = readers.discord = NotetakerBot(api_base_url=local.api_url, ca_file=None)
        bot.attach(
            cast("Meetings", None),
            cast("Voice", None),
            cast("ServerSettings", None),
            notebook,
            cast("Privacy", None),
        )
        bot.bridge.received = lambda message: None  # type: ignore[method-assign]  # there is no voice stack
        serving = asyncio.ensure_future(bot.serve(readers.bot.token))
        await bot.wait_for("ready")
        yield readers
        await bot.close()
        await serving
        database.close()
        readers.store.close()


async def test_the_notes_so_far_are_shown_while_the_meeting_goes_on(readers: Readers) -> None:
    meeting = readers.meet(0)
    readers.minutes = 2
    assert await readers.says("notes show", user="Ben") == (
        "(only you) ## Notes so far: Standup\n"
        "-# Started <t:1795357800:t>. The last 2 minutes are not in yet.\n"
        "Nothing is written yet. I write them in parts of some minutes; the first takes up to ten."
    )
    readers.talk(meeting, 20)
    readers.minutes = 20
    shown = await readers.says("notes show", user="Ben")
    assert shown.startswith("(only you) ## Notes so far: Standup\n-# Started <t:1795357800:t>. The last ")
    assert "### Decisions\n- We decided to launch the payment page on the twelfth of March. (" in shown
    assert "### Action items\n- I'll write the payment form by Friday. – Ben (" in shown
    assert "### Topics\n- Payment" in shown
    written = readers.store.parts(meeting.id)
    assert len(written) >= 2
    missing = int(shown.partition("The last ")[2].split()[0])
    assert 1 <= missing <= 9, "what is not in yet is less than a part and a half"


async def test_when_it_has_ended_what_is_still_missing_is_being_written(readers: Readers) -> None:
    meeting = readers.meet(0)
    readers.talk(meeting, 20)
    readers.store.end_meeting(meeting.id, STARTED + 20 * MINUTE)
    shown = await readers.says("notes show")
    assert "ended <t:1795359000:t>. I'm writing the last " in shown


async def test_of_a_finished_meeting_the_notes_are_shown_with_the_transcript(readers: Readers) -> None:
    done = readers.meet(0)
    readers.store.end_meeting(done.id, STARTED + MINUTE)
    readers.store.save_notes(NOTES, replace(POSTING, meeting_id=done.id, content="## Meeting notes: Standup"))
    running = readers.meet(1)
    shown = await readers.types(f"notes show meeting:{done.id}")
    [message] = shown["messages"]
    assert message["content"] == "## Meeting notes: Standup"
    assert [attachment["filename"] for attachment in message["attachments"]] == ["transcript.md"]
    assert (await readers.says("notes show")).startswith("(only you) ## Notes so far")
    offered = await readers.is_offered("stand")
    assert offered == [
        {"name": "Standup, 22 November 2026, 14:31 (going on)", "value": running.id},
        {"name": "Standup, 22 November 2026, 14:30", "value": done.id},
    ]


@pytest.mark.parametrize(
    ("voice", "text"),
    [("Board", "general"), ("Locked", "general"), ("Standup", "board-notes"), ("Standup", "no-history")],
)
async def test_only_those_who_see_both_channels_now_see_a_meeting(
    readers: Readers, voice: str, text: str
) -> None:
    secret = readers.meet(1, voice=voice, text=text)
    assert await readers.says("notes show", user="Ben") == f"(only you) {replies.NO_MEETINGS}"
    assert await readers.says(f"notes show meeting:{secret.id}", user="Ben") == (
        "(only you) " + replies.no_such_meeting(secret.id)
    )
    assert await readers.is_offered(user="Ben") == []
    for person in ("Ada", "Chloe"):
        assert "## Notes so far" in await readers.says("notes show", user=person)
        assert len(await readers.is_offered(user=person)) == 1
    seen = readers.meet(0)
    assert [choice["value"] for choice in await readers.is_offered(user="Ben")] == [seen.id]
    assert "## Notes so far: Standup" in await readers.says("notes show", user="Ben")


async def test_a_meeting_of_another_server_or_in_a_channel_that_is_gone_is_not_seen(readers: Readers) -> None:
    gone = replace(readers.meet(0), id="20261122-150000-gone11", text_channel_id=4)
    elsewhere = replace(
        gone, id="20261122-150000-other1", guild_id=5, text_channel_id=readers.channel("general")
    )
    for meeting in (gone, elsewhere):
        readers.store.add_meeting(meeting)
        said = await readers.says(f"notes show meeting:{meeting.id}")
        assert said == f"(only you) {replies.no_such_meeting(meeting.id)}"
    assert len(await readers.is_offered()) == 1


async def test_at_most_25_meetings_are_offered(readers: Readers) -> None:
    for number in range(30):
        readers.meet(number)
    offered = await readers.is_offered()
    assert len(offered) == 25
    assert offered[0]["name"].endswith("14:59 (going on)")


async def test_a_thread_is_seen_like_its_channel_and_a_private_one_by_its_members(readers: Readers) -> None:
    world, general = readers.local.world, readers.guild.channels[readers.channel("general")]

    def thread(name: str, kind: ChannelType) -> None:
        world.add_thread(general, name, readers.bot.id, kind=kind, thread_id=None, minutes=60)

    thread("standup", ChannelType.PUBLIC_THREAD)
    thread("hiring", ChannelType.PRIVATE_THREAD)
    public, private = readers.meet(0, text="standup"), readers.meet(1, text="hiring")
    assert [choice["value"] for choice in await readers.is_offered(user="Ben")] == [public.id]
    assert [choice["value"] for choice in await readers.is_offered()] == [private.id, public.id]


async def test_without_a_database_it_says_so(readers: Readers) -> None:
    readers.broken.calls = {"meetings_of"}
    assert await readers.says("notes show") == f"(only you) {replies.NO_NOTES}"
    assert await readers.is_offered() == []


async def test_what_failed_is_logged_without_what_people_said(
    readers: Readers, caplog: pytest.LogCaptureFixture
) -> None:
    readers.broken.calls, readers.broken.error = {"meetings_of"}, KeyError("We fire Bob.")
    assert await readers.says("notes show") == f"(only you) {replies.INTERNAL_FAILURE}"
    assert "RuntimeError: KeyError" in caplog.text
    assert "Bob" not in caplog.text


async def test_discord_is_asked_once_for_a_channel_that_it_refuses(
    readers: Readers, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        readers.store.add_meeting(replace(readers.meet(number), id=f"gone-{number}", text_channel_id=4))
    with caplog.at_level("DEBUG", "discord.http"):
        for text in ("", "s", "st"):
            assert len(await readers.is_offered(text)) == 3
    assert len(re.findall(r"GET \S+/channels/4 with", caplog.text)) == 1


async def test_a_refusal_is_forgotten_after_a_minute(readers: Readers) -> None:
    now = 0.0
    refusals, guild = Refusals(lambda: now), readers.discord.get_guild(readers.guild.id)
    assert guild is not None
    channel = readers.guild.channels[readers.channel("general")]
    readers.local.world.overwrite(channel, readers.bot.id, deny=Permission.VIEW_CHANNEL)
    with pytest.raises(discord.Forbidden):
        await refusals.fetch(guild, channel.id)
    readers.local.world.overwrite(channel, readers.bot.id)
    now = 59.0
    with pytest.raises(discord.Forbidden):
        await refusals.fetch(guild, channel.id)
    now = 61.0
    assert (await refusals.fetch(guild, channel.id)).name == "general"
