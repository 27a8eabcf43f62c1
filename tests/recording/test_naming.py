"""Sound of which nobody knows whose it is: in the journal at once, and its owner's everywhere once that is known."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.audio import UNKNOWN, AudioFrame
from notetaker.model.utterance import Utterance
from notetaker.recording.journal import JournalReader, Packet, journal_files
from notetaker.recording.recorder import Recorder
from notetaker.recording.recovery import scan
from notetaker.recording.rtcp import SpeakerLeft, SpeakerNamed
from notetaker.recording.tracks import retire_journal, write_tracks
from tests.recording.sounds import WALL_NS, speech, talk

ADA, BEN, SSRC = 7, 8, 70
WORDS = (b"x" * 90,) * 25


class Live(Recorder):
    """A recorder, and the last word on every utterance that has ended, by id."""

    def __init__(self, folder: Path) -> None:
        self.utterances: dict[str, Utterance] = {}
        super().__init__(folder, "m", self._keep)
        self.open_session(0.0, WALL_NS)

    def _keep(self, utterance: Utterance) -> None:
        known = self.utterances.get(utterance.id)
        assert known is None or known.user_id == UNKNOWN, "only who has no name gets one"
        self.utterances[utterance.id] = utterance

    def hears(self, frames: Iterable[AudioFrame]) -> None:
        for frame in frames:
            self.write(frame)

    @property
    def speakers(self) -> list[int]:
        """Of the utterances, in order of time."""
        return [one.user_id for one in sorted(self.utterances.values(), key=lambda one: one.started_ns)]


def packets(folder: Path) -> list[Packet]:
    files = journal_files(folder)
    return [event for _, path in files for event in JournalReader(path) if isinstance(event, Packet)]


def marks(folder: Path) -> list[object]:
    files = journal_files(folder)
    return [event for _, path in files for event in JournalReader(path) if not isinstance(event, Packet)]


def test_a_name_is_about_what_was_said_before_it(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.hears(talk(WORDS, 1.0, user_id=UNKNOWN))
    live.tick(5.0)
    live.hears(talk(WORDS, 6.0, user_id=UNKNOWN, end=False, sequence=30))
    assert live.speakers == [UNKNOWN]
    live.add_speaker(ADA, SSRC, 6.5)
    assert live.speakers == [ADA]
    live.hears(talk(WORDS, 6.5, user_id=ADA, sequence=55))
    live.close_session(10.0)
    assert live.speakers == [ADA, ADA], (
        "an utterance goes on through the moment in which its speaker is named"
    )
    assert {packet.user_id for packet in packets(tmp_path)} == {ADA}
    assert marks(tmp_path) == [SpeakerNamed(ADA, SSRC)]
    assert scan(tmp_path, "m") == [*live.utterances.values()]


def test_who_is_never_named_is_kept_all_the_same(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.hears(talk(speech(25), 1.0, user_id=UNKNOWN))
    live.close_session(5.0)
    assert live.speakers == [UNKNOWN]
    assert scan(tmp_path, "m") == [*live.utterances.values()]
    assert [packet.user_id for packet in packets(tmp_path)] == [None] * 30
    [track] = write_tracks(tmp_path, WALL_NS)
    assert (track.user_id, track.packets) == (UNKNOWN, 30)
    retire_journal(tmp_path)


def test_an_ssrc_that_passes_on_takes_only_what_came_since_its_last_owner_left(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.hears(talk(speech(25), 1.0, user_id=ADA))
    live.hears(talk(speech(25, seed=2), 3.0, user_id=UNKNOWN, sequence=5000))
    live.add_speaker(BEN, SSRC, 5.0)
    live.close_session(6.0)
    assert live.speakers == [ADA, BEN]
    assert scan(tmp_path, "m") == [*live.utterances.values()]
    assert marks(tmp_path) == [SpeakerNamed(ADA, SSRC), SpeakerLeft(SSRC), SpeakerNamed(BEN, SSRC)]
    assert [(track.user_id, track.packets) for track in write_tracks(tmp_path, WALL_NS)] == [
        (ADA, 30),
        (BEN, 30),
    ]
    retire_journal(tmp_path)


def test_who_leaves_without_a_name_leaves_nothing_to_the_next_session(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.hears(talk(WORDS, 1.0, user_id=UNKNOWN))
    live.open_session(5.0, WALL_NS + 5 * 10**9)
    live.add_speaker(ADA, SSRC, 5.0)
    live.close_session(6.0)
    assert live.speakers == [UNKNOWN]
    assert scan(tmp_path, "m") == [*live.utterances.values()]


def bytes_read() -> int:
    """By this process so far: proc(5)."""
    [line] = [line for line in Path("/proc/self/io").read_text().splitlines() if line.startswith("rchar")]
    return int(line.split()[1])


def test_however_many_have_no_name_the_journal_is_read_twice_at_most(tmp_path: Path) -> None:
    live = Live(tmp_path)
    for ssrc in range(100):
        live.hears(AudioFrame(UNKNOWN, ssrc, n, 960 * n, b"x" * 90, 0.02 * n) for n in range(100))
    live.close_session(60.0)
    [(_, path)] = journal_files(tmp_path)
    before = bytes_read()
    assert len(packets(tmp_path)) == 100 * 100
    assert bytes_read() - before < 2.5 * path.stat().st_size


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hears"), st.sampled_from([UNKNOWN, ADA, BEN]), st.integers(1, 40)),
        st.tuples(st.sampled_from(["names", "leaves"]), st.sampled_from([ADA, BEN]), st.just(0)),
        st.tuples(st.just("waits"), st.just(0), st.integers(0, 100)),
    ),
    max_size=25,
)


@given(STEPS)
def test_the_journal_gives_what_was_heard_live(steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, now, sequence = Path(name), 1.0, 0
        live = Live(folder)
        for step, user_id, frames in steps:
            if step == "hears":
                live.hears(talk(WORDS[:1] * frames, now, user_id=user_id, sequence=sequence, end=False))
                sequence += frames
            elif step == "names":
                live.add_speaker(user_id, SSRC, now)
            elif step == "leaves":
                live.remove_speaker(user_id, now)
            now += 0.02 * frames
            live.tick(now)
        live.close_session(now)
        found = scan(folder, "m")
        assert {one.id: one for one in found} == live.utterances
        said = {packet.offset: packet.user_id or UNKNOWN for packet in packets(folder)}
        for one in found:
            parts = [who for at, who in said.items() if one.clip.start_offset <= at < one.clip.end_offset]
            assert parts == [one.user_id] * one.packets
