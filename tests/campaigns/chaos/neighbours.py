"""Faults of the others in the call, and of what the server tells about them. The bot's own connection is well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from notetaker.discordsim.speaker.speaker import FRAME_S, Speaker
from notetaker.discordsim.voice.faults import Clock, Damage
from tests.campaigns.chaos.fault import Fault, Strike
from tests.campaigns.chaos.patience import comes_true
from tests.campaigns.chaos.room import NotWell, Room
from tests.harness.people import Unencrypted

SOUND = b"\xfc" + bytes(40)
"""An Opus packet whose words nobody counts."""
PLAYS_S = 10.0
AWAY_S = 15.0
"""Longer than the bot waited for a group when it gave up on one."""
MEANWHILE_S = 10.0
"""By then people must be heard while a fault lasts; what the bot holds it keeps for longer."""
LATE_S = 3.0


async def _heard_meanwhile(room: Room) -> None:
    since = time.time()
    if not await comes_true(lambda: room.hears(since), MEANWHILE_S):
        raise NotWell(f"Not everybody was heard within {MEANWHILE_S:.0f} s, while it lasted.")


async def _plays(guest: Speaker, seconds: float) -> None:
    await guest.speak([SOUND] * round(seconds / FRAME_S))


# Somebody's end-to-end encryption


async def _broken_sender(room: Room) -> None:
    """A music bot, say."""
    where = room.site.guest.id, room.site.guild.id
    room.local.faults.break_sender(where[0], 2 * PLAYS_S, where[1])
    async with room.guest() as guest:
        await _plays(guest, PLAYS_S)
    room.local.faults.break_sender(where[0], 0.0, where[1])


async def _no_key_package(room: Room) -> None:
    with room.damaged(Damage.KEY_PACKAGE, user_id=room.site.guest.id):
        async with room.guest(Unencrypted) as guest:
            await _plays(guest, PLAYS_S / 2)


async def _alone_without_a_group(room: Room) -> None:
    """The others go away for a while, and are to be heard at once when they are back."""
    channel_id = room.channel_id
    with room.damaged(Damage.KEY_PACKAGE, user_id=room.site.guest.id):
        async with room.guest(Unencrypted) as guest:
            await room.hush()
            await room.go_to(room.next_channel())
            await _plays(guest, AWAY_S)
            await room.go_to(channel_id)
            for talker in room.talkers:
                talker.talk()
            await _heard_meanwhile(room)


async def _never_ready(room: Room) -> None:
    with room.damaged(Damage.READY, user_id=room.site.guest.id):
        async with room.newcomer():
            await _heard_meanwhile(room)
        await asyncio.sleep(LATE_S)


async def _never_ready_when_we_join(room: Room) -> None:
    with room.damaged(Damage.READY, user_id=room.site.guest.id):
        async with room.guest():
            await room.fault("voice_close", code=4006)
            await _heard_meanwhile(room)


async def _severed(room: Room) -> None:
    await room.fault("dave_severed")
    await room.fault("voice_reset")


# Who is speaking


def _newcomer(kind: Damage, seconds: float | None = None) -> Strike:
    async def strike(room: Room) -> None:
        with room.damaged(kind, seconds=seconds):
            async with room.newcomer():
                await _heard_meanwhile(room)

    return strike


def _joining(kind: Damage, seconds: float | None = None) -> Strike:
    async def strike(room: Room) -> None:
        with room.damaged(kind, seconds=seconds):
            await room.fault("voice_close", code=4006)
            await _heard_meanwhile(room)

    return strike


def _named(name: str, kind: Damage, seconds: float | None = None) -> Iterator[Fault]:
    yield Fault(name, "of a newcomer", _newcomer(kind, seconds), lossless=True, takes_s=8.0)
    yield Fault(name, "when we join", _joining(kind, seconds), at_most_s=3.0, takes_s=8.0)


def _reused(seconds: float | None = None) -> Strike:
    """One leaves, and the next one to come has the SSRC; perhaps op 5 tells so only later."""

    async def strike(room: Room) -> None:
        async with room.newcomer():
            await _heard_meanwhile(room)
            room.local.faults.damage(Damage.SSRC_REUSED, room.site.guest.id, 1, room.site.guild.id)
        if seconds is None:
            await room.talkers[0].go_to(room.channel_id)
            return
        with room.damaged(Damage.SPEAKING_LATE, seconds=seconds):
            await room.talkers[0].go_to(room.channel_id)
            await _heard_meanwhile(room)

    return strike


async def _left_late(room: Room) -> None:
    """Somebody leaves and is back before the server says that they left."""
    talker = room.talkers[0]
    room.local.faults.damage(Damage.LEFT_LATE, talker.user.id, 1, room.site.guild.id, LATE_S)
    await talker.go_to(room.channel_id)
    await asyncio.sleep(LATE_S + 1.0)


async def _replayed(room: Room) -> None:
    await room.fault("replay_overlap")
    await room.fault("voice_reset")
    await asyncio.sleep(2.0)


# Somebody's stream


async def _restarts(room: Room) -> None:
    for _ in range(5):
        await room.fault("stream_restart", user_id=room.talkers[0].user.id)
        await asyncio.sleep(0.7)


def _clogged(people: int, seconds: float) -> Strike:
    async def strike(room: Room) -> None:
        for talker in room.talkers[:people]:
            await room.fault("udp_clog", user_id=talker.user.id, seconds=seconds)
        await asyncio.sleep(seconds)

    return strike


def _odd_clock(clock: Clock) -> Strike:
    async def strike(room: Room) -> None:
        await room.fault("odd_clock", user_id=room.talkers[0].user.id, clock=clock, seconds=LATE_S)
        await asyncio.sleep(LATE_S)

    return strike


def faults() -> Iterator[Fault]:
    yield Fault("DAVE: a member nobody can decrypt", "", _broken_sender, lossless=True, takes_s=15.0)
    name = "DAVE: a member without a key package"
    yield Fault(name, "among others", _no_key_package, lossless=True, takes_s=10.0)
    yield Fault(name, "alone with it", _alone_without_a_group, lossless=True, takes_s=25.0)
    name = "DAVE: a member that is never ready"
    yield Fault(name, "a newcomer", _never_ready, lossless=True, takes_s=10.0)
    yield Fault(name, "when we join", _never_ready_when_we_join, at_most_s=4.0, takes_s=10.0)
    yield Fault("DAVE: removed when cut off", "", _severed, same_session=True, at_most_s=0.5)
    yield from _named("op 5 missing", Damage.SPEAKING_LOST)
    yield from _named("op 5 late", Damage.SPEAKING_LATE, LATE_S)
    yield from _named("op 12 only", Damage.SPEAKING_AS_VIDEO)
    yield Fault("SSRC used again", "", _reused(), lossless=True, takes_s=8.0)
    yield Fault("SSRC used again", "and op 5 late", _reused(1.0), lossless=True, takes_s=8.0)
    yield Fault("op 13 late", "", _left_late, lossless=True, takes_s=9.0)
    yield Fault("resume sends messages again", "", _replayed, lossless=True, takes_s=7.0)
    yield Fault("stream restarts", "", _restarts, lossless=True, takes_s=9.0)
    yield Fault("somebody's network stalls", "one's, 3 s", _clogged(1, 3.0), lossless=True, takes_s=8.0)
    yield Fault("somebody's network stalls", "all, 7 s", _clogged(2, 7.0), lossless=True, takes_s=12.0)
    for clock in Clock:
        yield Fault("odd RTP clock", clock, _odd_clock(clock), lossless=True, takes_s=8.0)
