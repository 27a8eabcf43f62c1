"""The voice stack on real sockets, against the local Discord's voice server."""

import asyncio
from pathlib import Path

import pytest

from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.faults import Step as Moment
from notetaker.model.failure import Step
from notetaker.model.outcome import Outcome
from notetaker.model.voice import VoiceState
from notetaker.voice.ports import JoinFailed
from notetaker.wire.handshake import DEADLINES_S
from tests.voice.call import BOT, CHANNEL, GUILD, Recording, a_call, until

ADA, BEN = 501, 502
SPEECH = [b"\xfc" + bytes([n]) * 60 for n in range(100)]


@pytest.mark.parametrize("gcm", [True, False])
@pytest.mark.parametrize("e2ee", [True, False])
async def test_every_packet_of_everyone_is_heard_and_accounted_for(
    tmp_path: Path, gcm: bool, e2ee: bool
) -> None:
    faults = Faults(offer_aes_gcm=gcm, padding_burst_chance=0.05, padding_burst_packets=(2, 5))
    async with a_call(tmp_path, faults=faults, e2ee=e2ee) as call:
        recording = Recording()
        async with call.speaker(ADA) as ada, call.speaker(BEN) as ben:
            await call.manager.join(GUILD, CHANNEL, recording)
            for frame in SPEECH:
                await ada.send_audio(frame)
                await ben.send_audio(frame)
            assert await recording.until_heard(ADA, 100) == SPEECH
            assert await recording.until_heard(BEN, 100) == SPEECH
            forwarded = {row["sender"]: row for row in call.server.stats() if row["receiver"] == BOT}
            for coverage in call.manager.coverage(GUILD):
                assert coverage.heard == coverage.stored == 100
                assert coverage.lost == 0
                assert set(coverage.outcomes) <= {Outcome.HEARD, Outcome.PADDING_ONLY}
            assert set(forwarded) == {ADA, BEN}


async def test_a_refused_identify_is_retried_with_a_fresh_pair(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.faults.refuse_identify(BOT, 4006, times=2)
        await call.manager.join(GUILD, CHANNEL)
        assert call.manager.channel(GUILD) == CHANNEL
        assert call.gateway.asked == [CHANNEL, None, CHANNEL, None, CHANNEL]


async def test_after_all_attempts_the_person_is_told_why(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.faults.refuse_identify(BOT, 4006, times=9)
        with pytest.raises(JoinFailed, match=r"Tried 3 times .* no longer valid \(4006\)"):
            await call.manager.join(GUILD, CHANNEL)
        assert call.manager.channel(GUILD) is None
        assert call.gateway.asked[-1] is None, "nothing of us is left in the channel"


async def test_what_no_retry_can_mend_is_not_retried(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.faults.refuse_identify(BOT, 4017, times=9)
        with pytest.raises(JoinFailed, match=r"end-to-end encryption \(DAVE\) \(4017\).*dave.py"):
            await call.manager.join(GUILD, CHANNEL)
        assert call.gateway.asked == [CHANNEL, None]


async def test_a_full_channel_is_named_as_the_likely_cause(tmp_path: Path) -> None:
    async with a_call(tmp_path, attempts=1) as call:
        call.clock.deadlines[DEADLINES_S[Step.CREDENTIALS]] = 0.05
        call.gateway.silent = True
        with pytest.raises(
            JoinFailed, match=r"VOICE_SERVER_UPDATE within .*channel full.*Connect permission"
        ):
            await call.manager.join(GUILD, CHANNEL)


async def test_the_events_may_come_in_either_order(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.gateway.server_first = True
        await call.manager.join(GUILD, CHANNEL)
        assert call.gateway.asked == [CHANNEL]


async def test_late_joiners_and_leavers_are_heard_while_others_speak(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            for frame in SPEECH[:50]:
                await ada.send_audio(frame)
            async with call.speaker(BEN) as ben:
                for frame in SPEECH[50:]:
                    await ada.send_audio(frame)
                    await ben.send_audio(frame)
                assert await recording.until_heard(BEN, 50) == SPEECH[50:]
            await recording.until_event(f"left {BEN}")
            for frame in SPEECH[:10]:
                await ada.send_audio(frame)
            heard = await recording.until_heard(ADA, 110)
            assert sorted(heard) == sorted(SPEECH + SPEECH[:10])


async def test_what_a_session_could_not_understand_counts_while_it_lives_and_afterwards(
    tmp_path: Path,
) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        connection = call.manager._guilds[GUILD].reception.connection
        assert connection is not None
        connection.session.receive_text("{", call.clock.time())
        for _ in range(4):
            connection.session.receive_text('{"op": 99, "d": null, "seq": 70000}', call.clock.time())
        connection.session.dave.undecryptable_runs += 2
        for _ in range(2):
            totals = call.manager.status().totals
            assert (totals.malformed_messages, totals.repeated_messages) == (1, 3)
            assert totals.undecryptable_runs == 2
            await call.manager.leave(GUILD)


async def test_a_lost_session_is_taken_up_again_by_itself(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
        await recording.until_event("opened", times=2)
        assert recording.events == ["opened", "closed", "opened"]
        async with call.speaker(ADA) as ada:
            for frame in SPEECH:
                await ada.send_audio(frame)
            assert await recording.until_heard(ADA, 100) == SPEECH


async def test_a_cut_websocket_costs_nothing(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            for number, frame in enumerate(SPEECH):
                if number in (20, 60):
                    call.server.cut(BOT)
                await ada.send_audio(frame)
            assert await recording.until_heard(ADA, 100) == SPEECH
        async with call.speaker(BEN) as ben:  # a change of epoch after the resume
            await ben.send_audio(SPEECH[0])
            assert await recording.until_heard(BEN, 1) == SPEECH[:1]
        assert "closed" not in recording.events
        assert call.gateway.asked == [CHANNEL]


async def test_when_a_resume_fails_the_silence_began_with_the_loss_of_the_websocket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEADLINES_S, Step.RESUME, 0.2)
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            for frame in SPEECH[:5]:
                await ada.send_audio(frame)
            await recording.until_heard(ADA, 5)
        call.faults.silent_at(BOT, Moment.RESUME, times=3)
        cut_at = call.clock.time()
        call.server.cut(BOT)
        await recording.until_event("closed")
        assert call.clock.time() - cut_at > 0.5, "three tries"
        assert recording.closed_at[0] <= cut_at


async def test_a_kick_is_final_and_said(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.gateway.tell(VoiceState(GUILD, None, BOT, "session"))
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4014)
        await recording.until_event("closed")
        async with asyncio.timeout(5):
            assert await call.removed.get() == "I was disconnected from the voice channel."
        assert call.manager.channel(GUILD) is None
        assert call.gateway.asked == [CHANNEL]


async def test_being_moved_is_followed(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.gateway.tell(VoiceState(GUILD, CHANNEL + 1, BOT, "session"))
        await recording.until_event("opened", times=2)
        assert call.manager.channel(GUILD) == CHANNEL + 1


async def test_leaving_closes_everything_and_may_be_repeated(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        await call.manager.leave(GUILD)
        await call.manager.leave(GUILD)
        assert call.manager.channel(GUILD) is None
        assert recording.events == ["opened", "closed"]
        assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("voice")] == []


async def test_leaving_does_not_wait_for_attempts_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_call(tmp_path) as call:
        monkeypatch.setattr(call.clock, "sleep", lambda seconds: asyncio.sleep(3600))
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.faults.refuse_identify(BOT, 4006, times=9)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
        await recording.until_event("closed")
        async with asyncio.timeout(5):
            await call.manager.leave(GUILD)
        assert call.manager.channel(GUILD) is None


async def test_a_recording_may_begin_in_the_middle_of_a_session(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        earlier, recording = Recording(), Recording()
        await call.manager.join(GUILD, CHANNEL, earlier)
        async with call.speaker(ADA) as ada:
            for frame in SPEECH[:20]:
                await ada.send_audio(frame)
            await earlier.until_heard(ADA, 20)
            call.manager.record(GUILD, recording)
            for frame in SPEECH[20:40]:
                await ada.send_audio(frame)
            assert await recording.until_heard(ADA, 20) == SPEECH[20:40]
            assert recording.events[:2] == ["opened", f"joined {ADA}"]
            (coverage,) = call.manager.coverage(GUILD)
            assert coverage.heard == coverage.stored == 20
            assert call.manager.status().totals.stored == 40
            call.manager.record(GUILD, None)
            assert call.manager.status().totals.stored == 40


async def test_what_nobody_records_is_heard_and_not_stored(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call, call.speaker(ADA) as ada:
        await call.manager.join(GUILD, CHANNEL)
        for frame in SPEECH[:20]:
            await ada.send_audio(frame)
        await until(lambda: call.manager.status().totals.packets[Outcome.HEARD] == 20)
        status = call.manager.status()
        [guild] = status.guilds
        [coverage] = guild.coverage
        assert not guild.recording
        assert (coverage.heard, coverage.stored, status.totals.stored) == (20, 0, 0)


async def test_an_unreachable_voice_server_is_named(tmp_path: Path) -> None:
    async with a_call(tmp_path, attempts=1) as call:
        await call.server.stop()
        with pytest.raises(JoinFailed, match="could not be reached"):
            await call.manager.join(GUILD, CHANNEL)
