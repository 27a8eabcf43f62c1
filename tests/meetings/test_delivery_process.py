"""A real bot and a worker, whose notes cannot be posted where they were to go."""

from contextlib import closing

from notetaker.discordsim.world.permissions import Permission
from notetaker.model.meeting import MeetingState
from notetaker.store.store import Store
from tests.harness.office import SENTENCE, Office
from tests.harness.proxy import http_proxy


async def test_a_channel_that_is_deleted_while_the_notes_are_made(office: Office) -> None:
    async with office.process("bot") as bot:
        async with office.person("Ada") as ada:
            await bot.until("Ready as Notetaker")
            assert (await office.says("startnotes", channel="meeting-notes")).startswith("🔴")
            await ada.speak(SENTENCE)
            await office.until_stored("Ada", len(SENTENCE))
            assert "I heard one person" in await office.says("stopnotes", channel="general")
        gone = office.channel("meeting-notes")
        del office.guild.channels[gone]
        async with office.process("worker", DISCORD_TOKEN=""):
            notes, why = await office.posted(2)
            await bot.until(" posted")
        assert "Ada" in notes.content
        assert why.content == f"These notes were meant for <#{gone}>, but I can't post there."
        assert f"in channel {gone}, will try the next place: the channel no longer exists" in bot.log
        with closing(Store(f"sqlite:///{office.state / 'notetaker.db'}")) as store:
            [meeting] = store.meetings()
        assert (meeting.state, meeting.stopped_in) == (MeetingState.POSTED, office.channel("general"))
        assert await bot.terminate() == 0


async def test_a_bot_that_nobody_lets_post_says_so_to_its_operator(office: Office) -> None:
    async with office.process("bot") as bot, office.process("worker", DISCORD_TOKEN=""):
        async with office.person("Ada") as ada:
            await bot.until("Ready as Notetaker")
            await office.says("startnotes")
            await ada.speak(SENTENCE)
            await office.until_stored("Ada", len(SENTENCE))
            for channel in office.guild.channels.values():
                office.local.world.overwrite(channel, office.guild.id, deny=Permission.SEND_MESSAGES)
            office.user("Ada").accepts_dms = False
            await office.says("stopnotes")
        await bot.until("Nobody gets the notes of meeting")
        assert (await office.status())["undelivered"] == 1
        assert await bot.terminate() == 0


async def test_a_bot_that_is_killed_before_it_knows_that_the_next_place_has_the_notes(office: Office) -> None:
    async with office.process("worker", DISCORD_TOKEN=""), http_proxy() as proxy:
        async with office.process("bot", HTTP_PROXY=proxy.url) as bot:
            async with office.person("Ada") as ada:
                await bot.until("Ready as Notetaker")
                await office.says("startnotes", channel="meeting-notes")
                await ada.speak(SENTENCE)
                await office.until_stored("Ada", len(SENTENCE))
                notes = office.guild.channels[office.channel("meeting-notes")]
                office.local.world.overwrite(notes, office.guild.id, deny=Permission.SEND_MESSAGES)
                general = office.guild.channels[office.channel("general")]
                proxy.mute_after = f"/channels/{general.id}/messages".encode()
                await office.says("stopnotes", channel="general")
            [message] = await office.posted(1)
            await bot.kill()
        message.nonce = None  # Discord forgets it within minutes
        async with office.process("bot") as bot:
            await office.posted(2)
            assert await bot.terminate() == 0
        assert [bool(one.attachments) for one in office.messages()] == [True, False]
