"""The real bot in a room where people, bots and moderators come and go, against the local Discord."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from notetaker.discordsim.world.entities import User
from notetaker.discordsim.world.permissions import EVERYONE, Permission
from notetaker.model.meeting import Meeting
from notetaker.model.outcome import Outcome
from notetaker.store.store import Store
from tests.harness.office import SENTENCE, Office
from tests.harness.people import in_voice, type_command
from tests.harness.process import POLL_S, WAIT_S

READY = "Ready as Notetaker"


async def rest(office: Office, method: str, path: str, **body: Any) -> int:
    """What Ada, who owns the server, does to it."""
    headers = {"Authorization": office.user("Ada").token}
    url = f"{office.local.api_url}/v10{path}"
    async with office.http.request(method, url, headers=headers, json=body or None) as response:
        return response.status


async def deny(office: Office, channel: str, bits: Permission, user: User | None = None) -> None:
    """Take permissions away from the bot, or from somebody else."""
    path = f"/channels/{office.channel(channel)}/permissions/{(user or office.bot).id}"
    assert await rest(office, "PUT", path, type=1, allow="0", deny=str(int(bits))) == 204


async def move(office: Office, channel: str) -> None:
    who = {"guild_id": str(office.guild.id), "user_id": str(office.bot.id)}
    await office.sim("move", **who, channel_id=str(office.channel(channel)))


async def take_marks(office: Office) -> None:
    """Let nobody change nicknames, or the status of a voice channel."""
    left = EVERYONE & ~(Permission.CHANGE_NICKNAME | Permission.SET_VOICE_CHANNEL_STATUS)
    path = f"/guilds/{office.guild.id}/roles/{office.guild.id}"
    assert await rest(office, "PATCH", path, permissions=str(int(left))) == 200


def texts(office: Office, channel: str) -> list[str]:
    return [message.content for message in office.messages(channel)]


def kept(office: Office) -> tuple[Store, Meeting]:
    store = Store(f"sqlite:///{office.state / 'notetaker.db'}")
    [meeting] = store.meetings()
    return store, meeting


def add_bot(office: Office) -> User:
    world = office.local.world
    robot = world.add_user("DJ Robot", bot=True)
    world.add_member(office.guild, robot)
    return robot


async def test_everyone_leaves_and_who_comes_later_is_not_recorded(office: Office) -> None:
    async with office.process("bot", MEETING_EMPTY_GRACE="0.5") as bot:
        await bot.until(READY)
        async with office.person("Ada") as ada:
            await office.says("startnotes")
            await ada.speak(SENTENCE)
            async with office.person("Ben"):
                await office.posted(2, "Standup")
        [ended] = await office.posted(1)
        assert ended.content.startswith("Everyone has left the voice channel. I've stopped taking notes")
        async with office.person("Ben") as ben:
            await ben.speak(SENTENCE)
        assert await bot.terminate() == 0
    here, newcomer = texts(office, "Standup")
    assert here.startswith("🔴 **I'm taking notes here.**")
    assert newcomer.startswith(f"<@{office.user('Ben').id}>: notes are being taken here")
    store, meeting = kept(office)
    assert {one.user_id for one in store.utterances(meeting.id)} == {office.user("Ada").id}
    assert store.gaps(meeting.id) == []
    store.close()


async def test_a_song_is_refused_and_only_bots_are_nobody(office: Office) -> None:
    robot = add_bot(office)
    async with office.process("bot", MEETING_EMPTY_GRACE="0.5") as bot:
        await bot.until(READY)
        async with office.person("DJ Robot") as player:
            async with office.person("Ada") as ada:
                await office.says("startnotes")
                await player.speak(SENTENCE)
                await ada.speak(SENTENCE)
                await office.until_stored("Ada", len(SENTENCE))
            await office.posted(1)
        assert await bot.terminate() == 0
    store, meeting = kept(office)
    assert {one.user_id for one in store.utterances(meeting.id)} == {office.user("Ada").id}
    [song] = [one for one in store.coverage(meeting.id) if one.user_id == robot.id]
    assert (song.heard, song.stored, song.lost) == (0, 0, 0)
    assert song.outcomes[Outcome.REFUSED] >= len(SENTENCE)
    store.close()


async def test_moved_by_a_moderator_it_records_once_it_has_said_so(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        await ada.speak(SENTENCE)
        async with office.person("Chloe", "Planning") as chloe:
            await move(office, "Planning")
            await office.posted(1, "Planning")
            await office.posted(1)
            await chloe.speak(SENTENCE)
            await office.until_stored("Chloe", len(SENTENCE))
            await office.says("stopnotes")
        assert await bot.terminate() == 0
    assert texts(office, "Planning")[0].startswith(
        f"🔴 **I've been moved here from <#{office.channel('Standup')}> and am taking notes.**"
    )
    store, meeting = kept(office)
    first, second = store.places(meeting)
    assert (first.name, second.name, second.channel_id) == ("Standup", "Planning", office.channel("Planning"))
    said = {one.user_id: one for one in store.utterances(meeting.id)}
    assert said.keys() == {office.user("Ada").id, office.user("Chloe").id}
    assert (
        said[office.user("Ada").id].ended_ns <= second.started_ns <= said[office.user("Chloe").id].started_ns
    )
    store.close()


async def test_where_it_may_not_write_it_records_nobody(office: Office) -> None:
    await deny(office, "Planning", Permission.SEND_MESSAGES)
    await deny(office, "general", Permission.VIEW_CHANNEL, user=office.user("Chloe"))
    await take_marks(office)
    async with office.process("bot") as bot, office.person("Ada"):
        await bot.until(READY)
        await office.says("startnotes")
        async with office.person("Chloe", "Planning") as chloe:
            await move(office, "Planning")
            [why] = await office.posted(1)
            await chloe.speak(SENTENCE)
            assert why.content.startswith("⏸️ I'm not recording now. I can't show the people in")
        await office.says("stopnotes")
        assert await bot.terminate() == 0
    assert texts(office, "Planning") == []
    store, meeting = kept(office)
    assert store.utterances(meeting.id) == []
    assert office.user("Chloe").id not in store.speakers(meeting.id)
    assert store.coverage(meeting.id) == []
    store.close()


async def test_kicked_from_the_server_it_stops_and_writes_to_who_started(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        await ada.speak(SENTENCE)
        assert await rest(office, "DELETE", f"/guilds/{office.guild.id}/members/{office.bot.id}") == 204
        world = office.local.world
        await office.until(lambda: any(dm.messages for dm in world.dms.values()))
        [dm] = world.dms.values()
        assert set(dm.recipient_ids) == {office.bot.id, office.user("Ada").id}
        [message] = dm.messages.values()
        assert message.content.startswith(
            "About your meeting in Standup: I'm no longer a member of this server."
        )
        assert (await office.status())["meetings"] == []
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log
    store, meeting = kept(office)
    assert meeting.ended_ns is not None
    assert len(store.utterances(meeting.id)) == 1
    store.close()


async def test_kicked_while_the_bot_was_away_it_notices_that_the_server_is_missing(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada"):
        await bot.until(READY)
        await office.says("startnotes")
        await office.sim("faults", kind="gateway_invalidate", user_id=str(office.bot.id))
        assert await rest(office, "DELETE", f"/guilds/{office.guild.id}/members/{office.bot.id}") == 204
        world = office.local.world
        await office.until(lambda: any(dm.messages for dm in world.dms.values()))
        assert (await office.status())["meetings"] == []
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log


async def test_without_connect_in_mid_meeting_it_ends_with_its_notes(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        await ada.speak(SENTENCE)
        await deny(office, "Standup", Permission.CONNECT)
        [ended] = await office.posted(1)
        assert "I need the Connect permission there." in ended.content
        assert "I've stopped taking notes" in ended.content
        assert office.bot.id not in office.guild.voice_states
        assert await bot.terminate() == 0


async def test_people_of_one_name_are_told_apart_and_a_renamed_channel_is_followed(office: Office) -> None:
    ben_too = office.user("Ben")
    ben_too.global_name = "Ada"
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        async with in_voice(office.local, ben_too, office.guild.id, office.channel("Standup")) as ben:
            await ada.speak(SENTENCE)
            await ben.speak(SENTENCE)
            await rest(office, "PATCH", f"/channels/{office.channel('Standup')}", name="Lobby")
            await office.until_stored("Ada", len(SENTENCE))
        await office.says("stopnotes")
        assert await bot.terminate() == 0
    store, meeting = kept(office)
    assert sorted(store.speakers(meeting.id).values()) == ["Ada (ada)", "Ada (ben)"]
    assert [place.name for place in store.places(meeting)] == ["Lobby"]
    store.close()


async def test_without_a_chat_that_all_can_see_the_bots_name_shows_it(office: Office) -> None:
    await deny(office, "Standup", Permission.SEND_MESSAGES)
    await deny(office, "general", Permission.VIEW_CHANNEL, user=office.user("Chloe"))
    member = office.guild.members[office.bot.id]
    async with office.process("bot") as bot, office.person("Ada") as ada, office.person("Chloe"):
        await bot.until(READY)
        await office.says("startnotes")
        await until(lambda: member.nick == "🔴 Notetaker")
        path = f"/guilds/{office.guild.id}/members/{office.bot.id}"
        assert await rest(office, "PATCH", path, nick="Scribe") == 200
        await until(lambda: member.nick == "🔴 Scribe")
        await ada.speak(SENTENCE)
        await office.until_stored("Ada", 1)
        await office.says("stopnotes")
        await until(lambda: member.nick == "Scribe")
        assert await bot.terminate() == 0
    assert office.messages("Standup") == []


@pytest.mark.parametrize("moved", [False, True])
async def test_where_the_bot_has_its_one_name_the_channels_status_shows_it(
    office: Office, *, moved: bool
) -> None:
    await deny(office, "general", Permission.VIEW_CHANNEL, user=office.user("Chloe"))
    path = f"/channels/{office.channel('Standup')}/permissions/{office.bot.id}"
    status, chat = (
        int(Permission.SET_VOICE_CHANNEL_STATUS | Permission.MANAGE_CHANNELS),
        int(Permission.SEND_MESSAGES),
    )
    assert await rest(office, "PUT", path, type=1, allow=str(status), deny=str(chat)) == 204
    await take_marks(office)
    standup = office.guild.channels[office.channel("Standup")]
    async with (
        office.process("bot") as bot,
        office.person("Ada") as ada,
        office.person("Chloe"),
        office.person("Ben", "Planning"),
    ):
        await bot.until(READY)
        await office.says("startnotes")
        await until(lambda: standup.status == "🔴 Notes are being taken: everyone here is recorded")
        await ada.speak(SENTENCE)
        await office.until_stored("Ada", 1)
        if moved:
            await move(office, "Planning")
        else:
            await office.says("stopnotes")
        await until(lambda: not standup.status)
        assert await bot.terminate() == 0


async def test_an_outage_of_the_server_is_no_empty_room(office: Office) -> None:
    async with office.process("bot", MEETING_EMPTY_GRACE="0") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        await office.sim("faults", kind="guild_outage", guild_id=str(office.guild.id), seconds=2.0)
        await ada.speak(SENTENCE)
        await office.until_stored("Ada", len(SENTENCE))
        await until(lambda: not office.local.gateway.unavailable)
        async with office.person("Ben"):
            await until(
                lambda: any("notes are being taken here" in text for text in texts(office, "Standup"))
            )
            await ada.speak(SENTENCE)
            await office.until_stored("Ada", 2 * len(SENTENCE))
        assert "I stopped recording" in await office.says("stopnotes")
        assert await bot.terminate() == 0


async def test_who_leaves_during_an_outage_of_the_server_has_left(office: Office) -> None:
    async with office.process("bot", MEETING_EMPTY_GRACE="0.5") as bot:
        await bot.until(READY)
        async with office.person("Ada"):
            await office.says("startnotes")
            await office.posted(1, "Standup")
            await office.sim("faults", kind="guild_outage", guild_id=str(office.guild.id), seconds=2.0)
        [ended] = await office.posted(1)
        assert ended.content.startswith("Everyone has left the voice channel. I've stopped taking notes")
        assert await bot.terminate() == 0


async def test_who_comes_back_while_the_main_gateway_is_silent_is_recorded(office: Office) -> None:
    async with office.process("bot", MEETING_EMPTY_GRACE="3") as bot:
        await bot.until(READY)
        async with office.person("Ada"):
            await office.says("startnotes")
            await office.posted(1, "Standup")
        await until(lambda: office.user("Ada").id not in office.guild.voice_states)
        await office.sim("faults", kind="gateway_stall", user_id=str(office.bot.id), seconds=6.0)
        async with office.person("Ben"), office.person("Ada") as ada:
            [_, newcomer] = await office.posted(2, "Standup")
            assert newcomer.content.startswith(f"<@{office.user('Ben').id}>: notes are being taken here")
            for _ in range(4):
                await ada.speak(SENTENCE)
            assert "I stopped recording" in await office.says("stopnotes")
        assert await bot.terminate() == 0
    store, meeting = kept(office)
    [ada_heard] = [one for one in store.coverage(meeting.id) if one.user_id == office.user("Ada").id]
    assert ada_heard.stored >= 4 * len(SENTENCE)
    store.close()


async def test_whose_notes_go_to_a_thread_of_a_deleted_channel_is_shown_it_otherwise(office: Office) -> None:
    await deny(office, "Standup", Permission.SEND_MESSAGES)
    url = f"{office.local.api_url}/v10/channels/{office.channel('general')}/threads"
    ada_s = {"Authorization": office.user("Ada").token}
    async with office.http.post(url, headers=ada_s, json={"name": "talk", "type": 11}) as response:
        thread_id = int((await response.json())["id"])
    member = office.guild.members[office.bot.id]
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await type_command(office.http, office.local, office.user("Ada").id, thread_id, "startnotes")
        await ada.speak(SENTENCE)
        await office.until_stored("Ada", len(SENTENCE))
        assert member.nick is None
        assert await rest(office, "DELETE", f"/channels/{office.channel('general')}") == 200
        await until(lambda: member.nick == "🔴 Notetaker")
        await ada.speak(SENTENCE)
        await office.until_stored("Ada", len(SENTENCE) + 1)
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log


async def test_where_nothing_can_be_shown_no_meeting_begins(office: Office) -> None:
    await deny(office, "Standup", Permission.SEND_MESSAGES)
    await deny(office, "general", Permission.VIEW_CHANNEL, user=office.user("Chloe"))
    await take_marks(office)
    async with office.process("bot") as bot, office.person("Ada"), office.person("Chloe"):
        await bot.until(READY)
        said = await office.says("startnotes")
        assert said.startswith("(only you) I don't record in secret, so I can't take notes. I can't show the")
        assert office.bot.id not in office.guild.voice_states
        assert await bot.terminate() == 0


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():  # noqa: ASYNC110 - the local Discord announces no nicknames
            await asyncio.sleep(POLL_S)
