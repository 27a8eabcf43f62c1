"""What is wrong with somebody else's DAVE costs nobody else a word, and not the session either."""

import asyncio
from pathlib import Path

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.voice.faults import Damage
from notetaker.model.outcome import Outcome
from notetaker.model.voice_status import GuildVoiceStatus
from tests.campaigns.interop.clients.libdave import LibdaveSpeaker
from tests.harness.people import Unencrypted
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Recording, a_call, until

ADA, BEN, DJ = 501, 502, 900
FRAME_S = 0.01
"""Faster than speech."""


async def says(link: VoiceLink, packets: int, said: list[bytes]) -> None:
    for number in range(packets):
        frame = b"\xfc" + len(said).to_bytes(2) + bytes(40)
        assert await link.send_audio(frame), number
        said.append(frame)
        await asyncio.sleep(FRAME_S)


def status(call: Call) -> GuildVoiceStatus:
    (guild,) = call.manager.status().guilds
    return guild


async def test_a_broken_sender_costs_the_others_nothing_and_is_heard_once_it_is_mended(
    tmp_path: Path,
) -> None:
    async with a_call(tmp_path) as call:
        recording, said = Recording(), list[bytes]()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada, call.speaker(DJ) as dj:
            call.faults.break_sender(DJ, 60)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                playing = tasks.create_task(says(dj, 10_000, []))
                while status(call).undecryptable != (DJ,):
                    await says(ada, 10, said)
                playing.cancel()
            assert await recording.until_heard(ADA, len(said)) == said
            call.faults.break_sender(DJ, 0)
            await says(dj, 1, [])
            await recording.until_heard(DJ, 1)
            assert status(call).undecryptable == ()
        assert call.gateway.asked == [CHANNEL]
        assert recording.events.count("opened") == 1
        assert call.manager.status().totals.dave_recoveries == 1


async def test_two_broken_senders_do_not_end_the_session_while_a_person_who_was_heard_is_silent(
    tmp_path: Path,
) -> None:
    async with a_call(tmp_path) as call:
        recording, said = Recording(), list[bytes]()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada, call.speaker(BEN) as ben, call.speaker(DJ) as dj:
            await says(ada, 20, said)
            await recording.until_heard(ADA, len(said))
            for sender in (BEN, DJ):
                call.faults.break_sender(sender, 60)
            both = {BEN, DJ}
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                playing = [tasks.create_task(says(one, 10_000, [])) for one in (ben, dj)]
                await until(lambda: {*status(call).undecryptable} == both, 15)
                await says(ada, 20, said)
                assert await recording.until_heard(ADA, len(said)) == said
                for one in playing:
                    one.cancel()
        assert call.gateway.asked == [CHANNEL]
        assert recording.events.count("opened") == 1


async def test_alone_with_somebody_without_a_group_we_stay_and_hear_the_next_one_at_once(
    tmp_path: Path,
) -> None:
    async with a_call(tmp_path) as call:
        recording, said = Recording(), list[bytes]()
        call.faults.damage(Damage.KEY_PACKAGE, DJ)
        async with call.speaker(DJ, dave=Unencrypted) as dj:
            await call.manager.join(GUILD, CHANNEL, recording)
            assert status(call).nobody_to_hear
            await says(dj, 20, [])
            async with call.speaker(ADA) as ada:
                await says(ada, 20, said)
                assert await recording.until_heard(ADA, len(said)) == said
                assert not status(call).nobody_to_hear
        assert call.gateway.asked == [CHANNEL]
        assert recording.events.count("opened") == 1


async def test_we_listen_when_the_others_encrypt_for_us_and_what_came_before_is_no_loss(
    tmp_path: Path,
) -> None:
    """With libdave the old key is used until op 22, for which one member lets everybody wait."""
    async with a_call(tmp_path) as call:
        recording, before, after = Recording(), list[bytes](), list[bytes]()
        async with call.speaker(ADA, dave=LibdaveSpeaker) as ada, call.speaker(BEN, dave=LibdaveSpeaker):
            call.faults.damage(Damage.READY, BEN, 10)
            async with asyncio.TaskGroup() as tasks:
                joining = tasks.create_task(call.manager.join(GUILD, CHANNEL, recording))
                while not joining.done():
                    await says(ada, 1, before)
            await says(ada, 50, after)
            heard = await recording.until_heard(ADA, len(after))
            assert heard[-50:] == after
        assert len(before) > 50
        await call.manager.leave(GUILD)
        (coverage,) = [one for one in call.manager.coverage(GUILD) if one.user_id == ADA]
        assert coverage.outcomes[Outcome.EARLY] > 50
        assert (coverage.outcomes[Outcome.UNDECRYPTABLE], coverage.lost, recording.losses) == (0, 0, [])
        assert call.manager.status().totals.dave_recoveries == 0


async def test_who_is_slower_with_the_new_key_than_the_first_one_heard_is_told_as_lost(
    tmp_path: Path,
) -> None:
    """Ben uses it from the commit on, and we listen. Ada waits for op 22, as libdave does."""
    async with a_call(tmp_path) as call:
        recording, said = Recording(), list[bytes]()
        async with (
            call.speaker(ADA, dave=LibdaveSpeaker) as ada,
            call.speaker(BEN) as ben,
            call.speaker(DJ),
            asyncio.timeout(10),
        ):
            call.faults.damage(Damage.READY, DJ, 10)
            joining = asyncio.ensure_future(call.manager.join(GUILD, CHANNEL, recording))
            while not joining.done():
                await says(ben, 1, [])
            while ADA not in recording.heard:
                await says(ada, 1, said)
        await call.manager.leave(GUILD)
        (lost,) = [(loss.packets, loss.outcome) for loss in recording.losses if loss.user_id == ADA]
        assert lost == (len(said) - len(recording.heard[ADA]), Outcome.UNDECRYPTABLE)


async def test_a_place_in_the_group_that_is_lost_with_the_websocket_costs_a_few_packets(
    tmp_path: Path,
) -> None:
    async with a_call(tmp_path) as call:
        recording, said = Recording(), list[bytes]()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada, call.speaker(BEN):
            await says(ada, 20, said)
            await recording.until_heard(ADA, 20)
            call.faults.damage(Damage.SEVERED, BOT)
            call.server.cut(BOT)
            await says(ada, 150, said)
            await until(lambda: said[-1] in recording.heard[ADA])
        lost = [number for number, frame in enumerate(said) if frame not in recording.heard[ADA]]
        assert 0 < len(lost) < 20, "without the resume it would take 36 frames, after a second of grace"
        assert lost == [*range(lost[0], lost[-1] + 1)]
        assert recording.events.count("opened") == 1
        assert call.manager.status().totals.dave_recoveries == 1


async def test_a_group_that_ended_with_the_websocket_is_formed_again_though_nobody_can_say_a_word(
    tmp_path: Path,
) -> None:
    """Ada is the only one left, has nobody to encrypt for, and sends nothing until we are back."""
    async with a_call(tmp_path) as call:
        recording, said = Recording(), list[bytes]()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            await says(ada, 20, said)
            await recording.until_heard(ADA, 20)
            call.faults.damage(Damage.SEVERED, BOT)
            call.server.cut(BOT)
            await until(lambda: not ada.can_be_heard)
            await says(ada, 20, said)
            assert await recording.until_heard(ADA, len(said)) == said
        assert recording.events.count("opened") == 1
        assert call.manager.status().totals.dave_recoveries == 1
