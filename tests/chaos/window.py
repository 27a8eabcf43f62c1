"""One fault in one meeting: people speak, it strikes, the expected comes or does not, the journal is judged."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tests.chaos.faults import Expect, Fault
from tests.chaos.judge import Judgement, judge
from tests.chaos.patience import comes_true
from tests.chaos.room import NotWell, Room

CLOSED_S = 3.0
"""After which a websocket that is not needed any more must be closed."""


@dataclass
class Result:
    """Of one fault, in one meeting or in all at once."""

    fault: Fault
    as_expected: bool
    """Recovered; or ended and said, where that is what should happen."""
    without_audio_s: float = 0.0
    lost_though_received: int = 0
    lost_without_session: int = 0
    given_up: int = 0
    """Packets that reached the bot and that it counts as of no use: they could not be decrypted."""
    leaked: int = 0
    """Voice websockets that the bot holds on to beside the one it needs."""
    wrong: list[str] = field(default_factory=list)
    """Sentences. None: all is well."""
    where: str = ""
    began: float = 0.0
    """Seconds since the campaign began."""
    took_s: float = 0.0


async def alone(room: Room, fault: Fault) -> Result:
    """A fault that strikes one guild."""
    try:
        await room.begin()
        struck = time.time()
        said_before = len(room.messages)
        await fault.strike(room)
    except NotWell as problem:
        await room.stop_notes()
        return Result(fault, False, wrong=[str(problem)], where=room.site.guild.name)
    return await conclude(room, fault, struck, said_before)


async def conclude(
    room: Room, fault: Fault, struck: float, said_before: int, killed_at: float | None = None
) -> Result:
    """After the strike: waits for the expected and judges. `said_before`: messages of the bot before it."""
    if fault.expect is Expect.ENDED:
        as_expected = await comes_true(lambda: _ended_and_said(room, said_before), fault.within_s)
    else:
        since = time.time()
        as_expected = await comes_true(lambda: _well_again(room, since), fault.within_s)
    evidence = await room.end()
    evidence.killed_at = killed_at
    if fault.expect is Expect.ENDED:
        # What people say after the end is not to be heard.
        evidence.sent = [packet for packet in evidence.sent if packet.time <= struck]
    leaked = await _left_over(room, fault)
    if fault.expect is Expect.ENDED or not as_expected:
        await room.stop_notes()  # the next fault gets a new meeting
    judgement = judge(evidence)
    return Result(
        fault,
        as_expected,
        judgement.without_audio_s,
        judgement.lost_though_received,
        judgement.lost_without_session,
        evidence.dropped,
        leaked,
        wrong=[*_broken(room, fault, judgement, as_expected, said_before), *judgement.wrong],
        where=room.site.guild.name,
    )


def _ended_and_said(room: Room, said_before: int) -> bool:
    """Cheapest first: this is asked often."""
    return len(room.messages) > said_before and not room.notes_are_taken


def _well_again(room: Room, since: float) -> bool:
    guild_id = room.site.guild.id
    return room.witness.attached(guild_id) and room.hears(since)


async def _left_over(room: Room, fault: Fault) -> int:
    """One that is being closed has a moment to go."""
    needed = 0 if fault.expect is Expect.ENDED else 1
    await comes_true(lambda: room.witness.websockets(room.site.guild.id) <= needed, CLOSED_S)
    return max(room.witness.websockets(room.site.guild.id) - needed, 0)


def _broken(room: Room, fault: Fault, judgement: Judgement, as_expected: bool, said_before: int) -> list[str]:
    """What must not be, whatever the fault."""
    broken = []
    if not as_expected:
        broken.append(f"Not {fault.expect.value} within {fault.within_s:.0f} s.")
    if judgement.lost_though_received:
        broken.append(f"{judgement.lost_though_received} packets that had reached the bot are lost.")
    if fault.lossless and as_expected and judgement.lost_without_session:
        broken.append(f"{judgement.lost_without_session} packets are lost although UDP was alive.")
    if judgement.unmarked_s and as_expected:
        broken.append(f"{judgement.unmarked_s:.1f} s in which people were not heard are not marked as a gap.")
    if fault.says and len(room.messages) == said_before:
        broken.append("The bot has said nothing of it in the text channel.")
    if fault.at_most_s is not None and as_expected and judgement.without_audio_s > fault.at_most_s:
        broken.append(
            f"{judgement.without_audio_s:.1f} s without audio, {fault.at_most_s:g} s at most are good."
        )
    return broken
