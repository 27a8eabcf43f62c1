"""Bots are kicked and invited, guilds have outages, and roles and permissions change."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import discord
import pytest

from notetaker.discordsim.gateway.protocol import Intent
from notetaker.discordsim.world.permissions import Permission
from tests.discordsim.bot_in_voice import InVoice, closed_with
from tests.discordsim.conftest import DEADLINE_S, Place, RunBot
from tests.discordsim.gateway_client import INTENTS, logged_in
from tests.discordsim.test_components import button, row
from tests.discordsim.test_pycord import new_bot

VIEW, CONNECT = int(Permission.VIEW_CHANNEL), int(Permission.CONNECT)


async def kick(place: Place, name: str) -> None:
    path = f"/guilds/{place.office.id}/members/{place.user(name).id}"
    assert await place.rest("DELETE", path, user=place.user("Ada")) == (204, None)


async def test_a_kicked_bot_loses_guild_and_voice(place: Place) -> None:
    async with InVoice(place) as bot, logged_in(place, "Ben") as ben:
        listener = await bot.join()
        assert (await ben.event("VOICE_STATE_UPDATE"))["channel_id"] == str(place.channel_id("Standup"))
        await kick(place, "Notetaker")
        assert await bot.client.event("GUILD_DELETE") == {"id": str(place.office.id)}
        assert await closed_with(listener) == 4014
        assert (await ben.event("VOICE_STATE_UPDATE"))["channel_id"] is None
        assert (await ben.event("GUILD_MEMBER_REMOVE"))["user"]["id"] == str(place.bot.id)
        assert (await ben.event("GUILD_ROLE_DELETE"))["guild_id"] == str(place.office.id)
        await bot.client.join(place, "Standup")
        await bot.client.nothing_came()
    for path, code in (
        (f"/guilds/{place.office.id}", 10004),
        (f"/channels/{place.channel_id('general')}", 50001),
    ):
        assert (await place.rest("GET", path))[1]["code"] == code


async def test_a_bot_may_leave_and_be_invited_again(place: Place) -> None:
    async with logged_in(place, "Notetaker") as bot:
        leave = f"/users/@me/guilds/{place.office.id}"
        assert await place.rest("DELETE", leave) == (204, None)
        assert await bot.event("GUILD_DELETE") == {"id": str(place.office.id)}
        who = {"guild_id": str(place.office.id), "user_id": str(place.bot.id)}
        await place.sim("join", **who, granted=VIEW | CONNECT)
        guild = await bot.event("GUILD_CREATE")
        assert "unavailable" not in guild
        assert [role["permissions"] for role in guild["roles"] if role["managed"]] == [str(VIEW | CONNECT)]
        assert await place.sim("join", **who) == {"error": "This user is in that guild already."}


async def test_only_who_may_kick_kicks(place: Place) -> None:
    path = f"/guilds/{place.office.id}/members/{place.bot.id}"
    status, error = await place.rest("DELETE", path, user=place.user("Ben"))
    assert (status, error["code"]) == (403, 50013)


async def test_a_guild_outage(place: Place) -> None:
    async with logged_in(place, "Notetaker") as bot:
        await place.sim("faults", kind="guild_outage", guild_id=str(place.office.id), seconds=0.2)
        assert await bot.event("GUILD_DELETE") == {"id": str(place.office.id), "unavailable": True}
        path = f"/channels/{place.channel_id('general')}/messages"
        await place.rest("POST", path, json={"content": "unheard"})
        guild = await bot.event("GUILD_CREATE")
        assert (guild["id"], guild["unavailable"]) == (str(place.office.id), False)


async def test_a_bot_hears_that_it_lost_a_channel(place: Place) -> None:
    """A bot gets CHANNEL_UPDATE, no CHANNEL_DELETE, and stays in the voice channel."""
    standup = place.channel_id("Standup")
    async with InVoice(place) as bot:
        listener = await bot.join()
        overwrite = f"/channels/{standup}/permissions/{place.bot.id}"
        body = {"type": 1, "allow": "0", "deny": str(VIEW | CONNECT)}
        assert (await place.rest("PUT", overwrite, json=body))[0] == 403, "Manage Roles is needed"
        assert (await place.rest("PUT", overwrite, user=place.user("Ada"), json=body))[0] == 204
        [denied] = (await bot.client.event("CHANNEL_UPDATE"))["permission_overwrites"]
        assert denied == {"id": str(place.bot.id), "type": 1, "allow": "0", "deny": str(VIEW | CONNECT)}
        assert (await place.rest("GET", f"/channels/{standup}"))[1]["code"] == 50001
        await listener.beat(2)
        await bot.client.join(place, None)
        await bot.client.event("VOICE_STATE_UPDATE")
        await bot.client.join(place, "Standup")
        await bot.client.nothing_came()
        assert (await place.rest("DELETE", overwrite, user=place.user("Ada")))[0] == 204
        assert (await bot.client.event("CHANNEL_UPDATE"))["permission_overwrites"] == []
        await bot.join()
        assert (await place.rest("DELETE", overwrite, user=place.user("Ada")))[1]["code"] == 10009


async def test_roles_change_what_a_bot_may_do(place: Place) -> None:
    ada, guild = place.user("Ada"), place.office
    async with logged_in(place, "Notetaker") as bot:
        everyone = f"/guilds/{guild.id}/roles/{guild.id}"
        await place.rest("PATCH", everyone, user=ada, json={"permissions": "0"})
        assert (await bot.event("GUILD_ROLE_UPDATE"))["role"]["permissions"] == "0"
        path = f"/channels/{place.channel_id('general')}"
        assert (await place.rest("GET", path))[1]["code"] == 50001
        body = {"name": "Staff", "permissions": str(VIEW)}
        _, staff = await place.rest("POST", f"/guilds/{guild.id}/roles", user=ada, json=body)
        assert (await bot.event("GUILD_ROLE_CREATE"))["role"] == staff
        of_bot = f"/guilds/{guild.id}/members/{place.bot.id}/roles/{staff['id']}"
        await place.rest("PUT", of_bot, user=ada)
        assert staff["id"] in (await bot.event("GUILD_MEMBER_UPDATE"))["roles"]
        assert (await place.rest("GET", path))[0] == 200
        await place.rest("DELETE", of_bot, user=ada)
        assert staff["id"] not in (await bot.event("GUILD_MEMBER_UPDATE"))["roles"]
        await place.rest("PUT", of_bot.replace(str(place.bot.id), str(ada.id)), user=ada)
        await bot.nothing_came()  # what others are takes the members intent
        await place.rest("DELETE", f"/guilds/{guild.id}/roles/{staff['id']}", user=ada)
        assert await bot.event("GUILD_ROLE_DELETE") == {"guild_id": str(guild.id), "role_id": staff["id"]}
        assert guild.members[ada.id].role_ids == []


async def test_nicknames(place: Place) -> None:
    own, by_id = f"/guilds/{place.office.id}/members/@me", f"/guilds/{place.office.id}/members/{place.bot.id}"
    async with logged_in(place, "Notetaker") as bot:
        status, member = await place.rest("PATCH", own, json={"nick": "● Notetaker"})
        assert (status, member["nick"]) == (200, "● Notetaker")
        assert (await bot.event("GUILD_MEMBER_UPDATE"))["nick"] == "● Notetaker"
        assert (await place.rest("PATCH", by_id, json={"nick": "x"}))[1]["code"] == 50013
        error = (await place.rest("PATCH", own, json={"nick": "x" * 33}))[1]
        assert "nick" in error["errors"]
        await place.rest("PATCH", own, json={"nick": None})
        assert (await bot.event("GUILD_MEMBER_UPDATE"))["nick"] is None


async def test_who_is_in_timeout_only_reads(place: Place) -> None:
    path = f"/channels/{place.channel_id('general')}/messages"
    _, message = await place.rest("POST", path, json={"content": "Panel", "components": [row(button())]})
    for user in (place.bot, place.user("Ben")):
        member = f"/guilds/{place.office.id}/members/{user.id}"
        until = {"communication_disabled_until": "2099-01-01T00:00:00Z"}
        status, shown = await place.rest("PATCH", member, user=place.user("Ada"), json=until)
        assert (status, shown["communication_disabled_until"][:4]) == (200, "2099")
        assert (await place.rest("GET", path, user=user))[0] == 200
        assert (await place.rest("POST", path, user=user, json={"content": "x"}))[1]["code"] == 50013
    assert (await place.press(message, "stop", user="Ben"))["error"] == "This user is in timeout."
    past = {"communication_disabled_until": "2020-01-01T00:00:00+00:00"}
    own = f"/guilds/{place.office.id}/members/{place.bot.id}"
    assert (await place.rest("PATCH", own, json=past))[1]["code"] == 50013
    await place.rest("PATCH", own, user=place.user("Ada"), json=past)
    assert (await place.rest("POST", path, json={"content": "x"}))[0] == 200
    wrong = {"communication_disabled_until": "tomorrow"}
    assert (await place.rest("PATCH", own, user=place.user("Ada"), json=wrong))[1]["code"] == 50035


async def dm_with(place: Place, name: str) -> Any:
    return await place.rest("POST", "/users/@me/channels", json={"recipient_id": str(place.user(name).id)})


async def test_a_bot_writes_to_a_person(place: Place) -> None:
    async with logged_in(place, "Notetaker", INTENTS | Intent.DIRECT_MESSAGES) as bot:
        status, dm = await dm_with(place, "Ada")
        assert (status, dm["type"], [user["username"] for user in dm["recipients"]]) == (200, 1, ["ada"])
        assert (await dm_with(place, "Ada"))[1]["id"] == dm["id"]
        path = f"/channels/{dm['id']}/messages"
        status, message = await place.rest("POST", path, json={"content": "Your notes"})
        assert (status, message["channel_id"]) == (200, dm["id"])
        seen = await bot.event("MESSAGE_CREATE")
        assert (seen["content"], "guild_id" in seen, "member" in seen) == ("Your notes", False, False)
        assert (await place.rest("GET", path, user=place.user("Ada")))[1][0]["content"] == "Your notes"
        assert (await place.rest("GET", path, user=place.user("Ben")))[1]["code"] == 50001
        _, theirs = await place.rest("GET", f"/channels/{dm['id']}", user=place.user("Ada"))
        assert [user["username"] for user in theirs["recipients"]] == ["Notetaker"]


async def test_a_dm_that_is_refused(place: Place) -> None:
    _, dm = await dm_with(place, "Ben")
    path = f"/channels/{dm['id']}/messages"
    await place.sim("dms", user_id=str(place.user("Ben").id), accepts=False)
    assert (await dm_with(place, "Ben"))[0] == 200
    status, error = await place.rest("POST", path, json={"content": "Your notes"})
    assert (status, error["code"]) == (403, 50007)
    await kick(place, "Ben")
    assert (await place.rest("POST", path, json={"content": "Your notes"}))[1]["code"] == 50278
    assert (await dm_with(place, "Notetaker"))[1]["code"] == 50007
    assert (await place.rest("POST", "/users/@me/channels", json={"recipient_id": "1"}))[1]["code"] == 10013


async def test_pycord_is_removed_invited_and_hears_of_an_outage(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()

    async def heard(event: str, act: Coroutine[Any, Any, Any]) -> Any:
        """Return the guild of the event that comes of this."""
        seen, _ = await asyncio.gather(bot.wait_for(event, timeout=DEADLINE_S), act)
        return seen

    async with run_bot(bot):
        office = place.office.id
        outage = place.sim("faults", kind="guild_outage", guild_id=str(office), seconds=0.2)
        assert (await heard("guild_unavailable", outage)).id == office
        assert (await bot.wait_for("guild_available", timeout=DEADLINE_S)).id == office
        assert (await heard("guild_remove", kick(place, "Notetaker"))).id == office
        assert bot.get_guild(office) is None
        joining = place.sim("join", guild_id=str(office), user_id=str(place.bot.id), granted=0)
        assert (await heard("guild_join", joining)).id == office
        member = bot.get_guild(office).me  # type: ignore[union-attr]
        await member.edit(nick="● Notetaker")
        assert place.office.members[place.bot.id].nick == "● Notetaker"


async def test_pycord_writes_to_a_person(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()
    async with run_bot(bot):
        ada, ben = [await bot.fetch_user(place.user(name).id) for name in ("Ada", "Ben")]
        sent = await ada.send("Your notes")
        assert isinstance(sent.channel, discord.DMChannel)
        await sent.edit(content="Your notes, corrected")
        assert [m.content async for m in sent.channel.history(limit=5)] == ["Your notes, corrected"]
        await place.sim("dms", user_id=str(place.user("Ben").id), accepts=False)
        with pytest.raises(discord.Forbidden) as closed:
            await ben.send("Your notes")
        assert closed.value.code == 50007
