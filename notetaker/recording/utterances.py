"""Cuts each speaker's packets into utterances: runs of speech between two pauses.

Nothing is decoded: the sizes and arrival times of packets decide where one ends, and the sender's clock tells when it
was said. The same journal always gives the same utterances, so only the packets and marks, in the order of the
journal, decide; a tick merely brings out early what has ended. That is safe because a packet that comes after its
utterance was brought out may no longer claim an arrival inside it: :meth:`Cutter.earliest`.

A packet is in one utterance at most. The parts of a monologue do not overlap, so a decoder that should know the sound
before such a part has to read it from the part before.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import accumulate, pairwise, takewhile
from typing import NamedTuple

from notetaker.model.audio import UNKNOWN
from notetaker.model.utterance import Clip, Utterance
from notetaker.recording.opus import duration
from notetaker.recording.placement import StreamClock
from notetaker.recording.reorder import in_order

_MS = 1_000_000

QUIET_NS = 800 * _MS
"""A pause of this length ends an utterance, if the sender's clock confirms it ..."""
STALL_NS = 2500 * _MS
"""... or lasts so long that it is no stall of the network, after which the sentence goes on."""
MARKED_QUIET_NS = 500 * _MS
"""... and this length suffices when the sender has marked its pause: it has then noticed it itself, and with
discontinuous transmission (DTX), Opus does so late (libopus, ``NB_SPEECH_FRAMES_BEFORE_DTX``: 10 frames)."""
MARK = 3
"""Quiet packets that mark a pause. Discord's senders end with five (Discord docs, Voice Connections, Voice
Data Interpolation), of which some may be lost."""
QUIET_BYTES = 3
"""Opus packets up to this size hold no sound: the silence frame F8 FF FE (Discord docs, Voice Connections)
and DTX (RFC 6716 section 2.1.9)."""
ALONE_NS = 300 * _MS
"""Sound this long after any other, and right after a quiet packet, is speech only if more of it follows: in a pause,
DTX describes the background noise in one packet every 420 ms (measured with libopus 1.3.1)."""
PRE_ROLL_NS = 300 * _MS
"""An utterance begins with the packets that came up to this long before its speech, for the decoder to warm up on."""
LATEST_CUT_NS = 28_000 * _MS
"""A monologue that gets this long is cut, pre-roll included: Whisper models listen to 30 s at once."""
SOONEST_CUT_NS = 20_000 * _MS
"""... at its quietest moment after this time: variable-rate Opus spends the fewest bits on a pause."""
MOMENT = 5
"""Packets (100 ms) whose sizes are added up to tell how quiet a moment is: in words, too, single ones are small."""
SAMPLE = 16
"""Of so many packets, two are looked at to place an utterance: the bot has no time to spare."""
FRAME_NS = 20 * _MS
"""What a Discord packet lasts."""


class _Part(NamedTuple):
    """What matters here of a packet."""

    sequence: int
    timestamp: int
    arrival_ns: int
    size: int
    """Of the Opus packet, bytes; 0 when it is quiet."""
    speech: bool
    lasts: int
    """48 kHz ticks."""
    offset: int
    end_offset: int

    @property
    def lasts_ns(self) -> int:
        return self.lasts * 1_000_000 // 48


class _Run:
    """An utterance that has not ended."""

    def __init__(self, parts: Iterable[_Part]) -> None:
        """One of the parts is speech."""
        self.parts: list[_Part] = []
        self.spoken = 0
        """Parts up to and including the last one with speech."""
        self.spoke_ns = 0
        """The latest arrival of speech."""
        self.spoke_at = 0
        """The RTP timestamp of that packet."""
        self.quiet = 0
        """Quiet parts behind it."""
        self.sound = 0
        """How long the parts last together, 48 kHz ticks."""
        for part in parts:
            self.append(part)

    def append(self, part: _Part) -> None:
        self.parts.append(part)
        self.sound += part.lasts
        if part.speech:
            self.spoken = len(self.parts)
            self.quiet = 0
            if part.arrival_ns >= self.spoke_ns:
                self.spoke_ns, self.spoke_at = part.arrival_ns, part.timestamp
        elif not part.size:
            self.quiet += 1

    @property
    def end_ns(self) -> int:
        """When it has ended, unless there is more speech by then."""
        return self.spoke_ns + (MARKED_QUIET_NS if self.quiet >= MARK else STALL_NS)

    def ends_before(self, part: _Part) -> bool:
        """Return whether the part, which has just arrived, comes after the pause that ends it."""
        since_ns = part.arrival_ns - self.spoke_ns
        if since_ns < MARKED_QUIET_NS:  # nearly always
            return False
        if part.arrival_ns >= self.end_ns:
            return True
        paused = (part.timestamp - self.spoke_at + 2**31) % 2**32 - 2**31
        return since_ns >= QUIET_NS <= paused * 1_000_000 // 48

    @property
    def length_ns(self) -> int:
        """By the clock or by its sound, whichever is longer: after a stall, much sound arrives at once."""
        return max(self.parts[-1].arrival_ns - self.parts[0].arrival_ns, self.sound * 1_000_000 // 48)

    def quietest(self) -> int:
        """The best part to cut behind. Of equals the last one: at a constant bit rate a clip gets its full length."""
        sums = [0, *accumulate(part.size for part in self.parts)]
        first_ns = self.parts[0].arrival_ns
        best, least, sound_ns = len(self.parts) - 1, sums[-1], 0
        for index, part in enumerate(self.parts[: 1 - MOMENT]):
            sound_ns += part.lasts_ns
            size = sums[index + MOMENT] - sums[index]
            if max(part.arrival_ns - first_ns, sound_ns) >= SOONEST_CUT_NS and size <= least:
                best, least = index + MOMENT // 2, size
        return best


class _Stream:
    """What is known about an SSRC."""

    def __init__(self) -> None:
        self.user_id = UNKNOWN
        self.nameless: list[Utterance] = []
        """What was said since it became unknown whose it is."""
        self.earliest_ns = 0
        self.run: _Run | None = None
        self._before: deque[_Part] = deque(maxlen=PRE_ROLL_NS // FRAME_NS)
        """While there is no run: the packets since the last one."""
        self._clock = StreamClock()
        self._quiet = False
        self._sounded_ns: int | None = None

    def part(
        self,
        opus: bytes,
        lasts: int,
        sequence: int,
        timestamp: int,
        arrival_ns: int,
        offset: int,
        end_offset: int,
    ) -> _Part:
        """The next packet."""
        size = len(opus)
        if size <= QUIET_BYTES:
            self._quiet = True
            return _Part(sequence, timestamp, arrival_ns, 0, False, lasts, offset, end_offset)
        sounded_ns = self._sounded_ns
        alone = self._quiet and sounded_ns is not None and arrival_ns - sounded_ns >= ALONE_NS
        self._quiet = False
        if sounded_ns is None or arrival_ns > sounded_ns:
            self._sounded_ns = arrival_ns
        return _Part(sequence, timestamp, arrival_ns, size, not alone, lasts, offset, end_offset)

    def add(self, part: _Part) -> None:
        if self.run is not None:
            self.run.append(part)
        elif part.speech:
            self.run = _Run([*self._pre_roll(part.arrival_ns), part])
            self._before.clear()
        else:
            self._before.append(part)

    def end(self) -> list[_Part]:
        """Ends the run. Returns its parts, up to the last one with speech."""
        assert self.run is not None
        run, self.run = self.run, None
        self._before.extend(run.parts[run.spoken :])
        return run.parts[: run.spoken]

    def place(self, parts: list[_Part]) -> tuple[int, int]:
        """Return when an utterance was said, pre-roll excluded: beginning and end."""
        said: list[_Part] = []
        passed = lasts = 0
        ordered = _in_order(parts)
        for part, chosen in zip(ordered, _sample(ordered), strict=True):
            if not chosen:
                passed += 1
                lasts += part.lasts
                continue
            self._clock.skip(passed, lasts)
            passed = lasts = 0
            self._clock.add(part.sequence, part.timestamp, part.arrival_ns, part.lasts)
            said.append(part)
        places = [(at_ns, part) for part, at_ns in zip(said, self._clock.settle(), strict=True) if part.size]
        return min(at_ns for at_ns, _ in places), max(at_ns + part.lasts_ns for at_ns, part in places)

    def _pre_roll(self, now_ns: int) -> list[_Part]:
        """Contiguous, because reading a clip reads everything between its ends."""
        recent = takewhile(lambda part: abs(now_ns - part.arrival_ns) <= PRE_ROLL_NS, reversed(self._before))
        return [*recent][::-1]

    def forget(self) -> None:
        """Treat what comes next as unrelated to what came before."""
        self._before.clear()
        self._quiet, self._sounded_ns = False, None


def _in_order(parts: list[_Part]) -> list[_Part]:
    """Return the parts as they were sent, which they nearly always are already."""
    numbers = [part.sequence for part in parts]
    return parts if all((b - a) % 0x10000 < 0x8000 for a, b in pairwise(numbers)) else in_order(parts)


def _sample(parts: list[_Part]) -> Iterable[bool]:
    """Choose what suffices to place an utterance: its beginning and end, the first and last sound, and some in
    between. Two that follow one another tell whether their sender's clock can be trusted.
    """
    sounds = [index for index, part in enumerate(parts) if part.size]
    few, last = SAMPLE // 2, len(parts) - SAMPLE // 2
    return (
        index % SAMPLE < 2 or not few <= index < last or index in (sounds[0], sounds[-1])
        for index in range(len(parts))
    )


class Cutter:
    """Cut the packets of one journal file into utterances."""

    def __init__(self, meeting_id: str, segment: int, on_utterance: Callable[[Utterance], object]) -> None:
        """``on_utterance`` is given every utterance as it ends."""
        self._meeting_id = meeting_id
        self._segment = segment
        self._on_utterance = on_utterance
        self._streams: defaultdict[int, _Stream] = defaultdict(_Stream)

    def name_speaker(self, user_id: int, ssrc: int) -> None:
        """From here on the SSRC is ``user_id``'s, and so is what nobody had claimed: it is brought out again.

        If it was someone else's, their utterance ends.
        """
        stream = self._streams[ssrc]
        if stream.user_id == user_id:
            return
        if stream.user_id != UNKNOWN:
            self.end_speaker(ssrc)
        stream.user_id = user_id
        nameless, stream.nameless = stream.nameless, []
        for utterance in nameless:
            self._on_utterance(replace(utterance, user_id=user_id))

    def end_speaker(self, ssrc: int) -> None:
        """The speaker left: end their utterance. The SSRC is nobody's until it is named again."""
        stream = self._streams[ssrc]
        if stream.run is not None:
            self._end(ssrc, stream)
        stream.forget()
        stream.user_id = UNKNOWN
        stream.nameless.clear()

    def earliest(self, ssrc: int) -> int:
        """Return the earliest arrival (Unix ns) for the next packet: what came before has been brought out."""
        return self._streams[ssrc].earliest_ns

    def add(
        self,
        ssrc: int,
        opus: bytes,
        sequence: int,
        timestamp: int,
        arrival_ns: int,
        offset: int,
        end_offset: int,
    ) -> bool:
        """Take the next packet of the file. An SSRC without a name belongs to ``UNKNOWN``.

        Return False if it is not Opus: then it is in no utterance.
        """
        lasts = duration(opus)
        if lasts is None:
            return False
        stream = self._streams[ssrc]
        part = stream.part(opus, lasts, sequence, timestamp, arrival_ns, offset, end_offset)
        if stream.run is not None and stream.run.ends_before(part):
            self._end(ssrc, stream)
        stream.add(part)
        if stream.run is not None and stream.run.length_ns >= LATEST_CUT_NS:
            self._cut(ssrc, stream, stream.run)
        return True

    def tick(self, now_ns: int) -> None:
        """End what has been quiet for long enough.

        A packet that the receiver still holds, for want of a DAVE key, comes too late and begins another utterance.
        """
        for ssrc, stream in self._streams.items():
            if stream.run is not None and now_ns >= stream.run.end_ns:
                stream.earliest_ns = stream.run.end_ns
                self._end(ssrc, stream)

    def close(self) -> None:
        """End every utterance, because the voice session has ended."""
        for ssrc in self._streams:
            self.end_speaker(ssrc)

    @property
    def busy(self) -> bool:
        """An utterance is under way."""
        return any(stream.run is not None for stream in self._streams.values())

    def _cut(self, ssrc: int, stream: _Stream, run: _Run) -> None:
        behind = run.quietest() + 1
        stream.run = _Run(run.parts[:behind])
        self._end(ssrc, stream)
        for part in run.parts[behind:]:
            stream.add(part)

    def _end(self, ssrc: int, stream: _Stream) -> None:
        parts = stream.end()
        started_ns, ended_ns = stream.place(parts)
        utterance = Utterance(
            self._meeting_id,
            stream.user_id,
            Clip(self._segment, parts[0].offset, parts[-1].end_offset, ssrc),
            started_ns=started_ns,
            ended_ns=ended_ns,
            packets=len(parts),
        )
        if stream.user_id == UNKNOWN:
            stream.nameless.append(utterance)
        self._on_utterance(utterance)
