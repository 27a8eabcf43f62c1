"""Who is speaking, told late, wrong or not at all: the voice stack against the local Discord."""

import asyncio
from pathlib import Path

import pytest

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.voice.faults import Damage, Faults
from notetaker.model.audio import UNKNOWN
from notetaker.model.outcome import Outcome
from notetaker.model.voice import Admission
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Recording, a_call, until

ADA, BEN = 501, 502
ALWAYS = 1_000_000


def calm() -> Faults:
    return Faults(padding_burst_chance=0.0)


async def says(speaker: VoiceLink, frames: int, word: bytes = b"word") -> list[bytes]:
    said = [b"\xfc%s %d" % (word, n) for n in range(frames)]
    for frame in said:
        await speaker.send_audio(frame)
        await asyncio.sleep(0.005)
    return said


async def has_spoken_up(call: Call, user_id: int) -> None:
    """Wait until the server forwards what the user says: it has read op 5, which UDP might overtake."""
    sessions = call.server._switchboard._sessions
    await until(lambda: sessions[GUILD, user_id].speaking)


def lost(call: Call) -> int:
    return sum(one.lost for one in call.manager.coverage(GUILD))


@pytest.mark.parametrize("kind", [Damage.SPEAKING_LOST, Damage.SPEAKING_AS_VIDEO])
async def test_under_dave_everybody_is_heard_without_op_5(tmp_path: Path, kind: Damage) -> None:
    faults = calm()
    faults.damage(kind, BOT, ALWAYS)
    async with a_call(tmp_path, faults=faults) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada, call.speaker(BEN) as ben:
            of_ada, of_ben = await asyncio.gather(says(ada, 200, b"ada"), says(ben, 200, b"ben"))
            assert sorted(await recording.until_heard(ADA, 200)) == sorted(of_ada)
            assert sorted(await recording.until_heard(BEN, 200)) == sorted(of_ben)
        assert UNKNOWN not in recording.heard
        assert lost(call) == 0


async def test_in_a_stage_who_speaks_is_heard_first_and_named_later(tmp_path: Path) -> None:
    faults = calm()
    faults.damage(Damage.SPEAKING_LATE, BOT, ALWAYS, seconds=0.3)
    async with a_call(tmp_path, faults=faults, e2ee=False) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            await has_spoken_up(call, ADA)
            said = await says(ada, 100)
            await until(lambda: sum(map(len, recording.heard.values())) == 100)
            await recording.until_event(f"joined {ADA}")
            assert recording.heard[UNKNOWN] == said[: len(recording.heard[UNKNOWN])]
            assert [(one.user_id, one.heard) for one in call.manager.coverage(GUILD)] == [(ADA, 100)]


@pytest.mark.parametrize("e2ee", [True, False])
async def test_an_ssrc_that_is_used_again_is_its_new_owners(tmp_path: Path, e2ee: bool) -> None:
    faults = calm()
    faults.damage(Damage.SSRC_REUSED, ADA)
    async with a_call(tmp_path, faults=faults, e2ee=e2ee) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            await has_spoken_up(call, ADA)
            of_ada = await says(ada, 50, b"ada")
            await recording.until_heard(ADA, 50)
        faults.damage(Damage.SPEAKING_LATE, BOT, ALWAYS, seconds=0.2)
        async with call.speaker(BEN) as ben:
            await has_spoken_up(call, BEN)
            of_ben = await says(ben, 100, b"ben")
            await until(lambda: sum(map(len, recording.heard.values())) == 150)
            await recording.until_event(f"joined {BEN}")
            counts = {one.user_id: one.heard for one in call.manager.coverage(GUILD)}
        assert recording.heard[ADA] == of_ada
        assert sorted(recording.heard.get(UNKNOWN, []) + recording.heard.get(BEN, [])) == sorted(of_ben)
        assert counts == {ADA: 50, BEN: 100}


async def test_who_is_back_before_op_13_is_heard_at_once(tmp_path: Path) -> None:
    faults = calm()
    async with a_call(tmp_path, faults=faults) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(BEN) as ben:
            async with call.speaker(ADA) as ada:
                await says(ada, 10)
                await recording.until_heard(ADA, 10)
                faults.damage(Damage.LEFT_LATE, ADA, seconds=0.1)
            async with call.speaker(ADA) as ada:
                await recording.until_event(f"left {ADA}")
                again, _ = await asyncio.gather(says(ada, 200), says(ben, 200))
                assert sorted((await recording.until_heard(ADA, 210))[10:]) == sorted(again)
                await recording.until_heard(BEN, 200)
        assert lost(call) == 0


async def test_a_restarted_stream_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with a_call(tmp_path, faults=calm()) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            for n in range(20):
                await says(ada, 10, b"run %d" % n)
                assert call.server.restart_stream(ADA) == 1
            heard = await recording.until_heard(ADA, 200)
        assert len(set(heard)) == len(heard) == 200
        assert lost(call) == 0


async def test_what_a_resume_sends_again_does_nothing(tmp_path: Path) -> None:
    faults = calm()
    faults.damage(Damage.REPLAY_OVERLAP, BOT, ALWAYS)
    async with a_call(tmp_path, faults=faults) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada, call.speaker(BEN) as ben:
            await asyncio.gather(says(ada, 20), says(ben, 20))
            await recording.until_heard(ADA, 20)
            events = list(recording.events)
            assert call.server.cut(BOT) == 1
            await until(lambda: call.server.cut(BOT) == 0)
            await until(lambda: call.manager.status().totals.resumes >= 1)
            await asyncio.gather(says(ada, 100), says(ben, 100))
            await recording.until_heard(ADA, 120)
            await recording.until_heard(BEN, 120)
            assert recording.events == events
        assert call.manager.status().totals.dave_invalid == 0


async def test_who_is_refused_reaches_no_recording_and_others_do(tmp_path: Path) -> None:
    async with a_call(tmp_path, faults=calm()) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.manager.admit(GUILD, Admission(CHANNEL, frozenset({BEN})))
        async with call.speaker(ADA) as ada, call.speaker(BEN) as ben:
            of_ada, _ = await asyncio.gather(says(ada, 50), says(ben, 50))
            assert await recording.until_heard(ADA, 50) == of_ada
            await until(lambda: refused(call, BEN) >= 50)
        assert BEN not in recording.heard
        assert lost(call) == 0


async def test_in_a_channel_that_is_not_admitted_nobody_is_heard_or_named(tmp_path: Path) -> None:
    async with a_call(tmp_path, faults=calm()) as call:
        recording = Recording()
        call.manager.record(GUILD, recording)
        call.manager.admit(GUILD, Admission(CHANNEL + 1))
        async with call.speaker(ADA) as ada:
            await call.manager.join(GUILD, CHANNEL)
            await says(ada, 30)
            await until(lambda: call.manager.status().totals.packets[Outcome.REFUSED] >= 30)
            assert (recording.heard, call.manager.coverage(GUILD)) == ({}, [])
            call.manager.admit(GUILD, Admission(CHANNEL))
            said = await says(ada, 30)
            assert await recording.until_heard(ADA, 30) == said
        assert lost(call) == 0


def refused(call: Call, user_id: int) -> int:
    return sum(
        one.outcomes[Outcome.REFUSED] for one in call.manager.coverage(GUILD) if one.user_id == user_id
    )
