"""Who may be recorded: a pure function of what a server asks for, and what people have answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from notetaker.model.room import Room
from notetaker.model.voice import Admission

NOTICE = "notice"
"""Everyone is recorded who has not refused."""
OPT_IN = "opt-in"
"""Only those are recorded who have agreed."""
MODES = (NOTICE, OPT_IN)


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody has answered in one server."""

    agreed: bool
    policy: int
    """The version of the privacy policy that it was an answer to."""
    at_ns: int
    """When it was given, Unix nanoseconds."""

    def holds(self, policy: int) -> bool:
        """Return whether it still counts. A refusal does until it is taken back; an agreement was to one version."""
        return not self.agreed or self.policy == policy


@dataclass(frozen=True, slots=True)
class Consent:
    """What decides in one server."""

    answers: Mapping[int, Answer]
    """By user id. More may come."""
    mode: str = NOTICE
    """One of ``MODES``."""
    policy: int = 1
    """The version of the privacy policy now."""
    record_bots: bool = False
    """Whether other bots are recorded, which nobody asks."""

    @property
    def opt_in(self) -> bool:
        return self.mode == OPT_IN

    def admission(self, room: Room) -> Admission:
        """Return whose sound is taken in a room, of those who are there and those who may come."""
        if self.opt_in:
            agreed = {one for one, said in self.answers.items() if said.agreed and said.holds(self.policy)}
            return Admission(
                room.channel_id, only=frozenset(agreed | room.bots if self.record_bots else agreed)
            )
        refused = {one for one, said in self.answers.items() if not said.agreed}
        return Admission(room.channel_id, frozenset(refused if self.record_bots else refused | room.bots))

    def to_ask(self, people: Iterable[int]) -> set[int]:
        """Return who of these people has yet to answer, where nobody is recorded before."""
        if not self.opt_in:
            return set()
        return {one for one in people if one not in self.answers or not self.answers[one].holds(self.policy)}
