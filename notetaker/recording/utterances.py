"""Cuts each speaker's packets into utterances: runs of speech between two pauses.

The same journal always gives the same utterances. So only the packets and marks themselves, in the order in which
the journal has them, decide where one ends; a tick merely brings out what has ended, early. That is safe because a
packet that comes after its utterance was brought out may not claim an arrival inside it any more: :meth:`earliest`.
"""

from typing import NamedTuple

from notetaker.model.utterance import Clip, Utterance

_MS = 1_000_000

QUIET_NS = 800 * _MS
"""A pause of this length ends an utterance."""
LONGEST_NS = 30_000 * _MS
"""An utterance that gets this long is cut: 30 s is what Whisper models listen to at once."""
CUT_WITHIN_NS = 5_000 * _MS
"""... at the smallest packet of its last 5 s: variable-rate Opus spends the fewest bits on a pause."""
LATE_NS = 2_000 * _MS
"""How long a tick waits beyond the pause for packets that the receiver still holds for want of a DAVE key."""
QUIET_BYTES = 3
"""Opus packets up to this size hold no speech: the silence frame F8 FF FE (Discord docs, Voice Connections)
and discontinuous transmission (RFC 6716 section 2.1.9)."""
FRAME_NS = 20 * _MS
"""What a Discord packet lasts."""


class _Part(NamedTuple):
    """A packet of a run."""

    arrival_ns: int
    size: int
    """Of the Opus packet, bytes."""
    offset: int
    end_offset: int


class _Run:
    """An utterance that has not ended. Begins with speech."""

    def __init__(self, parts: list[_Part]) -> None:
        self.parts = parts
        self.began_ns = parts[0].arrival_ns
        self.spoken = 0
        """Parts up to and including the last one with speech."""
        self.spoke_ns = 0
        """The latest arrival of speech."""
        for count, part in enumerate(parts, 1):
            if part.size > QUIET_BYTES:
                self.spoken = count
                self.spoke_ns = max(self.spoke_ns, part.arrival_ns)


class Cutter:
    """The utterances of one journal file."""

    def __init__(self, meeting_id: str, segment: int) -> None:
        self._meeting_id = meeting_id
        self._segment = segment
        self._users: dict[int, int] = {}
        self._runs: dict[int, _Run] = {}
        self._earliest: dict[int, int] = {}
        self._ended: list[Utterance] = []

    def name_speaker(self, user_id: int, ssrc: int) -> None:
        """The SSRC is ``user_id``'s from here on. If it was another's, their utterance has ended."""
        if self._users.get(ssrc) != user_id:
            self.end_speaker(ssrc)
            self._users[ssrc] = user_id

    def end_speaker(self, ssrc: int) -> None:
        """The speaker left."""
        run = self._runs.pop(ssrc, None)
        if run is not None:
            self._end(ssrc, run)

    def earliest(self, ssrc: int) -> int:
        """The earliest arrival (Unix ns) that the next packet may be given: what was before has been brought out."""
        return self._earliest.get(ssrc, 0)

    def add(self, ssrc: int, opus: bytes, arrival_ns: int, offset: int, end_offset: int) -> None:
        """The next packet that was written. User id 0 stands for a speaker whom nobody has named."""
        size = len(opus)
        part = _Part(arrival_ns, size, offset, end_offset)
        run = self._runs.get(ssrc)
        if run is not None:
            if arrival_ns - run.spoke_ns >= QUIET_NS:
                self._end(ssrc, run)
                del self._runs[ssrc]
                run = None
            elif arrival_ns - run.began_ns >= LONGEST_NS:
                run = self._cut(ssrc, run)
        if run is not None:
            run.parts.append(part)
            if size > QUIET_BYTES:
                run.spoken = len(run.parts)
                if arrival_ns > run.spoke_ns:
                    run.spoke_ns = arrival_ns
        elif size > QUIET_BYTES:
            self._runs[ssrc] = _Run([part])

    def tick(self, now_ns: int) -> None:
        """Ends what has been quiet for so long that nothing can be expected to belong to it any more."""
        for ssrc, run in list(self._runs.items()):
            if now_ns - run.spoke_ns >= QUIET_NS + LATE_NS:
                self._earliest[ssrc] = run.spoke_ns + QUIET_NS
                self._end(ssrc, run)
                del self._runs[ssrc]

    def close(self) -> None:
        """Ends everything: the voice session is over."""
        for ssrc in list(self._runs):
            self.end_speaker(ssrc)

    def take(self) -> list[Utterance]:
        """The utterances that have ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def _cut(self, ssrc: int, run: _Run) -> _Run | None:
        """Ends the first part of a run that got too long. Returns the rest, if there is speech in it."""
        window_ns = run.parts[0].arrival_ns + LONGEST_NS - CUT_WITHIN_NS
        candidates = [index for index, part in enumerate(run.parts) if part.arrival_ns >= window_ns]
        # of equals the last one: at a constant bit rate the utterance gets its full length
        smallest = min(
            reversed(candidates), key=lambda index: run.parts[index].size, default=len(run.parts) - 1
        )
        self._end(ssrc, _Run(run.parts[: smallest + 1]))
        rest = run.parts[smallest + 1 :]
        speech = next((index for index, part in enumerate(rest) if part.size > QUIET_BYTES), None)
        if speech is None:
            del self._runs[ssrc]
            return None
        self._runs[ssrc] = _Run(rest[speech:])
        return self._runs[ssrc]

    def _end(self, ssrc: int, run: _Run) -> None:
        parts = run.parts[: run.spoken]
        self._ended.append(
            Utterance(
                self._meeting_id,
                self._users.get(ssrc, 0),
                Clip(self._segment, parts[0].offset, parts[-1].end_offset, ssrc),
                started_ns=min(part.arrival_ns for part in parts),
                ended_ns=run.spoke_ns + FRAME_NS,
                packets=len(parts),
            )
        )
