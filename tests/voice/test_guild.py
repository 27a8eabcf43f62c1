"""What goes on in one guild when things happen at the same time, or at a bad moment."""

import asyncio
from pathlib import Path

import pytest

from notetaker.voice import guild
from tests.voice.call import BOT, CHANNEL, GUILD, a_call


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guild, "LEAVE_PAUSE_S", 0.0)
    monkeypatch.setattr(guild, "delay_s", lambda failed, rng: 0.0)


async def test_what_no_retry_can_mend_ends_the_intent(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        call.faults.refuse_identify(BOT, 4017, times=9)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
        async with asyncio.timeout(5):
            assert "(4017)" in await call.removed.get()
        assert call.gateway.asked[-1] is None, "nothing of us is left in the channel"


async def test_a_session_that_ends_for_good_leaves_the_channel(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4016)
        async with asyncio.timeout(5):
            assert "(4016)" in await call.removed.get()
        assert call.gateway.asked == [CHANNEL, None]
