"""Names of people whom the gateway has not told about. ``tests/service`` has the others, on the local Discord."""

import asyncio
from typing import cast

import discord

from notetaker.discordbot import people
from notetaker.model.names import Person


class Bot:
    """Knows no guild; Discord does not answer it."""

    def get_guild(self, guild_id: int) -> None:
        return None

    async def fetch_user(self, user_id: int) -> discord.User:
        await asyncio.sleep(60)
        raise AssertionError("should have been given up")


async def test_a_discord_that_does_not_answer_holds_nobody_up() -> None:
    async with asyncio.timeout(5):
        person = await people.person(cast("discord.Bot", Bot()), 1, 42, timeout_s=0.01)
    assert person == Person("User 42", None)
