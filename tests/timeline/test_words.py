"""Words as an engine hears them: a stall of the network or of the host neither cuts nor changes what was said."""

from pathlib import Path

import pytest

from notetaker.demo.script import load
from notetaker.demo.wer import word_error_rate
from notetaker.model.audio import AudioFrame
from notetaker.model.utterance import Utterance
from notetaker.recording.journal import read_clip
from notetaker.recording.recorder import Recorder
from notetaker.recording.reorder import in_order
from notetaker.speech.decode import decode
from notetaker.speech.engine import Hints
from notetaker.speech.pocketsphinx import PocketSphinx
from tests.recording.sounds import WALL_NS


@pytest.mark.parametrize("stall_s", [0.0, 1.0, 2.0])
def test_a_sentence_is_heard_whole_in_spite_of_a_stall(tmp_path: Path, stall_s: float) -> None:
    sentence = next(line for line in load().sentences if line.speaker == "Ada")
    utterances: list[Utterance] = []
    recorder = Recorder(tmp_path, "m", utterances.append)
    recorder.open_session(0.0, WALL_NS)
    for n, opus in enumerate(sentence.frames):
        said_s = 1.0 + 0.02 * n
        arrival_s = max(said_s, 2.0 + stall_s) if said_s > 2.0 else said_s
        recorder.tick(arrival_s - 0.01)
        recorder.write(AudioFrame(7, 70, n, 960 * n, opus, arrival_s))
    recorder.close_session(20.0)
    [utterance] = utterances
    pcm = decode(in_order(read_clip(tmp_path, utterance.clip)))
    [heard] = PocketSphinx().transcribe([pcm], Hints())
    assert word_error_rate(sentence.text, heard.text) <= 0.15
    assert utterance.started_ns == pytest.approx(WALL_NS + 1_000_000_000, abs=20_000_000)
