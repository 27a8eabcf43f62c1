"""Every packet in the journal has one counted use, from the recorder to the text."""

import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from notetaker.demo.script import load
from notetaker.jobs import speech_process
from notetaker.jobs.queue import JobQueue
from notetaker.jobs.speech_process import ClipToHear
from notetaker.jobs.transcriber import Transcriber
from notetaker.jobs.workflows import Preferences, Workflows
from notetaker.model.audio import AudioFrame
from notetaker.model.use import Use, uses
from notetaker.model.utterance import Transcription, Utterance
from notetaker.recording import opus
from notetaker.recording.journal import JournalReader, Packet, journal_files, read_clip
from notetaker.recording.tracks import write_tracks
from notetaker.speech.libopus import SAMPLE_RATE, CorruptPacketError, Decoder
from notetaker.status import meeting_report
from notetaker.store.store import Store
from tests.jobs.engine import POCKETSPHINX
from tests.jobs.recording import SPEAKERS, record_and_count, short_sentences
from tests.speech.opus_encoder import encode, tone
from tests.store.examples import MEETING

SPEECH = load().sentences[0].frames[20:40]
SILENCE = b"\xf8\xff\xfe"  # Discord docs, Voice Connections, Voice Data Interpolation
CORRUPT = b"\xff\x00"
"""No Opus packet: code 3 with a frame count of zero (RFC 6716 section 3.2.5, requirement R5)."""

Run = tuple[int, float, int | None, int, list[bytes]]
RUNS = st.lists(
    st.tuples(
        st.sampled_from([70, 71, 72]),  # the SSRC
        st.sampled_from([0.0, 0.1, 0.4, 1.0, 29.0]),  # seconds without a packet before it
        st.none() | st.integers(0, 2**16 - 1) | st.integers(0, 9),  # where the stream begins anew
        st.sampled_from([960, 0, 20, 1920, -960, 2**31]),  # ticks from packet to packet
        st.lists(
            st.sampled_from([*SPEECH, SILENCE, b"\x48", CORRUPT]) | st.binary(min_size=1, max_size=90),
            min_size=1,
            max_size=30,
        ),
    ),
    max_size=12,
)


def frames(runs: list[Run]) -> Iterator[AudioFrame]:
    now = 0.0
    last = {70: (0, 0), 71: (9, 5), 72: (2**16 - 5, 2**32 - 5)}
    for ssrc, pause_s, anew, ticks, packets in runs:
        sequence, timestamp = last[ssrc]
        sequence = sequence if anew is None else anew
        now += pause_s
        for packet in packets:
            sequence, timestamp, now = (sequence + 1) % 2**16, (timestamp + ticks) % 2**32, now + 0.02
            yield AudioFrame(ssrc // 2, ssrc, sequence, timestamp, packet, now)
        last[ssrc] = sequence, timestamp


def samples(packet: bytes) -> int:
    """Return how long the decoder says a packet lasts; 0 if it rejects it."""
    try:
        return len(Decoder().decode(packet)) // 2
    except CorruptPacketError:
        return 0


def quiet(folder: Path, heard: set[int]) -> Iterator[int]:
    """Yield the users of the Opus packets that are in no utterance. They hold no sound, or little in a pause: a sound
    behind a quiet packet, at least 300 ms after the sound before it.
    """
    [(_, path)] = journal_files(folder)
    after_quiet, sounded_ns = Counter[int](), dict[int, int]()
    for packet in JournalReader(path):
        if not isinstance(packet, Packet) or opus.duration(packet.opus) is None:
            continue
        sound, ssrc = len(packet.opus) > 3, packet.ssrc
        if packet.offset not in heard:
            if sound:
                assert after_quiet[ssrc] and packet.arrival_ns - sounded_ns[ssrc] >= 300_000_000
            yield packet.user_id or 0
        after_quiet[ssrc] = not sound
        if sound:
            sounded_ns[ssrc] = packet.arrival_ns


@settings(max_examples=100, deadline=None)
@given(RUNS)
def test_every_packet_has_one_use_whatever_comes(runs: list[Run]) -> None:
    """Speech, silence and garbage; streams that begin anew; clocks that show anything."""
    sent = list(frames(runs))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said: list[tuple[Utterance, Transcription]] = []
        heard = set[int]()
        utterances, coverage = record_and_count(folder, sent)
        for utterance in utterances:
            [piece], [undecodable] = speech_process._pieces(
                folder, [ClipToHear(utterance.clip, continues=False)]
            )
            packets = [
                one for one in read_clip(folder, utterance.clip) if opus.duration(one.opus) is not None
            ]
            assert len(packets) == utterance.packets
            lengths = [samples(packet.opus) for packet in packets]
            assert undecodable == lengths.count(0)
            assert sum(lengths) <= len(piece.pcm) // 2 <= sum(lengths) + 180 * SAMPLE_RATE
            assert heard.isdisjoint(packet.offset for packet in packets)
            heard.update(packet.offset for packet in packets)
            said.append((utterance, Transcription("", "engine", undecodable=undecodable)))
        used = uses(coverage, said)
        assert {user_id: use.total() for user_id, use in used.items()} == Counter(one.user_id for one in sent)
        outside = [*quiet(folder, heard)]
        assert {user_id: use[Use.QUIET] for user_id, use in used.items() if use[Use.QUIET]} == Counter(
            outside
        )

        tracks = {track.user_id: track.packets for track in write_tracks(folder, MEETING.started_ns)}
        muxed = [frame for frame in sent if opus.duration(frame.opus) is not None]
        assert tracks == Counter(frame.user_id for frame in muxed if frame.opus not in opus.FILLERS)
        left_out = [frame for frame in sent if opus.duration(frame.opus) is None]
        assert not any(samples(frame.opus) for frame in left_out)
        undecodable_by = Counter(frame.user_id for frame in left_out)
        assert all(used[user_id][Use.UNDECODABLE] >= n for user_id, n in undecodable_by.items())


def test_the_notes_say_what_could_not_be_decoded(tmp_path: Path, store: Store) -> None:
    """Ada's words are damaged in the middle, Chloe plays a tone, and what Dan sends is no Opus at all."""
    sentence = [*short_sentences()[0].frames]
    sentence[20:30] = [CORRUPT + bytes(50)] * 10
    sounds = {1001: sentence, 1002: [*encode(tone())], 1003: [b"\xff" * 40] * 50}
    store.add_meeting(MEETING)
    sent = [
        AudioFrame(user_id, user_id, number, 960 * number, packet, 0.02 * number)
        for user_id, packets in sounds.items()
        for number, packet in enumerate([*packets, *[SILENCE] * 5])
    ]
    utterances, coverage = record_and_count(tmp_path / MEETING.id, sent)
    for utterance in utterances:
        store.add_utterance(utterance)
    for user_id, name in SPEAKERS.items():
        store.name_speaker(MEETING.id, user_id, name)
    store.set_coverage(MEETING.id, coverage)
    store.end_meeting(MEETING.id, MEETING.started_ns + 10**10)
    with closing(JobQueue(f"sqlite:///{tmp_path}/notetaker.db")) as queue:
        transcriber = Transcriber(POCKETSPHINX, processes=1)
        workflows = Workflows(store, queue, transcriber, tmp_path, threading.Event(), Preferences())
        for utterance in store.utterances(MEETING.id):
            workflows.refine_utterances([utterance.id])
        transcriber.close()
        workflows.finish_meeting(MEETING.id)
    [posting] = store.due_postings()
    words = f"All {len(sent)} voice packets were heard. 60 packets that were heard could not be decoded."
    assert words in posting.content
    assert words in posting.attachment
    detail = meeting_report.detail(store, MEETING.id)
    assert detail is not None
    assert [{use: n for use, n in one["uses"].items() if n} for one in detail["speakers"]] == [
        {"transcribed": len(sentence) - 10, "quiet": 5, "undecodable": 10},
        {"no_speech": len(sounds[1002]), "quiet": 5},
        {"undecodable": 50, "quiet": 5},
    ]
