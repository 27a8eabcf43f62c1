"""After a meeting: when each utterance was said, by all that came.

While the meeting goes on, an utterance is placed as it ends, by what came until then. If all of it came late, as in a
stall of the network at the beginning of a voice session, only what comes later shows that.
"""

from array import array
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from notetaker.model.utterance import Utterance
from notetaker.recording import opus
from notetaker.recording.journal import JournalReader, Packet, journal_files
from notetaker.recording.placement import StreamClock
from notetaker.recording.reorder import Reorder
from notetaker.recording.utterances import QUIET_BYTES


def when_said(folder: Path, utterances: Iterable[Utterance]) -> list[Utterance]:
    """Return those of a meeting's utterances that were said at another time than they tell, with the right one.

    They agree with the tracks. One whose sound cannot be read, because the journal is retired, keeps its time. Raises
    OSError.
    """
    found: defaultdict[tuple[int, int], list[Utterance]] = defaultdict(list)
    for one in utterances:
        found[one.clip.segment, one.clip.ssrc].append(one)
    moved: list[Utterance] = []
    for segment, path in journal_files(folder):
        said: defaultdict[tuple[int | None, int], _Said] = defaultdict(_Said)
        for packet in as_sent(JournalReader(path)):
            said[packet.user_id, packet.ssrc].add(packet)
        for (_, ssrc), stream in said.items():
            moved += stream.place(found[segment, ssrc])
    return moved


class _Said:
    """What was said in one stream, in arrays, because a meeting has millions of packets."""

    def __init__(self) -> None:
        self._clock = StreamClock()
        self._offsets = array("q")
        self._lasts = array("i")  # ticks; 0 when it is quiet

    def add(self, packet: Packet) -> None:
        lasts = opus.duration(packet.opus) or opus.FRAME
        self._clock.add(packet.sequence, packet.timestamp, packet.arrival_ns, lasts)
        self._offsets.append(packet.offset)
        self._lasts.append(lasts if len(packet.opus) > QUIET_BYTES else 0)

    def place(self, utterances: list[Utterance]) -> list[Utterance]:
        """Return those that were said at another time."""
        spoken = sorted(utterances, key=lambda one: one.clip.start_offset)
        starts = [one.clip.start_offset for one in spoken]
        spans: dict[int, tuple[int, int]] = {}
        for offset, lasts, at_ns in zip(self._offsets, self._lasts, self._clock.settle(), strict=True):
            index = bisect(starts, offset) - 1
            if lasts and index >= 0 and offset < spoken[index].clip.end_offset:
                until_ns = at_ns + lasts * 1_000_000 // 48
                began_ns, ended_ns = spans.get(index, (at_ns, until_ns))
                spans[index] = min(began_ns, at_ns), max(ended_ns, until_ns)
        placed = (
            (spoken[index], replace(spoken[index], started_ns=began_ns, ended_ns=ended_ns))
            for index, (began_ns, ended_ns) in spans.items()
        )
        return [new for old, new in placed if new != old]


def as_sent(journal: JournalReader) -> Iterator[Packet]:
    """Yield the packets of one journal file: each speaker's streams one after the other, each in the order sent."""
    streams: dict[int | None, tuple[int, Reorder[Packet]]] = {}
    for packet in journal:
        if not isinstance(packet, Packet):
            continue
        ssrc, reorder = streams.get(packet.user_id, (None, None))
        if reorder is None or ssrc != packet.ssrc:
            if reorder is not None:
                yield from reorder.flush()
            reorder = Reorder[Packet]()
            streams[packet.user_id] = packet.ssrc, reorder
        yield from reorder.add(packet)
    for _, reorder in streams.values():
        yield from reorder.flush()
