"""The built-in engine, on the demo's voices: the real model, the real chain from Opus."""

import threading

import pytest

from notetaker.demo import script
from notetaker.demo.wer import word_error_rate
from notetaker.speech.decode import BYTES_PER_SECOND, decode
from notetaker.speech.engine import EngineError
from notetaker.speech.pocketsphinx import PocketSphinx, clean
from tests.speech.packets import rtp


@pytest.fixture(scope="module")
def engine() -> PocketSphinx:
    return PocketSphinx()


def sentence(speaker: str) -> script.Sentence:
    return next(line for line in script.load().sentences if line.speaker == speaker)


@pytest.mark.parametrize("speaker", ["Ada", "Ben", "Chloe", "Dan"])
def test_every_voice_of_the_demo_is_understood(engine: PocketSphinx, speaker: str) -> None:
    said = sentence(speaker)
    assert word_error_rate(said.text, engine.transcribe(decode(rtp(said.frames)))) <= 0.15


def test_lost_packets_are_bridged_well_enough_to_understand(engine: PocketSphinx) -> None:
    said = sentence("Ben")
    survivors = [packet for i, packet in enumerate(rtp(said.frames)) if i % 30 != 7]
    assert word_error_rate(said.text, engine.transcribe(decode(survivors))) <= 0.15


def test_the_same_sound_gives_the_same_words_whoever_spoke_before(engine: PocketSphinx) -> None:
    pcm = decode(rtp(sentence("Dan").frames))
    first = engine.transcribe(pcm)
    engine.transcribe(decode(rtp(sentence("Chloe").frames)))
    assert engine.transcribe(pcm) == first


@pytest.mark.parametrize(
    "pcm", [b"", bytes(2), bytes(3 * BYTES_PER_SECOND)], ids=["nothing", "one sample", "3 s"]
)
def test_silence_has_no_words(engine: PocketSphinx, pcm: bytes) -> None:
    assert engine.transcribe(pcm) == ""


def test_threads_may_share_the_engine(engine: PocketSphinx) -> None:
    pcm = {name: decode(rtp(sentence(name).frames)) for name in ("Ada", "Dan")}
    alone = {name: engine.transcribe(sound) for name, sound in pcm.items()}
    together: dict[str, str] = {}
    threads = [
        threading.Thread(target=lambda name=name: together.update({name: engine.transcribe(pcm[name])}))
        for name in pcm
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_a_decoder_that_is_stuck_costs_one_utterance() -> None:
    engine = PocketSphinx()
    said = sentence("Ada")
    pcm = decode(rtp(said.frames))
    engine._decoder.start_utt()  # stuck: an utterance that nobody ends
    with pytest.raises(EngineError, match=r"^PocketSphinx could not process the sound\.$"):
        engine.transcribe(pcm)
    assert word_error_rate(said.text, engine.transcribe(pcm)) <= 0.15


def test_the_library_writes_nothing_to_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    PocketSphinx().transcribe(b"\x40\x00\xc0\xff" * 400)
    assert capfd.readouterr() == ("", "")


def test_fillers_and_alternate_pronunciations_are_not_words() -> None:
    assert clean("<s> the(2) report <sil> [NOISE] is ++UM++ a(12) draft </s>") == "the report is a draft"
