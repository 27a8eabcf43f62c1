"""What to do about voice in a guild: one pure function from the facts to a decision, which the keeper carries out."""

from dataclasses import dataclass

from notetaker.model.failure import Failure, Rung, Step
from notetaker.voice.duplicate_bot import DUPLICATE
from notetaker.voice.ports import JoinFailed

COOL_DOWN_S = 60.0
"""Seconds without an attempt after close code 4021, rate limited."""

DISCONNECTED = Failure(Step.ESTABLISHED, detail="I was disconnected from the voice channel.")
DELETED = Failure(Step.ESTABLISHED, detail="The voice channel was deleted.")
ANOTHER_PROCESS = Failure(Step.VOICE_STATE_UPDATE, detail=DUPLICATE)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the decision depends on. Channels are ids; None: no channel."""

    wanted: int | None = None
    """The channel where we are to be."""
    connected: int | None = None
    """The channel of the live connection."""
    shown: int | None = None
    """The channel where Discord shows us."""
    server_changes: bool = False
    """Discord has named another voice server, or is allocating one."""
    deleted: bool = False
    """The wanted channel is gone."""
    lost: Failure | None = None
    """How the connection ended that was there before, or why no sound reaches the one that still is."""
    displaced: bool = False
    """Somebody has moved us out of the wanted channel, or disconnected us."""
    foreign: bool = False
    """Discord shows another process that uses our token, not us."""
    holding: bool = False
    """A round of attempts has failed, and there is no reason to try again yet."""
    listened: bool = False
    """Discord has had its time to say what happened."""

    @property
    def all_well(self) -> bool:
        """We are where we are wanted, on the server that Discord has named, and sound reaches us."""
        there = self.connected == self.shown == self.wanted
        return there and not self.server_changes and self.lost is None


@dataclass(frozen=True, slots=True)
class Stay:
    """Nothing is to be done now."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave voice: no channel is wanted."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for Discord to say what happened, then decide again."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect to the wanted channel."""

    channel_id: int


@dataclass(frozen=True, slots=True)
class Follow:
    """Connect to the channel where somebody has moved us; from now on this one is wanted."""

    channel_id: int


@dataclass(frozen=True, slots=True)
class Rest:
    """Disconnect, and hold back further attempts."""

    failure: JoinFailed


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Disconnect for good: from now on no channel is wanted."""

    failure: Failure
    leave: bool = False
    """Discord may still show us in the channel."""


Decision = Stay | Leave | Listen | Connect | Follow | Rest | GiveUp


def decide(facts: Facts) -> Decision:
    """Return the next thing to do; it brings us nearer to where we are wanted."""
    wanted, lost = facts.wanted, facts.lost
    if wanted is None:
        return Leave()
    if facts.deleted:
        return GiveUp(DELETED)
    if facts.connected is None and facts.holding and not facts.displaced:
        return Stay()
    if facts.all_well and not facts.listened:
        return Stay()
    if lost is None and not facts.displaced and facts.connected != wanted:
        return Connect(wanted)  # nothing has happened to us: we come for the first time, or from elsewhere
    if lost is not None and lost.rung is Rung.STOP:
        return GiveUp(lost, leave=True)
    if lost is not None and lost.rung is Rung.COOL_DOWN and not facts.displaced:
        return Rest(JoinFailed(lost, pause_s=COOL_DOWN_S))
    if not facts.listened and (lost is None or lost.rung is Rung.WAIT or facts.displaced):
        return Listen()
    if facts.foreign:  # neither fight the other process, nor take its leaving for ours
        return Rest(JoinFailed(ANOTHER_PROCESS))
    if facts.shown is None:
        return GiveUp(DISCONNECTED)
    return Connect(wanted) if facts.shown == wanted else Follow(facts.shown)


def after(failed: JoinFailed) -> Rest | GiveUp:
    """Return what follows from a failed round of attempts."""
    return GiveUp(failed.failure, leave=True) if failed.final else Rest(failed)
