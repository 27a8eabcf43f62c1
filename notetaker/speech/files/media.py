"""Reads the sound of an audio or video file, in any format that FFmpeg supports, as PCM for engines."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from notetaker.speech.engine import BYTES_PER_SECOND, SAMPLE_RATE

TOLERANCE_S = 0.1
"""Seconds by which timestamps may differ from the sound before them, because files are not exact."""
LONGEST_GAP_S = 600.0
"""Longest gap in seconds. A larger jump of the timestamps cannot be trusted and is ignored."""

NO_NETWORK = {"protocol_whitelist": "file,crypto,data"}
"""FFmpeg options that forbid network access, because an untrusted playlist may name any address."""


class MediaError(Exception):
    """The file has no sound that can be read. The message completes "FILE: "."""


class Media:
    """An open file, which can be read once."""

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self.damaged = 0
        """Number of packets that could not be decoded."""
        self.failure: str | None = None
        """Why the file could not be read to its end, to complete "FILE: "; None if it could."""
        self._container = container
        self._stream = stream

    @property
    def length_s(self) -> float | None:
        """The length in seconds according to the file, or None."""
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        if self._container.duration is not None:
            return float(Fraction(self._container.duration, av.time_base))
        return None

    def pcm(self) -> Iterator[bytes]:
        """Yield the sound in small pieces, 16 kHz mono s16le, with silence for gaps in the file."""
        timeline = _Timeline(float(Fraction(self._container.start_time or 0, av.time_base)))
        resampler = _resampler()
        for frame in self._frames():
            try:
                sounds = resampler.resample(frame)
            except ValueError:  # the format changed in mid-stream
                resampler = _resampler()
                sounds = resampler.resample(frame)
            yield from timeline.silence_before(frame)
            for sound in sounds:
                yield timeline.add(bytes(sound.planes[0])[: 2 * sound.samples])
        for sound in resampler.resample(None):
            yield bytes(sound.planes[0])[: 2 * sound.samples]

    def _frames(self) -> Iterator[AudioFrame]:
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except FFmpegError:
                    self.damaged += 1
                    continue
                yield from (frame for frame in frames if isinstance(frame, AudioFrame))
        except (FFmpegError, OSError) as error:
            self.failure = f"it could not be read to the end: {error.strerror}."


@contextmanager
def opened(path: Path) -> Iterator[Media]:
    """Open a file. Raises MediaError."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise MediaError("there is no such file.") from None
    except IsADirectoryError:
        raise MediaError("this is a folder, not a file.") from None
    except OSError as error:
        raise MediaError(f"it cannot be read: {error.strerror}.") from error
    with file, _container(file) as container:
        if not container.streams.audio:
            raise MediaError("it contains no audio.")
        yield Media(container, container.streams.audio[0])


@contextmanager
def _container(file: IO[bytes]) -> Iterator[InputContainer]:
    try:
        container = av.open(file, mode="r", metadata_errors="replace", options=NO_NETWORK)
    except FFmpegError as error:
        raise MediaError("this is not an audio or video file.") from error
    except OSError as error:
        raise MediaError(f"it cannot be read: {error.strerror}.") from error
    with container:
        yield container


def _resampler() -> AudioResampler:
    return AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)


class _Timeline:
    """Keeps the sound in sync with the file's timestamps, so that subtitles match the video."""

    def __init__(self, begins_s: float) -> None:
        self._begins_s = begins_s
        self._length = 0  # in bytes

    def add(self, pcm: bytes) -> bytes:
        self._length += len(pcm)
        return pcm

    def silence_before(self, frame: AudioFrame) -> Iterator[bytes]:
        """Yield the silence that is missing before the frame, a second at a time."""
        if frame.time is None:
            return
        missing_s = frame.time - self._begins_s - self._length / BYTES_PER_SECOND
        if not TOLERANCE_S < missing_s <= LONGEST_GAP_S:
            if abs(missing_s) > LONGEST_GAP_S:
                self._begins_s += missing_s
            return
        missing = 2 * round(missing_s * SAMPLE_RATE)
        for at in range(0, missing, BYTES_PER_SECOND):
            yield self.add(bytes(min(BYTES_PER_SECOND, missing - at)))
