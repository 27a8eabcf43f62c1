"""The real onnx-asr and onnxruntime, with a tiny model that knows one word, "beep" for a tone."""

import math
import struct
from pathlib import Path

import onnx
import onnx.parser
import pytest
from onnx_asr.asr import TimestampedResult

from notetaker.speech.engine import SAMPLE_RATE, EngineError, EngineSettingError, Hints, Word
from notetaker.speech.onnx import OnnxEngine, words_of

# Like NeMo's CTC models: the probability of each token for every eighth frame of 10 ms. It goes by the mean of the
# 80 mel bands, which onnx-asr normalises to a mean of 0 over the clip: a tone is above it, silence below.
BEEP = """
<ir_version: 8, opset_import: ["" : 13]>
beep (float[batch, 80, frames] audio_signal, int64[batch] length) => (float[batch, steps, 2] logprobs)
<int64[1] start = {0}, int64[1] end = {1000000}, int64[1] axis = {2}, int64[1] step = {8},
 float[1, 2] slope = {20.0, 0.0}>
{
    every_eighth = Slice (audio_signal, start, end, axis, step)
    loudness = ReduceMean <axes = [1], keepdims = 1> (every_eighth)
    by_step = Transpose <perm = [0, 2, 1]> (loudness)
    scores = MatMul (by_step, slope)
    logprobs = LogSoftmax <axis = 2> (scores)
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_bytes(onnx.parser.parse_model(BEEP).SerializeToString())
    (tmp_path / "vocab.txt").write_text("\u2581beep 0\n<blk> 1\n")
    (tmp_path / "config.json").write_text('{"model_type": "nemo-conformer-ctc"}')
    return tmp_path


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE))


def tone(seconds: float) -> bytes:
    samples = (8000 * math.sin(math.tau * 440 * i / SAMPLE_RATE) for i in range(round(seconds * SAMPLE_RATE)))
    return b"".join(struct.pack("<h", round(sample)) for sample in samples)


def test_words_are_heard_where_they_were_said(folder: Path) -> None:
    engine = OnnxEngine("beeper", folder)
    clips = [silence(1) + tone(0.5) + silence(1) + tone(0.5) + silence(0.5), silence(2), b""]
    heard, *nothing = engine.transcribe(clips, Hints(thorough=True))
    assert heard.text == "beep beep"
    assert [(word.text, round(word.start_s, 1), round(word.end_s, 1)) for word in heard.words] == [
        (" beep", 1.0, 1.2),
        (" beep", 2.6, 2.8),
    ]
    assert all(0.5 < word.confidence <= 1 for word in heard.words)
    assert [(other.text, other.words) for other in nothing] == [("", ()), ("", ())]


def test_a_draft_has_no_times(folder: Path) -> None:
    [heard] = OnnxEngine("beeper", folder).transcribe([silence(1) + tone(0.5)], Hints("en", ("Ada",)))
    assert (heard.text, heard.words) == ("beep", ())


def test_what_an_engine_is_called_and_can_do(folder: Path) -> None:
    engine = OnnxEngine("nemo-parakeet-ctc-0.6b", folder)
    assert engine.name == "onnx nemo-parakeet-ctc-0.6b"
    assert engine.capabilities.languages == frozenset({"en"})
    assert engine.capabilities.word_times
    assert engine.transcribe([tone(0.5)], Hints())[0].language == "en"
    assert OnnxEngine("beeper", folder).capabilities.languages is None


def test_small_files_are_preferred(folder: Path) -> None:
    (folder / "model.onnx").rename(folder / "model.int8.onnx")
    assert OnnxEngine("beeper", folder).transcribe([silence(1) + tone(0.5)], Hints())[0].text == "beep"
    (folder / "model.onnx").write_bytes(b"would not load")
    assert OnnxEngine("beeper", folder).transcribe([silence(1) + tone(0.5)], Hints())[0].text == "beep"


@pytest.mark.parametrize("missing", ["model.onnx", "vocab.txt", "config.json"])
def test_a_model_with_a_file_missing_is_one_sentence(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(EngineSettingError, match=rf"^SPEECH_MODEL: the model beeper cannot .*{missing}.*$"):
        OnnxEngine("beeper", folder)


def test_a_damaged_model_is_one_sentence(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no model at all")
    with pytest.raises(
        EngineSettingError, match=r"^SPEECH_MODEL: the model beeper cannot be loaded from .*$"
    ):
        OnnxEngine("beeper", folder)


def test_a_folder_that_is_missing_is_not_filled_from_the_network(tmp_path: Path) -> None:
    with pytest.raises(EngineSettingError, match=r"^SPEECH_MODEL: the folder .*parakeet does not exist\.$"):
        OnnxEngine("nemo-parakeet-tdt-0.6b-v3", tmp_path / "parakeet")
    assert not any(tmp_path.iterdir())


def test_a_name_alone_is_looked_for_in_the_cache_only() -> None:
    with pytest.raises(EngineSettingError, match=r"^SPEECH_MODEL: .* from the cache of Hugging Face: .*$"):
        OnnxEngine("nemo-fastconformer-ru-ctc", None)


def test_a_model_that_fails_costs_an_engine_error(folder: Path) -> None:
    narrow = BEEP.replace("float[batch, 80, frames] audio_signal", "float[batch, 80, 5] audio_signal")
    (folder / "model.onnx").write_bytes(onnx.parser.parse_model(narrow).SerializeToString())
    with pytest.raises(EngineError, match=r"^The speech engine onnx beeper failed\.$"):
        OnnxEngine("beeper", folder).transcribe([tone(0.5)], Hints())


def test_tokens_become_words() -> None:
    result = TimestampedResult(
        "“Well, ready?” 3.5",
        tokens=[" “", "We", "ll", ",", " rea", "dy", " ?", "”", " ", "3", ".", "5"],
        timestamps=[0.0, 0.2, 0.3, 0.5, 0.6, 0.9, 1.0, 1.1, 1.9, 2.0, 2.1, 2.2],
        logprobs=[0.0] * 4 + [math.log(0.25), math.log(0.25), 0.0, 0.0] + [0.0] * 4,
    )
    well, ready, number = words_of(result, length_s=2.3)
    assert well == Word(" “Well,", 0.0, 0.6, 1.0)
    assert (ready.text, ready.start_s, round(ready.end_s, 3)) == (" ready?”", 0.6, 1.3)
    assert ready.confidence == pytest.approx(0.5)
    assert number == Word(" 3.5", 2.0, 2.3, 1.0)


@pytest.mark.parametrize(
    "result",
    [TimestampedResult("yes"), TimestampedResult("yes", None, [" yes"]), TimestampedResult("", [], [])],
)
def test_without_times_there_are_no_words(result: TimestampedResult) -> None:
    assert list(words_of(result, 1.0)) == []
