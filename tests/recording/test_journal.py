import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notetaker.model.audio import AudioFrame
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Clip
from notetaker.recording.journal import (
    JournalError,
    JournalReader,
    Packet,
    journal_files,
    read_clip,
)
from notetaker.recording.rtcp import GapMarked, Mark, SpeakerLeft, SpeakerNamed
from notetaker.recording.writer import JournalWriter
from tests.recording.sounds import WALL_NS

GAP = Gap(WALL_NS, WALL_NS + 5, "voice session lost (4006)")
FRAMES = [
    AudioFrame(7, 70, 65535, 2**32 - 960, b"first", 0.0),
    AudioFrame(8, 80, 3, 960, b"x" * 120, 0.0),
    AudioFrame(7, 70, 0, 0, b"\xf8\xff\xfe", 0.0),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "meetings" / "m"


def fill(folder: Path) -> Path:
    writer = JournalWriter(folder)
    writer.name_speaker(7, 70, WALL_NS)
    writer.name_speaker(8, 80, WALL_NS)
    for number, frame in enumerate(FRAMES):
        writer.write(frame, WALL_NS + number)
    writer.speaker_left(80, WALL_NS)
    writer.mark_gap(GAP)
    writer.close()
    return writer.path


def read(path: Path) -> list[Packet | Mark]:
    return list(JournalReader(path))


def test_packets_and_marks_come_back_in_order(folder: Path) -> None:
    events = read(fill(folder))
    packets = [event for event in events if isinstance(event, Packet)]
    assert events == [SpeakerNamed(7, 70), SpeakerNamed(8, 80), *packets, SpeakerLeft(80), GapMarked(GAP)]
    assert [packet[:5] for packet in packets] == [frame[:5] for frame in FRAMES]
    assert [packet.arrival_ns for packet in packets] == [WALL_NS, WALL_NS + 1, WALL_NS + 2]


def test_a_packet_costs_56_bytes_more_than_its_opus(folder: Path) -> None:
    writer = JournalWriter(folder)
    writer.name_speaker(7, 70, WALL_NS)
    start, end = writer.write(FRAMES[0], WALL_NS)
    writer.close()
    assert end - start == 56 + len(FRAMES[0].opus)
    assert end == writer.path.stat().st_size


def test_a_journal_torn_at_any_byte_is_read_up_to_there(folder: Path) -> None:
    path = fill(folder)
    data, whole = path.read_bytes(), read(path)
    seen = set()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        events = read(path)
        assert events == whole[: len(events)]
        assert all(not isinstance(e, Packet) or e.end_offset > length for e in whole[len(events) :])
        seen.add(len(events))
    assert seen == set(range(len(whole)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_a_journal_damaged_anywhere_is_survived(folder: Path, data: st.DataObject) -> None:
    for _, old in journal_files(folder):
        old.unlink()
    path = fill(folder)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    for event in JournalReader(path):
        assert isinstance(event, Packet | SpeakerNamed | SpeakerLeft | GapMarked)


def test_a_whole_record_of_another_thing_hides_no_other(folder: Path) -> None:
    path = fill(folder)
    content = bytearray(path.read_bytes())
    first = next(event for event in read(path) if isinstance(event, Packet))
    content[first.offset + 16 + 28] = 0x81  # a contributing source, which this program never writes
    path.write_bytes(content)
    reader = JournalReader(path)
    assert len([event for event in reader if isinstance(event, Packet)]) == len(FRAMES) - 1
    assert reader.damage is None


def test_files_are_numbered_and_never_written_again(folder: Path) -> None:
    first = fill(folder)
    before = first.read_bytes()
    second = fill(folder)
    (folder / "journal" / "0007.pcap").touch()
    (folder / "journal" / "notes.txt").touch()
    third = fill(folder)
    assert [path.name for path in (first, second, third)] == ["0001.pcap", "0002.pcap", "0008.pcap"]
    assert [segment for segment, _ in journal_files(folder)] == [1, 2, 7, 8]
    assert first.read_bytes() == before


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fill(folder)
    monkeypatch.setattr("notetaker.recording.writer.journal_files", lambda folder: [])
    with pytest.raises(FileExistsError):
        JournalWriter(folder)
    assert read(path)


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("no_umask")
def test_only_the_owner_may_read_it(folder: Path) -> None:
    path = fill(folder)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_mode & 0o777 == 0o700


def test_sync_makes_the_file_and_its_name_safe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    fsync = os.fsync

    def spy(fd: int) -> None:
        synced.append(Path(f"/proc/self/fd/{fd}").readlink())
        fsync(fd)

    monkeypatch.setattr(os, "fsync", spy)
    writer = JournalWriter(folder)
    writer.sync()
    assert synced == [writer.path, folder / "journal", folder, folder.parent]
    synced.clear()
    writer.sync()
    writer.close()
    writer.sync()
    assert synced == [writer.path, writer.path]


def test_sync_in_another_thread_never_meets_a_closed_file(folder: Path) -> None:
    failures: list[BaseException] = []

    def sync_until_stopped(writer: JournalWriter, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                writer.sync()
        except OSError as error:
            failures.append(error)

    for _ in range(20):
        writer, stop = JournalWriter(folder), threading.Event()
        thread = threading.Thread(target=sync_until_stopped, args=(writer, stop))
        thread.start()
        writer.name_speaker(7, 70, WALL_NS)
        writer.close()
        stop.set()
        thread.join()
    assert failures == []


def test_an_ssrc_that_left_is_nobodys_until_named_again(folder: Path) -> None:
    writer = JournalWriter(folder)
    writer.name_speaker(7, 70, WALL_NS)
    assert writer.speaker(70) == 7
    assert writer.ssrcs(7) == [70]
    writer.speaker_left(70, WALL_NS)
    assert writer.speaker(70) is None
    assert writer.ssrcs(7) == []
    writer.close()


def test_a_clip_is_one_speakers_packets_between_its_offsets(folder: Path) -> None:
    path = fill(folder)
    mine = [event for event in read(path) if isinstance(event, Packet) and event.ssrc == 70]
    clip = read_clip(folder, Clip(1, mine[0].offset, mine[1].end_offset, 70))
    assert [packet.opus for packet in clip] == [b"first", b"\xf8\xff\xfe"]
    assert read_clip(folder, Clip(1, mine[0].offset, mine[0].end_offset, 70)) == clip[:1]


def test_a_clip_that_is_not_there_is_an_error_and_not_silence(folder: Path) -> None:
    path = fill(folder)
    end = path.stat().st_size
    for clip in (
        Clip(1, 24, end + 1, 70),
        Clip(1, 24, 100, 999),
        Clip(1, end, end + 50, 70),
        Clip(1, 25, 90, 70),
    ):
        with pytest.raises(JournalError, match=r"does not hold the utterance at bytes \d+ to \d+\.$"):
            read_clip(folder, clip)
    with pytest.raises(FileNotFoundError):
        read_clip(folder, Clip(2, 24, 90, 70))
