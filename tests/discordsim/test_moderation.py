"""What moderators do to voice channels and to the people in them, as a bot in one sees it."""

import asyncio

from tests.discordsim.bot_in_voice import InVoice, closed_with
from tests.discordsim.conftest import Place
from tests.discordsim.gateway_client import logged_in

STATE, SERVER = "VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"


async def test_a_moderator_deafens_and_mutes(place: Place) -> None:
    async with InVoice(place) as bot:
        await bot.join()
        who = {"guild_id": str(place.office.id), "user_id": str(place.bot.id)}
        await place.sim("voice_state", **who, deaf=True)
        state = await bot.client.event(STATE)
        assert (state["deaf"], state["mute"]) == (True, False)
        await place.sim("voice_state", **who, deaf=False, mute=True)
        state = await bot.client.event(STATE)
        assert (state["deaf"], state["mute"]) == (False, True)
        nobody = await place.sim("voice_state", **(who | {"user_id": str(place.user("Ben").id)}), deaf=True)
        assert nobody == {"error": "This user is in no voice channel of that guild."}
        assert await place.sim("voice_state", **who, deaf="yes") == {
            "error": "The field deaf should be a valid boolean."
        }
        await bot.client.nothing_came()


async def test_deafening_by_rest_reaches_the_voice_server(place: Place) -> None:
    async with InVoice(place) as bot:
        listener = await bot.join()
        path = f"/guilds/{place.office.id}/members/{place.bot.id}"
        status, _ = await place.rest("PATCH", path, user=place.user("Ada"), json={"deaf": True})
        assert status == 200
        assert (await bot.client.event(STATE))["deaf"]
        assert (place.office.id, place.bot.id) in place.local.voice._switchboard.sfu.deafened
        await listener.beat(2)


async def test_a_deleted_channel_throws_everybody_out(place: Place) -> None:
    standup = place.channel_id("Standup")
    async with InVoice(place) as bot, logged_in(place, "Ben") as ben:
        listener = await bot.join()
        await ben.event(STATE)
        await place.sim("channel/delete", guild_id=str(place.office.id), channel_id=str(standup))
        assert (await bot.client.event("CHANNEL_DELETE"))["id"] == str(standup)
        assert (await bot.client.event(STATE))["channel_id"] is None
        assert await closed_with(listener) == 4022
        await ben.event("CHANNEL_DELETE")
        await ben.event(STATE)
        await bot.client.send(4, {"guild_id": place.office.id, "channel_id": standup})
        await bot.client.nothing_came()
        assert (await place.rest("GET", f"/channels/{standup}"))[0] == 404
        again = await place.sim("channel/delete", guild_id=str(place.office.id), channel_id=str(standup))
        assert again == {"error": "There is no such channel."}


async def test_a_command_used_in_a_channel_that_is_gone_cannot_be_answered(place: Place) -> None:
    await place.rest(
        "PUT", f"/applications/{place.bot.id}/commands", json=[{"name": "start", "description": "d"}]
    )
    async with logged_in(place, "Notetaker") as bot:
        seen = asyncio.ensure_future(place.use("start", channel="Standup"))
        interaction = await bot.event("INTERACTION_CREATE")
        where = {"guild_id": str(place.office.id), "channel_id": str(place.channel_id("Standup"))}
        await place.sim("channel/delete", **where)
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        status, error = await place.rest("POST", path, json={"type": 5})
        assert (status, error["code"]) == (404, 10003)
        seen.cancel()


async def test_a_channel_becomes_full(place: Place) -> None:
    standup = place.channel_id("Standup")
    async with logged_in(place, "Ben") as ben, logged_in(place, "Notetaker") as bot:
        await ben.join(place, "Standup")
        await bot.event(STATE)
        where = {"guild_id": str(place.office.id), "channel_id": str(standup)}
        await place.sim("channel", **where, user_limit=1)
        assert (await bot.event("CHANNEL_UPDATE"))["user_limit"] == 1
        await bot.join(place, "Standup")
        await bot.nothing_came()
        await place.sim("channel", **where, user_limit=0)
        await bot.event("CHANNEL_UPDATE")
        await bot.join(place, "Standup")
        await bot.event(STATE)


async def test_a_change_of_region_moves_who_is_there_to_another_server(place: Place) -> None:
    async with InVoice(place) as bot:
        old = await bot.join()
        path = f"/channels/{place.channel_id('Standup')}"
        status, _ = await place.rest("PATCH", path, json={"rtc_region": "us-west"})
        assert status == 403, "Manage Channels is needed"
        status, channel = await place.rest(
            "PATCH", path, user=place.user("Ada"), json={"rtc_region": "us-west"}
        )
        assert (status, channel["rtc_region"]) == (200, "us-west")
        assert (await bot.client.event("CHANNEL_UPDATE"))["rtc_region"] == "us-west"
        server = await bot.client.event(SERVER)
        assert server["token"] != old.place.token
        await (await bot.connect(server)).beat(2)
        assert (await place.rest("GET", path))[1]["rtc_region"] == "us-west"
        status, _ = await place.rest("PATCH", path, user=place.user("Ada"), json={"rtc_region": 7})
        assert status == 400
        await place.rest("PATCH", path, user=place.user("Ada"), json={"rtc_region": "us-west"})
        await bot.client.event("CHANNEL_UPDATE")
        await bot.client.nothing_came()  # nothing new


async def test_a_broken_region_is_escaped_by_another(place: Place) -> None:
    await place.sim("faults", kind="region_broken", region=None, code=4011)
    async with InVoice(place) as bot:
        await bot.client.join(place, "Standup")
        _, server = await bot.answer()
        listener = await bot.open(server)
        await listener.identify()
        assert await closed_with(listener) == 4011
        where = {"guild_id": str(place.office.id), "channel_id": str(place.channel_id("Standup"))}
        await place.sim("channel", **where, rtc_region="us-east")
        await bot.client.event("CHANNEL_UPDATE")
        await (await bot.connect(await bot.client.event(SERVER))).beat(2)
        await place.sim("channel", **where, rtc_region=None)
        await bot.client.event("CHANNEL_UPDATE")
        server = await bot.client.event(SERVER)
        await place.sim("faults", kind="region_broken", region=None, code=None)
        await (await bot.connect(server)).beat(2)
