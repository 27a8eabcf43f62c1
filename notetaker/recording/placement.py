"""When each packet of an RTP stream was said: by its sender's clock, not by its arrival.

The network, or a host that stands still, may deliver sound seconds late, but none early. So the packets that were
least late show how the sender's clock relates to ours, drift included, and the others are placed by that clock. A
clock that jumps, stands still or counts in other units orders nothing: then packets follow one another as their
sequence numbers do, and pauses are as long as the arrivals say. So is a run of numbers that nothing came with: it may
be lost sound, or padding that never had any.

Source: RFC 3550 sections 5.1 (sequence number, timestamp) and 6.4.1 (transit: arrival minus timestamp);
Discord.Net#3262 (packets of nothing but padding).
"""

from array import array
from operator import add
from typing import NamedTuple

DRIFT = 2000
"""A clock gains or loses at most a 2000th (500 ppm), several times what crystals do."""
AGREED = 2
"""Packets in a row whose timestamps go on as the sound does: then these say how much time went by ..."""
AHEAD_NS = 3_000_000_000
"""... unless that would put a packet so much earlier than its arrival, while all before it may have come late ..."""
CONFIRMED_NS = 2_000_000_000
"""... as they may have until packets have come for so long. After that it may be earlier by chance only."""
LATE_NS = 200_000_000
"""A packet that is so late comes out of a stall, or its sender's clock stood still ..."""
STEP_NS = 60_000_000
"""... in a pause, which is that much longer by the arrivals;"""
ASTRAY_NS = 1_000_000_000
"""or goes too slowly, if packets become so late little by little."""
JITTER_NS = 30_000_000
"""So much may packets come earlier and later by chance."""
WATCH_NS = 2_000_000_000
"""How long to watch which of these it is."""
FEW_NS = 100_000_000
"""Less sound than this shows nothing, and may have been late by chance."""
EARLY_NS = 5_000_000_000
"""Packets that come faster than time goes by are placed no further before their arrival than this."""
REORDERED = 1024
"""Sequence numbers that a packet may be behind the newest, or that may be skipped at once ..."""
PER_S = 100
"""... and for each second: more means that the sender has restarted."""


class _Packets(NamedTuple):
    """In arrays, because a meeting has millions."""

    media: "array[int]"
    """Where each begins by a clock that advances exactly with the sound, nanoseconds."""
    arrivals: "array[int]"
    """Unix nanoseconds."""
    slack: "array[int]"
    """By how much more may have gone by before each than the clock has gone on, nanoseconds."""

    @classmethod
    def none(cls) -> "_Packets":
        return cls(array("q"), array("q"), array("q"))


class StreamClock:
    """Places the packets of one SSRC in one voice session: ``add`` some, then ``settle`` them, and so on.

    What was learnt from earlier packets is used for later ones. None is placed after its arrival.
    """

    def __init__(self) -> None:
        self._sequence: int | None = None  # of the newest packet
        self._timestamp = 0
        self._lasts = 0  # 48 kHz ticks
        self._media = 0
        self._arrival = 0
        self._first_arrival = 0
        self._agreed = 0
        self._least = 0  # least delay (arrival minus media) of any packet, or more if that is long ago
        self._early = 0  # by how much it has fallen of late, more than by drift
        self._added = _Packets.none()
        self._settled: tuple[int, int, int] | None = None  # media, arrival and level of the last packet
        self._began: int | None = None  # level at the last break

    def add(self, sequence: int, timestamp: int, arrival_ns: int, lasts: int) -> None:
        """Take the next packet, which lasts so many ticks. A few may have been overtaken on the way."""
        media, slack = self._begins(sequence, timestamp, arrival_ns, lasts)
        self._added.media.append(media)
        self._added.arrivals.append(arrival_ns)
        self._added.slack.append(slack)

    def skip(self, packets: int, lasts: int) -> None:
        """Pass over the next packets in sequence, which last so many ticks together and need no place."""
        if self._sequence is not None:
            self._sequence += packets
            self._lasts += lasts

    def settle(self) -> "array[int]":
        """Return when the packets added since the last call were said, in that order, in Unix nanoseconds."""
        added, self._added = self._added, _Packets.none()
        media, arrivals, _ = added
        if not media:
            return media
        levels, breaks = self._levels(added)
        self._settled = media[-1], arrivals[-1], levels[-1]
        self._least = levels[-1]
        for index in range(len(media) - 2, -1, -1):  # later packets show how late earlier ones were
            if index + 1 not in breaks:
                most = levels[index + 1] + abs(media[index + 1] - media[index]) // DRIFT
                levels[index] = min(levels[index], most)
        return array("q", map(add, media, levels))

    def _begins(self, sequence: int, timestamp: int, arrival_ns: int, lasts: int) -> tuple[int, int]:
        """Return where the packet begins by the media clock, and by how much it may begin later."""
        media, slack = self._media, 0
        if self._sequence is None:
            self._first_arrival, self._least = arrival_ns, arrival_ns
        else:
            ahead = (sequence - self._sequence + 0x8000) % 0x10000 - 0x8000
            elapsed = (timestamp - self._timestamp + 2**31) % 2**32 - 2**31
            if ahead < 0 and (behind := self._behind(ahead, elapsed)) is not None:
                return behind, 0
            if not 0 < ahead <= REORDERED + PER_S * (arrival_ns - self._arrival) // 1_000_000_000:
                ahead, elapsed = 1, 0  # the sender has restarted
            step, missing = self._lasts, (ahead - 1) * lasts
            if ahead == 1 and elapsed == step:
                self._agreed = min(self._agreed + 1, 2 * AGREED)
            elif self._agreed >= AGREED and elapsed >= step:
                if elapsed == step or self._is_pause(elapsed, arrival_ns):
                    step = elapsed
                else:  # a jump
                    self._agreed //= 2
                    slack = max(elapsed - step, missing)
            else:
                slack = missing
                if ahead == 1:
                    self._agreed //= 2
            media += _ns(step)
            slack = _ns(slack)
            drift = _ns(step) // DRIFT
            more = max(slack, _ns(elapsed - step))  # also what a clock claims that is not trusted
            least = min(self._least + drift + more, arrival_ns - media)
            self._early = max(self._early + self._least - least - drift, 0) if self._confirmed else 0
            self._least = least
        self._sequence, self._timestamp, self._lasts = sequence, timestamp, lasts
        self._media, self._arrival = media, arrival_ns
        return media, slack

    def _behind(self, ahead: int, elapsed: int) -> int | None:
        """Return where a packet begins that was overtaken; None if its sender has restarted."""
        by_sequence = ahead * self._lasts
        if self._agreed >= AGREED:
            overtaken = -REORDERED * self._lasts <= elapsed <= by_sequence // 2
            return self._media + _ns(elapsed) if overtaken else None
        return self._media + _ns(by_sequence) if ahead > -PER_S else None

    def _is_pause(self, elapsed: int, arrival_ns: int) -> bool:
        """Return whether so much time can have gone by. Little by little, too, it must not become much too much."""
        lasts = _ns(elapsed)
        early = max(self._media + lasts + self._least - arrival_ns, 0)
        if not self._confirmed:
            return early <= (AHEAD_NS if lasts - _ns(self._lasts) >= FEW_NS else 0)
        return self._early + early <= JITTER_NS + lasts // DRIFT

    @property
    def _confirmed(self) -> bool:
        return self._arrival - self._first_arrival >= CONFIRMED_NS

    def _levels(self, packets: _Packets) -> tuple["array[int]", set[int]]:
        """Return how late packets are at least, at each of them by those before it; and where this begins anew."""
        levels = array("q")
        breaks: set[int] = set()
        media, arrivals, slack = packets
        last, last_arrival, level = self._settled or (media[0], arrivals[0], arrivals[0] - media[0])
        began = level if self._began is None else self._began
        watched: int | None = None  # arrival at which a stall was seen
        for index, (at, arrival, more) in enumerate(zip(media, arrivals, slack, strict=True)):
            delay = arrival - at
            level += abs(at - last) // DRIFT + more
            late = delay - level
            stepped = not index or delay - (last_arrival - last) > STEP_NS  # each call comes after a pause
            broken = delay < began - EARLY_NS
            too_late = late > LATE_NS and (stepped or late > ASTRAY_NS)
            # After a stall, no clock can have stood still for so long again at once.
            if too_late and not broken and (watched is None or abs(arrival - watched) > LATE_NS):
                broken = _stays_late(packets, index, level, stepped)
                watched = None if broken else arrival
            if broken:
                breaks.add(index)
                level = began = delay
            level = min(level, delay)
            levels.append(level)
            last, last_arrival = at, arrival
        self._began = began
        return levels, breaks


def _stays_late(packets: _Packets, index: int, level: int, stepped: bool) -> bool:
    """Return whether the sender's clock stood still. After a stall, packets come faster than they were said, until
    they are as early as before.
    """
    media, arrivals, _ = packets
    delay = least = arrivals[index] - media[index]
    last = index
    while last + 1 < len(media) and arrivals[last + 1] <= arrivals[index] + WATCH_NS:
        last += 1
        least = min(least, arrivals[last] - media[last])
    if not stepped and arrivals[last] < arrivals[index] + WATCH_NS // 2:
        return False
    made_up, said = delay - least, media[last] - media[index]
    if said < FEW_NS:
        return delay > level + ASTRAY_NS
    return least > level + LATE_NS // 2 and made_up <= said // 4 + JITTER_NS


def _ns(ticks: int) -> int:
    return ticks * 62_500 // 3
