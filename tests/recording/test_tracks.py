import array
import itertools
from pathlib import Path

import av
import pytest

from notetaker.model.audio import AudioFrame
from notetaker.recording import opus
from notetaker.recording.journal import JournalReader, Packet, journal_files
from notetaker.recording.ogg import PRE_SKIP, read_packets
from notetaker.recording.recorder import Recorder
from notetaker.recording.tracks import Track, TrackError, retire_journal, write_tracks
from tests.recording.sounds import SILENCE, WALL_NS, speech, talk

VOICE = speech(100)


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    fresh = Recorder(tmp_path, "m", lambda _: None)
    fresh.open_session(0.0, WALL_NS)
    return fresh


def muxed(path: Path) -> list[bytes]:
    """The speaker's packets in a track."""
    with path.open("rb") as file:
        return [packet.data for packet in read_packets(file) if packet.data not in opus.FILLERS]


def starts(path: Path) -> list[float]:
    """Seconds from the start of the meeting at which a run of the speaker's packets begins."""
    begins, at, filled = [], -PRE_SKIP, True
    with path.open("rb") as file:
        for packet in read_packets(file):
            if packet.data not in opus.FILLERS and filled:
                begins.append(at / 48_000)
            filled = packet.data in opus.FILLERS
            at += opus.duration(packet.data) or 0
    return begins


def heard(path: Path, rate: int = 50) -> list[bool]:
    """Whether there is sound, in each 20 ms from the start of the meeting on: FFmpeg's word."""
    with av.open(str(path)) as container:
        sound = array.array("f")
        for frame in container.decode(audio=0):
            sound.frombytes(bytes(frame.planes[0])[: 4 * frame.samples])
    step = 48_000 // rate
    return [max(map(abs, sound[start : start + step])) > 0.02 for start in range(0, len(sound) - step, step)]


def test_each_speaker_gets_a_track_with_exactly_their_packets(tmp_path: Path, recorder: Recorder) -> None:
    seven, eight = list(talk(VOICE, 1.0)), list(talk(speech(60, seed=2), 1.5, user_id=8, ssrc=80))
    for frame in sorted(seven + eight, key=lambda frame: frame.arrival):
        recorder.write(frame)
    recorder.close_session(9.0)
    tracks = write_tracks(tmp_path, WALL_NS)
    assert tracks == [
        Track(7, tmp_path / "tracks" / "7.ogg", 105, 3100),
        Track(8, tmp_path / "tracks" / "8.ogg", 65, 2800),
    ]
    assert [muxed(track.path) for track in tracks] == [[f.opus for f in seven], [f.opus for f in eight]]
    assert all(track.path.stat().st_mode & 0o777 == 0o600 for track in tracks)
    assert (tmp_path / "tracks").stat().st_mode & 0o777 == 0o700


def test_sound_is_where_it_was_in_the_meeting(tmp_path: Path, recorder: Recorder) -> None:
    for at, sequence in ((2.0, 0), (10.0, 200)):
        for frame in talk(VOICE, at, sequence=sequence):
            recorder.write(frame)
    recorder.close_session(20.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    sound = heard(track.path)
    assert not any(sound[:99])
    assert all(sound[102:198])
    assert not any(sound[206:499])
    assert all(sound[502:598])
    assert abs(len(sound) * 20 - track.duration_ms) <= 40


def test_it_costs_little_more_than_the_opus_in_it(tmp_path: Path, recorder: Recorder) -> None:
    frames = [frame for at in (5.0, 15.0, 25.0) for frame in talk(VOICE * 3, at, sequence=int(at * 50))]
    for frame in frames:
        recorder.write(frame)
    recorder.close_session(31.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    assert track.path.stat().st_size <= 1.05 * sum(len(frame.opus) for frame in frames)


def test_an_hour_of_silence_is_small(tmp_path: Path, recorder: Recorder) -> None:
    recorder.write(AudioFrame(7, 70, 0, 0, VOICE[0], 3600.0))
    recorder.close_session(3601.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    assert track.duration_ms == 3_600_020
    assert track.path.stat().st_size < 100_000


def test_packets_are_put_into_the_order_sent_and_jitter_is_taken_out(
    tmp_path: Path, recorder: Recorder
) -> None:
    frames = list(talk(VOICE, 1.0, sequence=65_500, end=False))
    delayed = [
        frame._replace(arrival=frame.arrival + (number % 4) * 0.06) for number, frame in enumerate(frames[1:])
    ]
    for frame in [frames[0], *sorted(delayed, key=lambda frame: frame.arrival)]:
        recorder.write(frame)
    recorder.close_session(4.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    assert muxed(track.path) == list(VOICE)
    assert starts(track.path) == [1.0]  # one run without a hole


def test_lost_packets_leave_silence_of_their_length(tmp_path: Path, recorder: Recorder) -> None:
    for frame in talk(VOICE, 1.0, end=False):
        if not 20 <= frame.sequence < 23:
            recorder.write(frame)
    recorder.close_session(4.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    assert starts(track.path) == [1.0, pytest.approx(1.0 + 23 * 0.02)]
    assert (track.packets, track.duration_ms) == (97, 3000)


def test_a_sender_whose_rtp_clock_stands_still_in_pauses_is_placed_by_arrival(
    tmp_path: Path, recorder: Recorder
) -> None:
    counter = itertools.count()
    for at in (1.0, 6.0):
        for frame in talk(VOICE, at, end=False):
            number = next(counter)
            recorder.write(frame._replace(sequence=number, timestamp=number * 960))
    recorder.close_session(9.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    assert starts(track.path) == [1.0, 6.0]


def test_a_new_session_and_a_new_ssrc_are_placed_by_arrival(tmp_path: Path, recorder: Recorder) -> None:
    for frame in talk(VOICE, 1.0, ssrc=70, end=False):
        recorder.write(frame)
    for frame in talk(VOICE, 5.0, ssrc=71, sequence=9000, end=False):
        recorder.write(frame._replace(timestamp=(frame.timestamp + 12345) % 2**32))
    recorder.open_session(100.0, WALL_NS + 100 * 10**9)
    for frame in talk(VOICE, 110.0, ssrc=71, sequence=9100, end=False):
        recorder.write(frame)
    recorder.close_session(113.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    assert muxed(track.path) == list(VOICE) * 3
    assert starts(track.path) == [1.0, 5.0, 110.0]


def test_a_clock_that_leaps_by_decades_does_not_fill_the_disk(tmp_path: Path, recorder: Recorder) -> None:
    recorder.write(AudioFrame(7, 70, 0, 0, VOICE[0], 0.0))
    recorder.open_session(1.0, WALL_NS + 30 * 365 * 86_400 * 10**9)
    recorder.write(AudioFrame(7, 70, 1, 960, VOICE[1], 1.0))
    recorder.close_session(2.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    assert track.packets == 2
    assert track.path.stat().st_size < 3_000_000


def test_what_is_no_opus_is_reported_and_does_not_spoil_the_track(
    tmp_path: Path, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = [b"", b"\xfb\x00", b"\xf8" + bytes(65_000), next(opus.silence(960))[0]]
    for number, packet in enumerate([*VOICE[:3], *hostile, *VOICE[3:6]]):
        recorder.write(AudioFrame(7, 70, number, number * 960, packet, number * 0.02))
    recorder.close_session(1.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    assert muxed(track.path) == list(VOICE[:6])
    assert [message.split(": ")[1] for message in caplog.messages] == [
        "3 packets of user 7 are not Opus, leaving them out of the track"
    ]
    retire_journal(tmp_path)
    assert not (tmp_path / "journal").exists()


def test_written_again_the_tracks_are_the_same_also_without_the_journal(
    tmp_path: Path, recorder: Recorder
) -> None:
    for frame in talk(VOICE, 1.0):
        recorder.write(frame)
    recorder.close_session(4.0)
    once = write_tracks(tmp_path, WALL_NS)
    data = once[0].path.read_bytes()
    once[0].path.with_suffix(".ogg.partial").write_bytes(b"left by a crash")
    assert write_tracks(tmp_path, WALL_NS) == once
    retire_journal(tmp_path)
    retire_journal(tmp_path)
    assert write_tracks(tmp_path, WALL_NS) == once
    assert once[0].path.read_bytes() == data
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["7.ogg", "tracks"]


def test_a_meeting_in_which_nobody_spoke_has_no_tracks(tmp_path: Path, recorder: Recorder) -> None:
    recorder.close_session(1.0)
    assert write_tracks(tmp_path, WALL_NS) == []
    retire_journal(tmp_path)
    assert write_tracks(tmp_path / "nowhere", WALL_NS) == []


def test_the_journal_is_not_retired_before_the_tracks_are_there(tmp_path: Path, recorder: Recorder) -> None:
    recorder.write(AudioFrame(7, 70, 0, 0, VOICE[0], 0.0))
    recorder.close_session(1.0)
    with pytest.raises(TrackError, match=r"^The journal stays, for track .*7\.ogg cannot be read back: "):
        retire_journal(tmp_path)
    assert journal_files(tmp_path)


def test_the_journal_is_not_retired_when_a_track_lacks_a_packet(tmp_path: Path, recorder: Recorder) -> None:
    for frame in talk(VOICE, 1.0):
        recorder.write(frame)
    recorder.close_session(4.0)
    write_tracks(tmp_path, WALL_NS)
    recorder.open_session(5.0, WALL_NS + 5 * 10**9)
    recorder.write(AudioFrame(7, 70, 0, 0, SILENCE, 5.0))
    recorder.close_session(6.0)
    with pytest.raises(
        TrackError, match=r"does not hold the same packets: 105 in the track, 106 in the journal\.$"
    ):
        retire_journal(tmp_path)
    write_tracks(tmp_path, WALL_NS)
    retire_journal(tmp_path)
    assert journal_files(tmp_path) == []


def test_the_journal_is_not_retired_for_a_track_of_other_sound(tmp_path: Path, recorder: Recorder) -> None:
    other = Recorder(tmp_path / "other", "other", lambda _: None)
    other.open_session(0.0, WALL_NS)
    recorder.write(AudioFrame(7, 70, 0, 0, VOICE[10], 0.0))
    other.write(AudioFrame(7, 70, 0, 0, VOICE[11], 0.0))
    recorder.close_session(1.0)
    other.close_session(1.0)
    write_tracks(tmp_path, WALL_NS)
    (track,) = write_tracks(tmp_path / "other", WALL_NS)
    track.path.replace(tmp_path / "tracks" / "7.ogg")
    with pytest.raises(
        TrackError, match=r"does not hold the same packets: 1 in the track, 1 in the journal\.$"
    ):
        retire_journal(tmp_path)


def test_the_journal_is_not_retired_when_a_track_is_damaged(tmp_path: Path, recorder: Recorder) -> None:
    for frame in talk(VOICE, 1.0):
        recorder.write(frame)
    recorder.close_session(4.0)
    (track,) = write_tracks(tmp_path, WALL_NS)
    data = bytearray(track.path.read_bytes())
    data[len(data) // 2] ^= 1
    track.path.write_bytes(data)
    with pytest.raises(TrackError, match=r"cannot be read back: Ogg page \d+ is damaged\.$"):
        retire_journal(tmp_path)


def test_a_journal_that_cannot_be_read_to_its_end_is_not_retired_but_a_torn_one_is(
    tmp_path: Path, recorder: Recorder
) -> None:
    for frame in talk(VOICE, 1.0):
        recorder.write(frame)
    recorder.close_session(4.0)
    ((_, path),) = journal_files(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(16))
    assert write_tracks(tmp_path, WALL_NS)[0].packets == 105
    with pytest.raises(TrackError, match=rf"can be read only in part: no record at byte {len(whole)}\.$"):
        retire_journal(tmp_path)
    path.write_bytes(whole + b"torn")
    retire_journal(tmp_path)
    assert journal_files(tmp_path) == []


def test_killed_while_retiring_it_goes_on_where_it_was(tmp_path: Path, recorder: Recorder) -> None:
    for frame in talk(VOICE, 1.0):
        recorder.write(frame)
    recorder.close_session(4.0)
    tracks = write_tracks(tmp_path, WALL_NS)
    (tmp_path / "journal").rename(tmp_path / "journal.retired")
    assert write_tracks(tmp_path, WALL_NS) == tracks
    retire_journal(tmp_path)
    assert not (tmp_path / "journal.retired").exists()


def test_packets_whose_speaker_nobody_named_are_kept_under_0(tmp_path: Path, recorder: Recorder) -> None:
    for frame in talk(VOICE, 1.0, end=False):
        recorder.write(frame)
    recorder.close_session(4.0)
    ((_, path),) = journal_files(tmp_path)
    first = next(event for event in JournalReader(path) if isinstance(event, Packet))
    data = path.read_bytes()
    path.write_bytes(data[:24] + data[first.offset :])
    (track,) = write_tracks(tmp_path, WALL_NS)
    assert (track.user_id, track.packets) == (0, 100)
