import json

import discord
import pytest

from notetaker.discordbot.bridge import Bridge, GatewayDown
from notetaker.model.voice import VoiceEvent, VoiceServer, VoiceState
from tests.discordbot.test_payloads import SERVER, STATE, with_data


class Events:
    def __init__(self) -> None:
        self.told: list[VoiceEvent] = []

    def receive(self, event: VoiceEvent) -> None:
        self.told.append(event)


async def test_events_are_handed_on_in_order_inside_the_call() -> None:
    bot = discord.AutoShardedBot(intents=discord.Intents.none())  # type: ignore[no-untyped-call]
    bridge, events = Bridge(bot, ()), Events()
    bridge.connect(events)
    for payload in (SERVER, STATE, SERVER):
        bridge.received(json.dumps(payload))
    bridge.received(json.dumps(with_data(STATE, user_id="nobody")))
    assert [type(event) for event in events.told] == [VoiceServer, VoiceState, VoiceServer]
    await bot.close()


async def test_without_a_connection_the_bridge_says_so() -> None:
    bot = discord.AutoShardedBot(intents=discord.Intents.none())  # type: ignore[no-untyped-call]
    with pytest.raises(GatewayDown, match="not logged in"):
        _ = Bridge(bot, ()).user_id
    with pytest.raises(ConnectionError, match="has not made this server available"):
        await Bridge(bot, ()).update_voice_state(1, 2)
    await bot.close()
