"""The faults of the control API, as clients of the main gateway, REST and voice see them."""

import asyncio
import ssl
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from notetaker.discordsim.control.faults import FAULTS
from notetaker.discordsim.speaker.link import VoicePlace
from tests.discordsim.bot_in_voice import InVoice, closed_with, fault, published
from tests.discordsim.conftest import DEADLINE_S, Place
from tests.discordsim.gateway_client import connect, logged_in
from tests.discordsim.voice.listener import Listener

STATE, SERVER = "VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"
LONG_S = 60.0
"""Ended by the test itself."""
SHORT_S = 1.0


# Requests

ONE = {"user_id": 1}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"kind": "rain"}, "There is no fault of kind rain; there are " + ", ".join(FAULTS) + "."),
        ({"kind": "voice_reset"}, "The field user_id is missing."),
        (
            {"kind": "voice_reset", "user_id": 1, "guild_id": "x"},
            "The field guild_id should be a valid integer, unable to parse string as an integer.",
        ),
        ({"kind": "voice_reset", "user_id": 1}, "This user has no voice websocket."),
        ({"kind": "voice_close"} | ONE, "The field code is missing."),
        ({"kind": "voice_close", "code": 7} | ONE, "The field code should be greater than or equal to 1000."),
        ({"kind": "nat_rebind"} | ONE, "This user has no voice session that has selected a protocol."),
        (
            {"kind": "udp_ignore", "probe": "rtcp"} | ONE,
            "The field probe should be 'keepalive', 'ping' or 'discovery'.",
        ),
        ({"kind": "voice_stall", "user_id": 1}, "The field seconds is missing."),
        ({"kind": "voice_stall", "user_id": 1, "seconds": -1}, "The field seconds should be greater than 0."),
        (
            {"kind": "close_at", "user_id": 1, "code": 4006, "step": "never"},
            "The field step should be 'hello', 'identify', 'select', 'heartbeat' or 'resume'.",
        ),
        (
            {"kind": "silent_at", "user_id": 1, "step": "hello", "times": 0},
            "The field times should be greater than or equal to 1.",
        ),
        (
            {"kind": "voice_events", "user_id": 1, "mode": "late"},
            "The field mode should be 'server_first', 'duplicate', 'no_state', 'no_server', "
            "'stale_server' or 'none'.",
        ),
        ({"kind": "migrate", "user_id": 1, "guild_id": 1}, "There is no such guild."),
        ({"kind": "region_broken"}, "The field region is missing."),
        ({"kind": "gateway_stall", "user_id": 1, "seconds": 1}, "This user has no gateway connection."),
    ],
)  # fmt: skip
async def test_an_invalid_fault_is_one_sentence(place: Place, body: Any, error: str) -> None:
    assert await place.sim("faults", **body) == {"error": error}
    assert published(place) == []


async def test_a_fault_is_published_when_it_is_armed_and_when_it_strikes(place: Place) -> None:
    async with InVoice(place) as bot:
        await fault(place, "close_at", step="identify", code=4006)
        await bot.client.join(place, "Standup")
        _, server = await bot.answer()
        listener = await bot.open(server)
        await listener.identify()
        assert await closed_with(listener) == 4006
        await bot.join()
        await fault(place, "voice_reset")
    assert published(place) == [("close_at", "armed"), ("close_at", "struck"), ("voice_reset", "struck")]
    armed, struck, reset = (e for e in place.local.events.since(0) if e["event"] == "fault")
    victim = {"user_id": str(place.bot.id), "guild_id": str(place.office.id)}
    assert armed | victim | {"step": "identify", "code": 4006} == armed
    assert struck | victim | {"step": "identify", "code": 4006, "name": "Notetaker"} == struck
    assert reset | victim == reset


# Voice


async def test_voice_is_hurt_through_the_control_api(place: Place) -> None:
    async with InVoice(place) as bot:
        listener = await bot.join()
        assert await fault(place, "server_heartbeat") is None
        await listener.until(lambda: listener.has(3))
        assert await fault(place, "voice_stall", seconds=0.01) is None
        assert await fault(place, "udp_blackhole", seconds=0.01) is None
        assert await fault(place, "udp_blackhole", seconds=0.01, direction="to_user") is None
        assert await fault(place, "udp_ignore", probe="ping") is None
        assert await fault(place, "udp_ignore", probe="ping", ignored=False) is None
        assert await fault(place, "nat_rebind") is None
        assert await fault(place, "discovery_lost") is None
        assert await fault(place, "discovery_twice") is None
        assert await fault(place, "silent_at", step="resume") is None
        assert await fault(place, "dave_invalid_commit") is None
        assert await fault(place, "dave_invalid_welcome") is None
        assert await fault(place, "dave_corrupt", packets=3) is None
        assert await fault(place, "dave_no_key_package") is None
        assert await fault(place, "dave_never_ready") is None
        assert await fault(place, "dave_severed") is None
        assert await fault(place, "dave_broken_sender", seconds=0.01) is None
        assert await fault(place, "speaking_lost") is None
        assert await fault(place, "speaking_late", seconds=0.1) is None
        assert await fault(place, "speaking_as_video") is None
        assert await fault(place, "left_late", seconds=0.1) is None
        assert await fault(place, "ssrc_reused") is None
        assert await fault(place, "replay_overlap") is None
        assert await fault(place, "udp_clog", seconds=0.01) is None
        assert await fault(place, "odd_clock", clock="backwards", seconds=0.01) is None
        assert "error" in await fault(place, "stream_restart"), "nobody hears the bot"
        assert await fault(place, "dave_unknown_transition") is None
        await listener.until(lambda: listener.has(22))
        room = {"channel_id": str(place.channel_id("Standup"))}
        assert await fault(place, "dave_downgrade", **room) is None
        await listener.until(lambda: listener.has(21))
        assert "error" in await fault(place, "dave_downgrade", **room)
        assert await fault(place, "dave_upgrade", **room) is None
        await listener.until(lambda: listener.has(24))
        assert await fault(place, "voice_close", code=4021) is None
        assert await closed_with(listener) == 4021
        assert "error" in await fault(place, "voice_close", code=4021)
        # All this throws nobody out of the channel.
        assert place.office.voice_states[place.bot.id].channel_id == place.channel_id("Standup")


async def test_a_bot_in_two_guilds_is_hurt_in_one(place: Place) -> None:
    club = place.guild("Book club")
    reading_room = next(channel for channel in club.channels.values() if channel.is_vocal)
    async with InVoice(place) as bot:
        office = await bot.join()
        await bot.client.send(4, {"guild_id": club.id, "channel_id": reading_room.id})
        _, server = await bot.answer()
        seat = VoicePlace(
            club.id, reading_room.id, place.bot.id, bot.client.session_id, server["endpoint"], server["token"]
        )
        async with Listener(seat, ssl.create_default_context(cafile=str(place.local.ca_file))) as other:
            await other.join()
            await fault(place, "voice_close", guild_id=str(club.id), code=4006)
            assert await closed_with(other) == 4006
            await office.beat(2)
            assert office.close_code is None


@pytest.mark.parametrize("close_code", [None, 4014, 4022])
async def test_a_migration_brings_another_server_for_the_same_session(
    place: Place, close_code: int | None
) -> None:
    async with InVoice(place) as bot:
        old = await bot.join()
        await fault(place, "migrate", close_code=close_code)
        server = await bot.client.event("VOICE_SERVER_UPDATE")
        assert server["token"] != old.place.token
        if close_code is None:
            await old.beat(2)
        else:
            assert await closed_with(old) == close_code
        new = await bot.connect(server)
        assert await closed_with(old) == (close_code or 4014)
        await new.beat(2)
        await bot.client.nothing_came()


async def test_a_null_endpoint_is_followed_by_another_server(place: Place) -> None:
    async with InVoice(place) as bot:
        old = await bot.join()
        await fault(place, "null_endpoint", seconds=SHORT_S)
        assert (await bot.client.event("VOICE_SERVER_UPDATE"))["endpoint"] is None
        await old.beat(2)
        await bot.client.join(place, "Standup")  # asking again does not help
        _, server = await bot.answer()
        assert server["endpoint"] is None
        server = await bot.client.event("VOICE_SERVER_UPDATE")
        await (await bot.connect(server)).beat(2)


async def test_a_null_endpoint_may_last_longer_than_the_local_discord(place: Place) -> None:
    async with InVoice(place) as bot:
        await bot.join()
        await fault(place, "null_endpoint", seconds=LONG_S)


# Answers to op 4


@pytest.mark.parametrize(
    ("mode", "events"),
    [
        ("server_first", [SERVER, STATE]),
        ("duplicate", [STATE, SERVER, STATE, SERVER]),
        ("no_state", [SERVER]),
        ("no_server", [STATE]),
        ("stale_server", [STATE, SERVER, SERVER]),
        ("none", []),
    ],
)
async def test_op_4_is_answered_in_another_way_once(place: Place, mode: str, events: list[str]) -> None:
    async with InVoice(place) as bot, logged_in(place, "Ben") as ben:
        await fault(place, "voice_events", mode=mode)
        await bot.client.join(place, "Standup")
        came = [await bot.client.receive() for _ in events]
        assert [payload["t"] for payload in came] == events
        await bot.client.nothing_came()
        servers = [payload["d"] for payload in came if payload["t"] == SERVER]
        if mode == "duplicate":
            assert servers[0] == servers[1]
        if mode == "stale_server":
            stale = await bot.open(servers[0])
            await stale.identify()
            assert await closed_with(stale) == 4004
        if mode not in ("no_server", "none"):
            await (await bot.connect(servers[-1])).beat(2)
        if mode != "none":
            assert (await ben.event(STATE))["channel_id"] == str(place.channel_id("Standup"))
        else:
            assert place.bot.id not in place.office.voice_states
        await bot.client.join(place, "Standup")
        await bot.answer()
        await bot.client.nothing_came()


# The main gateway, and everything at once


async def test_a_stalled_gateway_says_nothing_and_then_everything(place: Place) -> None:
    async with logged_in(place, "Notetaker") as bot, logged_in(place, "Ben") as ben:
        began = asyncio.get_running_loop().time()
        await place.sim("faults", kind="gateway_stall", user_id=place.bot.id, seconds=SHORT_S)
        await ben.join(place, "Standup")
        await ben.event(STATE)
        await bot.send(1, None)
        first = await bot.receive()
        assert asyncio.get_running_loop().time() - began >= SHORT_S
        second = await bot.receive()
        assert {first["t"] or first["op"], second["t"] or second["op"]} == {STATE, 11}


async def test_a_gateway_reset_can_be_resumed(place: Place) -> None:
    async with logged_in(place, "Notetaker") as bot:
        await place.sim("faults", kind="gateway_close", user_id=place.bot.id, code=1006)
        message = await bot.socket.receive()
        assert message.type in (WSMsgType.CLOSED, WSMsgType.ERROR)
    async with connect(place) as again:
        await again.send(6, {"token": place.bot.token, "session_id": bot.session_id, "seq": bot.seq})
        await again.event("RESUMED")


async def test_an_outage_is_of_everything_but_the_control_api(place: Place) -> None:
    async with InVoice(place) as bot:
        listener = await bot.join()
        await place.sim("faults", kind="outage", seconds=LONG_S)
        assert await closed_with(listener) == 1006
        assert (await bot.client.socket.receive()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)
        url = f"{place.local.api_url}/v10/users/@me"
        async with place.http.get(url, headers={"Authorization": f"Bot {place.bot.token}"}) as response:
            assert response.status == 503
        with pytest.raises((aiohttp.ClientError, OSError)):
            await place.http.ws_connect(place.local.gateway.url)
        with pytest.raises((aiohttp.ClientError, OSError)):
            await listener.open()
        place.local.faults.begin_outage(0)
        async with connect(place) as again:
            resume = {"session_id": bot.client.session_id, "seq": bot.client.seq}
            await again.send(6, {"token": place.bot.token} | resume)
            await again.event("RESUMED")
            assert (await place.rest("GET", "/users/@me"))[0] == 200


# Two instances of one bot


async def test_a_second_instance_is_seen_and_takes_the_voice_connection_over(place: Place) -> None:
    async with InVoice(place) as first:
        listener = await first.join()
        async with connect(place) as second:
            await second.identify(place.bot)
            assert second.session_id != first.client.session_id
            guild = await second.event("GUILD_CREATE")
            assert [(s["user_id"], s["session_id"]) for s in guild["voice_states"]] == [
                (str(place.bot.id), first.client.session_id)
            ]
            await second.event("GUILD_CREATE")
            await second.join(place, "Standup")
            for instance in (first.client, second):
                assert (await instance.event(STATE))["session_id"] == second.session_id
            await second.event(SERVER)
            await first.client.nothing_came()
            assert await closed_with(listener) == 4014
        # The end of the second one does not touch the first, whose voice state is already gone.
        async with asyncio.timeout(DEADLINE_S):
            assert (await first.client.event(STATE))["channel_id"] is None
