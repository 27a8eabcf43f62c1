from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.discordbot.payloads import EVENTS, parse
from notetaker.model.voice import ChannelDeleted, SessionBegan, SessionResumed, VoiceServer, VoiceState

ME = 80351110224678912
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


def with_data(payload: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return payload | {"d": payload["d"] | changes}


def test_voice_events_become_values() -> None:
    session = "90326bd25d71d39b9ef95b299e3872ff"
    assert parse(STATE, ME) == [VoiceState(41771983423143937, 157733188964188161, ME, session)]
    assert parse(SERVER, ME) == [
        VoiceServer(41771983423143937, "my_token", "sweetwater-12345.discord.media:2048")
    ]


def test_leaving_and_a_server_that_is_being_allocated() -> None:
    [state] = parse(with_data(STATE, channel_id=None), ME)
    [server] = parse(with_data(SERVER, endpoint=None), ME)
    assert isinstance(state, VoiceState)
    assert state.channel_id is None
    assert isinstance(server, VoiceServer)
    assert server.endpoint is None


@pytest.mark.parametrize(
    "payload", [{"t": "MESSAGE_CREATE", "d": {}}, {"op": 11}, {"t": 7}, with_data(STATE, guild_id=None)]
)
def test_what_is_no_voice_event_of_a_guild_is_nothing(payload: dict[str, Any]) -> None:
    assert parse(payload, ME) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.sampled_from([event.strip('"') for event in EVENTS]), json_values)
def test_malformed_events_raise_nothing_but_value_error(event: str, data: Any) -> None:
    with suppress(ValueError):
        parse({"t": event, "d": data}, ME)


def test_a_moderators_deafening_is_told() -> None:
    [state] = parse(with_data(STATE, deaf=True, self_deaf=False), ME)
    assert isinstance(state, VoiceState)
    assert state.deaf


def test_what_discord_knows_of_us_when_we_come_is_a_snapshot() -> None:
    data: Any = STATE["d"]
    states = [{k: v for k, v in data.items() if k != "guild_id"}]  # as Discord leaves it out there
    payload = {"t": "GUILD_CREATE", "d": {"id": "41771983423143937", "voice_states": states}}
    [state] = parse(payload, ME)
    assert isinstance(state, VoiceState)
    assert (state.guild_id, state.channel_id, state.snapshot) == (41771983423143937, 157733188964188161, True)
    assert parse(payload, ME + 1) == []


def test_sessions_of_the_main_gateway_are_told() -> None:
    ready = {
        "t": "READY",
        "d": {"session_id": "abc", "guilds": [{"id": "1", "unavailable": True}, {"id": "2"}]},
    }
    assert parse(ready, ME) == [SessionBegan("abc", frozenset({1, 2}))]
    assert parse({"t": "RESUMED", "d": {}}, ME) == [SessionResumed()]


def test_a_deleted_channel_is_told() -> None:
    assert parse({"t": "CHANNEL_DELETE", "d": {"id": "5", "guild_id": "1", "type": 2}}, ME) == [
        ChannelDeleted(1, 5)
    ]
