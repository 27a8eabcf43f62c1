import asyncio
import gc
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.backoff import ExponentialBackoff
from discord.http import Route

from notetaker.discordbot import bot as module
from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordbot.bridge import GatewayDown
from notetaker.discordsim.server import LocalDiscord
from tests.harness.world import the_bot


async def test_an_installation_without_py_cords_own_voice_client_is_nothing_to_warn_about(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("discord.utils.voice_dependency_warning_emitted", False)
    monkeypatch.setitem(sys.modules, "davey", None)  # as if it were not installed
    bot = NotetakerBot(api_base_url="http://127.0.0.1:9/api", ca_file=None)
    await bot.close()
    assert caplog.messages == []


async def test_a_bot_whose_main_connection_has_fallen_silent_is_not_connected_until_discord_takes_it_back(
    tmp_path: Path,
) -> None:
    async with asyncio.timeout(30), LocalDiscord(state_dir=tmp_path) as local:
        account = the_bot(local.world)
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=None)
        serving, connected = asyncio.ensure_future(bot.serve(account.token)), [bot.connected]
        bot._connection.heartbeat_timeout = 0.2  # after so much silence py-cord connects anew
        lost = asyncio.ensure_future(bot.wait_for("shard_disconnect"))
        await bot.wait_for("shard_connect")
        connected.append(bot.connected)
        guild = bot.guilds[0]
        followed = [bot.follows(guild)]
        local.faults.begin_outage(60)  # from now on nobody gets in; no connection is ended
        await lost
        connected.append(bot.connected)
        followed.append(bot.follows(guild))
        heard_at = bot.heard_at
        with pytest.raises(GatewayDown, match="has lost its main connection"):
            await bot.bridge.update_voice_state(guild.id, guild.voice_channels[0].id)
        bot._connection.heartbeat_timeout = 60.0
        local.faults.begin_outage(0)
        await bot.wait_for("shard_resumed")
        connected.append(bot.connected)
        followed.append(bot.follows(guild))
        assert bot.heard_at > heard_at
        await bot.close()
        connected.append(bot.connected)
        await serving
    assert connected == [False, True, False, True, False]
    assert followed == [True, False, True]


async def test_a_shard_that_has_not_answered_its_heartbeat_follows_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asyncio.timeout(30), LocalDiscord(state_dir=tmp_path) as local:
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=None)
        serving = asyncio.ensure_future(bot.serve(the_bot(local.world).token))
        await bot.wait_for("guild_available")
        assert bot.follows(bot.guilds[0])
        later = (
            time.perf_counter() + 41.25 + 11
        )  # s; Discord docs, Gateway, "Sending Heartbeats": an example of the interval
        monkeypatch.setattr(time, "perf_counter", lambda: later)
        assert not bot.follows(bot.guilds[0])
        monkeypatch.undo()
        await bot.close()
        await serving


HURRIED = -20
"""Reconnects after microseconds."""


class Attempts:
    """To connect to the main gateway."""

    def __init__(
        self,
        bot: NotetakerBot,
        monkeypatch: pytest.MonkeyPatch,
        before_first: Callable[[], None] = lambda: None,
    ) -> None:
        self.made = 0
        self._before_first = before_first
        self._connect = bot.http.ws_connect
        self._again = asyncio.Event()
        monkeypatch.setattr(bot.http, "ws_connect", self._count)

    async def until(self, number: int) -> None:
        while self.made < number:
            self._again.clear()
            await self._again.wait()

    async def _count(self, *args: Any, **kwargs: Any) -> Any:
        if not self.made:
            self._before_first()
        self.made += 1
        self._again.set()
        return await self._connect(*args, **kwargs)


async def test_a_main_gateway_that_is_down_from_the_start_is_tried_until_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(60), LocalDiscord(state_dir=tmp_path) as local:
        account = the_bot(local.world)
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=None, reconnect_exponent=HURRIED)
        attempts = Attempts(
            bot, monkeypatch, lambda: local.faults.begin_outage(60)
        )  # REST has worked by then
        serving = asyncio.ensure_future(bot.serve(account.token))
        await attempts.until(sys.getrecursionlimit() + 100)
        connected = [bot.connected]
        told = [record.message for record in caplog.records if record.name == module.__name__]
        local.faults.begin_outage(0)
        await bot.wait_for("shard_connect")
        connected.append(bot.connected)
        await bot.close()
        await serving
    assert connected == [False, True]
    assert len(told) == len({line.split(":")[0] for line in told}) <= 3, "one line for each kind of failure"
    assert told[0].startswith("Cannot connect to Discord's gateway (")


async def test_a_bot_that_waits_for_the_main_gateway_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay", lambda _: 3600.0)
    async with asyncio.timeout(20), LocalDiscord(state_dir=tmp_path) as local:
        local.gateway.url = "ws://127.0.0.1:9/gateway"  # nobody listens there, while REST works
        account = the_bot(local.world)
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=None)
        attempts = Attempts(bot, monkeypatch)
        serving = asyncio.ensure_future(bot.serve(account.token))
        await attempts.until(1)
        serving.cancel()
        await asyncio.wait({serving})
        assert serving.cancelled()
        assert bot.is_closed()


class Door:
    """Stands before the main gateway. While it is ``shut``, whoever comes gets ``answer`` instead of a hello."""

    def __init__(self, local: LocalDiscord, answer: str) -> None:
        self.shut = True
        self._gateway = local.gateway
        self._answer = answer

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        if not self.shut:
            return await self._gateway.handle(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self._answer == "close":
            await socket.close(code=1001)
        elif self._answer == "reset":
            assert request.transport is not None
            request.transport.abort()
        else:
            await socket.send_str("<html>502 Bad Gateway</html>")
            await socket.receive()
        return socket


@asynccontextmanager
async def a_door(local: LocalDiscord, answer: str) -> AsyncIterator[Door]:
    door = Door(local, answer)
    app = web.Application()
    app.router.add_get("/", door.handle)
    async with TestServer(app) as server:
        local.gateway.url = str(server.make_url("/")).replace("http", "ws", 1)
        yield door


@pytest.mark.parametrize("answer", ["close", "reset", "no JSON"])
async def test_a_gateway_that_does_not_say_hello_is_tried_until_it_does_at_first_and_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    async with (
        asyncio.timeout(30),
        LocalDiscord(state_dir=tmp_path) as local,
        a_door(local, answer) as door,
    ):
        account = the_bot(local.world)
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=None, reconnect_exponent=HURRIED)
        attempts = Attempts(bot, monkeypatch)
        serving = asyncio.ensure_future(bot.serve(account.token))
        await attempts.until(5)
        door.shut = False
        await bot.wait_for("shard_connect")
        door.shut = True
        assert local.gateway.hang_up(account.id, 4000) == 1
        await attempts.until(attempts.made + 5)
        assert not serving.done()
        door.shut = False
        await bot.wait_for("shard_connect")
        await bot.close()
        await serving
    gc.collect()
    assert [r.message for r in caplog.records if r.name == "asyncio" and r.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("cause", ["nobody listens", "not found"])
async def test_a_gateway_whose_address_discord_does_not_tell_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    async with asyncio.timeout(30), LocalDiscord(state_dir=tmp_path) as local:
        account = the_bot(local.world)
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=None, reconnect_exponent=HURRIED)
        ask, asked, right = bot.http.get_bot_gateway, 0, Route.API_BASE_URL

        async def get_bot_gateway() -> tuple[int, str]:
            nonlocal asked
            asked += 1
            wrong = "http://127.0.0.1:9/api" if cause == "nobody listens" else local.api_url + "/nothing"
            Route.API_BASE_URL = wrong if asked <= 3 else right
            return await ask()

        monkeypatch.setattr(bot.http, "get_bot_gateway", get_bot_gateway)
        serving = asyncio.ensure_future(bot.serve(account.token))
        await bot.wait_for("shard_connect")
        assert asked == 4
        await bot.close()
        await serving
