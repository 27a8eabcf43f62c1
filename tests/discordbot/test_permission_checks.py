"""Why the bot cannot go back to where it was before it was restarted."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from notetaker.discordbot import permission_checks, replies

STANDUP = 20


def guild(channel: object = None, **fields: object) -> discord.Guild:
    values: dict[str, Any] = {"unavailable": False, "me": object(), **fields}
    return cast(discord.Guild, SimpleNamespace(get_channel=lambda channel_id: channel, **values))


def voice_channel(**permissions: bool) -> discord.VoiceChannel:
    channel = discord.VoiceChannel.__new__(discord.VoiceChannel)
    channel.id = STANDUP
    granted = discord.Permissions(**permissions)
    cast(Any, discord.VoiceChannel).permissions_for = lambda self, member: granted
    return channel


@pytest.fixture(autouse=True)
def _permissions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.VoiceChannel, "permissions_for", discord.VoiceChannel.permissions_for)


def test_a_server_that_the_bot_was_removed_from_is_gone() -> None:
    assert permission_checks.to_returning(None, STANDUP) == replies.GUILD_GONE


def test_of_a_server_that_has_an_outage_nothing_is_known() -> None:
    assert permission_checks.to_returning(guild(unavailable=True), STANDUP) is None


def test_a_channel_that_was_deleted_is_gone() -> None:
    assert permission_checks.to_returning(guild(), STANDUP) == replies.CHANNEL_GONE


def test_a_permission_that_was_taken_away_is_named() -> None:
    said = permission_checks.to_returning(guild(voice_channel(view_channel=True, connect=False)), STANDUP)
    assert said is not None
    assert "I need the Connect permission" in said


def test_where_the_bot_may_go_nothing_is_in_the_way() -> None:
    assert (
        permission_checks.to_returning(guild(voice_channel(view_channel=True, connect=True)), STANDUP) is None
    )
