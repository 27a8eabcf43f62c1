import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.recording import opus
from tests.recording.sounds import SILENCE, speech
from tests.vectors.files import Vector, load


@pytest.mark.parametrize("entry", load("opus_toc.json")["configs"], ids=lambda entry: str(entry["config"]))
def test_durations_are_those_of_the_rfcs_table(entry: Vector) -> None:
    frame = round(entry["frame_ms"] * 48)
    toc = entry["config"] << 3
    assert opus.duration(bytes((toc,)) + bytes(40)) == frame
    assert opus.duration(bytes((toc | 4,)) + bytes(40)) == frame  # stereo
    assert opus.duration(bytes((toc | 1,)) + bytes(40)) == 2 * frame
    assert opus.duration(bytes((toc | 2, 20)) + bytes(40)) == 2 * frame
    longest = 5760 // frame
    assert opus.duration(bytes((toc | 3, 0x80 | longest)) + bytes(96)) == longest * frame
    assert opus.duration(bytes((toc | 3, longest + 1)) + bytes(98)) is None


def test_what_is_no_opus_packet_has_no_duration() -> None:
    for packet in (b"", b"\xfb", b"\xfb\x00", b"\xfb\x40", b"\xf8" + bytes(65_000)):
        assert opus.duration(packet) is None


def test_real_packets_last_20_ms() -> None:
    assert {opus.duration(packet) for packet in (SILENCE, *speech(5))} == {960}


@given(st.integers(0, 100_000_000))
def test_silence_is_as_long_as_asked(length: int) -> None:
    fillers = list(opus.silence(length))
    assert abs(sum(ticks for _, ticks in fillers) - length) <= opus.STEP // 2
    assert all(packet in opus.FILLERS and opus.duration(packet) == ticks for packet, ticks in fillers)
    assert sum(len(packet) + 1 for packet, _ in fillers) <= 15 + length // 5760 * 3 + 6


@pytest.mark.parametrize("length", [100 * 960, 100 * 960 + 120, 100 * 960 + 840])
@pytest.mark.parametrize("decoder", ["libopus", "opus"])  # the reference, and FFmpeg's own
def test_decoders_make_silence_of_it(decoder: str, length: int) -> None:
    codec = av.AudioCodecContext.create(decoder, "r")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout = 48_000, "stereo"
    codec.open()
    for packet in speech(50):  # ends in full voice
        codec.decode(av.Packet(packet))
    samples, loudest = 0, 0.0
    for packet, _ in opus.silence(length):
        for frame in codec.decode(av.Packet(packet)):
            scale = 1.0 if "flt" in frame.format.name else 32768.0
            data = memoryview(bytes(frame.planes[0])).cast("f" if scale == 1.0 else "h")
            if samples >= 4 * 960:  # the last sound may fade out over the first frames
                loudest = max(loudest, *(abs(value) / scale for value in data[: frame.samples]))
            samples += frame.samples
    assert abs(samples - length) <= 960
    assert loudest < 0.001
