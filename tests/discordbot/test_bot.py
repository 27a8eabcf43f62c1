import asyncio
import sys
from pathlib import Path

import pytest

from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordbot.bridge import GatewayDown
from notetaker.discordsim.server import LocalDiscord


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
        account = next(user for user in local.world.users.values() if user.bot)
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=None)
        serving, connected = asyncio.ensure_future(bot.serve(account.token)), [bot.connected]
        bot._connection.heartbeat_timeout = 0.2  # after so much silence py-cord connects anew
        lost = asyncio.ensure_future(bot.wait_for("shard_disconnect"))
        await bot.wait_for("shard_connect")
        connected.append(bot.connected)
        local.faults.begin_outage(60)  # from now on nobody gets in; no connection is ended
        await lost
        connected.append(bot.connected)
        heard_at, guild = bot.heard_at, bot.guilds[0]
        with pytest.raises(GatewayDown, match="has lost its main connection"):
            await bot.bridge.update_voice_state(guild.id, guild.voice_channels[0].id)
        bot._connection.heartbeat_timeout = 60.0
        local.faults.begin_outage(0)
        await bot.wait_for("shard_resumed")
        connected.append(bot.connected)
        assert bot.heard_at > heard_at
        await bot.close()
        connected.append(bot.connected)
        await serving
    assert connected == [False, True, False, True, False]
