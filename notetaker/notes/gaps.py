"""Joins gaps for reading: gaps that belong together become one entry."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from notetaker.model.transcript import Gap, Transcript, is_pause
from notetaker.model.wording import SECOND_NS, clip
from notetaker.notes.coverage import name
from notetaker.notes.markdown import escape
from notetaker.notes.wording import from_to

_NEAR_NS = SECOND_NS
"""Gaps of one speaker that are no further apart than this are joined. So are gaps of several speakers whose starts
and ends are no further apart, because they come from one event."""


@dataclass(slots=True)
class JoinedGap:
    """One or more gaps with the same cause."""

    started_ns: int
    ended_ns: int
    cause: str
    user_ids: tuple[int, ...]
    """The speakers it concerns; empty if it concerns everyone."""

    @property
    def is_pause(self) -> bool:
        return is_pause(self.cause)

    def words(
        self, transcript: Transcript, characters: int, span: Callable[[int, int], str] | None = None
    ) -> str:
        """Return ``14:30:20–14:30:25 Ada not heard: voice session lost (4006)``, escaped.

        Names and cause are cut at ``characters`` each. ``span`` writes the times, given in Unix nanoseconds.
        """
        if span is None:
            when = from_to(self.started_ns, self.ended_ns, transcript.locale)
        else:
            when = span(self.started_ns, self.ended_ns)
        cause = escape(clip(self.cause, characters))
        if self.is_pause:
            return f"{when} paused: {cause}"
        names = clip(", ".join(name(user_id, transcript) for user_id in self.user_ids), characters)
        whom = f"{escape(names)} not heard" if names else "not heard"
        return f"{when} {whom}: {cause}"


def join_gaps(gaps: Iterable[Gap]) -> list[JoinedGap]:
    """Join all ``gaps`` that belong together; the result is sorted by start."""
    entries: list[JoinedGap] = []
    recent: list[JoinedGap] = []
    for gap in sorted(_per_speaker(gaps), key=lambda gap: (gap.started_ns, gap.ended_ns, gap.user_id or 0)):
        user_ids = () if gap.user_id is None else (gap.user_id,)
        recent = [entry for entry in recent if gap.started_ns - entry.started_ns <= _NEAR_NS]
        for entry in recent:
            same = entry.cause == gap.cause and abs(entry.ended_ns - gap.ended_ns) <= _NEAR_NS
            if same and entry.user_ids and user_ids:
                entry.user_ids += user_ids
                entry.ended_ns = max(entry.ended_ns, gap.ended_ns)
                break
        else:
            entries.append(JoinedGap(gap.started_ns, gap.ended_ns, gap.cause, user_ids))
            recent.append(entries[-1])
    return entries


def _per_speaker(gaps: Iterable[Gap]) -> list[Gap]:
    """Join successive gaps of the same speaker with the same cause."""
    complete: list[Gap] = []
    latest: dict[tuple[int | None, str], Gap] = {}
    for gap in sorted(gaps, key=lambda gap: gap.started_ns):
        before = latest.get((gap.user_id, gap.cause))
        if before is not None and gap.started_ns <= before.ended_ns + _NEAR_NS:
            gap = replace(before, ended_ns=max(before.ended_ns, gap.ended_ns))
        elif before is not None:
            complete.append(before)
        latest[gap.user_id, gap.cause] = gap
    return [*complete, *latest.values()]
