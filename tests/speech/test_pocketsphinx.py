"""PocketSphinx with its real model, on the demo's voices, decoded from Opus."""

import subprocess
import sys
from typing import NamedTuple

import pytest

from notetaker.demo import script
from notetaker.demo.wer import word_error_rate
from notetaker.speech.decode import decode
from notetaker.speech.engine import BYTES_PER_SECOND, EngineError, Heard, Hints, Word
from notetaker.speech.pocketsphinx import PocketSphinx, words_of
from tests.speech.packets import rtp

DRAFT = Hints()
THOROUGH = Hints(thorough=True)


@pytest.fixture(scope="module")
def engine() -> PocketSphinx:
    return PocketSphinx()


def sentence(speaker: str) -> script.Sentence:
    return next(line for line in script.load().sentences if line.speaker == speaker)


@pytest.mark.parametrize("speaker", ["Ada", "Ben", "Chloe", "Dan"])
def test_every_voice_of_the_demo_is_understood(engine: PocketSphinx, speaker: str) -> None:
    said = sentence(speaker)
    [heard] = engine.transcribe([decode(rtp(said.frames))], DRAFT)
    assert word_error_rate(said.text, heard.text) <= 0.15
    assert (heard.words, heard.language) == ((), "en")


def test_a_thorough_pass_gives_the_times_of_words(engine: PocketSphinx) -> None:
    pcm = decode(rtp(sentence("Ada").frames))
    [heard] = engine.transcribe([pcm], THOROUGH)
    assert "".join(word.text for word in heard.words).strip() == heard.text
    times = [time for word in heard.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert 0.1 < times[0] < 0.4  # the recording begins with silence
    assert times[-1] <= len(pcm) / BYTES_PER_SECOND
    assert all(0 <= word.confidence <= 1 for word in heard.words)


def test_lost_packets_are_bridged_well_enough_to_understand(engine: PocketSphinx) -> None:
    said = sentence("Ben")
    survivors = [packet for i, packet in enumerate(rtp(said.frames)) if i % 30 != 7]
    [heard] = engine.transcribe([decode(survivors)], DRAFT)
    assert word_error_rate(said.text, heard.text) <= 0.15


def test_the_same_sound_gives_the_same_words_after_another_voice(engine: PocketSphinx) -> None:
    dan, chloe = (decode(rtp(sentence(name).frames)) for name in ("Dan", "Chloe"))
    first, _, second = engine.transcribe([dan, chloe, dan], DRAFT)
    assert first.text == second.text


def test_silence_has_no_words(engine: PocketSphinx) -> None:
    clips = [b"", bytes(2), bytes(3 * BYTES_PER_SECOND)]
    assert engine.transcribe(clips, THOROUGH) == [Heard(), Heard(), Heard()]


def test_a_decoder_that_is_stuck_costs_one_clip() -> None:
    engine = PocketSphinx()
    said = sentence("Ada")
    pcm = decode(rtp(said.frames))
    engine._decoder.start_utt()  # stuck in an utterance that never ends
    with pytest.raises(EngineError, match=r"^PocketSphinx could not process the audio\.$"):
        engine.transcribe([pcm], DRAFT)
    [heard] = engine.transcribe([pcm], DRAFT)
    assert word_error_rate(said.text, heard.text) <= 0.15


def test_the_library_writes_nothing_to_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    PocketSphinx().transcribe([b"\x40\x00\xc0\xff" * 400], DRAFT)
    assert capfd.readouterr() == ("", "")


class Segment(NamedTuple):
    """A segment as the decoder returns it."""

    word: str
    start_frame: int
    end_frame: int
    prob: float


def test_fillers_and_alternate_pronunciations_are_not_words() -> None:
    segments = [
        Segment("<s>", 0, 9, 1.0),
        Segment("the(2)", 10, 19, 0.5),
        Segment("<sil>", 20, 29, 1.0),
        Segment("++UM++", 30, 39, 1.0),
        Segment("report", 40, 79, 1.0001),
        Segment("[NOISE]", 80, 89, 1.0),
        Segment("</s>", 90, 99, 1.0),
    ]
    assert list(words_of(segments, 0.75)) == [Word(" the", 0.1, 0.2, 0.5), Word(" report", 0.4, 0.75, 1.0)]
    assert list(words_of(None, 1.0)) == []


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [("pocketsphinx", "pocketsphinx", "pocketsphinx"), ("onnx", "onnx_asr.loader", "onnx")],
)
def test_a_missing_package_is_one_sentence(module: str, package: str, extra: str) -> None:
    code = f"""
import sys
sys.modules[{package!r}] = None
from notetaker.speech.engine import EngineSettingError
try:
    import notetaker.speech.{module}
except EngineSettingError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("SPEECH_ENGINE: ")
    assert run.stdout.endswith(f" is not installed; install notetaker[{extra}].\n")
