"""Somebody moves the bot, throws it out or wants it elsewhere in the middle of an attempt: that is what counts."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext
from typing import Protocol

import pytest
from aiohttp import ClientSession

from notetaker.model.voice import ChannelDeleted, SessionBegan, SessionResumed, VoiceState
from notetaker.voice import decision, presence
from notetaker.voice.ports import JoinFailed
from notetaker.voice.websocket import VoiceWebSocket
from tests.voice.call import BOT, CHANNEL, GUILD, Recording, a_call, until
from tests.voice.test_following import new_server


class OnceOpening(Protocol):
    def __call__(self, happens: Callable[[], None], until: asyncio.Event | None = None) -> None: ...


async def settled(task: "asyncio.Future[None]") -> BaseException | None:
    async with asyncio.timeout(5):
        await asyncio.wait({task})
    return task.exception()


@pytest.fixture
def once_opening(monkeypatch: pytest.MonkeyPatch) -> OnceOpening:
    """Has something happen while the next websocket is being opened, perhaps until an event is set."""
    open_websocket = VoiceWebSocket.open

    def once(happens: Callable[[], None], until: asyncio.Event | None = None) -> None:
        waiting = [happens]

        async def opens(http: ClientSession, endpoint: str, tls: SSLContext) -> VoiceWebSocket:
            if waiting:
                waiting.pop()()
                if until is not None:
                    await until.wait()
            return await open_websocket(http, endpoint, tls)

        monkeypatch.setattr(VoiceWebSocket, "open", opens)

    return once


async def test_a_kick_during_an_attempt_is_no_failure_to_be_retried(
    tmp_path: Path, once_opening: OnceOpening
) -> None:
    async with a_call(tmp_path) as call:
        once_opening(lambda: call.gateway.tell(VoiceState(GUILD, None, BOT, "session 1")))
        with pytest.raises(JoinFailed, match=decision.DISCONNECTED.detail) as failure:
            await call.manager.join(GUILD, CHANNEL)
        assert failure.value.final
        assert call.gateway.asked == [CHANNEL]
        assert call.manager.wanted(GUILD) is None


async def test_a_move_during_an_attempt_is_followed(tmp_path: Path, once_opening: OnceOpening) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        call.manager.record(GUILD, recording)
        once_opening(lambda: call.gateway.tell(VoiceState(GUILD, CHANNEL + 1, BOT, "session 1")))
        call.clock.deadlines[presence.WHAT_NEXT_S] = 0.05
        call.manager.want(GUILD, CHANNEL)
        await recording.until_event("opened")
        assert call.manager.channel(GUILD) == call.manager.wanted(GUILD) == CHANNEL + 1


@pytest.mark.parametrize(
    ("code", "reason", "asked"),
    [(4014, decision.DISCONNECTED.detail, [CHANNEL]), (4016, "(4016)", [CHANNEL, None])],
)
async def test_a_session_that_ends_while_another_one_is_tried_is_not_forgotten(
    tmp_path: Path,
    once_opening: OnceOpening,
    code: int,
    reason: str,
    asked: list[int | None],
) -> None:
    """Its close code is known at once; that we were kicked is told a moment later."""
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        voice = call.manager._guilds[GUILD]
        earlier = voice.reception.connection
        assert earlier is not None
        attempted = call.manager.status().totals.attempts
        opening, may_open = asyncio.Event(), asyncio.Event()
        once_opening(opening.set, may_open)
        call.gateway.tell(new_server(call))
        async with asyncio.timeout(10):
            await opening.wait()
            call.server.hang_up(BOT, code)
            await earlier.ended
            call.faults.refuse_identify(BOT, 4006, times=9)
            may_open.set()
            await until(lambda: voice.attempts.number or voice.facts.lost)
            if code == 4014:
                call.gateway.tell(VoiceState(GUILD, None, BOT, "session 1"))
            assert reason in await call.removed.get()
        assert call.gateway.asked == asked
        assert call.manager.status().totals.attempts == attempted + 1
        assert call.manager.wanted(GUILD) is None


async def test_our_own_leaving_before_an_attempt_is_no_kick(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        for channel_id in (CHANNEL + 1, CHANNEL):
            await call.manager.join(GUILD, channel_id)
        assert call.gateway.asked == [CHANNEL, None, CHANNEL + 1, None, CHANNEL]
        assert call.removed.empty()


async def test_a_kick_that_is_heard_of_when_the_main_gateway_is_back_ends_it(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.clock.deadlines[presence.WHAT_NEXT_S] = 0.05
        await call.manager.join(GUILD, CHANNEL)
        call.gateway.down = True
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4014)
        with pytest.raises(JoinFailed, match="connection to Discord itself is down"):
            async with asyncio.timeout(5):
                while True:
                    await asyncio.sleep(0.01)
                    await call.manager.settled(GUILD, CHANNEL)
        call.gateway.down = False
        call.gateway.tell(VoiceState(GUILD, None, BOT, "session 1"))
        call.manager.receive(SessionResumed())
        async with asyncio.timeout(5):
            assert await call.removed.get() == decision.DISCONNECTED.detail
        assert call.gateway.asked == [CHANNEL]


async def test_after_a_change_of_servers_people_can_have_it_elsewhere(tmp_path: Path) -> None:
    """The old server's 4014, which came with the change, is no reason to stay where we are."""
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.gateway.tell(new_server(call))
        await recording.until_event("opened", times=2)
        async with asyncio.timeout(2):
            await call.manager.join(GUILD, CHANNEL + 1)
        assert call.manager.channel(GUILD) == CHANNEL + 1


async def test_a_wish_right_after_a_loss_is_not_overruled_by_it(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        voice = call.manager._guilds[GUILD]
        async with voice.lock:  # the keeper has not got round to it
            await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
            await recording.until_event("closed")
            joining = asyncio.ensure_future(call.manager.join(GUILD, CHANNEL + 1))
            await asyncio.sleep(0)
        assert await settled(joining) is None
        assert call.manager.channel(GUILD) == CHANNEL + 1


async def test_a_deleted_channel_ends_the_attempt_at_once(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.gateway.silent = True
        joining = asyncio.ensure_future(call.manager.join(GUILD, CHANNEL))
        await until(lambda: call.gateway.asked == [CHANNEL])
        call.manager.receive(ChannelDeleted(GUILD, CHANNEL))
        failure = await settled(joining)
        assert isinstance(failure, JoinFailed)
        assert str(failure) == decision.DELETED.detail
        call.gateway.silent = False


async def test_an_attempt_with_credentials_of_an_old_main_session_is_given_up_at_once(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.gateway.silent = True
        joining = asyncio.ensure_future(call.manager.join(GUILD, CHANNEL))
        await until(lambda: call.gateway.asked == [CHANNEL])
        call.gateway.silent = False
        call.manager.receive(SessionBegan("new", frozenset({GUILD})))
        assert await settled(joining) is None


async def test_a_kick_under_a_new_main_session_is_a_kick(tmp_path: Path, once_opening: OnceOpening) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        once_opening(lambda: call.gateway.tell(VoiceState(GUILD, None, BOT, "new")))
        call.manager.receive(SessionBegan("new", frozenset({GUILD})))
        async with asyncio.timeout(5):
            assert await call.removed.get() == decision.DISCONNECTED.detail


async def test_an_opcode_4_that_is_interrupted_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_call(tmp_path) as call:
        sent = asyncio.Event()
        update = call.gateway.update_voice_state

        async def sends_slowly(guild_id: int, channel_id: int | None) -> None:
            if channel_id is None:
                await update(guild_id, channel_id)
                return
            call.gateway.asked.append(channel_id)
            sent.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(call.gateway, "update_voice_state", sends_slowly)
        joining = asyncio.ensure_future(call.manager.join(GUILD, CHANNEL))
        async with asyncio.timeout(5):
            await sent.wait()
            await call.manager.leave(GUILD)
        assert isinstance(await settled(joining), JoinFailed)
        assert call.gateway.asked == [CHANNEL, None]
