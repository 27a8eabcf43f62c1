"""From a speaker's sound to words: what surrounds an engine, whichever it is.

Nothing goes to the engine in which nobody speaks, nothing comes back from it unchecked, and no word is cut in two:
utterances that followed each other without a pause are joined again, and split at the best pause instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from notetaker.model.languages import WITHOUT_BLANKS
from notetaker.speech import guards
from notetaker.speech.engine import BYTES_PER_SECOND, Engine, Heard, Hints
from notetaker.speech.passages import LONGEST_S, Part, parts, stitch, to_pieces
from notetaker.speech.vad import VoiceDetector, is_certain, speech_s

_SPEECH_FOR_HINTS_S = 1.0
"""Seconds of speech from which on an engine is given the vocabulary: in less, it may hear names that nobody said.
Drafts go without: quick as they are, they tend to repeat themselves with it.
"""
_WORD_S = 0.25
"""Seconds of speech that are taken for a word: where an engine hears none in them, it is asked once more."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The sound of one utterance."""

    pcm: bytes
    continues: bool = False
    """It follows the piece before without a pause."""
    speech_s: float | None = None
    """Seconds in which somebody speaks, as the draft found; None: to be measured, which costs as much as a draft."""

    @property
    def length_s(self) -> float:
        return len(self.pcm) / BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class _Clip:
    pcm: bytes
    speech_s: float
    certain: bool
    """Whether somebody speaks beyond doubt."""


@dataclass(frozen=True, slots=True)
class _Cut:
    passage: tuple[int, ...]
    """Indices of the pieces that it is from."""
    part: Part
    clip: _Clip


class Recogniser:
    """An engine and what keeps it from inventing. Not thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._detector = VoiceDetector()

    def draft(self, piece: Piece, hints: Hints) -> Heard:
        """The words of one utterance, as fast as can be. Raises EngineError."""
        voice = self._detector.probabilities(piece.pcm)
        clip = _Clip(piece.pcm, speech_s(voice), is_certain(voice))
        if not clip.speech_s:
            return Heard(speech_s=0.0)
        [heard] = self._ask([clip], replace(hints, thorough=False))
        nobody = not clip.certain and not heard.text
        return replace(heard, speech_s=0.0 if nobody else clip.speech_s)

    def final(self, pieces: Sequence[Piece], hints: Hints) -> list[Heard]:
        """The words of one speaker's utterances, in order, as well as can be. Raises EngineError."""
        hints = replace(hints, thorough=True)
        cuts = [
            cut
            for passage in _passages(pieces, joined=self.engine.capabilities.word_times)
            for cut in self._cuts(pieces, passage)
            if cut.clip.speech_s
        ]
        answers = self._ask([cut.clip for cut in cuts], hints)
        heard = [Heard() for _ in pieces]
        for passage, group in groupby(zip(cuts, answers, strict=True), key=lambda one: one[0].passage):
            found = list(group)
            if len(passage) > 1 and not _timed(found):
                shared = [
                    self.final([replace(pieces[index], continues=False)], hints)[0] for index in passage
                ]
            else:
                shared = _share(found, pieces, passage)
            for index, answer in zip(passage, shared, strict=True):
                heard[index] = answer
        return heard

    def _cuts(self, pieces: Sequence[Piece], passage: tuple[int, ...]) -> list[_Cut]:
        """What of a passage goes to the engine at once."""
        first = pieces[passage[0]]
        if len(passage) == 1 and first.speech_s is not None and first.length_s <= LONGEST_S:
            clip = _Clip(first.pcm, first.speech_s, certain=True)  # else the draft would have found nobody
            return [_Cut(passage, Part(0.0, first.length_s, 0.0), clip)]
        pcm = b"".join(pieces[index].pcm for index in passage)
        voice = self._detector.probabilities(pcm)
        return [
            _Cut(passage, part, _Clip(part.pcm(pcm), speech_s(part.of(voice)), is_certain(part.of(voice))))
            for part in parts(pcm, voice)
        ]

    def _ask(self, clips: Sequence[_Clip], hints: Hints) -> list[Heard]:
        """The engine's answers, and better ones where the first were suspicious."""
        certain = [clip for clip in clips if clip.certain]
        if not hints.thorough or sum(clip.speech_s for clip in certain) < _SPEECH_FOR_HINTS_S:
            hints = replace(hints, vocabulary=())
        together = iter(self.engine.transcribe([clip.pcm for clip in certain], hints) if certain else ())
        answers: list[Heard] = []
        for clip in clips:
            if clip.certain:
                answers.append(self._checked(next(together), clip, hints))
            else:
                alone = replace(hints, vocabulary=(), doubtful=True)
                answers.append(self._checked(self.engine.transcribe([clip.pcm], alone)[0], clip, alone))
        return answers

    def _checked(self, answer: Heard, clip: _Clip, hints: Hints) -> Heard:
        """The answer, or a better one if it is suspicious."""
        if _believable(answer, clip.speech_s) or (hints.doubtful and not answer.text):
            return answer
        language = answer.language or hints.language
        doubtful = hints.doubtful or guards.stutters(answer.text)
        careful = Hints(language, thorough=True, doubtful=doubtful, careful=True)
        [again] = self.engine.transcribe([clip.pcm], careful)
        if doubtful and not again.text:
            return again
        return _better(answer, again, clip.speech_s)


def _better(first: Heard, again: Heard, spoken_s: float) -> Heard:
    """Which of two answers to keep, of which the first is suspicious."""
    if _believable(again, spoken_s):
        return again
    possible = [answer for answer in (again, first) if _possible(answer, spoken_s)]
    return possible[0] if possible else Heard(language=again.language)


def _believable(answer: Heard, spoken_s: float) -> bool:
    """Whether it needs no second look."""
    text = answer.text
    if guards.no_words(text):
        return not text and spoken_s < _WORD_S
    return not (
        guards.repetitive(text)
        or guards.stutters(text)
        or guards.echoes(text)
        or (answer.language not in WITHOUT_BLANKS and guards.too_few_words(text, spoken_s))
        or guards.too_many_words(text, spoken_s)
    )


def _possible(answer: Heard, spoken_s: float) -> bool:
    """Whether somebody can have said it: people do repeat themselves, but not that quickly."""
    return not (guards.loops(answer.text, spoken_s) or guards.no_words(answer.text))


def _passages(pieces: Sequence[Piece], *, joined: bool) -> Iterator[tuple[int, ...]]:
    """Indices of the pieces that were said without a pause between them; without ``joined``, each alone."""
    passage: list[int] = []
    for index, piece in enumerate(pieces):
        if passage and not (joined and piece.continues):
            yield tuple(passage)
            passage = []
        passage.append(index)
    if passage:
        yield tuple(passage)


def _timed(found: Sequence[tuple[_Cut, Heard]]) -> bool:
    """Whether the engine gave the times of all words."""
    return all(answer.words for _, answer in found if answer.text)


def _share(
    found: Sequence[tuple[_Cut, Heard]], pieces: Sequence[Piece], passage: Sequence[int]
) -> list[Heard]:
    """What each piece of a passage gets of the words that were heard in it."""
    if len(found) == len(passage) == 1:
        return [found[0][1]]
    language = found[0][1].language
    if len(passage) == 1 and not _timed(found):
        return [Heard(" ".join(filter(None, (answer.text for _, answer in found))), (), language)]
    words = stitch([(cut.part, answer.words) for cut, answer in found])
    return [
        Heard("".join(word.text for word in own).strip(), tuple(own), language)
        for own in to_pieces(words, [pieces[index].length_s for index in passage])
    ]
