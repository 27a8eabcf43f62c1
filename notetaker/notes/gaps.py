"""What was not heard, as a reader is told it: whatever belongs together is one entry."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from notetaker.model.transcript import Gap, Transcript
from notetaker.model.wording import SECOND_NS, clip
from notetaker.notes.coverage import name
from notetaker.notes.markdown import escape
from notetaker.notes.wording import from_to

_NEAR_NS = SECOND_NS
"""Gaps of one speaker that lie no further apart than this are one; and so are those of several speakers that begin
and end no further apart, for then one thing befell them all."""


@dataclass(slots=True)
class NotHeard:
    started_ns: int
    ended_ns: int
    cause: str
    user_ids: tuple[int, ...]
    """Whom it concerns; nobody in particular: everyone."""

    def words(self, transcript: Transcript, characters: int) -> str:
        """``14:30:20–14:30:25 Ada not heard: voice session lost (4006)``, escaped.

        Names and cause are cut at ``characters`` each.
        """
        names = clip(", ".join(name(user_id, transcript) for user_id in self.user_ids), characters)
        whom = f"{escape(names)} not heard" if names else "not heard"
        when = from_to(self.started_ns, self.ended_ns, transcript.locale)
        return f"{when} {whom}: {escape(clip(self.cause, characters))}"


def not_heard(gaps: Iterable[Gap]) -> list[NotHeard]:
    """All ``gaps``, by start."""
    entries: list[NotHeard] = []
    recent: list[NotHeard] = []
    for gap in sorted(_joined(gaps), key=lambda gap: (gap.started_ns, gap.ended_ns, gap.user_id or 0)):
        user_ids = () if gap.user_id is None else (gap.user_id,)
        recent = [entry for entry in recent if gap.started_ns - entry.started_ns <= _NEAR_NS]
        for entry in recent:
            same = entry.cause == gap.cause and abs(entry.ended_ns - gap.ended_ns) <= _NEAR_NS
            if same and entry.user_ids and user_ids:
                entry.user_ids += user_ids
                entry.ended_ns = max(entry.ended_ns, gap.ended_ns)
                break
        else:
            entries.append(NotHeard(gap.started_ns, gap.ended_ns, gap.cause, user_ids))
            recent.append(entries[-1])
    return entries


def _joined(gaps: Iterable[Gap]) -> list[Gap]:
    """One after the other, of the same speaker and for the same cause: one."""
    complete: list[Gap] = []
    latest: dict[tuple[int | None, str], Gap] = {}
    for gap in sorted(gaps, key=lambda gap: gap.started_ns):
        before = latest.get((gap.user_id, gap.cause))
        if before is None:
            joined = gap
        elif gap.started_ns <= before.ended_ns + _NEAR_NS:
            joined = replace(before, ended_ns=max(before.ended_ns, gap.ended_ns))
        else:
            complete.append(before)
            joined = gap
        latest[gap.user_id, gap.cause] = joined
    return [*complete, *latest.values()]
