"""Threads: who sees and joins them, archives and locks them, and what a bot hears of it."""

from typing import Any

import discord
import pytest

from notetaker.discordsim.gateway.protocol import Intent
from notetaker.discordsim.world.permissions import Permission
from tests.discordsim.conftest import Place, RunBot
from tests.discordsim.gateway_client import logged_in
from tests.discordsim.test_pycord import new_bot


async def new_thread(place: Place, *, kind: int = 12, user: str = "Ada", **fields: Any) -> Any:
    path = f"/channels/{place.channel_id('general')}/threads"
    body = {"name": "Board", "type": kind, **fields}
    status, thread = await place.rest("POST", path, user=place.user(user), json=body)
    assert status == 201, thread
    return thread


async def as_user(place: Place, name: str, method: str, path: str, /, **body: Any) -> tuple[int, int | None]:
    """Make a request, and return its status and error code."""
    status, answer = await place.rest(method, path, user=place.user(name), json=body)
    return status, answer["code"] if status >= 400 else None


async def test_a_private_thread_is_seen_by_its_members(place: Place) -> None:
    async with logged_in(place, "Notetaker") as bot:
        thread = await new_thread(place)
        await bot.nothing_came()
        path = f"/channels/{thread['id']}"
        assert await as_user(place, "Notetaker", "GET", path) == (403, 50001)
        assert await as_user(place, "Notetaker", "PUT", f"{path}/thread-members/@me") == (403, 50001)
        assert await as_user(place, "Ben", "POST", f"{path}/messages", content="hi") == (403, 50001)
        assert await as_user(place, "Ada", "PUT", f"{path}/thread-members/{place.bot.id}") == (204, None)
        update = await bot.event("THREAD_MEMBERS_UPDATE")
        assert [member["user_id"] for member in update["added_members"]] == [str(place.bot.id)]
        seen = await bot.event("THREAD_CREATE")
        assert (seen["member"]["user_id"], "newly_created" in seen) == (str(place.bot.id), False)
        await as_user(place, "Ada", "POST", f"{path}/messages", content="hi")
        assert (await bot.event("MESSAGE_CREATE"))["channel_id"] == thread["id"]
        own = f"{path}/thread-members/@me"
        assert (await place.rest("GET", own))[1]["user_id"] == str(place.bot.id)
        ben = f"{path}/thread-members/{place.user('Ben').id}"
        assert await as_user(place, "Notetaker", "GET", ben) == (404, 10007)
        assert await as_user(place, "Notetaker", "PUT", ben) == (204, None), "it is invitable"
        await bot.nothing_came()  # of others it hears only with the members intent
        assert await as_user(place, "Notetaker", "DELETE", ben) == (403, 50013)
        assert await as_user(place, "Ada", "DELETE", f"{path}/thread-members/{place.bot.id}") == (204, None)
        assert (await bot.event("THREAD_MEMBERS_UPDATE"))["removed_member_ids"] == [str(place.bot.id)]
        assert await as_user(place, "Notetaker", "GET", path) == (403, 50001)


async def test_only_some_add_others_to_a_thread_that_is_not_invitable(place: Place) -> None:
    thread = await new_thread(place, user="Ada", invitable=False)
    path = f"/channels/{thread['id']}/thread-members"
    await as_user(place, "Ada", "PUT", f"{path}/{place.bot.id}")
    assert await as_user(place, "Notetaker", "PUT", f"{path}/{place.user('Ben').id}") == (403, 50013)


async def test_the_members_are_listed_with_the_members_intent(place: Place) -> None:
    thread = await new_thread(place, kind=11)
    path = f"/channels/{thread['id']}/thread-members"
    assert await as_user(place, "Notetaker", "GET", path) == (403, 50001)
    place.world.applications[place.bot.id].privileged_intents = int(Intent.GUILD_MEMBERS)
    assert [member["user_id"] for member in (await place.rest("GET", path))[1]] == [str(place.user("Ada").id)]


async def test_an_archived_thread_is_revived_by_a_message(place: Place) -> None:
    async with logged_in(place, "Notetaker") as bot:
        thread = await new_thread(place, kind=11)
        assert (await bot.event("THREAD_CREATE"))["newly_created"]
        await bot.event("MESSAGE_CREATE")
        path = f"/channels/{thread['id']}"
        _, message = await place.rest("POST", f"{path}/messages", json={"content": "one"})
        assert [
            await bot.event(name) for name in ("THREAD_MEMBERS_UPDATE", "THREAD_CREATE", "MESSAGE_CREATE")
        ]
        assert await as_user(place, "Ben", "PATCH", path, archived=True) == (403, 50013)
        assert await as_user(place, "Ada", "PATCH", path, archived=True) == (200, None)
        archived = await bot.event("THREAD_UPDATE")
        assert archived["thread_metadata"]["archived"]
        assert (
            archived["thread_metadata"]["archive_timestamp"] > thread["thread_metadata"]["archive_timestamp"]
        )
        edit = f"{path}/messages/{message['id']}"
        assert await as_user(place, "Notetaker", "PATCH", edit, content="two") == (400, 50083)
        assert await as_user(place, "Ben", "PUT", f"{path}/thread-members/@me") == (400, 50083)
        assert await as_user(place, "Ada", "PATCH", path, name="Notes") == (400, 50083)
        active = f"/guilds/{place.office.id}/threads/active"
        assert (await place.rest("GET", active))[1]["threads"] == []
        error = await place.sim(
            "interactions", user_id=str(place.user("Ada").id), channel_id=thread["id"], command="x"
        )
        assert error == {"error": "Commands are not used in archived threads."}
        await place.rest("POST", f"{path}/messages", json={"content": "two"})
        assert not (await bot.event("THREAD_UPDATE"))["thread_metadata"]["archived"]
        assert (await bot.event("THREAD_MEMBER_UPDATE"))["user_id"] == str(place.bot.id)
        assert (await bot.event("MESSAGE_CREATE"))["content"] == "two"
        assert await as_user(place, "Notetaker", "PATCH", edit, content="three") == (200, None)


async def test_a_locked_thread_is_for_moderators(place: Place) -> None:
    thread = await new_thread(place, kind=11, user="Notetaker")
    path = f"/channels/{thread['id']}"
    assert await as_user(place, "Notetaker", "PATCH", path, locked=True) == (403, 50013)
    assert await as_user(place, "Ada", "PATCH", path, locked=True) == (200, None)
    assert await as_user(place, "Notetaker", "POST", f"{path}/messages", content="hi") == (403, 160005)
    assert await as_user(place, "Ada", "POST", f"{path}/messages", content="hi") == (200, None)
    assert await as_user(place, "Ada", "PATCH", path, archived=True) == (200, None)
    assert await as_user(place, "Notetaker", "POST", f"{path}/messages", content="hi") == (400, 50083)
    assert await as_user(place, "Notetaker", "PATCH", path, archived=False) == (403, 50013)
    assert await as_user(place, "Ada", "PATCH", path, archived=False, locked=False) == (200, None)
    assert await as_user(place, "Notetaker", "POST", f"{path}/messages", content="hi") == (200, None)


async def test_a_thread_is_deleted(place: Place) -> None:
    thread = await new_thread(place, kind=11, user="Ben")
    async with logged_in(place, "Notetaker") as bot:
        path = f"/channels/{thread['id']}"
        assert await as_user(place, "Ben", "DELETE", path) == (403, 50013)
        assert await as_user(place, "Ada", "DELETE", path) == (200, None)
        assert await bot.event("THREAD_DELETE") == {
            "id": thread["id"],
            "guild_id": str(place.office.id),
            "parent_id": str(place.channel_id("general")),
            "type": 11,
        }
        assert await as_user(place, "Ada", "GET", path) == (404, 10003)


async def test_threads_go_with_their_channel_without_a_word(place: Place) -> None:
    thread = await new_thread(place, kind=11)
    async with logged_in(place, "Notetaker") as bot:
        await as_user(place, "Ada", "DELETE", f"/channels/{place.channel_id('general')}")
        await bot.event("CHANNEL_DELETE")
        await bot.nothing_came()
        assert await as_user(place, "Notetaker", "GET", f"/channels/{thread['id']}") == (404, 10003)


async def test_who_comes_to_see_a_channel_gets_its_threads(place: Place) -> None:
    thread = await new_thread(place, kind=11)
    overwrite = f"/channels/{place.channel_id('general')}/permissions/{place.bot.id}"
    async with logged_in(place, "Notetaker") as bot:
        deny = str(int(Permission.VIEW_CHANNEL))
        await as_user(place, "Ada", "PUT", overwrite, type=1, deny=deny)
        await bot.event("CHANNEL_UPDATE")
        await bot.nothing_came()
        assert await as_user(place, "Notetaker", "GET", f"/channels/{thread['id']}") == (403, 50001)
        await as_user(place, "Ada", "DELETE", overwrite)
        await bot.event("CHANNEL_UPDATE")
        synced = await bot.event("THREAD_LIST_SYNC")
        assert (synced["channel_ids"], [one["id"] for one in synced["threads"]]) == (
            [str(place.channel_id("general"))],
            [thread["id"]],
        )


async def test_who_leaves_the_guild_leaves_its_threads(place: Place) -> None:
    thread = await new_thread(place)
    path = f"/channels/{thread['id']}"
    await as_user(place, "Ada", "PUT", f"{path}/thread-members/{place.bot.id}")
    await place.rest("DELETE", f"/users/@me/guilds/{place.office.id}")
    await place.sim("join", guild_id=str(place.office.id), user_id=str(place.bot.id))
    assert await as_user(place, "Notetaker", "GET", path) == (403, 50001)


async def test_a_voice_channel_has_no_threads(place: Place) -> None:
    path = f"/channels/{place.channel_id('Standup')}/threads"
    assert await as_user(place, "Ada", "POST", path, name="x", type=11) == (400, 50024)


async def test_pycord_uses_a_private_thread(place: Place, run_bot: RunBot) -> None:
    permissions = Permission.CREATE_PRIVATE_THREADS
    office = place.office
    office.roles[office.id].permissions |= permissions
    bot = new_bot()
    async with run_bot(bot):
        channel = bot.get_channel(place.channel_id("general"))
        assert isinstance(channel, discord.TextChannel)
        thread = await channel.create_thread(name="Live transcript")
        assert thread.is_private()
        await thread.add_user(discord.Object(place.user("Ben").id))
        await thread.send("Ada: hello")
        status, _ = await place.rest("GET", f"/channels/{thread.id}/messages", user=place.user("Ben"))
        assert status == 200
        assert await as_user(place, "Dan", "GET", f"/channels/{thread.id}") == (403, 50001)
        await thread.edit(archived=True)
        theirs = await new_thread(place)
        with pytest.raises(discord.Forbidden):
            await bot.fetch_channel(int(theirs["id"]))
        await as_user(place, "Ada", "PUT", f"/channels/{theirs['id']}/thread-members/{place.bot.id}")
        added = await bot.fetch_channel(int(theirs["id"]))
        assert isinstance(added, discord.Thread)
        assert added.me is not None
        await added.leave()  # type: ignore[no-untyped-call]
