"""Notes that cannot be posted where they were to go. Publisher and store are real, Discord is the local one."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import Channel, ChannelType, Message
from notetaker.discordsim.world.permissions import Permission
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.posting import Postings
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.notes import Posting
from notetaker.status import meeting_report
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.harness.world import the_bot, the_guild, the_user
from tests.store.examples import NO_NOTES

ID = "20261122-143005-k3f9qz"
NOTES = "# Notes"


class Delivery:
    """A meeting in Standup whose notes were to go to "meeting-notes", and which was stopped in "general"."""

    def __init__(self, local: LocalDiscord, bot: NotetakerBot, store: Store, database: WorkerThread) -> None:
        self.local = local
        self.world = local.world
        self.bot = bot
        self.store = store
        self._database = database
        self.guild = the_guild(self.world, "Office")
        self.ada = the_user(self.world, "Ada")
        self.postings = self.restarted()
        self.asked_for = "meeting-notes", "general", "Standup"
        notes, general, standup = (self.channel(name).id for name in self.asked_for)
        started_ns = round(self.world.clock() * 1e9)
        store.migrate()
        store.add_meeting(Meeting(ID, self.guild.id, standup, "Standup", notes, self.ada.id, started_ns))
        store.end_meeting(ID, started_ns + 1, general)
        self.posting = Posting(ID, notes, NOTES, f"transcript-{ID}.md", "words")
        store.save_notes(NO_NOTES, self.posting)

    def restarted(self) -> Postings:
        return Postings(self.store, self._database, self.bot.publisher, first_pause_s=0.0)

    def channel(self, name: str) -> Channel:
        return next(c for c in self.guild.channels.values() if c.name == name)

    def refuse(self, *names: str, deny: Permission = Permission.SEND_MESSAGES) -> None:
        for name in names:
            self.world.overwrite(self.channel(name), self.guild.id, deny=deny)

    def shown(self, channel: Channel) -> list[str]:
        return [message.content for message in channel.messages.values() if self._is_mine(message)]

    @property
    def direct(self) -> Channel:
        return self.world.dm_between(the_bot(self.world).id, self.ada.id)

    def everywhere(self) -> int:
        """How many messages have the notes."""
        channels = [*self.guild.channels.values(), *self.world.dms.values()]
        return sum(self.shown(channel).count(NOTES) for channel in channels)

    @property
    def meant(self) -> str:
        return f"These notes were meant for <#{self.posting.channel_id}>, but I can't post there."

    @property
    def state(self) -> MeetingState:
        meeting = self.store.meeting(ID)
        assert meeting is not None
        return meeting.state

    async def tick(self, times: int = 6) -> None:
        for _ in range(times):
            await self.postings.tick()

    def _is_mine(self, message: Message) -> bool:
        return message.author_id == the_bot(self.world).id


@pytest.fixture
async def delivery(tmp_path: Path) -> AsyncIterator[Delivery]:
    database = WorkerThread("database", StoreError)
    async with LocalDiscord(state_dir=tmp_path) as local:
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=local.ca_file)
        await bot.login(the_bot(local.world).token)
        with closing(Store(f"sqlite:///{tmp_path}/notetaker.db")) as store:
            yield Delivery(local, bot, store, database)
        await bot.http.close()
    database.close()


async def test_a_channel_that_is_there_gets_the_notes_and_nothing_else(delivery: Delivery) -> None:
    await delivery.tick()
    assert delivery.shown(delivery.channel("meeting-notes")) == [NOTES]
    assert delivery.everywhere() == 1


@pytest.mark.parametrize("how", ["deleted", "no sending", "unseen", "no files"])
async def test_a_channel_that_refuses_is_replaced_by_where_the_meeting_was_stopped(
    delivery: Delivery, how: str
) -> None:
    if how == "deleted":
        del delivery.guild.channels[delivery.posting.channel_id]
    else:
        deny = {
            "no sending": Permission.SEND_MESSAGES,
            "unseen": Permission.VIEW_CHANNEL,
            "no files": Permission.ATTACH_FILES,
        }[how]
        delivery.refuse("meeting-notes", deny=deny)
    await delivery.tick()
    general = delivery.channel("general")
    assert delivery.shown(general) == [NOTES, delivery.meant]
    assert delivery.everywhere() == 1
    assert delivery.state is MeetingState.POSTED
    assert delivery.store.posting(ID) == replace(delivery.posting, channel_id=general.id)


@pytest.mark.parametrize("kind", [ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD])
async def test_a_closed_thread_is_one_more_refusal(delivery: Delivery, kind: ChannelType) -> None:
    parent = delivery.channel("meeting-notes")
    thread = delivery.world.add_thread(parent, "case", delivery.ada.id, kind=kind, thread_id=None, minutes=60)
    assert thread.thread is not None
    thread.thread.archived = thread.thread.locked = kind is ChannelType.PUBLIC_THREAD
    with delivery.store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE meetings SET text_channel_id = {thread.id}")
    await delivery.tick()
    assert delivery.shown(thread) == []
    assert delivery.shown(delivery.channel("general"))[0] == NOTES


async def test_the_places_are_tried_in_order(delivery: Delivery) -> None:
    delivery.refuse("meeting-notes", "general")
    await delivery.tick()
    assert delivery.shown(delivery.channel("Standup")) == [NOTES, delivery.meant]


async def test_who_started_it_gets_the_notes_when_no_channel_takes_them(delivery: Delivery) -> None:
    delivery.refuse("meeting-notes", "general", "Standup")
    await delivery.tick()
    assert delivery.shown(delivery.direct) == [NOTES, delivery.meant]
    assert delivery.state is MeetingState.POSTED


async def test_notes_that_nobody_takes_are_kept_and_reported_and_not_tried_for_ever(
    delivery: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    delivery.refuse(*delivery.asked_for)
    delivery.ada.accepts_dms = False
    await delivery.tick(20)
    assert delivery.everywhere() == 0
    assert delivery.state is MeetingState.UNDELIVERED
    assert delivery.postings.undelivered == 1
    assert delivery.store.posting(ID) == delivery.posting
    levels = [record.levelname for record in caplog.records if "the notes of meeting" in record.message]
    assert levels == ["WARNING"] * 4 + ["CRITICAL"]
    report = meeting_report.detail(delivery.store, ID)
    assert report is not None
    assert report["state"] == "undelivered"
    reasons = {one.get("channel_id") or one["user_id"]: one["reason"] for one in report["refusals"]}
    assert reasons.pop(str(delivery.ada.id)) == "the person takes no direct messages from the bot"
    assert reasons == {
        str(
            delivery.channel(name).id
        ): "the bot lacks a permission in the channel (Discord: Missing Permissions)"
        for name in delivery.asked_for
    }


@pytest.mark.parametrize("direct", [False, True])
async def test_a_crash_after_sending_to_the_next_place_makes_no_second_message(
    delivery: Delivery, direct: bool
) -> None:
    delivery.refuse("meeting-notes", "general", *(["Standup"] if direct else []))
    await delivery.tick(3 if direct else 2)
    place = delivery.direct if direct else delivery.channel("Standup")
    delivery.store.begin_posting(ID)
    await delivery.bot.publisher.post(replace(delivery.posting, channel_id=place.id), look_since=None)
    for message in place.messages.values():
        message.nonce = None  # the bot was away for hours
    delivery.postings = delivery.restarted()
    await delivery.tick()
    assert delivery.shown(place) == [NOTES, delivery.meant]
    assert delivery.everywhere() == 1
    assert delivery.state is MeetingState.POSTED


async def test_an_outage_is_waited_out_where_the_notes_were_to_go(delivery: Delivery) -> None:
    await delivery.local.stop()
    await delivery.tick()
    assert delivery.store.refusals(ID) == {}
    assert delivery.state is MeetingState.READY
