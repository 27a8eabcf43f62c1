"""Decoding Opus to PCM. A tone replaces speech in tests of where there is sound."""

import math
import random
from collections.abc import Callable, Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notetaker.recording.journal import Packet
from notetaker.speech.decode import BYTES_PER_SECOND, Sound, decode, decode_counted, decode_passage
from notetaker.speech.libopus import redundancy
from tests.speech import opus_encoder
from tests.speech.opus_encoder import encode, likeness, speech, spoken
from tests.speech.packets import SILENCE, TICKS, RtpPacket, packet, rtp

MS = BYTES_PER_SECOND // 1000
PACKET = 20 * MS
CORRUPT = b"\xff\x00"
"""A corrupt packet: code 3 with a frame count of zero (RFC 6716 section 3.2.5, requirement R5)."""


@cache
def tone(layout: str = "mono") -> tuple[bytes, ...]:
    """Return a second of 440 Hz as packets of 20 ms."""
    return encode(opus_encoder.tone(), layout=layout, bit_rate=64_000)


def loudness(pcm: bytes, start: float, end: float) -> float:
    """Return the root mean square between two times in seconds."""
    return opus_encoder.loudness(pcm[2 * int(16_000 * start) : 2 * int(16_000 * end)])


def frame(pcm: bytes, number: int) -> bytes:
    """Return the 20 ms of packet ``number``."""
    return pcm[number * PACKET : (number + 1) * PACKET]


def without(packets: Sequence[RtpPacket], *lost: int) -> list[RtpPacket]:
    return [packet for number, packet in enumerate(packets) if number not in lost]


def test_a_second_of_packets_is_a_second_of_sound() -> None:
    sound = decode_counted(rtp(tone()))
    assert len(sound.pcm) == BYTES_PER_SECOND
    assert loudness(sound.pcm, 0.1, 0.9) == pytest.approx(12_000 / math.sqrt(2), rel=0.05)
    assert sound[1:] == (0, 0, 0)


def test_stereo_is_mixed_down() -> None:
    pcm = decode(rtp(tone(layout="stereo")))
    assert len(pcm) == BYTES_PER_SECOND
    assert loudness(pcm, 0.1, 0.9) == pytest.approx(12_000 / math.sqrt(2), rel=0.05)


def test_the_journals_packets_fit() -> None:
    packets = [Packet(1, 2, i, i * TICKS, opus, i * 20_000_000, 0, 0) for i, opus in enumerate(tone())]
    assert decode(packets) == decode(rtp(tone()))


def test_no_packets_are_no_sound() -> None:
    assert decode([]) == b""


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("frame_ms", [2.5, 5, 10, 20, 40, 60])
def test_packets_of_every_length(frame_ms: float, layout: str) -> None:
    opus = encode(speech()[: 48 * 960], frame_ms=frame_ms, layout=layout, fec=True)
    packets = [packet(i, round(i * frame_ms * 48), one) for i, one in enumerate(opus)]
    assert len(decode(packets)) == 960 * MS
    lost = decode_counted(without(packets, 8))
    assert len(lost.pcm) == 960 * MS
    assert lost.recovered + lost.concealed >= 1


def test_a_pause_on_the_rtp_clock_is_silence_of_that_length() -> None:
    first, second = rtp(tone()), rtp(tone(), start=48_000 + 24_000, first=50)
    pcm = decode(first + second)
    assert len(pcm) == round(2.5 * BYTES_PER_SECOND)
    assert loudness(pcm, 1.1, 1.45) == 0
    assert loudness(pcm, 1.6, 2.4) > 8_000


def test_a_lost_packet_is_concealed() -> None:
    sound = decode_counted(without(rtp(tone()), 25))
    assert len(sound.pcm) == BYTES_PER_SECOND
    assert loudness(sound.pcm, 0.5, 0.52) > 4_000
    assert (sound.recovered, sound.concealed) == (0, 1)


def test_a_lost_packet_is_rebuilt_from_the_one_after_it() -> None:
    packets = rtp(spoken(fec=True))
    lost = next(i for i, packet in enumerate(packets) if i > 30 and redundancy(packet.opus)) - 1
    sound = decode_counted(without(packets, lost))
    assert (sound.recovered, sound.concealed) == (1, 0)
    original = decode(packets)
    assert len(sound.pcm) == len(original)
    assert likeness(frame(sound.pcm, lost), frame(original, lost)) > 6


def test_with_every_tenth_packet_lost_redundancy_is_closer_to_the_original_than_concealment() -> None:
    closeness = []
    for fec in (True, False):
        packets = rtp(spoken(fec=fec))
        lost = range(5, len(packets) - 1, 10)
        sound, original = decode_counted(without(packets, *lost)), decode(packets)
        assert sound.recovered + sound.concealed == len(lost)
        assert (sound.recovered > sound.concealed) is fec
        frames = [b"".join(frame(pcm, i) for i in lost) for pcm in (sound.pcm, original)]
        closeness.append(likeness(*frames))
    with_redundancy, with_concealment = closeness
    assert with_redundancy > with_concealment + 6


def test_a_long_hole_is_concealed_for_60_ms_and_its_last_frame_rebuilt() -> None:
    packets = rtp(spoken(fec=True))
    after = next(i for i, packet in enumerate(packets) if i > 40 and redundancy(packet.opus))
    sound = decode_counted(without(packets, *range(after - 10, after)))
    assert (sound.recovered, sound.concealed) == (1, 3)
    assert len(sound.pcm) == len(packets) * PACKET
    heard = [any(frame(sound.pcm, i)) for i in range(after - 10, after)]
    assert heard == [True] * 3 + [False] * 6 + [True]


def test_a_long_hole_without_redundancy_ends_in_silence() -> None:
    sound = decode_counted(without(rtp(tone()), *range(10, 40)))
    assert (sound.recovered, sound.concealed) == (0, 3)
    assert [any(frame(sound.pcm, i)) for i in range(10, 40)] == [True] * 3 + [False] * 27


@pytest.mark.parametrize("quiet", [SILENCE, b"\xfc\xff\xfe", b"\x48", b"\x48\x00"], ids=bytes.hex)
@pytest.mark.parametrize("pause", [1, 20])
def test_after_a_quiet_packet_nothing_is_lost(quiet: bytes, pause: int) -> None:
    """The next packet of speech repeats the speech before the pause, which must not be heard twice."""
    opus = spoken(fec=True)
    after = next(i for i, packet in enumerate(opus) if i > 40 and redundancy(packet))
    before = rtp([*opus[:after], *[quiet] * 5])
    sound = decode_counted(before + rtp(opus[after:], (len(before) + pause) * TICKS, len(before)))
    assert (sound.recovered, sound.concealed) == (0, 0)
    assert not any(sound.pcm[len(before) * PACKET : (len(before) + pause) * PACKET])
    assert len(sound.pcm) == (len(opus) + 5 + pause) * PACKET


def test_the_rtp_clock_may_wrap() -> None:
    assert decode(rtp(tone(), start=2**32 - 10 * TICKS)) == decode(rtp(tone()))


CLOCKS: dict[str, Callable[[int], int]] = {
    "standing still": lambda number: 12_345,
    "milliseconds": lambda number: 20 * number,
    "counting packets": lambda number: number,
    "at 16 kHz": lambda number: 320 * number,
    "twice as fast": lambda number: 1920 * number,
    "set back": lambda number: number * TICKS + (100_000 if number < 25 else 0),
    "set back to where it was": lambda number: number % 25 * TICKS,
    "set forth": lambda number: number * TICKS + (90_000 if number >= 25 else 0),
    "in pairs": lambda number: number // 2 * 2 * TICKS,
    "late to start": lambda number: max(number, 30) * TICKS,
    "going backwards": lambda number: -number * TICKS,
    "random": lambda number: random.Random(number).randrange(2**32),
}
"""RTP timestamps by packet number, as music bots and clients made by hand may send them."""


@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)
def test_every_packet_is_heard_whatever_its_timestamp(clock: Callable[[int], int]) -> None:
    packets = rtp(spoken(fec=True)[:50])
    odd = [one._replace(timestamp=clock(number) % 2**32) for number, one in enumerate(packets)]
    assert decode_counted(odd) == decode_counted(packets)


@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)
@pytest.mark.parametrize("late_ms", [0, 60, 3000])
def test_nor_is_much_added_when_the_network_delays_them(clock: Callable[[int], int], late_ms: int) -> None:
    """A delay may pass for a pause, but only once."""
    rng = random.Random(late_ms)
    packets = rtp(tone())
    odd = [
        one._replace(
            timestamp=clock(number) % 2**32,
            arrival_ns=one.arrival_ns + rng.randrange(late_ms + 1) * 1_000_000,
        )
        for number, one in enumerate(packets)
    ]
    assert 0 <= len(decode(odd)) - BYTES_PER_SECOND <= late_ms * MS


@pytest.mark.parametrize("late_ms", [60, 3000])
def test_a_right_clock_is_believed_when_the_network_delays_packets(late_ms: int) -> None:
    rng = random.Random(late_ms)
    packets = rtp(tone()) + rtp(tone(), start=48_000 + 24_000, first=50)
    late = [
        one._replace(arrival_ns=one.arrival_ns + (number > 0) * rng.randrange(late_ms) * 1_000_000)
        for number, one in enumerate(packets)
    ]
    assert decode(late) == decode(packets)


def test_a_pause_of_one_who_marks_none_is_not_concealed() -> None:
    """With discontinuous transmission a sender may stop right after speech: nothing is lost, and nothing repeated."""
    opus = spoken(fec=True)
    after = next(i for i, packet in enumerate(opus) if i > 40 and redundancy(packet))
    sound = decode_counted(rtp(opus[:after]) + rtp(opus[after:], (after + 19) * TICKS, after))
    assert sound[2:] == (0, 0)
    assert not any(sound.pcm[after * PACKET : (after + 19) * PACKET])
    assert len(sound.pcm) == (len(opus) + 19) * PACKET


def test_a_passage_sounds_as_if_it_were_one_utterance() -> None:
    packets = without(rtp(spoken(fec=True)), 20, 30, 31)
    parts: list[list[RtpPacket]] = [packets[:10], [], packets[10:29], packets[29:]]
    whole, sounds = decode_counted(packets), decode_passage(parts)
    assert b"".join(sound.pcm for sound in sounds) == whole.pcm
    assert len(sounds[0].pcm) == 10 * PACKET
    assert sounds[1] == Sound(b"", 0, 0, 0)
    assert [sum(of) for of in list(zip(*sounds, strict=True))[1:]] == list(whole[1:])


def test_each_utterance_of_a_passage_has_its_own_corrupt_packets() -> None:
    packets = rtp([CORRUPT, *tone()[:9], *[CORRUPT] * 5, *tone()[15:30]])
    assert [sound.corrupt for sound in decode_passage([packets[:5], packets[5:12], packets[12:]])] == [
        1,
        2,
        3,
    ]


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(1, 98)), st.integers(0, 2**32 - 1))
def test_whatever_is_lost_the_rest_stays_in_its_place(lost: set[int], start: int) -> None:
    """In every loss, at most 60 ms are concealed and one frame is rebuilt; the rest is digital silence."""
    opus = spoken(fec=True)[:100]
    kept = without(rtp(opus, start), *lost)
    sound = decode_counted(kept)
    assert len(sound.pcm) == 100 * PACKET
    recovered = concealed = 0
    for loss in losses(lost):
        rebuilt = redundancy(opus[loss.stop]) > 0
        guessed = min(len(loss) - rebuilt, 3)
        recovered, concealed = recovered + rebuilt, concealed + guessed
        for number in loss[guessed : len(loss) - rebuilt]:
            assert not any(frame(sound.pcm, number))
    assert (sound.recovered, sound.concealed) == (recovered, concealed)


def losses(lost: set[int]) -> list[range]:
    starts = sorted(number for number in lost if number - 1 not in lost)
    ends = sorted(number + 1 for number in lost if number + 1 not in lost)
    return [range(start, end) for start, end in zip(starts, ends, strict=True)]


@pytest.mark.parametrize("corrupt", [CORRUPT, b""], ids=["corrupt", "empty"])
def test_a_corrupt_packet_is_counted_and_treated_as_lost(corrupt: bytes) -> None:
    for opus in (tone(), spoken(fec=True)):
        packets = rtp(opus)
        sound = decode_counted([*packets[:30], packets[30]._replace(opus=corrupt), *packets[31:]])
        assert sound == decode_counted(without(packets, 30))._replace(corrupt=1)


def test_a_run_of_corrupt_packets_is_concealed_for_60_ms_in_all() -> None:
    opus = tone()
    sound = decode_counted(rtp([*opus[:10], *[CORRUPT] * 30, *opus[40:]]))
    assert sound == decode_counted(without(rtp(opus), *range(10, 40)))._replace(corrupt=30)


def test_nothing_but_corrupt_packets_is_silence() -> None:
    sound = decode_counted(rtp([CORRUPT] * 50))
    assert sound.corrupt == 50
    assert not any(sound.pcm)


def test_discords_silence_frames_are_silent() -> None:
    pcm = decode(rtp([SILENCE] * 5))
    assert len(pcm) == 5 * PACKET
    assert loudness(pcm, 0, 0.1) < 2


def test_a_pause_lasts_two_seconds_at_most() -> None:
    pcm = decode([packet(0, 0, SILENCE), packet(1, 2**31 - 1, SILENCE)])
    assert len(pcm) == 2 * BYTES_PER_SECOND + 2 * PACKET


def test_a_hostile_rtp_clock_cannot_fill_the_memory() -> None:
    packets = [packet(i, i * 2**30, SILENCE) for i in range(1500)]
    assert len(decode(packets)) <= 180 * BYTES_PER_SECOND + 1500 * PACKET


def check_bounds(sound: Sound, packets: int) -> None:
    assert 0 <= sound.corrupt <= packets
    assert 0 <= sound.recovered <= packets
    assert len(sound.pcm) % 2 == 0
    assert len(sound.pcm) <= 60 * BYTES_PER_SECOND + 120 * MS * packets


@settings(max_examples=150)
@given(
    st.lists(
        st.builds(
            RtpPacket,
            st.integers(0, 2**16 - 1),
            st.integers(0, 2**32 - 1),
            st.binary(max_size=1500),
            st.integers(0, 2**63),
        ),
        max_size=12,
    )
)
def test_any_bytes_give_sound_or_a_count(packets: list[RtpPacket]) -> None:
    check_bounds(decode_counted(packets), len(packets))


@cache
def many_kinds() -> tuple[bytes, ...]:
    """Return packets of all lengths, modes and numbers of channels."""
    return tuple(
        packet
        for layout in ("mono", "stereo")
        for frame_ms in (2.5, 5, 10, 20, 40, 60)
        for bit_rate in (16_000, 32_000, 96_000)
        for packet in encode(
            speech()[24_000:38_400], layout=layout, frame_ms=frame_ms, bit_rate=bit_rate, fec=True
        )
    )


def padded(opus: bytes, length: int) -> bytes:
    """Turn a packet of one frame into code 3 with padding (RFC 6716 section 3.2.5)."""
    return bytes([opus[0] | 3, 0x41, length]) + opus[1:] + bytes(length)


def damaged(rng: random.Random, opus: bytes) -> bytes:
    packet = bytearray(opus)
    for _ in range(rng.randrange(6)):
        packet[rng.randrange(len(packet))] = rng.randrange(256)
    return bytes(packet[: rng.randrange(1, 2 * len(packet))]) + rng.randbytes(rng.choice([0, 0, 300]))


@pytest.mark.parametrize("seed", range(20))
def test_damaged_speech_never_raises(seed: int) -> None:
    rng = random.Random(seed)
    packets: list[RtpPacket] = []
    timestamp = rng.randrange(2**32)
    for _ in range(100):
        opus = rng.choice(many_kinds())
        kinds = [
            opus,
            damaged(rng, opus),
            damaged(rng, opus),
            padded(opus, rng.randrange(255)),
            SILENCE,
            opus[:1],
        ]
        packets.append(packet(len(packets), timestamp, rng.choice(kinds)))
        timestamp += rng.choice([120, 480, TICKS, TICKS, 2 * TICKS, 3 * TICKS, 12_345])
    check_bounds(decode_counted(packets), len(packets))


def test_padding_is_not_heard() -> None:
    opus = spoken(fec=True)
    assert all(packet[0] & 3 == 0 for packet in opus)
    assert decode_counted(without(rtp([padded(packet, 200) for packet in opus]), 30)) == decode_counted(
        without(rtp(opus), 30)
    )
