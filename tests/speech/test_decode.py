"""Opus to PCM. A tone stands for speech: where it is and where it is not can be measured."""

import math
import random
import struct
from functools import cache

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notetaker.model.audio import AudioFrame
from notetaker.speech.decode import BYTES_PER_SECOND, decode, decode_counted
from tests.speech.packets import SILENCE, TICKS, RtpPacket, rtp

MS = BYTES_PER_SECOND // 1000
PACKET = 20 * MS


@cache
def tone(packets: int = 50, layout: str = "mono") -> tuple[bytes, ...]:
    """A 440 Hz tone as Opus packets of 20 ms."""
    channels = 2 if layout == "stereo" else 1
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, layout, "s16"
    encoder.open()
    encoded = []
    for number in range(packets):
        ticks = range(number * TICKS, (number + 1) * TICKS)
        pcm = [round(12_000 * math.sin(math.tau * 440 * t / 48_000)) for t in ticks for _ in range(channels)]
        frame = av.AudioFrame(format="s16", layout=layout, samples=TICKS)
        frame.sample_rate, frame.pts = 48_000, ticks.start
        frame.planes[0].update(struct.pack(f"<{len(pcm)}h", *pcm))
        encoded += encoder.encode(frame)
    return tuple(bytes(packet) for packet in encoded[:packets])


def loudness(pcm: bytes, start: float, end: float) -> float:
    """Root mean square between two instants in seconds."""
    samples = memoryview(pcm[2 * int(16_000 * start) : 2 * int(16_000 * end)]).cast("h")
    return math.sqrt(sum(s * s for s in samples) / len(samples))


def test_a_second_of_packets_is_a_second_of_sound() -> None:
    pcm = decode(rtp(tone()))
    assert len(pcm) == BYTES_PER_SECOND
    assert loudness(pcm, 0.1, 0.9) == pytest.approx(12_000 / math.sqrt(2), rel=0.05)


def test_stereo_is_mixed_down() -> None:
    pcm = decode(rtp(tone(layout="stereo")))
    assert len(pcm) == BYTES_PER_SECOND
    assert loudness(pcm, 0.1, 0.9) == pytest.approx(12_000 / math.sqrt(2), rel=0.05)


def test_the_journals_frames_fit() -> None:
    frames = [AudioFrame(1, 2, i, i * TICKS, opus, i * 0.02) for i, opus in enumerate(tone())]
    assert decode(frames) == decode(rtp(tone()))


def test_no_packets_are_no_sound() -> None:
    assert decode([]) == b""


def test_a_pause_on_the_rtp_clock_is_silence_of_that_length() -> None:
    first, second = rtp(tone()), rtp(tone(), start=48_000 + 24_000)
    pcm = decode(first + second)
    assert len(pcm) == round(2.5 * BYTES_PER_SECOND)
    assert loudness(pcm, 1.1, 1.45) < 100
    assert loudness(pcm, 1.6, 2.4) > 8_000


def test_a_lost_packet_is_concealed() -> None:
    packets = rtp(tone())
    pcm = decode(packets[:25] + packets[26:])
    assert len(pcm) == BYTES_PER_SECOND
    assert loudness(pcm, 0.5, 0.52) > 4_000


def test_the_rtp_clock_may_wrap() -> None:
    assert decode(rtp(tone(), start=2**32 - 10 * TICKS)) == decode(rtp(tone()))


def test_packets_that_overtook_each_other_are_put_in_order() -> None:
    packets = rtp(tone(), start=2**32 - 10 * TICKS)
    mixed = [*packets[:5], packets[7], packets[6], packets[5], *packets[8:]]
    assert decode(mixed) == decode(packets)


def test_the_first_packet_may_come_second() -> None:
    packets = rtp(tone())
    assert decode([packets[1], packets[0], *packets[2:]]) == decode(packets)


def test_duplicates_count_once() -> None:
    packets = rtp(tone())
    assert decode(packets[:10] + packets[5:]) == decode(packets)


def test_a_corrupt_packet_is_counted_and_treated_as_lost() -> None:
    packets = rtp(tone())
    # code 3 with a frame count of zero: RFC 6716 section 3.2.5, requirement R5
    broken = [*packets[:25], RtpPacket(25 * TICKS, b"\xff\x00"), *packets[26:]]
    sound = decode_counted(broken)
    assert sound.corrupt == 1
    assert sound.pcm == decode(packets[:25] + packets[26:])


def test_an_empty_packet_does_not_end_the_stream() -> None:
    packets = rtp(tone())
    sound = decode_counted([*packets[:25], RtpPacket(25 * TICKS, b""), *packets[26:]])
    assert sound.corrupt == 1
    assert len(sound.pcm) == BYTES_PER_SECOND


def test_nothing_but_corrupt_packets_is_silence() -> None:
    sound = decode_counted(rtp([b"\xff\x00"] * 50))
    assert sound.corrupt == 50
    assert not any(sound.pcm)


def test_discords_silence_frames_are_silent() -> None:
    pcm = decode(rtp([SILENCE] * 5))
    assert len(pcm) == 5 * PACKET
    assert loudness(pcm, 0, 0.1) < 2


def test_a_jump_of_the_rtp_clock_adds_two_seconds_at_most() -> None:
    pcm = decode([RtpPacket(0, SILENCE), RtpPacket(2**31 - 1, SILENCE)])
    assert len(pcm) == 2 * BYTES_PER_SECOND + 2 * PACKET


def test_a_hostile_rtp_clock_cannot_fill_the_memory() -> None:
    packets = [RtpPacket(i * 2**30 % 2**32, SILENCE) for i in range(1500)]
    assert len(decode(packets)) <= 60 * BYTES_PER_SECOND + 1500 * PACKET


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=40)), max_size=12))
def test_any_bytes_give_sound_or_a_count(packets: list[tuple[int, bytes]]) -> None:
    sound = decode_counted(RtpPacket(*packet) for packet in packets)
    assert 0 <= sound.corrupt <= len(packets)
    assert len(sound.pcm) % 2 == 0
    assert len(sound.pcm) <= 62 * BYTES_PER_SECOND + 120 * MS * len(packets)


def test_damaged_speech_never_raises() -> None:
    rng = random.Random(4006)
    packets = [bytearray(opus) for opus in tone()]
    for packet in packets[::3]:
        packet[rng.randrange(len(packet))] ^= 1 << rng.randrange(8)
    for length in range(0, 50, 7):
        packets[length] = packets[length][:length]
    assert decode(rtp([bytes(packet) for packet in packets]))
