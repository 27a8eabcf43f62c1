"""What people want outlives what goes wrong, and the last wish wins."""

import asyncio
from pathlib import Path

import pytest

from notetaker.model.failure import Failure, Step
from notetaker.model.voice import ChannelDeleted, SessionBegan, SessionResumed, VoiceState
from notetaker.model.voice_status import VoicePhase
from notetaker.voice import attempts, decision, presence, retry_hold
from notetaker.voice.ports import JoinFailed
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Recording, a_call, until

ADA = 501


async def until_joined(call: Call) -> None:
    async with asyncio.timeout(10):
        assert await call.joined.get() == GUILD


async def failed_round(call: Call, code: int = 4006) -> str:
    call.faults.refuse_identify(BOT, code, times=3)
    with pytest.raises(JoinFailed) as failure:
        await call.manager.join(GUILD, CHANNEL)
    assert not failure.value.final
    return str(failure.value)


def someone_moves(call: Call) -> None:
    call.gateway.tell(VoiceState(GUILD, CHANNEL, ADA, "session of Ada"))


async def test_attempts_are_two_and_four_seconds_apart(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await failed_round(call)
        pauses = [pause for pause in call.clock.slept if pause != attempts.LEAVE_PAUSE_S]
        assert pauses == [pytest.approx(2, rel=0.1), pytest.approx(4, rel=0.1)]


async def test_after_a_failed_round_voice_activity_starts_another_one(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await failed_round(call)
        call.manager.record(GUILD, recording)
        assert call.manager.wanted(GUILD) == CHANNEL
        [status] = call.manager.status().guilds
        assert status.phase is VoicePhase.WAITING
        assert status.failure == Failure(Step.IDENTIFY, 4006)
        call.clock.skip(retry_hold.LEAST_S)
        someone_moves(call)
        await until_joined(call)
        assert call.manager.channel(GUILD) == CHANNEL
        await recording.until_event("opened")


async def test_activity_right_after_a_failed_round_starts_none(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await failed_round(call)
        asked = len(call.gateway.asked)
        someone_moves(call)
        await asyncio.sleep(0.05)
        assert len(call.gateway.asked) == asked


async def test_after_a_failed_round_the_health_monitor_starts_another_one(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await failed_round(call)
        call.clock.skip(60)
        await call.manager.check()
        await until_joined(call)
        totals = call.manager.status().totals
        assert (totals.attempts, totals.established, totals.rounds_failed, totals.retries) == (4, 1, 1, 2)
        assert totals.failures == {"IDENTIFY": 3}
        assert not totals.timeouts, "no deadline was missed"
        assert totals.close_codes == {4006: 3}


async def test_whoever_listens_is_told_once_that_a_lost_session_does_not_come_back(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call, asyncio.timeout(10):
        await call.manager.join(GUILD, CHANNEL)
        call.faults.refuse_identify(BOT, 4006, times=6)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
        assert "(4006)" in await call.waiting.get()
        call.clock.skip(60)
        await call.manager.check()
        await until(lambda: call.manager.status().totals.rounds_failed == 2)
        call.clock.skip(60)
        await call.manager.check()
        await until_joined(call)
        assert call.waiting.empty(), "once is enough"


async def test_when_discord_is_back_another_round_starts_at_once(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.gateway.down = True
        with pytest.raises(JoinFailed, match="connection to Discord itself is down"):
            await call.manager.join(GUILD, CHANNEL)
        call.gateway.down = False
        call.manager.receive(SessionResumed())
        await until_joined(call)


async def test_after_4021_nothing_is_tried_for_a_minute(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.faults.refuse_identify(BOT, 4021, times=1)
        with pytest.raises(JoinFailed, match=r"rate limited \(4021\)"):
            await call.manager.join(GUILD, CHANNEL)
        asked = list(call.gateway.asked)
        assert asked == [CHANNEL, None], "one attempt, and no other"
        call.clock.skip(decision.COOL_DOWN_S - 1)
        call.manager.receive(SessionResumed())
        await call.manager.check()
        await asyncio.sleep(0.05)
        assert call.gateway.asked == asked
        call.clock.skip(1)
        await call.manager.check()
        await until_joined(call)


async def test_a_leave_interrupts_a_join(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.gateway.silent = True
        joining = asyncio.ensure_future(call.manager.join(GUILD, CHANNEL))
        await until(lambda: call.gateway.asked == [CHANNEL])
        call.gateway.silent = False
        async with asyncio.timeout(5):
            await call.manager.leave(GUILD)
            with pytest.raises(JoinFailed, match="newer request") as failure:
                await joining
        assert failure.value.final
        assert call.manager.channel(GUILD) is None
        assert call.manager.status().guilds == ()


async def test_a_join_elsewhere_interrupts_a_join(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.gateway.silent = True
        joining = asyncio.ensure_future(call.manager.join(GUILD, CHANNEL))
        await until(lambda: call.gateway.asked == [CHANNEL])
        call.gateway.silent = False
        async with asyncio.timeout(5):
            await call.manager.join(GUILD, CHANNEL + 1)
            with pytest.raises(JoinFailed):
                await joining
        assert call.manager.channel(GUILD) == CHANNEL + 1


@pytest.mark.parametrize("last", ["join", "leave"])
async def test_twenty_people_at_once_end_in_the_last_ones_wish(tmp_path: Path, last: str) -> None:
    async with a_call(tmp_path) as call:
        wishes: list[asyncio.Future[None]] = []
        for number in range(20):
            if (number % 2 == 1) == (last == "leave"):
                wishes.append(asyncio.ensure_future(call.manager.leave(GUILD)))
            else:
                wishes.append(asyncio.ensure_future(call.manager.join(GUILD, CHANNEL)))
            await asyncio.sleep(0.02 * (number % 3))
        async with asyncio.timeout(20):
            results = await asyncio.gather(*wishes, return_exceptions=True)
        assert {type(result) for result in results} <= {type(None), JoinFailed}
        assert call.manager.channel(GUILD) == (CHANNEL if last == "join" else None)
        assert call.gateway.asked[-1] == (CHANNEL if last == "join" else None), call.gateway.asked
        keepers = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("voice")]
        assert sorted(set(keepers)) == (
            ["voice connection", "voice keeper", "voice reader", "voice writer"] if last == "join" else []
        )


async def test_an_outcome_that_was_there_before_it_was_waited_for(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.manager.want(GUILD, CHANNEL)
        await until(lambda: call.manager.channel(GUILD))
        await call.manager.settled(GUILD, CHANNEL)
        with pytest.raises(JoinFailed, match="newer request"):
            await call.manager.settled(GUILD, CHANNEL + 1)


async def test_a_deleted_channel_ends_the_intent(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        call.manager.receive(ChannelDeleted(GUILD, CHANNEL + 1))
        call.manager.receive(ChannelDeleted(GUILD, CHANNEL))
        async with asyncio.timeout(5):
            assert await call.removed.get() == decision.DELETED.detail
        assert call.removed.empty()
        assert call.manager.channel(GUILD) is None


async def test_a_new_session_of_the_main_gateway_needs_a_new_voice_session(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.manager.receive(SessionBegan("another guild's", frozenset({GUILD + 1})))
        call.manager.receive(SessionBegan("new", frozenset({GUILD})))
        await recording.until_event("opened", times=2)
        assert call.gateway.asked == [CHANNEL, None, CHANNEL]
        assert call.removed.empty()


@pytest.mark.parametrize("code", [4014, 4006])
async def test_a_new_session_of_the_main_gateway_is_no_kick(tmp_path: Path, code: int) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=code)
        await recording.until_event("closed")
        call.manager.receive(SessionBegan("new", frozenset({GUILD})))
        await recording.until_event("opened", times=2)
        assert call.removed.empty()


async def test_a_ghost_is_left_behind_before_an_attempt(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.manager.receive(VoiceState(GUILD, CHANNEL, BOT, "of a dead process", snapshot=True))
        await call.manager.join(GUILD, CHANNEL)
        assert call.gateway.asked == [None, CHANNEL]


async def test_a_ghost_is_cleaned_up_by_the_health_monitor(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.manager.receive(VoiceState(GUILD, CHANNEL, BOT, "of a dead process", snapshot=True))
        await call.manager.check()
        assert call.gateway.asked == [None]
        assert call.manager.status().totals.ghosts == 1
        await call.manager.check()
        assert call.gateway.asked == [None]


async def test_another_process_with_our_token_is_named_as_the_cause(tmp_path: Path) -> None:
    async with a_call(tmp_path, attempts=1) as call:
        call.manager.receive(SessionBegan("session 1", frozenset({GUILD})))
        await call.manager.join(GUILD, CHANNEL)
        assert call.manager.status().duplicate is None
        call.faults.refuse_identify(BOT, 4006)
        call.gateway.tell(VoiceState(GUILD, CHANNEL, BOT, "somebody else's"))
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
        await until(lambda: call.manager.status().guilds[0].failure)
        status = call.manager.status()
        failure = status.guilds[0].failure
        assert failure is not None
        assert "Another process is using this bot's token" in failure.detail
        assert status.duplicate is not None


async def test_another_process_with_our_token_is_not_fought_and_its_leaving_is_no_kick(
    tmp_path: Path,
) -> None:
    async with a_call(tmp_path) as call:
        call.manager.receive(SessionBegan("session 1", frozenset({GUILD})))
        await call.manager.join(GUILD, CHANNEL)
        call.gateway.tell(VoiceState(GUILD, CHANNEL, BOT, "somebody else's"))
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4014)
        call.clock.deadlines[presence.WHAT_NEXT_S] = 0.05
        await until(lambda: call.manager.status().guilds[0].phase is VoicePhase.WAITING)
        assert call.gateway.asked == [CHANNEL]
        call.gateway.tell(VoiceState(GUILD, None, BOT, "somebody else's"))
        await until_joined(call)
        assert call.removed.empty()


async def test_stopping_throws_nobody_else_out(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.manager.receive(SessionBegan("session 1", frozenset({GUILD})))
        call.gateway.tell(VoiceState(GUILD, CHANNEL, BOT, "somebody else's"))
        await call.manager.close()
        assert call.gateway.asked == []


async def test_4021_in_mid_session_cools_down(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4021)
        await until(lambda: call.manager.status().guilds[0].phase is VoicePhase.WAITING)
        call.clock.skip(decision.COOL_DOWN_S - 1)
        await call.manager.check()
        assert call.manager.status().guilds[0].phase is VoicePhase.WAITING
        call.clock.skip(1)
        await call.manager.check()
        await until_joined(call)


async def test_being_deafened_is_told(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        for deaf in (True, True, False):
            call.gateway.tell(VoiceState(GUILD, CHANNEL, BOT, "session 1", deaf=deaf))
        assert recording.events == ["opened", "deafened", "heard again"]
        assert call.gateway.asked == [CHANNEL]


async def test_sessions_that_die_at_once_come_back_slower_and_slower(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        for times in range(2, 7):
            await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
            await recording.until_event("opened", times=times)
        pauses = [pause for pause in call.clock.slept if pause != attempts.LEAVE_PAUSE_S]
        assert pauses == [pytest.approx(seconds, rel=0.1) for seconds in (2, 4, 8)]


async def test_a_bug_in_the_keeper_is_said_and_the_monitor_has_it_begin_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_call(tmp_path) as call:
        with monkeypatch.context() as patch:
            patch.setattr(call.gateway, "update_voice_state", None)
            with pytest.raises(JoinFailed, match="has a bug"):
                await call.manager.join(GUILD, CHANNEL)
        assert "which is a bug" in caplog.text
        call.clock.skip(60)
        await call.manager.check()
        await until(lambda: call.manager.channel(GUILD) == CHANNEL)


async def test_a_stuck_operation_is_a_failure_and_a_discord_that_refuses_is_none(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await failed_round(call)
        assert call.manager.failure is None
        call.gateway.silent = True
        call.manager.want(GUILD, CHANNEL)
        await until(lambda: call.gateway.asked[-1] == CHANNEL)
        assert call.manager.failure is None
        call.clock.skip(3600)
        assert "stuck" in (call.manager.failure or "")
        call.gateway.silent = False


async def test_the_beat_comes_from_the_health_monitor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_call(tmp_path) as call:
        pings: list[float] = []
        began = call.clock.time()

        async def sleep(seconds: float) -> None:
            call.clock.skip(seconds)
            await asyncio.sleep(0)

        monkeypatch.setattr(call.clock, "time", lambda: began + call.clock.skipped)
        monkeypatch.setattr(call.clock, "sleep", sleep)

        async def watch() -> None:
            await call.manager.run(lambda: pings.append(call.clock.time() - began), beat_s=5.0)

        monitor = asyncio.ensure_future(watch())
        await until(lambda: call.manager.status().totals.health_checks)
        monitor.cancel()
        await asyncio.gather(monitor, return_exceptions=True)
        assert pings[:9] == [0, 5, 10, 15, 20, 25, 30, 35, 40]


class TestRegions:
    async def test_a_channel_that_cannot_be_joined_is_tried_by_other_regions(self, tmp_path: Path) -> None:
        async with a_call(tmp_path, attempts=2, regions=("us-west", "us-east")) as call:
            call.gateway.regions[CHANNEL] = "rotterdam"
            call.faults.refuse_identify(BOT, 4006, times=3)
            await call.manager.join(GUILD, CHANNEL)
            assert call.gateway.regions_set == ["us-west", "us-east"]
            await call.manager.leave(GUILD)
            assert call.gateway.regions_set == ["us-west", "us-east", "rotterdam"]

    async def test_what_was_there_is_put_back_when_no_region_helps(self, tmp_path: Path) -> None:
        async with a_call(tmp_path, attempts=1, regions=("us-west",)) as call:
            call.faults.refuse_identify(BOT, 4006, times=2)
            with pytest.raises(JoinFailed):
                await call.manager.join(GUILD, CHANNEL)
            assert call.gateway.regions_set == ["us-west", None]

    async def test_a_region_that_a_crash_left_is_put_back_by_the_health_monitor(self, tmp_path: Path) -> None:
        (tmp_path / "regions.json").write_text(f'{{"{CHANNEL}": "rotterdam"}}')
        async with a_call(tmp_path, regions=("us-west",)) as call:
            call.gateway.regions[CHANNEL] = "us-west"
            await call.manager.check()
            assert call.gateway.regions[CHANNEL] == "rotterdam"
            await call.manager.check()
            assert call.gateway.regions_set == ["rotterdam"]

    async def test_without_the_permission_the_first_failure_stands(self, tmp_path: Path) -> None:
        async with a_call(tmp_path, attempts=1, regions=("us-west",)) as call:
            call.gateway.regions_fixed = True
            call.faults.refuse_identify(BOT, 4006, times=9)
            with pytest.raises(JoinFailed, match=r"Tried once without success.*\(4006\)"):
                await call.manager.join(GUILD, CHANNEL)
            assert call.gateway.asked == [CHANNEL, None], "nothing was tried with a region that is not set"
