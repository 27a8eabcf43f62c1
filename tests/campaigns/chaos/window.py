"""One fault in one meeting: people speak, it strikes, the expected comes or does not, the journal is judged."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tests.campaigns.chaos.account import Account
from tests.campaigns.chaos.fault import Expect, Fault
from tests.campaigns.chaos.judge import Evidence, Judgement, judge
from tests.campaigns.chaos.patience import comes_true
from tests.campaigns.chaos.room import NotWell, Room

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


@dataclass
class Trial:
    """A fault that has come and gone, before the books are closed."""

    fault: Fault
    room: Room
    as_expected: bool
    account: Account | None = None
    evidence: Evidence = field(default_factory=Evidence)
    leaked: int = 0
    wrong: list[str] = field(default_factory=list)


async def alone(room: Room, fault: Fault) -> Trial:
    """A fault that strikes one guild."""
    try:
        await room.begin()
        struck = time.time()
        said_before = len(room.messages)
        await fault.strike(room)
    except NotWell as problem:
        return await not_tried(room, fault, problem)
    return await conclude(room, fault, struck, said_before)


async def not_tried(room: Room, fault: Fault, problem: NotWell) -> Trial:
    await room.stop_notes()
    return Trial(fault, room, False, wrong=[str(problem)])


async def conclude(
    room: Room, fault: Fault, struck: float, said_before: int, killed_at: float | None = None
) -> Trial:
    """After the strike: waits for the expected. `said_before`: how many messages the bot had posted before it."""
    if fault.expect is Expect.ENDED:
        as_expected = await comes_true(lambda: _ended_and_said(room, said_before), fault.within_s)
    else:
        since = time.time()
        as_expected = await comes_true(lambda: _well_again(room, since), fault.within_s)
    replaced = room.connected()
    trial = Trial(fault, room, as_expected)
    if replaced and (fault.lossless or fault.same_session):
        trial.wrong.append("There is another voice session, although the one before it was well.")
    if not as_expected:
        trial.wrong.append(f"Not {fault.expect.value} within {fault.within_s:.0f} s.")
    if fault.says and len(room.messages) == said_before:
        trial.wrong.append("The bot has said nothing of it in the text channel.")
    trial.account, trial.evidence = await room.end()
    trial.evidence.killed_at = killed_at
    if fault.expect is Expect.ENDED:  # what people say after the end is not to be heard
        trial.evidence.sent = [packet for packet in trial.evidence.sent if packet.time <= struck]
    trial.leaked = await _left_over(room, fault)
    if fault.expect is Expect.ENDED or not as_expected:
        await room.stop_notes()  # the next fault gets a new meeting
    return trial


async def judged(trial: Trial) -> Result:
    """Once everything is accounted for that the bot could still hold."""
    if trial.account is not None:
        await trial.account.settle(trial.evidence)
    judgement = judge(trial.evidence)
    return Result(
        trial.fault,
        trial.as_expected,
        judgement.without_audio_s,
        judgement.lost_though_received,
        judgement.lost_without_session,
        trial.evidence.dropped,
        trial.leaked,
        [*trial.wrong, *_broken(trial, judgement), *judgement.wrong],
        trial.room.site.guild.name,
    )


def _ended_and_said(room: Room, said_before: int) -> bool:
    """Cheapest first: this is asked often."""
    return len(room.messages) > said_before and not room.notes_are_taken


def _well_again(room: Room, since: float) -> bool:
    return room.witness.attached(room.site.guild.id) and room.hears(since)


async def _left_over(room: Room, fault: Fault) -> int:
    """One that is being closed has a moment to go."""
    needed = 0 if fault.expect is Expect.ENDED else 1
    await comes_true(lambda: room.witness.websockets(room.site.guild.id) <= needed, CLOSED_S)
    return max(room.witness.websockets(room.site.guild.id) - needed, 0)


def _broken(trial: Trial, judgement: Judgement) -> list[str]:
    """What must not be."""
    fault, broken = trial.fault, []
    unheard_s = judgement.without_audio_s
    if judgement.lost_though_received:
        broken.append(f"{judgement.lost_though_received} packets that had reached the bot are lost.")
    if not trial.as_expected:
        return broken
    if fault.lossless and judgement.lost_without_session:
        broken.append(f"{judgement.lost_without_session} packets are lost although UDP was alive.")
    if fault.lossless and judgement.gaps:
        broken.append(f"{judgement.gaps} gaps are marked although UDP was alive.")
    if judgement.unmarked_s:
        broken.append(f"{judgement.unmarked_s:.1f} s in which people were not heard are not marked as a gap.")
    if fault.at_most_s is not None and unheard_s > fault.at_most_s:
        broken.append(f"{unheard_s:.1f} s without audio, {fault.at_most_s:g} s at most are good.")
    if unheard_s < fault.at_least_s:
        broken.append(f"Back after {unheard_s:.1f} s, although it should wait {fault.at_least_s:g} s.")
    return broken
