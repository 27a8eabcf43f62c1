"""Which files are recordings, and how they are read."""

from pathlib import Path

import av
import numpy as np
import pytest

from tests.campaigns.speech_eval.recordings import RATE, RecordingError, find, read
from tests.speech.opus_encoder import tone


def write(path: Path, codec: str, rate: int = RATE) -> None:
    """One second of a tone."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(
            tone()[np.newaxis, :: RATE // rate].copy(), format="s16", layout="mono"
        )
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size
        )
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            file.mux(stream.encode(part))


def test_audio_is_found_with_its_text(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    for name in ("b.wav", "ann/a.FLAC", "b.txt", "notes.md", "alone.txt"):
        (tmp_path / name).touch()
    (tmp_path / "b.txt").write_text("hello")
    assert [(one.name, one.said) for one in find(tmp_path)] == [("ann/a", None), ("b", "hello")]


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_audio_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(RecordingError, match="There is no"):
        find(tmp_path / folder)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.wav", "pcm_s16le", 16_000),
        ("a.flac", "flac", 48_000),
        ("a.ogg", "libopus", 48_000),
        ("a.m4a", "aac", 48_000),
    ],
)
def test_any_format_is_read_at_48_khz(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    write(tmp_path / name, codec, rate)
    sound = read(tmp_path / name)
    assert sound.ndim == 1
    assert len(sound) == pytest.approx(RATE, rel=0.06)
    middle = sound[RATE // 4 : RATE // 2].astype(float)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(12_000 / np.sqrt(2), rel=0.2)


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(RecordingError, match="cannot be read"):
        read(tmp_path / "a.wav")
