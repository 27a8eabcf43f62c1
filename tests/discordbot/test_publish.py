"""The publisher on a real py-cord client, against the local Discord."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from discord.http import Route

from notetaker.discordbot.bot import NotetakerBot, TokenRejected
from notetaker.discordbot.publish import NONCE_LENGTH, Undelivered, nonce
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import Channel
from notetaker.discordsim.world.permissions import Permission
from notetaker.model.meeting import new_meeting_id
from notetaker.model.notes import Posting
from tests.harness.world import the_guild

MEETING = "20261122-143005-k3f9qz"


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord(state_dir=tmp_path) as local:
        yield local


@pytest.fixture
async def bot(local: LocalDiscord) -> AsyncIterator[NotetakerBot]:
    """Logged in, without a gateway connection: REST is all that posting needs."""
    bot = NotetakerBot(api_base_url=local.api_url, ca_file=local.ca_file)
    await bot.login(next(user.token for user in local.world.users.values() if user.bot))
    yield bot
    await bot.http.close()


@pytest.fixture
def channel(local: LocalDiscord) -> Channel:
    guild = the_guild(local.world, "Office")
    return next(c for c in guild.channels.values() if c.name == "general")


def posting(channel: Channel) -> Posting:
    return Posting(MEETING, channel.id, "Notes", f"transcript-{MEETING}.md", "# Größe 👋\n")


async def test_notes_arrive_with_their_transcript(bot: NotetakerBot, channel: Channel) -> None:
    message = channel.messages[await bot.publisher.post(posting(channel), look_since=None)]
    assert message.content == "Notes"
    [attachment] = message.attachments
    assert attachment.filename == f"transcript-{MEETING}.md"
    assert attachment.data.decode() == "# Größe 👋\n"


async def test_nothing_that_is_posted_pings_anyone(
    bot: NotetakerBot, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    request = bot.http.request

    async def remember(route: Route, **options: Any) -> Any:
        sent.append(
            json.loads(options["form"][0]["value"] if "form" in options else json.dumps(options["json"]))
        )
        return await request(route, **options)

    monkeypatch.setattr(bot.http, "request", remember)
    await bot.publisher.post(posting(channel), look_since=None)
    await bot.publisher.say(channel.id, "@everyone")
    # Discord docs, Allowed Mentions Object: with an empty "parse" and no ids, nobody is pinged.
    assert [(body["allowed_mentions"]["parse"], body["allowed_mentions"].get("users")) for body in sent] == [
        ([], None),
        ([], None),
    ]


async def test_the_nonce_keeps_a_quick_repetition_from_being_a_second_message(
    bot: NotetakerBot, channel: Channel
) -> None:
    first = await bot.publisher.post(posting(channel), look_since=None)
    assert await bot.publisher.post(posting(channel), look_since=None) == first
    assert len(channel.messages) == 1


async def test_after_doubt_the_message_is_found_by_its_attachment(
    bot: NotetakerBot, channel: Channel
) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    first = await bot.publisher.post(posting(channel), look_since=None)
    channel.messages[first].nonce = None
    await bot.publisher.say(channel.id, "something later")
    assert await bot.publisher.post(posting(channel), look_since=since) == first
    assert len(channel.messages) == 2


async def test_after_doubt_a_message_that_is_not_there_is_sent(bot: NotetakerBot, channel: Channel) -> None:
    other = replace(posting(channel), meeting_id="20261122-150000-aaaaaa", attachment_name="other.md")
    await bot.publisher.post(other, look_since=None)
    since = datetime.now(UTC) - timedelta(minutes=1)
    await bot.publisher.post(posting(channel), look_since=since)
    assert len(channel.messages) == 2


async def test_a_refusal_is_told_in_words(bot: NotetakerBot, channel: Channel, local: LocalDiscord) -> None:
    local.world.overwrite(channel, local.world.guild_of(channel).id, deny=Permission.SEND_MESSAGES)
    with pytest.raises(Undelivered, match=r"^the bot lacks a permission in the channel"):
        await bot.publisher.post(posting(channel), look_since=None)
    with pytest.raises(Undelivered, match=r"^the channel no longer exists"):
        await bot.publisher.say(12345, "hello?")
    assert not channel.messages


async def test_an_unreachable_discord_is_told_in_words(
    bot: NotetakerBot, channel: Channel, local: LocalDiscord
) -> None:
    await local.stop()
    with pytest.raises(Undelivered, match=r"^Discord could not be reached \(ClientConnectorError\)$"):
        await bot.publisher.say(channel.id, "hello?")


async def test_a_token_that_discord_refuses_is_rejected(local: LocalDiscord) -> None:
    bot = NotetakerBot(api_base_url=local.api_url, ca_file=None)
    async with asyncio.timeout(10):
        with pytest.raises(TokenRejected):
            await bot.serve("MTIz.abc.def")


def test_nonces_are_short_and_differ() -> None:
    ids = {new_meeting_id(1_795_357_805_000_000_000) for _ in range(1000)}
    assert len({nonce(meeting_id) for meeting_id in ids}) == len(ids)
    assert all(len(nonce(meeting_id)) <= NONCE_LENGTH for meeting_id in ids)
