from notetaker.model.failure import Step
from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.wire.whereabouts import Whereabouts

STATE = VoiceState(guild_id=1, channel_id=2, user_id=3, session_id="abc")
SERVER = VoiceServer(guild_id=1, token="secret", endpoint="c-ams20-20d36bc4.discord.media:2087")
FRESH = VoiceServer(guild_id=1, token="another", endpoint=SERVER.endpoint)


def attempting(channel_id: int = 2) -> Whereabouts:
    where = Whereabouts(1)
    where.attempt(channel_id)
    return where


def connected() -> Whereabouts:
    where = attempting()
    where.own_state(STATE)
    where.server(SERVER)
    assert where.take() is not None
    return where


def test_both_orders_make_credentials_once() -> None:
    for server_first in (True, False):
        where = attempting()
        if server_first:
            where.server(SERVER)
            where.server(SERVER)
            assert where.take() is None
            where.own_state(STATE)
        else:
            where.own_state(STATE)
            assert where.take() is None
            where.server(SERVER)
        credentials = where.take()
        assert credentials is not None
        assert (credentials.session_id, credentials.token) == ("abc", "secret")
        assert credentials.endpoint == "c-ams20-20d36bc4.discord.media:2087"  # the port stays
        assert where.take() is None


def test_an_attempt_begins_with_both_slots_empty() -> None:
    where = Whereabouts(1)
    where.own_state(STATE)
    where.server(SERVER)
    where.attempt(2)
    steps = [where.step]
    where.server(FRESH)
    assert where.take() is None
    assert [*steps, where.step] == [Step.CREDENTIALS, Step.VOICE_STATE_UPDATE]


def test_our_state_in_another_channel_does_not_belong_to_the_attempt() -> None:
    where = attempting(channel_id=9)
    where.server(SERVER)
    where.own_state(STATE)
    assert where.take() is None
    assert where.channel_id == 2


def test_leaving_the_channel_empties_the_slot() -> None:
    where = attempting()
    where.server(SERVER)
    where.own_state(STATE)
    where.own_state(VoiceState(guild_id=1, channel_id=None, user_id=3, session_id="abc"))
    assert where.take() is None
    assert where.channel_id is None


def test_a_null_endpoint_means_that_another_server_is_being_allocated() -> None:
    where = connected()
    where.server(VoiceServer(guild_id=1, token="old", endpoint=None))
    assert (where.allocating, where.take()) == (True, None)
    where.server(FRESH)
    assert (where.allocating, where.complete) == (False, True)
    credentials = where.take()
    assert credentials is not None
    assert credentials.token == "another"


def test_the_server_that_we_use_told_again_is_nothing_new() -> None:
    where = connected()
    where.server(SERVER)
    assert not where.complete


def test_a_new_server_unasked_makes_new_credentials() -> None:
    where = connected()
    where.server(FRESH)
    credentials = where.take()
    assert credentials is not None
    assert (credentials.channel_id, credentials.session_id, credentials.token) == (2, "abc", "another")


def test_being_moved_makes_credentials_for_the_new_channel() -> None:
    where = connected()
    where.own_state(VoiceState(guild_id=1, channel_id=7, user_id=3, session_id="abc"))
    where.server(FRESH)
    credentials = where.take()
    assert credentials is not None
    assert credentials.channel_id == 7


def test_secrets_do_not_show() -> None:
    where = attempting()
    where.own_state(STATE)
    where.server(SERVER)
    shown = f"{STATE!r} {SERVER!r} {where.take()!r}"
    assert "secret" not in shown
    assert "abc" not in shown
