"""Words as an engine hears them: a stall of the network or of the host neither cuts nor changes what was said."""

from itertools import pairwise
from pathlib import Path

import pytest

from notetaker.demo.script import load
from notetaker.demo.wer import word_error_rate
from notetaker.jobs import speech_process
from notetaker.jobs.batches import continues, windows
from notetaker.jobs.speech_process import ClipToHear
from notetaker.model.audio import AudioFrame
from notetaker.model.utterance import Utterance
from notetaker.recording.recorder import Recorder
from notetaker.speech.engine import Hints
from tests.jobs.engine import POCKETSPHINX
from tests.recording.sounds import WALL_NS


@pytest.mark.parametrize(
    ("stall_s", "utterances"),
    [(0.0, 1), (1.0, 1), (2.0, 1), pytest.param(3.0, 2, id="so long that it is cut")],
)
def test_a_sentence_is_heard_whole_in_spite_of_a_stall(
    tmp_path: Path, stall_s: float, utterances: int
) -> None:
    """Where it is cut, the final pass hears both parts as one."""
    sentence = next(line for line in load().sentences if line.speaker == "Ada")
    ended: list[Utterance] = []
    recorder = Recorder(tmp_path, "m", ended.append)
    recorder.open_session(0.0, WALL_NS)
    for n, opus in enumerate(sentence.frames):
        said_s = 1.0 + 0.02 * n
        arrival_s = max(said_s, 2.0 + stall_s) if said_s > 2.0 else said_s
        recorder.tick(arrival_s - 0.01)
        recorder.write(AudioFrame(7, 70, n, 960 * n, opus, arrival_s))
    recorder.close_session(20.0)
    assert len(ended) == utterances
    assert windows(ended) == [ended]
    follows = [False, *(continues(before, after) for before, after in pairwise(ended))]
    clips = [ClipToHear(one.clip, continues=after) for one, after in zip(ended, follows, strict=True)]
    heard = speech_process.final(POCKETSPHINX, tmp_path, clips, Hints())
    assert word_error_rate(sentence.text, " ".join(one.text for one in heard)) <= 0.15
    assert ended[0].started_ns == pytest.approx(WALL_NS + 1_000_000_000, abs=20_000_000)
