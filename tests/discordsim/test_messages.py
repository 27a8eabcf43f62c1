"""Whom messages ping, who learns what they say, and how often they may be sent and edited."""

import asyncio
from typing import Any

import discord
import pytest
from aiohttp import ClientResponse

from notetaker.discordsim.gateway.protocol import Intent
from notetaker.discordsim.world.permissions import Permission
from tests.discordsim.conftest import Place, RunBot
from tests.discordsim.gateway_client import INTENTS, logged_in
from tests.discordsim.test_pycord import new_bot


def messages(place: Place, channel: str = "general") -> str:
    return f"/channels/{place.channel_id(channel)}/messages"


async def pinged(place: Place, content: str, allowed: Any = None, **fields: Any) -> Any:
    """Let the bot say something, and return the names of those whom it pings, or the error."""
    body = {"content": content, **fields} | ({} if allowed is None else {"allowed_mentions": allowed})
    status, message = await place.rest("POST", messages(place), json=body)
    return [user["username"] for user in message["mentions"]] if status == 200 else message


async def test_a_message_pings_whom_it_may(place: Place) -> None:
    ada, ben = place.user("Ada").id, place.user("Ben").id
    both = f"<@{ada}> and <@!{ben}>, <@1>"
    assert await pinged(place, both) == ["ada", "ben"]
    assert await pinged(place, both, {"parse": []}) == []
    assert await pinged(place, both, {"parse": [], "users": [str(ben)]}) == ["ben"]
    assert await pinged(place, both, {"parse": ["users"]}) == ["ada", "ben"]
    [last] = [
        event["mentions"] for event in place.local.events.since(0) if event["event"] == "message_create"
    ][1:2]
    assert last == []


@pytest.mark.parametrize(
    ("allowed", "path"),
    [
        ({"parse": ["users"], "users": ["1"]}, "allowed_mentions"),
        ({"parse": ["people"]}, "allowed_mentions"),
        ({"users": [str(i) for i in range(101)]}, "allowed_mentions"),
    ],
)
async def test_invalid_allowed_mentions(place: Place, allowed: Any, path: str) -> None:
    error = await pinged(place, "hi", allowed)
    assert (error["code"], list(error["errors"])) == (50035, [path])


async def test_a_reply_pings_its_author(place: Place) -> None:
    _, first = await place.rest("POST", messages(place), user=place.user("Ben"), json={"content": "one"})
    reference = {"message_id": first["id"]}
    assert await pinged(place, "two", message_reference=reference) == ["ben"]
    assert await pinged(place, "two", {"parse": []}, message_reference=reference) == []
    allowed = {"parse": [], "replied_user": True}
    assert await pinged(place, "two", allowed, message_reference=reference) == ["ben"]


async def test_pinging_everyone_needs_a_permission(place: Place) -> None:
    role = f"<@&{place.office.id}>"
    for user, pings in (("Ada", True), ("Ben", False)):
        body = {"content": f"@everyone {role}"}
        _, message = await place.rest("POST", messages(place), user=place.user(user), json=body)
        assert (message["mention_everyone"], len(message["mention_roles"])) == (pings, int(pings))


async def test_an_edit_pings_anew_by_default(place: Place) -> None:
    body = {"content": f"<@{place.user('Ada').id}>", "allowed_mentions": {"parse": []}}
    _, message = await place.rest("POST", messages(place), json=body)
    path = f"{messages(place)}/{message['id']}"
    _, edited = await place.rest("PATCH", path, json={"content": body["content"]})
    assert [user["username"] for user in edited["mentions"]] == ["ada"]
    _, edited = await place.rest("PATCH", path, json=body)
    assert edited["mentions"] == []


async def test_the_content_of_others_needs_an_intent(place: Place) -> None:
    async with logged_in(place, "Notetaker") as bot:
        for content, told in (("secret", False), (f"<@{place.bot.id}> hello", True)):
            await place.rest("POST", messages(place), user=place.user("Ada"), json={"content": content})
            assert (await bot.event("MESSAGE_CREATE"))["content"] == (content if told else "")
        _, [newest, older] = await place.rest("GET", messages(place))
        assert (newest["content"], older["content"]) == (f"<@{place.bot.id}> hello", "")
    place.world.applications[place.bot.id].privileged_intents = int(Intent.MESSAGE_CONTENT)
    async with logged_in(place, "Notetaker", INTENTS | Intent.MESSAGE_CONTENT) as bot:
        await place.rest("POST", messages(place), user=place.user("Ada"), json={"content": "secret"})
        assert (await bot.event("MESSAGE_CREATE"))["content"] == "secret"
        assert (await place.rest("GET", messages(place)))[1][2]["content"] == "secret"


async def response_of(place: Place, method: str, path: str, body: Any) -> ClientResponse:
    headers = {"Authorization": f"Bot {place.bot.token}"}
    url = f"{place.local.api_url}/v10{path}"
    async with place.http.request(method, url, headers=headers, json=body) as response:
        await response.read()
    return response


async def test_edits_are_limited_for_each_channel(place: Place) -> None:
    path = f"{messages(place)}/{(await place.rest('POST', messages(place), json={'content': 'x'}))[1]['id']}"
    responses = [await response_of(place, "PATCH", path, {"content": str(i)}) for i in range(6)]
    assert [response.status for response in responses] == [200] * 5 + [429]
    assert responses[0].headers["X-RateLimit-Remaining"] == "4"
    assert (await place.rest("POST", messages(place), json={"content": "another bucket"}))[0] == 200


async def test_old_messages_are_edited_less_often(place: Place) -> None:
    now = 1_800_000_000.0
    place.world.snowflakes._clock = lambda: now - 3700
    path = f"{messages(place)}/{(await place.rest('POST', messages(place), json={'content': 'x'}))[1]['id']}"
    place.world.clock = lambda: now
    answers = [await place.rest("PATCH", path, json={"content": str(i)}) for i in range(4)]
    assert [status for status, _ in answers] == [200, 200, 200, 429]
    assert answers[-1][1]["code"] == 30046


async def test_a_channel_is_renamed_twice_in_ten_minutes(place: Place) -> None:
    path, ada = f"/channels/{place.channel_id('general')}", place.user("Ada")
    answers = [await place.rest("PATCH", path, user=ada, json={"name": name}) for name in ("a", "b", "c")]
    assert [status for status, _ in answers] == [200, 200, 429]
    assert answers[-1][1]["retry_after"] > 500
    assert (await place.rest("PATCH", path, user=ada, json={"user_limit": 1}))[0] == 200


async def test_pycord_waits_for_the_edits_of_a_message(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()
    async with run_bot(bot):
        channel = bot.get_channel(place.channel_id("general"))
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send("0")
        for number in range(7):
            message = await message.edit(content=str(number))
        assert (await place.sees())[0]["content"] == "6"


async def test_pycord_sets_the_status_of_its_voice_channel(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()
    async with run_bot(bot):
        channel = bot.get_channel(place.channel_id("Standup"))
        assert isinstance(channel, discord.VoiceChannel)
        with pytest.raises(discord.Forbidden):
            await channel.set_status("recording")  # it is not connected, and does not manage the channel
        place.office.roles[place.office.id].permissions |= Permission.MANAGE_CHANNELS
        heard = asyncio.ensure_future(bot.wait_for("voice_channel_status_update", timeout=5))
        await channel.set_status("recording")
        assert (await heard)[2] == "recording"
        with pytest.raises(discord.HTTPException) as long:
            await channel.set_status("x" * 501)
        assert long.value.code == 50035
        await channel.set_status(None)
        stage = f"/channels/{place.channel_id('All hands')}/voice-status"
        assert (await place.rest("PUT", stage, json={"status": "x"}))[1]["code"] == 50024


async def test_the_chat_of_a_voice_channel(place: Place) -> None:
    """It needs Connect, to write and to read (docs, Get Channel Messages)."""
    async with logged_in(place, "Notetaker") as bot:
        assert (await place.rest("POST", messages(place, "Standup"), json={"content": "recording"}))[0] == 200
        assert (await bot.event("MESSAGE_CREATE"))["channel_id"] == str(place.channel_id("Standup"))
        board = messages(place, "Board room")
        for method in ("GET", "POST"):
            assert (await place.rest(method, board, json={"content": "x"}))[1]["code"] == 50001
        await place.rest("POST", board, user=place.user("Ada"), json={"content": f"<@{place.bot.id}>"})
        await bot.nothing_came()


async def test_without_the_history_there_are_no_messages(place: Place) -> None:
    _, message = await place.rest("POST", messages(place), json={"content": "Notes"})
    general = place.office.channels[place.channel_id("general")]
    place.world.overwrite(general, place.office.id, deny=Permission.READ_MESSAGE_HISTORY)
    assert await place.rest("GET", messages(place)) == (200, [])
    assert (await place.rest("GET", f"{messages(place)}/{message['id']}"))[1]["code"] == 50013


async def test_a_nonce_has_25_characters(place: Place) -> None:
    for size, status in ((25, 200), (26, 400)):
        body = {"content": "Notes", "nonce": "x" * size}
        assert (await place.rest("POST", messages(place), json=body))[0] == status


async def test_who_may_not_use_commands(place: Place) -> None:
    path = f"/applications/{place.bot.id}/commands"
    await place.rest("PUT", path, json=[{"name": "start", "description": "d"}])
    general = place.office.channels[place.channel_id("general")]
    place.world.overwrite(general, place.office.id, deny=Permission.USE_APPLICATION_COMMANDS)
    assert (await place.use("start", user="Ben"))[
        "error"
    ] == "This user may not use commands in that channel."


async def test_channels_may_be_hidden_from_bots(place: Place) -> None:
    place.world.hides_channels = True
    standup = place.office.channels[place.channel_id("Standup")]
    place.world.overwrite(standup, place.office.id, deny=Permission.VIEW_CHANNEL)
    async with logged_in(place, "Notetaker") as bot:
        assert str(standup.id) not in [
            channel["id"] for channel in (await place.rest("GET", f"/guilds/{place.office.id}/channels"))[1]
        ]
        await bot.join(place, "Planning")
        for event in ("CHANNEL_UPDATE", "VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"):
            await bot.event(event)
        who = {"guild_id": str(place.office.id), "user_id": str(place.bot.id)}
        await place.sim("move", **who, channel_id=str(standup.id))
        assert (await bot.event("CHANNEL_UPDATE"))["name"] == "Standup"
        for event in ("VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"):
            await bot.event(event)
        await place.sim("disconnect", **who)
        await bot.event("VOICE_STATE_UPDATE")
        everyone = f"/guilds/{place.office.id}/roles/{place.office.id}"
        await place.rest("PATCH", everyone, user=place.user("Ada"), json={"permissions": "0"})
        await bot.event("GUILD_ROLE_UPDATE")
        hidden = await bot.event("CHANNEL_UPDATE")
        assert (hidden["name"], hidden["flags"] & 1 << 17) == ("___hidden___", 1 << 17)
