import socket
from pathlib import Path

import pytest

from notetaker.speech.files.media import Media, MediaError, opened
from tests.speech.files.recordings import length_s, record, silence, voice


def pcm(path: Path) -> bytes:
    with opened(path) as media:
        sound = b"".join(media.pcm())
        assert (media.damaged, media.failure) == (0, None)
        return sound


def loudness(sound: bytes, begin_s: float, end_s: float) -> float:
    samples = memoryview(sound).cast("h")[round(16000 * begin_s) : round(16000 * end_s)]
    return sum(map(abs, samples)) / len(samples)


def test_sound_that_needs_no_conversion_stays_as_it_is(tmp_path: Path) -> None:
    said = voice(0)
    assert pcm(record(tmp_path / "ada.wav", said)) == said


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout"),
    [
        ("ada.mp3", "libmp3lame", 44_100, "stereo"),
        ("ada.flac", "flac", 48_000, "mono"),
        ("ada.ogg", "libopus", 48_000, "stereo"),
        ("ada.m4a", "aac", 22_050, "mono"),
        ("ada.wav", "pcm_u8", 8_000, "mono"),
        ("ada.mka", "flac", 48_000, "5.1"),
        ("ada.mp4", "aac", 48_000, "stereo"),
    ],
)
def test_any_format_will_do(tmp_path: Path, name: str, codec: str, rate: int, layout: str) -> None:
    said = voice(0)
    path = record(tmp_path / name, said, codec, rate=rate, layout=layout)
    with opened(path) as media:
        assert media.length_s == pytest.approx(length_s(said), abs=0.1)
    sound = pcm(path)
    assert length_s(sound) == pytest.approx(length_s(said), abs=0.1)
    assert loudness(sound, 0.2, 2.0) > 0.2 * loudness(said, 0.2, 2.0)


def test_a_video_has_the_sound_of_its_first_track(tmp_path: Path) -> None:
    said = voice(0)
    path = record(tmp_path / "ada.mp4", said, "aac", rate=48_000, picture=True)
    assert length_s(pcm(path)) == pytest.approx(length_s(said), abs=0.1)


def test_sound_that_begins_after_the_picture_does_keeps_its_time(tmp_path: Path) -> None:
    said = voice(0)
    path = record(tmp_path / "late.mkv", said, "flac", rate=48_000, picture=True, later_s=2.5)
    sound = pcm(path)
    assert length_s(sound) == pytest.approx(2.5 + length_s(said), abs=0.1)
    assert loudness(sound, 0.0, 2.4) == 0
    assert loudness(sound, 2.7, 4.5) > 100


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        (b"", "this is not an audio or video file."),
        (b"So we decided to open the new website.\n" * 100, "this is not an audio or video file."),
        (bytes(5000), "this is not an audio or video file."),
        (b"RIFF\xff\xff\xff\xffWAVE", "this is not an audio or video file."),
    ],
)
def test_what_is_not_a_media_file_is_said(tmp_path: Path, contents: bytes, sentence: str) -> None:
    path = tmp_path / "notes.wav"
    path.write_bytes(contents)
    with pytest.raises(MediaError, match=f"^{sentence}$"), opened(path):
        pass


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    silent = record(tmp_path / "silent.mp4", silence(1), "", picture=True)
    for path, sentence in (
        (tmp_path / "missing.wav", "there is no such file."),
        (tmp_path, "this is a folder, not a file."),
        (Path("/proc/self/mem"), "it cannot be read: Input/output error."),
        (silent, "it contains no audio."),
    ):
        with pytest.raises(MediaError) as error, opened(path):
            pass
        assert str(error.value) == sentence


def test_a_playlist_of_a_stranger_fetches_nothing_from_the_network(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/1.ts"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n")
        with pytest.raises(MediaError), opened(path):
            pass
        with pytest.raises(BlockingIOError):
            server.accept()


def read(path: Path) -> tuple[Media, bytes]:
    with opened(path) as media:
        return media, b"".join(media.pcm())


def test_a_file_that_was_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    said = voice(0) * 10
    whole = record(tmp_path / "whole.mp3", said, "libmp3lame", rate=48_000).read_bytes()
    path = tmp_path / "half.mp3"
    path.write_bytes(whole[: len(whole) // 2])
    _, sound = read(path)
    assert length_s(sound) == pytest.approx(length_s(said) / 2, rel=0.1)


def test_damaged_packets_are_counted_and_become_silence(tmp_path: Path) -> None:
    said = voice(0) * 10
    whole = bytearray(record(tmp_path / "whole.mka", said, "flac", rate=48_000).read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 20_000] = bytes(20_000)
    path = tmp_path / "damaged.mka"
    path.write_bytes(whole)
    media, sound = read(path)
    assert media.damaged or media.failure
    assert length_s(sound) > length_s(said) * 0.4


def test_a_file_that_stops_being_readable_gives_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "ada.wav", voice(0) * 100)
    real = Path.open

    class Broken:
        """A file on a disk that fails after 200 kB."""

        def __init__(self, file: object) -> None:
            self._file = file

        def __enter__(self) -> "Broken":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()  # type: ignore[attr-defined]

        def __getattr__(self, name: str) -> object:
            return getattr(self._file, name)

        def read(self, size: int = -1) -> bytes:
            if self._file.tell() > 200_000:  # type: ignore[attr-defined]
                raise OSError(5, "Input/output error")
            return bytes(self._file.read(size))  # type: ignore[attr-defined]

    monkeypatch.setattr(Path, "open", lambda self, mode: Broken(real(self, mode)))
    media, sound = read(path)
    assert media.failure == "it could not be read to the end: Input/output error."
    assert len(sound) > 100_000
