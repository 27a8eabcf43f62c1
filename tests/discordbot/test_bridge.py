import json
from contextlib import suppress
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.discordbot.bridge import Bridge, GatewayDown, parse
from notetaker.model.voice import VoiceServer, VoiceState

# The fields that Discord's documentation lists, with ids of its examples (Gateway Events, Voice).
STATE = {
    "t": "VOICE_STATE_UPDATE",
    "d": {
        "guild_id": "41771983423143937",
        "channel_id": "157733188964188161",
        "user_id": "80351110224678912",
        "session_id": "90326bd25d71d39b9ef95b299e3872ff",
    },
}
SERVER = {
    "t": "VOICE_SERVER_UPDATE",
    "d": {
        "guild_id": "41771983423143937",
        "token": "my_token",
        "endpoint": "sweetwater-12345.discord.media:2048",
    },
}


class Events:
    def __init__(self) -> None:
        self.told: list[VoiceState | VoiceServer] = []

    def voice_state_update(self, state: VoiceState) -> None:
        self.told.append(state)

    def voice_server_update(self, server: VoiceServer) -> None:
        self.told.append(server)


def with_data(payload: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return payload | {"d": payload["d"] | changes}


def test_voice_events_become_values() -> None:
    session = "90326bd25d71d39b9ef95b299e3872ff"
    assert parse(STATE) == VoiceState(41771983423143937, 157733188964188161, 80351110224678912, session)
    assert parse(SERVER) == VoiceServer(41771983423143937, "my_token", "sweetwater-12345.discord.media:2048")


def test_leaving_and_a_server_that_is_being_allocated() -> None:
    state, server = parse(with_data(STATE, channel_id=None)), parse(with_data(SERVER, endpoint=None))
    assert isinstance(state, VoiceState)
    assert state.channel_id is None
    assert isinstance(server, VoiceServer)
    assert server.endpoint is None


@pytest.mark.parametrize(
    "payload", [{"t": "GUILD_CREATE", "d": {}}, {"op": 11}, with_data(STATE, guild_id=None)]
)
def test_what_is_no_voice_event_of_a_guild_is_nothing(payload: dict[str, Any]) -> None:
    assert parse(payload) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.sampled_from([STATE["t"], SERVER["t"]]), json_values)
def test_malformed_events_raise_nothing_but_value_error(event: str, data: Any) -> None:
    with suppress(ValueError):
        parse({"t": event, "d": data})


async def test_events_are_handed_on_in_order_inside_the_call() -> None:
    bot = discord.AutoShardedBot(intents=discord.Intents.none())  # type: ignore[no-untyped-call]
    bridge, events = Bridge(bot), Events()
    bridge.connect(events)
    for payload in (SERVER, STATE, SERVER):
        bridge.received(json.dumps(payload))
    bridge.received(json.dumps(with_data(STATE, user_id="nobody")))
    assert [type(event) for event in events.told] == [VoiceServer, VoiceState, VoiceServer]
    await bot.close()


async def test_without_a_connection_the_bridge_says_so() -> None:
    bot = discord.AutoShardedBot(intents=discord.Intents.none())  # type: ignore[no-untyped-call]
    with pytest.raises(GatewayDown, match="not logged in"):
        _ = Bridge(bot).user_id
    with pytest.raises(ConnectionError, match="has not told the bot about this server"):
        await Bridge(bot).update_voice_state(1, 2)
    await bot.close()
