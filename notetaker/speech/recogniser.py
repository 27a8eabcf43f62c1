"""From a speaker's sound to words: what surrounds an engine, whichever it is.

Nothing goes to the engine in which nobody speaks, nothing comes back from it unchecked, and no word is cut in two:
utterances that followed each other without a pause are joined again, and parted at the best pause instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from notetaker.speech.engine import BYTES_PER_SECOND, Engine, Heard, Hints, Word
from notetaker.speech.guards import repetitive, too_few_words
from notetaker.speech.passages import Part, parts, stitch, to_pieces
from notetaker.speech.vad import VoiceDetector, speech_s

_SPEECH_FOR_HINTS_S = 1.0
"""Seconds of speech from which on an engine is given the vocabulary: in less, it may hear names that nobody said."""
_WORD_S = 0.25
"""Seconds of speech that are taken for a word: where an engine hears none in them, it is asked once more."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The sound of one utterance."""

    pcm: bytes
    continues: bool = False
    """It follows the piece before without a pause."""

    @property
    def length_s(self) -> float:
        return len(self.pcm) / BYTES_PER_SECOND


class Recogniser:
    """An engine and what keeps it from inventing. Not thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._detector = VoiceDetector()

    def draft(self, piece: Piece, hints: Hints) -> Heard:
        """The words of one utterance, as fast as can be. Raises EngineError."""
        spoken_s = speech_s(self._detector.probabilities(piece.pcm))
        if not spoken_s:
            return Heard()
        return self._ask([piece.pcm], [spoken_s], replace(hints, thorough=False))[0]

    def final(self, pieces: Sequence[Piece], hints: Hints) -> list[Heard]:
        """The words of one speaker's utterances, in order, as well as can be. Raises EngineError."""
        hints = replace(hints, thorough=True)
        passages = list(_passages(pieces, joined=self.engine.capabilities.word_times))
        sounds = [b"".join(pieces[index].pcm for index in passage) for passage in passages]
        voices = [self._detector.probabilities(sound) for sound in sounds]
        cut: list[tuple[int, Part]] = [
            (number, part)
            for number, (sound, voice) in enumerate(zip(sounds, voices, strict=True))
            for part in parts(sound, voice)
            if speech_s(part.of(voice))
        ]
        answers = self._ask(
            [part.pcm(sounds[number]) for number, part in cut],
            [speech_s(part.of(voices[number])) for number, part in cut],
            hints,
        )
        heard = [Heard() for _ in pieces]
        for number, passage in enumerate(passages):
            found = [(part, answer) for (of, part), answer in zip(cut, answers, strict=True) if of == number]
            if len(passage) == 1 and len(found) == 1:
                heard[passage[0]] = found[0][1]
            elif found:
                lengths_s = [pieces[index].length_s for index in passage]
                for index, answer in zip(passage, _share(found, lengths_s), strict=True):
                    heard[index] = answer
        return heard

    def _ask(self, sounds: Sequence[bytes], spoken_s: Sequence[float], hints: Hints) -> list[Heard]:
        """The engine's answers, and better ones where the first were suspicious."""
        if not sounds:
            return []
        if min(spoken_s) < _SPEECH_FOR_HINTS_S:
            hints = replace(hints, vocabulary=())
        answers = self.engine.transcribe(sounds, hints)
        for index, answer in enumerate(answers):
            if not _believable(answer, spoken_s[index]):
                careful = Hints(answer.language or hints.language, thorough=True, careful=True)
                [answers[index]] = self.engine.transcribe([sounds[index]], careful)
        return answers


def _believable(answer: Heard, spoken_s: float) -> bool:
    if not answer.text:
        return spoken_s < _WORD_S
    return not (repetitive(answer.text) or too_few_words(answer.text, spoken_s))


def _passages(pieces: Sequence[Piece], *, joined: bool) -> Iterator[list[int]]:
    """Indices of the pieces that were said without a pause between them; without ``joined``, each alone."""
    passage: list[int] = []
    for index, piece in enumerate(pieces):
        if passage and not (joined and piece.continues):
            yield passage
            passage = []
        passage.append(index)
    if passage:
        yield passage


def _share(found: Sequence[tuple[Part, Heard]], lengths_s: Sequence[float]) -> list[Heard]:
    """What each of the joined pieces gets of the words of the parts."""
    language = found[0][1].language
    words: list[Word] = stitch([(part, answer.words) for part, answer in found])
    return [
        Heard("".join(word.text for word in own).strip(), tuple(own), language)
        for own in to_pieces(words, lengths_s)
    ]
