"""A meeting of which everything is known: who said which packet when, how it was numbered, and how it came to us."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle, takewhile
from operator import add
from pathlib import Path
from typing import NamedTuple

from notetaker.demo.script import FRAME_S, load
from notetaker.model.audio import AudioFrame
from notetaker.model.utterance import Utterance
from notetaker.recording import opus
from notetaker.recording.journal import read_clip
from notetaker.recording.ogg import PRE_SKIP, read_packets
from notetaker.recording.recorder import Recorder
from notetaker.recording.recovery import scan
from notetaker.recording.times import when_said
from notetaker.recording.tracks import retire_journal, write_tracks
from notetaker.recording.utterances import QUIET_BYTES
from tests.recording.sounds import SILENCE, WALL_NS

TICK_S = 0.5
"""As ``meetings.recordings`` does while somebody speaks."""

Clock = Callable[[int, float], float]
"""What a sender shows as the timestamp of its n-th 20 ms, said at a time in seconds: 48 kHz ticks."""
Way = Callable[[float, random.Random], float | None]
"""How long a packet that is said at a time is on its way, seconds; None: it is lost."""


@cache
def voice(speaker: str) -> tuple[bytes, ...]:
    """Everything that somebody says in the demo's meeting, without its pauses."""
    return tuple(
        frame
        for one in load().sentences
        if one.speaker == speaker
        for frame in one.frames
        if len(frame) > QUIET_BYTES
    )


def joined(frames: Sequence[bytes]) -> bytes:
    """Return one packet of the first frames, those that were encoded alike.

    Source: RFC 6716 section 3.2.5 (code 3, variable bit rate, each below 252 bytes).
    """
    alike = [*takewhile(lambda frame: frame[0] == frames[0][0], frames)]
    if len(alike) == 1:
        return frames[0]
    sizes = bytes(len(frame) - 1 for frame in alike[:-1])
    return bytes((alike[0][0] | 3, 0x80 | len(alike))) + sizes + b"".join(frame[1:] for frame in alike)


class Turn(NamedTuple):
    """Speech without a pause in it."""

    start_s: float
    length_s: float


def every(seconds: float, length_s: float, until_s: float) -> list[Turn]:
    return [Turn(1.0 + seconds * n, length_s) for n in range(int((until_s - 1.0) / seconds))]


def true_clock(n: int, at_s: float) -> float:
    return at_s * 48_000


def at_once(at_s: float, chance: random.Random) -> float:
    return 0.0


@dataclass(frozen=True)
class Sender:
    turns: Sequence[Turn]
    clock: Clock = true_clock
    ppm: float = 0.0
    """By how much its clock, and so its voice, is fast."""
    way: Way = at_once
    user_id: int = 7
    speaker: str = "Ada"
    timestamp: int = 1_000_000
    sequence: int = 1000
    marks: bool = True
    """It ends a turn with five silence frames."""
    restarts: bool = False
    """It counts anew from anywhere at each turn, within one SSRC."""
    together: Sequence[int] = (1,)
    """How many times 20 ms its packets last, in turn."""
    padding_chance: float = 0.005
    """How often, per packet, a burst of packets with nothing but padding follows, which use up numbers.
    Source: Discord.Net#3262.
    """


class Sent(NamedTuple):
    at_s: float
    """When it was said: the truth."""
    arrival_s: float
    frame: AudioFrame


def send(sender: Sender, seed: int = 1) -> list[Sent]:
    """What arrives of what somebody says, in the order sent."""
    chance, padding = random.Random(seed), random.Random(seed + 1)
    words = voice(sender.speaker)
    sent: list[Sent] = []
    n, sequence, timestamp = 0, sender.sequence, sender.timestamp
    lengths = cycle(sender.together)
    for turn in sender.turns:
        if sender.restarts:
            sequence, timestamp = chance.randrange(2**16), chance.randrange(2**32)
        count = round(turn.length_s / FRAME_S)
        frames = [words[(n + k) % len(words)] for k in range(count)] + [SILENCE] * (5 if sender.marks else 0)
        k = 0
        while k < len(frames):
            length = next(lengths) if k < count else 1
            packet = joined(frames[k : min(k + length, count) if k < count else k + 1])
            at_s = turn.start_s + k * FRAME_S / (1 + sender.ppm / 1e6)
            ticks = round(sender.clock(n, at_s * (1 + sender.ppm / 1e6)))
            delay_s = sender.way(at_s, chance)
            if delay_s is not None:
                frame = AudioFrame(
                    sender.user_id,
                    10 * sender.user_id,
                    sequence % 2**16,
                    (timestamp + ticks) % 2**32,
                    packet,
                    at_s + delay_s,
                )
                sent.append(Sent(at_s, at_s + delay_s, frame))
            sequence += 1
            if padding.random() < sender.padding_chance:
                sequence += padding.randint(5, 50)
            took = (opus.duration(packet) or 0) // opus.FRAME
            n, k = n + took, k + took
    return sent


@dataclass
class Recorded:
    """What was made of a meeting."""

    folder: Path
    sent: list[Sent]
    utterances: list[Utterance]
    track_errors: list[float] = field(default_factory=list)
    """For each packet, in the order sent: seconds by which it is late in its track, of the last to check."""

    def check(self, within_s: float, *, live: bool = True) -> None:
        """Every packet is in a track, and every one with sound in an utterance, at the time at which it was said.

        Unless ``live``, this is known only at the end of the meeting.
        """
        for user_id in {one.frame.user_id for one in self.sent}:
            self._check_track(user_id, within_s)
        if live:
            self._check_utterances(self.utterances, within_s)
        moved = {one.id: one for one in when_said(self.folder, self.utterances)}
        self._check_utterances([moved.get(one.id, one) for one in self.utterances], within_s)
        assert sorted(scan(self.folder, "m"), key=lambda one: one.id) == sorted(
            self.utterances, key=lambda one: one.id
        ), "the journal cut again gives the same"
        retire_journal(self.folder)  # raises if a packet is in no track

    def _check_track(self, user_id: int, within_s: float) -> None:
        sent = [one for one in self.sent if one.frame.user_id == user_id]
        placed = list(track(self.folder, user_id))
        assert [packet for _, packet in placed] == [one.frame.opus for one in sent]
        self.track_errors = [at_s - one.at_s for (at_s, _), one in zip(placed, sent, strict=True)]
        assert max(map(abs, self.track_errors)) <= within_s

    def _check_utterances(self, utterances: Iterable[Utterance], within_s: float) -> None:
        said = {
            (one.frame.ssrc, one.frame.sequence, one.frame.timestamp, one.frame.opus): one
            for one in self.sent
        }
        heard = 0
        for utterance in utterances:
            clip = [
                packet for packet in read_clip(self.folder, utterance.clip) if len(packet.opus) > QUIET_BYTES
            ]
            heard += len(clip)
            began_s = [
                said[packet.ssrc, packet.sequence, packet.timestamp, packet.opus].at_s for packet in clip
            ]
            lasts_s = [(opus.duration(packet.opus) or 0) / 48_000 for packet in clip]
            started_s, ended_s = (
                (at_ns - WALL_NS) / 1e9 for at_ns in (utterance.started_ns, utterance.ended_ns)
            )
            assert abs(started_s - min(began_s)) <= within_s
            assert abs(ended_s - max(map(add, began_s, lasts_s))) <= within_s
        assert heard == sum(len(one.frame.opus) > QUIET_BYTES for one in self.sent)


def track(folder: Path, user_id: int) -> Iterable[tuple[float, bytes]]:
    """Yield each packet of a speaker's track, and where it begins, in seconds from the start of the meeting."""
    ticks = -PRE_SKIP
    with (folder / "tracks" / f"{user_id}.ogg").open("rb") as file:
        for packet in read_packets(file):
            if packet.data not in opus.FILLERS:
                yield ticks / 48_000, packet.data
            ticks += opus.duration(packet.data) or 0


def record(
    folder: Path,
    senders: Iterable[Sender],
    *,
    read_late: Way = at_once,
    stamped: bool = True,
    sessions: Iterable[float] = (),
) -> Recorded:
    """Record what the senders say.

    ``read_late`` is how long a packet waits in our socket; its arrival is known all the same if it is ``stamped``.
    At each time of ``sessions``, another voice session begins.
    """
    sent = [one for sender in senders for one in send(sender)]
    chance = random.Random(2)
    read = []
    for one in sent:
        waits_s = read_late(one.arrival_s, chance)
        assert waits_s is not None
        at_s = one.arrival_s + waits_s
        read.append((at_s, one.frame if stamped else one.frame._replace(arrival=at_s)))
    read.sort(key=lambda entry: (entry[0], entry[1].arrival))
    utterances: list[Utterance] = []
    recorder = Recorder(folder, "m", utterances.append)
    openings = [0.0, *sessions]
    ticked_s = 0.0
    for at_s, frame in read:
        while openings and openings[0] <= at_s:
            opening_s = openings.pop(0)
            recorder.open_session(opening_s, WALL_NS + round(opening_s * 1e9))
        while ticked_s + TICK_S < at_s and recorder.busy:
            ticked_s = ticked_s + TICK_S
            if not read_late(ticked_s, chance):  # else we stand still; and before we look, we read what waits
                recorder.tick(ticked_s)
        ticked_s = max(ticked_s, at_s - TICK_S)
        recorder.write(frame)
    recorder.close_session(read[-1][0] + 10.0)
    recorder.sync()
    write_tracks(folder, WALL_NS)
    return Recorded(folder, sent, utterances)
