from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.wire.credentials import JoinProgress

STATE = VoiceState(guild_id=1, channel_id=2, user_id=3, session_id="abc")
SERVER = VoiceServer(guild_id=1, token="secret", endpoint="c-ams20-20d36bc4.discord.media:2087")


def progress() -> JoinProgress:
    return JoinProgress(guild_id=1, channel_id=2, user_id=3)


def test_both_orders_complete_it() -> None:
    for events in ((STATE, SERVER), (SERVER, STATE), (SERVER, SERVER, STATE)):
        join = progress()
        for event in events:
            assert join.credentials is None
            join.voice_state(event) if isinstance(event, VoiceState) else join.voice_server(event)
        assert join.credentials is not None
        assert join.credentials.endpoint == "c-ams20-20d36bc4.discord.media:2087"  # the port stays


def test_another_users_state_is_not_ours() -> None:
    join = progress()
    join.voice_server(SERVER)
    join.voice_state(VoiceState(guild_id=1, channel_id=2, user_id=99, session_id="theirs"))
    assert join.credentials is None
    assert join.missing == "VOICE_STATE_UPDATE"


def test_leaving_the_channel_empties_the_slot() -> None:
    join = progress()
    join.voice_server(SERVER)
    join.voice_state(STATE)
    join.voice_state(VoiceState(guild_id=1, channel_id=None, user_id=3, session_id="abc"))
    assert join.credentials is None


def test_a_null_endpoint_means_wait() -> None:
    join = progress()
    join.voice_state(STATE)
    join.voice_server(VoiceServer(guild_id=1, token="old", endpoint=None))
    assert join.missing == "VOICE_SERVER_UPDATE"
    join.voice_server(SERVER)
    assert join.credentials is not None
    assert join.credentials.token == "secret"


def test_events_of_other_guilds_are_not_ours() -> None:
    join = progress()
    join.voice_state(VoiceState(guild_id=9, channel_id=2, user_id=3, session_id="abc"))
    join.voice_server(VoiceServer(guild_id=9, token="t", endpoint="x:1"))
    assert join.missing == "VOICE_STATE_UPDATE and VOICE_SERVER_UPDATE"


def test_secrets_do_not_show() -> None:
    join = progress()
    join.voice_state(STATE)
    join.voice_server(SERVER)
    shown = f"{STATE!r} {SERVER!r} {join.credentials!r}"
    assert "secret" not in shown
    assert "abc" not in shown
