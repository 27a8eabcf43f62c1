"""The main gateway, spoken to frame by frame."""

from typing import Any

import pytest

from notetaker.discordsim.gateway.protocol import Intent
from tests.discordsim.conftest import Place
from tests.discordsim.gateway_client import connect, logged_in


@pytest.mark.parametrize("query", ["?v=10&encoding=json", "?v=10&encoding=json&compress=zlib-stream", ""])
async def test_ready_and_the_guilds(place: Place, query: str) -> None:
    async with connect(place, query) as client:
        ready = await client.identify(place.bot)
        assert ready["user"]["id"] == str(place.bot.id)
        assert ready["application"]["id"] == str(place.bot.id)
        assert ready["resume_gateway_url"] == place.local.gateway.url
        assert all(guild["unavailable"] for guild in ready["guilds"])
        guild = await client.event("GUILD_CREATE")
        assert guild["id"] == str(place.office.id)
        assert [member["user"]["id"] for member in guild["members"]] == [str(place.bot.id)]
        await client.event("GUILD_CREATE")
        await client.nothing_came()


async def test_a_shard_gets_its_guilds_only(place: Place) -> None:
    seen = []
    for index in range(2):
        async with connect(place) as client:
            ready = await client.identify(place.bot, shard=[index, 2])
            seen.append({int(guild["id"]) for guild in ready["guilds"]})
    assert all((guild_id >> 22) % 2 == index for index, ids in enumerate(seen) for guild_id in ids)
    assert seen[0] | seen[1] == set(place.world.guilds)


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        (2, {"token": "nobody's", "intents": 1}, 4004),
        (2, {"intents": 1 << 40}, 4013),
        (2, {"intents": None}, 4013),
        (2, {"intents": int(Intent.GUILD_MEMBERS)}, 4014),
        (2, {"intents": 1, "shard": [2, 2]}, 4010),
        (2, 7, 4002),
        (4, {}, 4003),
    ],
)
async def test_a_broken_rule_closes_with_its_code(place: Place, op: int, data: Any, code: int) -> None:
    async with connect(place) as client:
        if isinstance(data, dict):
            data = {"token": place.bot.token, **data}
        await client.send(op, data)
        assert await client.receive() == code


@pytest.mark.parametrize(
    ("op", "data", "code"), [(2, {}, 4005), (99, {}, 4001), (4, {"guild_id": "x"}, 4002), (4, None, 4002)]
)
async def test_a_broken_rule_after_ready(place: Place, op: int, data: Any, code: int) -> None:
    async with logged_in(place, "Notetaker") as client:
        await client.send(op, data)
        assert await client.receive() == code


async def test_a_resume_replays_what_was_missed(place: Place) -> None:
    async with logged_in(place, "Notetaker") as client:
        await client.socket.close(code=4000)
    await place.rest("POST", f"/channels/{place.channel_id('general')}/messages", json={"content": "missed"})
    async with connect(place, "") as again:
        await again.send(6, {"token": place.bot.token, "session_id": client.session_id, "seq": client.seq})
        assert (await again.event("MESSAGE_CREATE"))["content"] == "missed"
        await again.event("RESUMED")
        await again.nothing_came()


async def test_a_session_that_said_goodbye_cannot_be_resumed(place: Place) -> None:
    async with logged_in(place, "Notetaker") as client:
        await client.socket.close(code=1000)
    async with connect(place) as again:
        await again.send(6, {"token": place.bot.token, "session_id": client.session_id, "seq": client.seq})
        answer = await again.receive()
        assert (answer["op"], answer["d"]) == (9, False)


async def test_joining_brings_the_pair_to_one_and_the_state_to_all(place: Place) -> None:
    async with logged_in(place, "Ada") as ada, logged_in(place, "Ben") as ben:
        await ada.join(place, "Standup", self_deaf=True)
        state = await ada.event("VOICE_STATE_UPDATE")
        server = await ada.event("VOICE_SERVER_UPDATE")
        assert (state["session_id"], state["self_deaf"]) == (ada.session_id, True)
        assert state["member"]["user"]["id"] == str(place.user("Ada").id)
        assert server["guild_id"] == str(place.office.id)
        assert (await ben.event("VOICE_STATE_UPDATE"))["channel_id"] == str(place.channel_id("Standup"))

        await ada.join(place, "Standup", self_deaf=False)
        assert not (await ada.event("VOICE_STATE_UPDATE"))["self_deaf"]
        await ada.nothing_came()  # a flag alone keeps the voice server

        await ada.join(place, "Planning")
        await ada.event("VOICE_STATE_UPDATE")
        moved = await ada.event("VOICE_SERVER_UPDATE")
        assert moved["token"] != server["token"]

        await ada.join(place, None)
        assert (await ada.event("VOICE_STATE_UPDATE"))["channel_id"] is None
        for _ in range(3):
            await ben.event("VOICE_STATE_UPDATE")
        await ben.nothing_came()


@pytest.mark.parametrize("channel", ["Phone booth", "Board room", "general"])
async def test_joining_without_permission_is_not_answered(place: Place, channel: str) -> None:
    async with logged_in(place, "Ada", 0) as ada, logged_in(place, "Notetaker") as bot:
        await ada.join(place, "Phone booth")
        await ada.event("VOICE_STATE_UPDATE")
        await bot.event("VOICE_STATE_UPDATE")
        await bot.join(place, channel)
        await bot.nothing_came()


async def test_without_the_intent_no_voice_state(place: Place) -> None:
    async with logged_in(place, "Notetaker", int(Intent.GUILDS)) as bot:
        await bot.join(place, "Standup")
        await bot.event("VOICE_SERVER_UPDATE")
        await bot.nothing_came()


async def test_the_end_of_a_session_is_the_end_of_its_voice_state(place: Place) -> None:
    async with logged_in(place, "Ada") as ada, logged_in(place, "Ben") as ben:
        await ada.join(place, "Standup")
        await ben.event("VOICE_STATE_UPDATE")
        await ada.socket.close(code=1000)
        assert (await ben.event("VOICE_STATE_UPDATE"))["channel_id"] is None


async def test_members_are_sent_on_request(place: Place) -> None:
    async with logged_in(place, "Notetaker") as bot:
        ben = str(place.user("Ben").id)
        await bot.send(8, {"guild_id": place.office.id, "user_ids": [ben, "1"], "limit": 0, "nonce": "n"})
        chunk = await bot.event("GUILD_MEMBERS_CHUNK")
        assert [member["user"]["id"] for member in chunk["members"]] == [ben]
        assert (chunk["not_found"], chunk["nonce"], chunk["chunk_count"]) == (["1"], "n", 1)
        await bot.send(8, {"guild_id": str(place.office.id), "query": "", "limit": 0})
        assert await bot.receive() == 4014


async def test_faults_of_the_gateway(place: Place) -> None:
    bot_id = str(place.bot.id)
    async with logged_in(place, "Notetaker") as bot:
        await place.sim("faults", kind="gateway_reconnect", user_id=bot_id)
        assert (await bot.receive())["op"] == 7
        await place.sim("faults", kind="gateway_invalidate", user_id=bot_id)
        assert (await bot.receive())["op"] == 9
    async with logged_in(place, "Notetaker") as bot:
        await place.sim("faults", kind="gateway_close", user_id=bot_id, code=4000)
        assert await bot.receive() == 4000
        await bot.socket.close(code=1000)  # echoes the server's close, so it is no goodbye
    async with connect(place) as again:
        await again.send(6, {"token": place.bot.token, "session_id": bot.session_id, "seq": bot.seq})
        await again.event("RESUMED")
