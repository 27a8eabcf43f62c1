"""The engine with a real model, on the demo's voices."""

from pathlib import Path

import pytest

from notetaker.demo.script import load
from notetaker.demo.wer import word_error_rate
from notetaker.speech.decode import decode
from notetaker.speech.engine import BYTES_PER_SECOND, EngineSettingError, Hints
from notetaker.speech.whisper.engine import MOST_HINTS, Whisper
from notetaker.speech.whisper.features import samples
from tests.speech.installed import model
from tests.speech.packets import rtp

SENTENCES = [sentence for sentence in load().sentences if sentence.speaker == "Ada"]
CLIPS = [decode(rtp(sentence.frames)) for sentence in SENTENCES]
SAID = [sentence.text for sentence in SENTENCES]


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    return Whisper("whisper-base", model())


def test_a_draft_is_what_was_said(whisper: Whisper) -> None:
    [heard] = whisper.transcribe(CLIPS[:1], Hints())
    assert word_error_rate(SAID[0], heard.text) == 0
    assert heard.language == "en"


def test_packed_clips_come_back_as_they_were_said(whisper: Whisper) -> None:
    found = whisper.transcribe(CLIPS, Hints(thorough=True))
    for said, clip, heard in zip(SAID, CLIPS, found, strict=True):
        assert word_error_rate(said, heard.text) == 0, (said, heard.text)
        assert "".join(word.text for word in heard.words).strip() == heard.text
        times = [time for word in heard.words for time in (word.start_s, word.end_s)]
        assert times == sorted(times)
        assert times[-1] <= len(clip) / BYTES_PER_SECOND
        assert all(0 <= word.confidence <= 1 for word in heard.words)


def test_the_same_sound_gives_the_same_words(whisper: Whisper) -> None:
    once, again = (whisper.transcribe(CLIPS[:3], Hints(thorough=True)) for _ in range(2))
    assert once == again


def test_a_language_that_is_given_is_not_detected(whisper: Whisper) -> None:
    [heard] = whisper.transcribe(CLIPS[:1], Hints(language="de"))
    assert heard.language == "de"


def test_a_language_that_it_does_not_know_is_detected(whisper: Whisper) -> None:
    [heard] = whisper.transcribe(CLIPS[:1], Hints(language="tlh"))
    assert heard.language == "en"


def test_a_clip_that_is_too_long_is_cut_and_an_empty_one_has_no_words(whisper: Whisper) -> None:
    silence, nothing = whisper.transcribe([bytes(40 * BYTES_PER_SECOND), b""], Hints(thorough=True))
    assert len(silence.text.split()) <= 1  # the voice detector, not the engine, rejects silence
    assert len(nothing.text.split()) <= 1


def test_a_text_that_reaches_the_limit_is_noticed(whisper: Whisper) -> None:
    long = CLIPS[0] + CLIPS[1]
    encoded = whisper._encode(samples(long), 15)
    assert not whisper._generate(encoded, "en", len(long) / BYTES_PER_SECOND, Hints()).ran_on
    cut_off = whisper._generate(encoded, "en", 0.0, Hints())  # as if it had no room for more
    assert cut_off.ran_on
    assert len(cut_off.tokens) == 16


def test_vocabulary_spells_names(whisper: Whisper) -> None:
    sentence = next(one for one in load().sentences if one.text.startswith("Chloe will call"))
    clip = decode(rtp(sentence.frames))
    [heard] = whisper.transcribe([clip], Hints(vocabulary=("Khloë", "Ben"), thorough=True))
    assert heard.text.startswith("Khloë will call")


def test_of_a_long_vocabulary_whole_terms_are_listed_the_first_one_last(whisper: Whisper) -> None:
    vocabulary = [f"Xylotec {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"] * 4
    listed = whisper._listed(vocabulary)
    assert len(listed) <= MOST_HINTS
    text = whisper._tokens.decode(listed)
    number = text.count("Xylotec")
    assert number > 5
    assert text == f" {', '.join(reversed(vocabulary[:number]))}."


def test_a_long_vocabulary_leaves_room_for_the_text_of_a_short_clip(whisper: Whisper) -> None:
    clip = CLIPS[0][: 3 * BYTES_PER_SECOND // 2]
    [plain] = whisper.transcribe([clip], Hints("en", thorough=True))
    hints = Hints("en", tuple(f"Xylotec {number}" for number in range(100)), thorough=True)
    result, _, _ = whisper._listen(samples(clip), hints)
    assert not result.ran_on
    assert whisper._tokens.decode(result.tokens).strip().split()[:2] == plain.text.split()[:2]


@pytest.mark.parametrize("broken", ["empty", "no tokenizer", "no model"])
def test_a_broken_model_is_one_sentence(tmp_path: Path, broken: str) -> None:
    for file in model().iterdir():
        if broken != "empty" and not file.name.startswith(broken.removeprefix("no ")):
            (tmp_path / file.name).symlink_to(file)
    with pytest.raises(
        EngineSettingError, match=f"^SPEECH_MODEL: the model mine in {tmp_path} cannot be loaded: "
    ):
        Whisper("mine", tmp_path)
