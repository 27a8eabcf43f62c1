"""The recogniser with an engine that records its calls, and with real engines."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from notetaker.demo.script import load
from notetaker.demo.wer import word_error_rate
from notetaker.speech.decode import decode
from notetaker.speech.engine import BYTES_PER_SECOND, Capabilities, Heard, Hints, Word
from notetaker.speech.pocketsphinx import PocketSphinx
from notetaker.speech.recogniser import Piece, Recogniser
from notetaker.speech.whisper.engine import Whisper
from tests.speech.installed import model
from tests.speech.packets import rtp

SENTENCES = load().sentences
SPEECH = [decode(rtp(sentence.frames)) for sentence in SENTENCES]
SILENCE = bytes(3 * BYTES_PER_SECOND)
FAINT = b"".join(
    (sample // 160).to_bytes(2, "little", signed=True) for sample in memoryview(SPEECH[3]).cast("h")
)
"""A voice that is hardly audible."""
WITH_TIMES = Capabilities(languages=None, word_times=True)


@dataclass
class Scripted:
    """An engine that returns answers from a list and records its calls."""

    answers: list[Heard]
    capabilities: Capabilities = WITH_TIMES
    name: str = "scripted"
    asked: list[tuple[list[bytes], Hints]] = field(default_factory=list)

    def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        self.asked.append((list(clips), hints))
        return [self.answers.pop(0) for _ in clips]


def words(text: str) -> tuple[Word, ...]:
    """Return one word per half second."""
    return tuple(Word(f" {word}", n / 2, n / 2 + 0.4, 1.0) for n, word in enumerate(text.split()))


def test_an_engine_is_never_given_silence() -> None:
    engine = Scripted([])
    recogniser = Recogniser(engine)
    assert recogniser.draft(Piece(SILENCE), Hints()) == Heard(speech_s=0.0)
    assert (
        recogniser.final([Piece(SILENCE), Piece(b""), Piece(SILENCE)], Hints()) == [Heard(speech_s=0.0)] * 3
    )
    assert engine.asked == []


def test_silence_between_speech_stays_in_its_place() -> None:
    engine = Scripted([Heard("That is one."), Heard("That is two.")])
    pieces = [Piece(SILENCE), Piece(SPEECH[0]), Piece(SILENCE), Piece(SPEECH[1])]
    found = Recogniser(engine).final(pieces, Hints())
    assert [heard.text for heard in found] == ["", "That is one.", "", "That is two."]
    assert engine.asked[0] == ([SPEECH[0], SPEECH[1]], Hints(thorough=True))


@pytest.mark.parametrize("suspicious", ["", "I'm sorry. " * 20])
def test_a_suspicious_answer_is_asked_for_once_more(suspicious: str) -> None:
    engine = Scripted([Heard("Good morning."), Heard(suspicious, language="en"), Heard("Hello.")])
    found = Recogniser(engine).final([Piece(SPEECH[0]), Piece(SPEECH[1])], Hints(vocabulary=("Ada",)))
    assert [heard.text for heard in found] == ["Good morning.", "Hello."]
    assert engine.asked[1] == ([SPEECH[1]], Hints("en", thorough=True, careful=True))


def test_an_engine_is_told_when_the_detector_is_not_certain_and_hears_that_alone() -> None:
    engine = Scripted([Heard("Good morning."), Heard(), Heard()])
    recogniser = Recogniser(engine)
    found = recogniser.final([Piece(SPEECH[0]), Piece(FAINT)], Hints(vocabulary=("Ada",)))
    assert [heard.text for heard in found] == ["Good morning.", ""]
    assert engine.asked == [
        ([SPEECH[0]], Hints(vocabulary=("Ada",), thorough=True)),
        ([FAINT], Hints(thorough=True, doubtful=True)),
    ]
    assert recogniser.draft(Piece(FAINT), Hints()).speech_s == 0, "the final pass need not look again"


@pytest.mark.parametrize(
    ("again", "kept"), [("No, no, no, no, no, no, no, no.", True), ("I'm sorry. " * 30, False)]
)
def test_what_is_still_the_same_over_and_over_is_kept_if_it_can_have_been_said(
    again: str, kept: bool
) -> None:
    engine = Scripted([Heard("I'm sorry. " * 20), Heard(again)])
    [heard] = Recogniser(engine).final([Piece(SPEECH[0])], Hints())
    assert heard.text == (again if kept else "")


@pytest.mark.parametrize("again", ["Ada has tea.", ""])
def test_the_vocabulary_itself_is_not_taken_for_speech(again: str) -> None:
    engine = Scripted([Heard("Ada, Kubernetes, Ben.", language="en"), Heard(again)])
    [heard] = Recogniser(engine).final([Piece(SPEECH[0])], Hints(vocabulary=("Ada", "Kubernetes", "Ben")))
    assert heard.text == again
    assert engine.asked[1] == ([SPEECH[0]], Hints("en", thorough=True, careful=True))


def test_names_are_suggested_for_final_texts_where_enough_is_said() -> None:
    for length_s, thorough, vocabulary in ((0.7, True, ()), (2.0, True, ("Ada",)), (2.0, False, ())):
        engine = Scripted([Heard("Good morning.")])
        piece = Piece(SPEECH[0][: 2 * round(length_s * BYTES_PER_SECOND / 2)])
        recogniser = Recogniser(engine)
        if thorough:
            recogniser.final([piece], Hints(vocabulary=("Ada",)))
        else:
            recogniser.draft(piece, Hints(vocabulary=("Ada",)))
        assert engine.asked[0][1].vocabulary == vocabulary


def test_a_language_without_blanks_is_not_counted_in_words() -> None:
    answer = Heard("今日の会議では新しいウェブサイトについて話しました。", language="ja")
    engine = Scripted([answer])
    assert Recogniser(engine).final([Piece(SPEECH[0])], Hints()) == [answer]


@pytest.mark.parametrize("again", ["", "♪ ♪", "I'm sorry. " * 30])
def test_a_second_look_that_finds_nothing_better_costs_no_words(again: str) -> None:
    engine = Scripted([Heard("Yes."), Heard(again)])
    assert [heard.text for heard in Recogniser(engine).final([Piece(SPEECH[0])], Hints())] == ["Yes."]


def test_an_engine_that_leaves_out_times_costs_no_words() -> None:
    """The engine claims to return word times and does not, as a server may."""
    engine = Scripted(
        [Heard("all of it in one go, and no times"), Heard("That is one."), Heard("That is two.")]
    )
    found = Recogniser(engine).final([Piece(SPEECH[0]), Piece(SPEECH[1], continues=True)], Hints())
    assert [heard.text for heard in found] == ["That is one.", "That is two."]


def test_a_word_over_and_over_is_believed_if_the_engine_hears_speech_on_a_second_look() -> None:
    for again in ("", "No, no, no, no!"):
        engine = Scripted([Heard("No, no, no, no.", language="en"), Heard(again)])
        [heard] = Recogniser(engine).final([Piece(SPEECH[0])], Hints())
        assert heard.text == again
        assert engine.asked[1][1] == Hints("en", thorough=True, doubtful=True, careful=True)


def test_birdsong_has_no_words() -> None:
    engine = Scripted([Heard("... ..."), Heard("S-s-s-s-s-s-s-s.")])
    assert Recogniser(engine).final([Piece(SPEECH[0])], Hints()) == [Heard()]


def test_pieces_without_a_pause_are_heard_as_one_and_get_their_own_words() -> None:
    first, second = SPEECH[0], SPEECH[1]
    seconds = len(first) / BYTES_PER_SECOND
    answer = Heard("a b c d e f g h", words("a b c d e f g h"), "en")
    engine = Scripted([answer])
    found = Recogniser(engine).final([Piece(first), Piece(second, continues=True)], Hints())
    assert engine.asked[0][0] == [first + second]
    assert " ".join(heard.text for heard in found) == answer.text
    assert len(found[0].words) == sum(word.start_s + 0.2 < seconds for word in answer.words)
    assert all(word.start_s >= 0 for word in found[1].words)


def test_of_a_passage_the_pieces_without_a_voice_are_told_apart() -> None:
    """Someone with an open microphone says a word now and then."""
    noise = SILENCE * (30 * BYTES_PER_SECOND // len(SILENCE))
    engine = Scripted([Heard("Good morning.", words("Good morning."))])
    pieces = [Piece(SPEECH[0] + noise), Piece(noise, continues=True), Piece(noise, continues=True)]
    found = Recogniser(engine).final(pieces, Hints())
    assert [heard.text for heard in found] == ["Good morning.", "", ""]
    assert [heard.speech_s for heard in found] == [None, 0.0, 0.0]


def test_an_engine_without_word_times_hears_each_piece_alone() -> None:
    texts = ["That is one.", "That is two."]
    engine = Scripted([Heard(text) for text in texts], Capabilities(languages=None, word_times=False))
    pieces = [Piece(SPEECH[0]), Piece(SPEECH[1], continues=True)]
    assert [heard.text for heard in Recogniser(engine).final(pieces, Hints())] == texts


def test_pocketsphinx_hears_a_monologue_cut_anywhere() -> None:
    """A passage split into pieces gives the same words as the whole."""
    monologue = SPEECH[0] + SPEECH[1]
    whole = Recogniser(PocketSphinx()).final([Piece(monologue)], Hints())[0].text
    for at_s in (0.3, 1.0, 2.7):
        at = 2 * round(at_s * BYTES_PER_SECOND / 2)
        parted = [Piece(monologue[:at]), Piece(monologue[at:], continues=True)]
        found = Recogniser(PocketSphinx()).final(parted, Hints())
        assert " ".join(heard.text for heard in found).split() == whole.split()


def test_whisper_hears_a_monologue_of_a_minute_cut_in_mid_word() -> None:
    ours = [n for n, sentence in enumerate(SENTENCES) if sentence.speaker in ("Ada", "Ben")]
    monologue = b"".join(SPEECH[n] for n in ours) * 2
    said = " ".join(SENTENCES[n].text for n in ours * 2)
    step = 2 * round(23.3 * BYTES_PER_SECOND / 2)
    pieces = [Piece(monologue[at : at + step], continues=at > 0) for at in range(0, len(monologue), step)]
    assert len(pieces) >= 3
    found = Recogniser(Whisper("whisper-base", model())).final(pieces, Hints("en"))
    assert word_error_rate(said, " ".join(heard.text for heard in found)) <= 0.03


def test_what_a_draft_has_found_is_not_looked_for_again() -> None:
    engine = Scripted([Heard("Good mourning."), Heard("Good morning.")])
    recogniser = Recogniser(engine)
    draft = recogniser.draft(Piece(SPEECH[0]), Hints())
    assert draft.speech_s is not None
    assert draft.speech_s > 1
    silent = Piece(SPEECH[1], speech_s=0.0)  # the detector would find speech here
    found = recogniser.final([Piece(SPEECH[0], speech_s=draft.speech_s), silent], Hints())
    assert [heard.text for heard in found] == ["Good morning.", ""]


def test_a_long_piece_for_an_engine_without_word_times_keeps_all_its_words() -> None:
    long = b"".join(SPEECH)
    words_in_each = " ".join(f"word{n}" for n in range(30))
    answers = [Heard(f"Part {n}. {words_in_each}") for n in range(9)]
    engine = Scripted(list(answers), Capabilities(None, word_times=False))
    [heard] = Recogniser(engine).final([Piece(long)], Hints())
    asked = len(engine.asked[0][0])
    assert asked >= 2
    assert heard.text == " ".join(answer.text for answer in answers[:asked])
