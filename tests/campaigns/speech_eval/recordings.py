"""Audio files and the words that are spoken in them: ``talk.flac`` and ``talk.txt``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

RATE: Final = 48_000
"""Hertz, of what is encoded with Opus."""
SUFFIXES: Final = frozenset(
    {
        ".aac",
        ".aif",
        ".aiff",
        ".flac",
        ".m4a",
        ".mka",
        ".mp3",
        ".mp4",
        ".oga",
        ".ogg",
        ".opus",
        ".wav",
        ".webm",
    }
)

Samples = NDArray[np.int16]
"""One channel at ``RATE``."""


class RecordingError(Exception):
    """A file cannot be used. One sentence."""


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    """Its path below the folder, without the suffix."""
    path: Path
    said: str | None
    """None: nobody has written down what is said in it."""


def find(folder: Path) -> list[Recording]:
    """The recordings in a folder and the folders below it, by name. Raises RecordingError."""
    if not folder.is_dir():
        raise RecordingError(f"There is no folder {folder}.")
    found = [
        Recording(str(path.relative_to(folder).with_suffix("")), path, _said(path))
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file()
    ]
    if not found:
        raise RecordingError(f"There is no audio file in {folder}.")
    return found


def read(path: Path) -> Samples:
    """The sound of an audio file. Raises RecordingError."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    parts: list[Samples] = []
    try:
        with av.open(str(path)) as file:
            for decoded in file.decode(audio=0):
                decoded.pts = None
                parts += (frame.to_ndarray()[0] for frame in resampler.resample(decoded))
            parts += (frame.to_ndarray()[0] for frame in resampler.resample(None))
    except (av.FFmpegError, IndexError) as error:  # IndexError: there is no audio in it
        raise RecordingError(f"{path} cannot be read: {error}") from error
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def _said(path: Path) -> str | None:
    text = path.with_suffix(".txt")
    return text.read_text("utf-8") if text.is_file() else None
