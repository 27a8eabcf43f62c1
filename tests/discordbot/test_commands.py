"""Slash commands of the real bot in the local Discord. Meetings are a stand-in: ``tests/service`` has real ones."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession

from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordbot.ports import Meetings, Notebook, Privacy, ServerSettings, Start, Started, Voice
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.world.entities import ChannelType
from notetaker.model.meeting import Meeting
from notetaker.notes.kinds import STANDARD, Kinds, parse
from tests.harness.world import the_bot, the_guild, the_user
from tests.notes.test_kinds import OWN


class NoMeetings:
    """Accepts every request, and starts nothing."""

    def __init__(self) -> None:
        self.wishes: list[Start] = []

    def channel(self, guild_id: int) -> int | None:
        return None

    def meeting(self, guild_id: int) -> Meeting | None:
        return None

    async def shown(self, meeting: Meeting, channel_id: int, message_id: int) -> None:
        pass

    async def start(self, wish: Start, command_id: int) -> Started:
        self.wishes.append(wish)
        where = wish.voice_channel_id, wish.voice_channel_name, wish.text_channel_id
        return Started(Meeting("1", wish.guild_id, *where, wish.started_by, 1, language=wish.language))


class Ada:
    """In the voice channel Standup, and at the keyboard."""

    def __init__(self, local: LocalDiscord, http: ClientSession, meetings: NoMeetings) -> None:
        self.world = world = local.world
        self.meetings = meetings
        self._url = f"{world.cdn_url}/sim"
        self._http = http
        office = the_guild(world, "Office")
        ada = the_user(world, "Ada")
        channels = {channel.name: channel.id for channel in office.channels.values()}
        self._place = {"user_id": str(ada.id), "channel_id": str(channels["general"])}
        self.voice = Speaker(
            api_url=f"{local.api_url}/v10",
            token=ada.token,
            ca_file=local.ca_file,
            guild_id=office.id,
            channel_id=channels["Standup"],
            name="Ada",
        )

    async def says(self, line: str, **place: str) -> Any:
        """The message that she gets to see."""
        return (await self._post("interactions", command=line, **place))["messages"][0]

    def thread(self, kind: ChannelType, **data: Any) -> str:
        """The id of a thread of hers."""
        office = the_guild(self.world, "Office")
        parent = office.channels[int(self._place["channel_id"])]
        thread = self.world.add_thread(
            parent, "case", int(self._place["user_id"]), kind=kind, thread_id=None, minutes=60
        )
        for name, value in data.items():
            setattr(thread.thread, name, value)
        return str(thread.id)

    async def types(self, text: str, option: str = "language") -> list[dict[str, str]]:
        """What she is offered behind ``/startnotes language:``, or another option."""
        shown = await self._post("autocomplete", command="startnotes", focused=option, options={option: text})
        return cast(list[dict[str, str]], shown["choices"])

    async def _post(self, path: str, **body: Any) -> Any:
        async with self._http.post(f"{self._url}/{path}", json={**self._place, **body}) as response:
            return await response.json()


@pytest.fixture
async def ada(tmp_path: Path) -> AsyncIterator[Ada]:
    async with asyncio.timeout(30), LocalDiscord(state_dir=tmp_path) as local, ClientSession() as http:
        meetings = NoMeetings()
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=None)
        bot.attach(
            cast(Meetings, meetings),
            cast(Voice, None),
            cast(ServerSettings, None),
            cast(Notebook, None),
            cast(Privacy, None),
            Kinds({**STANDARD.by_name, "retro": parse("retro", OWN)}, STANDARD.by_name["session"]),
        )
        bot.bridge.received = lambda message: None  # type: ignore[method-assign]  # there is no voice stack
        account = the_bot(local.world)
        serving = asyncio.ensure_future(bot.serve(account.token))
        await bot.wait_for("ready")
        person = Ada(local, http, meetings)
        async with person.voice:
            yield person
        await bot.close()
        await serving


async def test_a_kind_can_be_chosen_for_the_notes_one_of_the_operators_too(ada: Ada) -> None:
    offered = await ada.types("", "kind")
    assert [choice["value"] for choice in offered] == [
        "session",  # the one that is set
        "meeting",
        "standup",
        "podcast",
        "lecture",
        "retro",
    ]
    [retro] = await ada.types("what went well", "kind")
    assert retro == {"name": "retro: what went well, what did not", "value": "retro"}
    await ada.says(f"startnotes kind:{retro['value']}")
    await ada.says("startnotes kind:Podcast")
    await ada.says("startnotes")
    assert [wish.kind for wish in ada.meetings.wishes] == ["retro", "podcast", None]


async def test_what_is_no_kind_of_notes_is_refused(ada: Ada) -> None:
    said = await ada.says("startnotes kind:*Gossip* @everyone")
    assert said["content"] == (
        "I don't know the kind of notes “\\*Gossip\\* @\u200beveryone”. Pick one from the list that appears as you "
        "type, or leave the option out."
    )
    assert ada.meetings.wishes == []


async def test_a_language_can_be_chosen_for_the_notes(ada: Ada) -> None:
    [offered, *_] = await ada.types("germ")
    assert offered == {"name": "German (Deutsch)", "value": "de"}
    said = await ada.says(f"startnotes language:{offered['value']}")
    assert "I'm taking notes in <#" in said["content"]
    assert ">, in German.**" in said["content"]
    assert [wish.language for wish in ada.meetings.wishes] == ["de"]


@pytest.mark.parametrize(
    ("typed", "language"), [("Deutsch", "de"), ("haitian creole", "ht"), ("pt-BR", "pt")]
)
async def test_a_language_may_be_typed_without_choosing_it(ada: Ada, typed: str, language: str) -> None:
    await ada.says(f"startnotes language:{typed}")
    assert [wish.language for wish in ada.meetings.wishes] == [language]


async def test_without_a_language_it_is_detected(ada: Ada) -> None:
    said = await ada.says("startnotes")
    assert ", in " not in said["content"].split("**")[1]
    assert [wish.language for wish in ada.meetings.wishes] == [None]


async def test_what_is_not_a_language_is_refused(ada: Ada) -> None:
    said = await ada.says("startnotes language:*Klingon* @everyone")
    assert said["flags"] & 64
    assert said["content"] == (
        "I don't know the language “\\*Klingon\\* @\u200beveryone”. Pick one from the list that appears as you type, "
        "or leave the option out and I'll detect what each person speaks."
    )
    assert ada.meetings.wishes == []
    assert len((await ada.says("startnotes language:" + "x" * 6000))["content"]) < 400


async def test_the_common_languages_are_offered_first(ada: Ada) -> None:
    offered = await ada.types("")
    assert len(offered) == 25
    assert [choice["value"] for choice in offered[:3]] == ["en", "zh", "de"]
    assert await ada.types("klingon") == []


async def test_several_people_may_type_at_once(ada: Ada) -> None:
    offered = await asyncio.gather(*(ada.types(text) for text in ("germ", "fren", "ital", "span")))
    assert [choices[0]["value"] for choices in offered] == ["de", "fr", "it", "es"]


@pytest.mark.parametrize(
    ("kind", "locked", "reason"),
    [
        (
            ChannelType.PRIVATE_THREAD,
            False,
            "it is a private thread, and I'm not a member of it. Mention me there",
        ),
        (ChannelType.PUBLIC_THREAD, True, "it is locked. Unlock it, or use /startnotes in another channel."),
    ],
)
async def test_a_thread_that_takes_no_notes_is_noticed_before_the_meeting(
    ada: Ada, kind: ChannelType, locked: bool, reason: str
) -> None:
    thread = ada.thread(kind, locked=locked)
    said = await ada.says("startnotes", channel_id=thread)
    assert said["content"].startswith(f"I can't post notes in <#{thread}>: {reason}")
    assert ada.meetings.wishes == []


@pytest.mark.parametrize("kind", [ChannelType.PRIVATE_THREAD, ChannelType.PUBLIC_THREAD])
async def test_a_thread_with_the_bot_in_it_takes_notes(ada: Ada, kind: ChannelType) -> None:
    thread = ada.thread(kind, member_ids=[the_bot(ada.world).id])
    await ada.says("startnotes", channel_id=thread)
    assert [str(wish.text_channel_id) for wish in ada.meetings.wishes] == [thread]
