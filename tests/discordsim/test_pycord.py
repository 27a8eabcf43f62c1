"""Referee: unmodified py-cord 2.8.1 logs in to the local Discord and finds what it expects of Discord."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord
import pytest

from tests.discordsim.conftest import DEADLINE_S, Place, RunBot


def new_bot(kind: type[discord.Bot] = discord.Bot) -> discord.Bot:
    intents = discord.Intents(guilds=True, voice_states=True, guild_messages=True)
    return kind(intents=intents, guild_ready_timeout=0.2)


@pytest.mark.parametrize("kind", [discord.Bot, discord.AutoShardedBot])
async def test_a_bot_logs_in_and_sees_its_guilds(
    place: Place, run_bot: RunBot, kind: type[discord.Bot]
) -> None:
    bot = new_bot(kind)
    async with run_bot(bot):
        assert bot.user is not None
        assert bot.user.id == place.bot.id
        assert {guild.name for guild in bot.guilds} == {"Office", "Book club"}
        office = bot.get_guild(place.office.id)
        assert office is not None
        assert office.member_count == 6
        assert [c.name for c in office.voice_channels] == ["Standup", "Planning", "Phone booth", "Board room"]
        assert [c.name for c in office.stage_channels] == ["All hands"]
        booth = bot.get_channel(place.channel_id("Phone booth"))
        assert isinstance(booth, discord.VoiceChannel)
        assert booth.user_limit == 1
        board = bot.get_channel(place.channel_id("Board room"))
        assert isinstance(board, discord.VoiceChannel)
        assert not board.permissions_for(office.me).connect
