"""Transcripts of files, with PocketSphinx, which is fast and deterministic."""

from collections.abc import Sequence

import pytest

from notetaker.demo.wer import word_error_rate
from notetaker.speech.engine import Capabilities, EngineError, Heard, Hints, Word
from notetaker.speech.files.transcript import HELD_S, Segment, Transcript, batches, segments
from notetaker.speech.files.utterances import Utterance
from notetaker.speech.recogniser import Piece, Recogniser
from tests.speech.files.recordings import length_s, silence, voice, words


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    from notetaker.speech.pocketsphinx import PocketSphinx

    return Recogniser(PocketSphinx())


def said(recogniser: Recogniser, *pcm: bytes) -> list[Segment]:
    return list(Transcript(recogniser, Hints()).segments(pcm, lambda _: None))


def test_what_is_said_and_when(recogniser: Recogniser) -> None:
    begins_s = [1.0, 3.0 + length_s(voice(0))]
    found = said(recogniser, silence(1), voice(0), silence(2), voice(2), silence(1))
    assert len(found) == 2
    for segment, number, begin_s in zip(found, (0, 2), begins_s, strict=True):
        assert word_error_rate(words(number), segment.text) <= 0.15
        assert begin_s - 0.4 <= segment.start_s < segment.end_s <= begin_s + length_s(voice(number)) + 0.4
        assert "".join(word.text for word in segment.words).strip() == segment.text
        assert segment.start_s == segment.words[0].start_s
        assert segment.end_s == segment.words[-1].end_s


def test_a_monologue_is_understood_across_its_cuts(recogniser: Recogniser) -> None:
    monologue = b"".join(voice(number) for number in range(16))
    text = " ".join(segment.text for segment in said(recogniser, monologue))
    assert word_error_rate(" ".join(words(number) for number in range(16)), text) <= 0.15


def test_progress_and_length_are_those_of_the_sound(recogniser: Recogniser) -> None:
    transcript, progress = Transcript(recogniser, Hints()), list[float]()
    assert list(transcript.segments([silence(1), silence(2)], progress.append)) == []
    assert progress == [1, 3]
    assert (transcript.length_s, transcript.language) == (3, None)


class Polyglot:
    """An engine that hears one word in each clip, in the language of the hints or the next one of its list."""

    name = "polyglot"
    capabilities = Capabilities(languages=None, word_times=False)

    def __init__(self, *languages: str) -> None:
        self.hints: list[Hints] = []
        self._languages = list(languages)

    def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        self.hints.append(hints)
        language = hints.language or self._languages.pop(0)
        return [Heard("one two three four five six seven", language=language) for _ in clips]


def test_a_language_is_held_once_it_is_known() -> None:
    engine = Polyglot("de", "de")
    transcript = Transcript(Recogniser(engine), Hints())
    monologue = b"".join(voice(number) for number in range(16)) + silence(2)
    for _ in transcript.segments([monologue * 2], lambda _: None):
        pass
    assert transcript.language == "de"
    heard = [hints.language for hints in engine.hints]
    assert heard[0] is None
    assert heard[-1] == "de"
    assert len(engine.hints) > HELD_S / 28


def test_a_language_that_is_given_is_used() -> None:
    engine = Polyglot()
    transcript = Transcript(Recogniser(engine), Hints(language="fr", vocabulary=("Jira",)))
    [segment] = transcript.segments([voice(0)], lambda _: None)
    assert segment.words == ()
    assert (segment.start_s, transcript.language) == (0, "fr")
    assert [(hints.language, hints.vocabulary) for hints in engine.hints] == [("fr", ("Jira",))]


def test_a_failure_of_the_engine_is_passed_on() -> None:
    class Broken(Polyglot):
        def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
            raise EngineError("The server is away.", retryable=True)

    with pytest.raises(EngineError, match="away"):
        said(Recogniser(Broken()), voice(0))


def utterance(length_s: float, *, continues: bool = False) -> Utterance:
    return Utterance(0.0, Piece(silence(length_s), continues))


def sizes(*stream: Utterance) -> list[int]:
    return [len(batch) for batch in batches(stream)]


def test_a_batch_is_a_window_full() -> None:
    assert sizes() == []
    assert sizes(*[utterance(3)] * 8) == [6, 2]
    assert sizes(utterance(28), utterance(28)) == [1, 1]


def test_a_monologue_is_not_parted_before_it_gets_very_long() -> None:
    more = utterance(28, continues=True)
    assert sizes(utterance(3), utterance(20), *[more] * 5, utterance(3)) == [7, 1]
    assert sizes(utterance(28), *[more] * 14) == [10, 5]


def heard(text: str) -> Heard:
    """Return one word per second."""
    return Heard(text, tuple(Word(f" {one}", at, at + 1, 0.9) for at, one in enumerate(text.split())))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("We shipped it. Then we slept.", ["We shipped it. Then we slept."]),  # "it." is short
        ("We have shipped. Then we slept.", ["We have shipped.", "Then we slept."]),
        ("And Mr. John was there.", ["And Mr. John was there."]),
        ("Who? Me!", ["Who?", "Me!"]),
        ('He said "Never." And left', ['He said "Never."', "And left"]),
        ("你好。再见", ["你好。再见"]),  # one word here
        ("on and on", ["on and on"]),
        ("", []),
    ],
)
def test_a_segment_is_a_sentence(text: str, sentences: list[str]) -> None:
    assert [segment.text for segment in segments([utterance(20)], [heard(text)])] == sentences


def test_a_sentence_goes_on_where_there_is_no_pause() -> None:
    batch = [
        utterance(2),
        Utterance(2.0, Piece(silence(2), continues=True)),
        Utterance(9.0, Piece(silence(2))),
    ]
    found = list(segments(batch, [heard("we go"), heard("on and"), heard("off we")]))
    assert [(one.text, one.start_s, one.end_s) for one in found] == [
        ("we go on and", 0, 4),
        ("off we", 9, 11),
    ]


def test_a_text_without_times_has_those_of_its_utterance() -> None:
    [found] = segments([Utterance(3.0, Piece(silence(2)))], [Heard("hello")])
    assert found == Segment(3.0, 5.0, "hello")
