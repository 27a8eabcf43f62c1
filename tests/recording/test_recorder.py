"""Recorder and recovery together: what was cut while it was heard is what the journal gives afterwards."""

import itertools
import os
import random
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notetaker.model.audio import AudioFrame
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.recording.journal import JournalReader, Packet, journal_files, read_clip
from notetaker.recording.recorder import Recorder
from notetaker.recording.recovery import scan
from notetaker.recording.rtcp import GapMarked, SpeakerLeft, SpeakerNamed
from notetaker.recording.utterances import FRAME_NS, LATEST_CUT_NS, PRE_ROLL_NS, QUIET_BYTES
from tests.recording.sounds import SILENCE, WALL_NS, talk

WORDS = (b"x" * 90,) * 25


class Live(Recorder):
    """A recorder with a list of what has ended."""

    def __init__(self, folder: Path) -> None:
        self.utterances: list[Utterance] = []
        super().__init__(folder, "m", self.utterances.append)

    def ended(self, now: float) -> list[Utterance]:
        """What has ended since the last call."""
        self.tick(now)
        ended, self.utterances[:] = self.utterances[:], []
        return ended


def recorder(folder: Path) -> Live:
    fresh = Live(folder)
    fresh.open_session(0.0, WALL_NS)
    return fresh


def events(folder: Path) -> list[object]:
    return [event for _, path in journal_files(folder) for event in JournalReader(path)]


def packets(folder: Path) -> list[Packet]:
    return [event for event in events(folder) if isinstance(event, Packet)]


def test_an_utterance_comes_out_of_the_tick_after_its_pause(tmp_path: Path) -> None:
    live = recorder(tmp_path)
    for frame in talk(WORDS, at=2.0):
        live.write(frame)
    assert live.ended(2.97) == []
    (utterance,) = live.ended(2.98)
    assert not live.busy
    assert (utterance.user_id, utterance.packets) == (7, 25)
    assert utterance.started_ns == WALL_NS + 2_000_000_000
    assert utterance.ended_ns == WALL_NS + 2_500_000_000
    assert [packet.opus for packet in read_clip(tmp_path, utterance.clip)] == list(WORDS)
    assert live.ended(7.0) == []


def test_arrival_is_told_by_the_clocks_of_the_session(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.open_session(1_000_000.5, WALL_NS)
    live.write(AudioFrame(7, 70, 0, 0, b"\xf8speech", 1_000_000.52))
    live.close_session(1_000_001.0)
    (packet,) = packets(tmp_path)
    assert abs(packet.arrival_ns - (WALL_NS + 20_000_000)) < 1000


def test_each_session_has_its_own_file_and_ends_what_was_said(tmp_path: Path) -> None:
    live = recorder(tmp_path)
    for at in (0.0, 100.0, 200.0):
        live.open_session(at, WALL_NS + round(at * 1e9))
        for frame in talk(WORDS, at, end=False):
            live.write(frame)
    live.close_session(200.5)
    live.close_session(200.6)
    assert not live.busy
    utterances = live.ended(200.6)
    assert [utterance.clip.segment for utterance in utterances] == [2, 3, 4]  # the first one stayed empty
    assert scan(tmp_path, "m") == utterances


def test_speakers_are_named_once_and_also_when_nobody_said_so(tmp_path: Path) -> None:
    live = recorder(tmp_path)
    live.add_speaker(7, 70, 0.0)
    live.add_speaker(7, 70, 0.0)
    live.write(AudioFrame(7, 70, 0, 0, b"\xf8speech", 0.0))
    live.write(AudioFrame(8, 80, 0, 0, b"\xf8speech", 0.0))
    assert [event for event in events(tmp_path) if not isinstance(event, Packet)] == [
        SpeakerNamed(7, 70),
        SpeakerNamed(8, 80),
    ]
    assert [packet.user_id for packet in packets(tmp_path)] == [7, 8]


def test_one_who_leaves_ends_on_all_their_ssrcs_and_may_have_late_packets(tmp_path: Path) -> None:
    live = recorder(tmp_path)
    for ssrc in (70, 71):
        live.write(AudioFrame(7, ssrc, 0, 0, b"\xf8speech", 0.0))
    live.remove_speaker(7, 0.01)
    live.remove_speaker(7, 0.01)
    assert len(live.ended(0.02)) == 2
    live.write(AudioFrame(7, 70, 1, 960, b"\xf8speech", 0.02))
    assert [event for event in events(tmp_path) if isinstance(event, SpeakerLeft)] == [(70,), (71,)]
    live.close_session(0.1)
    assert [utterance.user_id for utterance in live.ended(0.1)] == [7]
    assert [utterance.packets for utterance in scan(tmp_path, "m")] == [1, 1, 1]


def test_gaps_are_marked_in_the_session_and_between_sessions(tmp_path: Path) -> None:
    inside, outside = Gap(WALL_NS, WALL_NS + 1, "one"), Gap(WALL_NS, WALL_NS + 2, "two", user_id=7)
    live = recorder(tmp_path)
    live.mark_gap(inside)
    live.close_session(1.0)
    live.mark_gap(outside)
    assert events(tmp_path) == [GapMarked(inside), GapMarked(outside)]
    assert [segment for segment, _ in journal_files(tmp_path)] == [1, 2]


def test_the_end_of_a_session_does_not_wait_for_the_disk_and_sync_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink()))
    descriptors = len([*Path("/proc/self/fd").iterdir()])
    live = recorder(tmp_path)
    live.write(AudioFrame(7, 70, 0, 0, b"\xf8speech", 0.0))
    live.open_session(1.0, WALL_NS)
    live.close_session(1.0)
    live.mark_gap(Gap(WALL_NS, WALL_NS + 1, "one"))
    assert synced == []
    live.sync()
    assert {path for _, path in journal_files(tmp_path)} <= set(synced)
    assert len([*Path("/proc/self/fd").iterdir()]) == descriptors


def test_outside_a_session_nothing_is_taken(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.sync()
    assert live.ended(0.0) == []
    with pytest.raises(RuntimeError, match=r"^No voice session is open in this recorder\.$"):
        live.write(AudioFrame(7, 70, 0, 0, b"\xf8speech", 0.0))


def test_a_packet_held_until_its_utterance_had_come_out_begins_another(tmp_path: Path) -> None:
    """Cutting the journal again must not put it into the first one, though it arrived 20 ms after."""
    live = recorder(tmp_path)
    live.write(AudioFrame(7, 70, 0, 0, b"\xf8speech", 1.00))
    first = live.ended(10.0)
    live.write(AudioFrame(7, 70, 1, 960, b"\xf8speech", 1.02))
    live.close_session(10.0)
    second = live.ended(10.0)
    assert [utterance.packets for utterance in first + second] == [1, 1]
    assert scan(tmp_path, "m") == first + second


def test_packets_held_over_the_end_of_an_utterance_are_the_next_one(tmp_path: Path) -> None:
    """For want of a key, half a sentence comes five seconds late. Its sender's clock tells when it was said."""
    live = recorder(tmp_path)
    frames = list(talk(WORDS * 4, at=1.0, end=False))
    for frame in frames[:50]:
        live.write(frame)
    first = live.ended(7.0)
    for frame in frames[50:]:
        live.write(frame)
    live.close_session(7.0)
    second = live.ended(7.0)
    assert [utterance.packets for utterance in first + second] == [50, 50]
    assert abs(second[0].started_ns - first[0].ended_ns) < 1_000_000
    assert abs(second[0].ended_ns - WALL_NS - 3_000_000_000) < 1_000_000
    assert scan(tmp_path, "m") == first + second


def test_a_torn_journal_gives_what_it_holds(tmp_path: Path) -> None:
    live = recorder(tmp_path)
    for frame in talk(WORDS, at=0.0, end=False):
        live.write(frame)
    live.close_session(1.0)
    (_, path), (whole,) = journal_files(tmp_path)[0], live.ended(1.0)
    path.write_bytes(path.read_bytes()[:-10])
    (utterance,) = scan(tmp_path, "m")
    assert utterance.id == whole.id
    assert utterance.packets == whole.packets - 1


def test_a_file_that_is_no_journal_does_not_hide_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        live = recorder(tmp_path)
        live.write(AudioFrame(7, 70, 0, 0, b"\xf8speech", 0.0))
        live.close_session(1.0)
    first = journal_files(tmp_path)[0][1]
    first.write_bytes(bytes(200))
    assert [utterance.clip.segment for utterance in scan(tmp_path, "m")] == [2]
    assert caplog.messages == [f"{first}: no record at byte 0"]


SPEAKERS = st.integers(0, 2)
NOISE = (b"\xf8",) * 20 + (b"x" * 12,)
"""A pause of 420 ms as a sender with DTX describes it."""
STRETCHES = st.lists(
    st.tuples(
        SPEAKERS,
        st.sampled_from([0, 1, 3, 40, 300, 1700]),  # packets of speech
        st.sampled_from([(), (SILENCE,), (SILENCE,) * 3, (SILENCE,) * 5, (SILENCE,) * 60, NOISE, NOISE * 5]),
        st.sampled_from([0.0, 0.02, 0.3, 0.38, 0.4, 0.49, 0.5, 0.51, 0.79, 0.8, 0.81, 3.0]),  # pause, seconds
        st.booleans(),  # the speaker leaves afterwards
    ),
    max_size=6,
)
Stretch = tuple[int, int, tuple[bytes, ...], float, bool]


def meeting(stretches: list[Stretch], late: float, seed: int) -> list[tuple[float, AudioFrame | int]]:
    """What a receiver hands on: (time, a frame that arrived up to ``late`` s before, or a user who leaves).

    Some packets come late one by one; and now and then all of a speaker are held, as they are for want of a key.
    """
    chance = random.Random(seed)
    clocks = [0.0, 0.0, 0.0]
    held_until = [0.0, 0.0, 0.0]
    sequences = [itertools.count(60_000) for _ in clocks]
    handed: list[tuple[float, AudioFrame | int]] = []
    for speaker, count, quiet, pause, leaves in stretches:
        if chance.random() < 0.3:
            held_until[speaker] = clocks[speaker] + chance.uniform(0, late)
        for opus in (*(b"\xf8" * chance.randint(4, 9) for _ in range(count)), *quiet):
            arrival = clocks[speaker] + chance.uniform(0, 0.03)
            sequence = next(sequences[speaker])
            timestamp = sequence * 960 % 2**32
            frame = AudioFrame(7 + speaker, 70 + speaker, sequence % 2**16, timestamp, opus, arrival)
            at = arrival + chance.choice([0.0, 0.0, chance.uniform(0, late)])
            handed.append((at if opus == SILENCE else max(at, held_until[speaker]), frame))
            clocks[speaker] += 0.02
        clocks[speaker] += pause
        if leaves:
            handed.append((clocks[speaker], 7 + speaker))
    return sorted(handed, key=lambda entry: entry[0])


def record(folder: Path, handed: list[tuple[float, AudioFrame | int]], tick_every: float) -> list[Utterance]:
    live = recorder(folder)
    utterances: list[Utterance] = []
    next_tick = tick_every
    now = 0.0
    for now, entry in handed:
        while next_tick <= now:
            utterances += live.ended(next_tick)
            next_tick += tick_every
        if isinstance(entry, int):
            live.remove_speaker(entry, now)
        else:
            live.write(entry)
    live.close_session(now)
    return sorted(utterances + live.ended(now), key=lambda utterance: utterance.id)


LATE = st.sampled_from([0.0, 0.1, 0.7, 1.9, 15.0])


@settings(max_examples=100)
@given(STRETCHES, LATE, st.integers(0, 99), st.sampled_from([0.02, 0.1, 1.0, 1e9]))
def test_the_journal_cut_again_gives_the_same_utterances(
    stretches: list[Stretch], late: float, seed: int, tick_every: float
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        utterances = record(folder, meeting(stretches, late, seed), tick_every)
        assert sorted(scan(folder, "m"), key=lambda utterance: utterance.id) == utterances
        assert len({utterance.id for utterance in utterances}) == len(utterances)


@settings(max_examples=25)
@given(STRETCHES, st.integers(0, 99), st.sampled_from([0.02, 0.1, 3.0]))
def test_while_nothing_comes_late_it_does_not_matter_when_it_ticks(
    stretches: list[Stretch], seed: int, tick_every: float
) -> None:
    handed = meeting(stretches, 0.0, seed)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        assert record(Path(one), handed, tick_every) == record(Path(other), handed, 1e9)


@settings(max_examples=50)
@given(STRETCHES, LATE, st.integers(0, 99), st.sampled_from([0.1, 1e9]))
def test_every_packet_with_speech_is_in_exactly_one_utterance(
    stretches: list[Stretch], late: float, seed: int, tick_every: float
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        handed = meeting(stretches, late, seed)
        utterances = record(folder, handed, tick_every)
        cut: Counter[int] = Counter()
        for utterance in utterances:
            clip = read_clip(folder, utterance.clip)
            assert len(clip) == utterance.packets
            assert len(clip[-1].opus) > QUIET_BYTES
            sounds = [packet.arrival_ns for packet in clip if len(packet.opus) > QUIET_BYTES]
            assert utterance.started_ns < utterance.ended_ns
            if not late:
                a_few = len(sounds) < 10  # which may have been late, or their clock may have stood still
                assert 0 <= min(sounds) - utterance.started_ns <= (1_000_000_000 if a_few else 60_000_000)
                assert sounds[0] - clip[0].arrival_ns <= PRE_ROLL_NS
                assert utterance.ended_ns - clip[0].arrival_ns <= LATEST_CUT_NS + 3 * FRAME_NS
            cut.update(packet.offset for packet in clip)
        stored = packets(folder)
        assert len(stored) == sum(isinstance(entry, AudioFrame) for _, entry in handed)
        assert {p.offset for p in stored if len(p.opus) > QUIET_BYTES} - alone(folder) <= set(cut)
        assert set(cut.values()) <= {1}


def alone(folder: Path) -> set[int]:
    """Packets with sound between two quiet ones, or as good as that: background noise."""
    found: set[int] = set()
    for ssrc in (70, 71, 72):
        sounds = [None] + [
            event if isinstance(event, Packet) and len(event.opus) > QUIET_BYTES else None
            for event in events(folder)
            if isinstance(event, Packet | SpeakerLeft) and event.ssrc == ssrc
        ]
        for before, sound, after in zip(sounds, sounds[1:], [*sounds[2:], None], strict=False):
            if sound is None or before is not None:
                continue
            if after is None or abs(after.arrival_ns - sound.arrival_ns) > PRE_ROLL_NS:
                found.add(sound.offset)
    return found
