"""Makes media files with the demo's voices, with FFmpeg."""

from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from notetaker.demo import script
from notetaker.speech.decode import decode
from notetaker.speech.engine import BYTES_PER_SECOND, SAMPLE_RATE
from tests.speech.packets import rtp


def voice(number: int) -> bytes:
    """Return the PCM of a sentence of the demo; the first is 0."""
    return decode(rtp(script.load().sentences[number].frames))


def words(number: int) -> str:
    """Return the text of that sentence."""
    return script.load().sentences[number].text


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE))


def length_s(pcm: bytes) -> float:
    return len(pcm) / BYTES_PER_SECOND


def record(
    path: Path,
    pcm: bytes,
    codec: str = "pcm_s16le",
    *,
    rate: int = SAMPLE_RATE,
    layout: str = "mono",
    later_s: float = 0.0,
    picture: bool = False,
) -> Path:
    """Write a media file of the type of its suffix, in which the sound starts after ``later_s`` seconds."""
    with av.open(path, "w") as container:
        video = container.add_stream("mpeg4", rate=10) if picture else None
        audio = container.add_stream(codec, rate=rate, layout=layout) if codec else None
        if isinstance(video, VideoStream):
            _draw(video, container, later_s + length_s(pcm))
        if isinstance(audio, AudioStream):
            _encode(audio, container, pcm, rate, layout, later_s)
    return path


def _encode(
    stream: AudioStream,
    container: av.container.OutputContainer,
    pcm: bytes,
    rate: int,
    layout: str,
    later_s: float,
) -> None:
    resampler = AudioResampler(format=stream.codec_context.format.name, layout=layout, rate=rate)
    fifo = av.AudioFifo()
    frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), 0
    for sound in (*resampler.resample(frame), *resampler.resample(None)):
        sound.pts = None
        fifo.write(sound)
    size, at = stream.codec_context.frame_size or 1024, round(later_s * rate)
    while part := fifo.read(size, partial=True):
        part.pts, part.time_base, part.sample_rate = at, Fraction(1, rate), rate
        at += part.samples
        container.mux(stream.encode(part))
    container.mux(stream.encode(None))


def _draw(stream: VideoStream, container: av.container.OutputContainer, seconds: float) -> None:
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    for number in range(round(10 * seconds)):
        frame = VideoFrame(64, 64, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts, frame.time_base = number, Fraction(1, 10)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
