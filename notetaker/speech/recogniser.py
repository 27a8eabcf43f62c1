"""Turns a speaker's sound into words with any engine.

The engine gets only clips with speech, its results are checked, and no word is cut in two: utterances without a
pause between them are joined, and split at the best pause instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from notetaker.model.languages import WITHOUT_BLANKS
from notetaker.speech import guards
from notetaker.speech.engine import BYTES_PER_SECOND, Engine, Heard, Hints
from notetaker.speech.passages import LONGEST_S, Part, parts, stitch, to_pieces
from notetaker.speech.vad import VoiceDetector, is_certain, speech_s

_SPEECH_FOR_HINTS_S = 1.0
"""Least speech in seconds with which an engine gets the vocabulary. In less, it may hear names that were not said.
Drafts never get it, because they tend to repeat themselves with it.
"""
_WORD_S = 0.25
"""Speech in seconds that should contain a word. If an engine hears none, it is asked again."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The sound of one utterance."""

    pcm: bytes
    continues: bool = False
    """Whether it follows the piece before without a pause."""
    speech_s: float | None = None
    """Seconds of speech, as measured by the draft; None to measure it, which takes as long as a draft."""

    @property
    def length_s(self) -> float:
        return len(self.pcm) / BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class _Clip:
    pcm: bytes
    speech_s: float
    certain: bool
    """Whether there is certainly speech."""


@dataclass(frozen=True, slots=True)
class _Cut:
    passage: tuple[int, ...]
    """Indices of the passage's pieces."""
    part: Part
    clip: _Clip


class Recogniser:
    """An engine, and checks that keep it from inventing text. Not thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._detector = VoiceDetector()

    def draft(self, piece: Piece, hints: Hints) -> Heard:
        """Transcribe one utterance quickly. Raises EngineError."""
        voice = self._detector.probabilities(piece.pcm)
        clip = _Clip(piece.pcm, speech_s(voice), is_certain(voice))
        if not clip.speech_s:
            return Heard(speech_s=0.0)
        [heard] = self._ask([clip], replace(hints, thorough=False))
        silent = not clip.certain and not heard.text
        return replace(heard, speech_s=0.0 if silent else clip.speech_s)

    def final(self, pieces: Sequence[Piece], hints: Hints) -> list[Heard]:
        """Transcribe one speaker's utterances thoroughly, in order. Raises EngineError."""
        hints = replace(hints, thorough=True)
        cuts = [
            cut
            for passage in _passages(pieces, joined=self.engine.capabilities.word_times)
            for cut in self._cuts(pieces, passage)
            if cut.clip.speech_s
        ]
        answers = self._ask([cut.clip for cut in cuts], hints)
        heard = [Heard(speech_s=0.0) for _ in pieces]
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
        """Cut a passage into clips for the engine."""
        first = pieces[passage[0]]
        if len(passage) == 1 and first.speech_s is not None and first.length_s <= LONGEST_S:
            clip = _Clip(first.pcm, first.speech_s, certain=True)  # or the draft would have found none
            return [_Cut(passage, Part(0.0, first.length_s, 0.0), clip)]
        pcm = b"".join(pieces[index].pcm for index in passage)
        voice = self._detector.probabilities(pcm)
        return [
            _Cut(passage, part, _Clip(part.pcm(pcm), speech_s(part.of(voice)), is_certain(part.of(voice))))
            for part in parts(pcm, voice)
        ]

    def _ask(self, clips: Sequence[_Clip], hints: Hints) -> list[Heard]:
        """Return the engine's answers, with suspicious ones replaced by better ones."""
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
        """Return the answer, or a better one if it is suspicious."""
        if guards.recites(answer.text, hints.vocabulary):
            answer = Heard(language=answer.language)
        elif _believable(answer, clip.speech_s) or (hints.doubtful and not answer.text):
            return answer
        language = answer.language or hints.language
        doubtful = hints.doubtful or guards.stutters(answer.text)
        careful = Hints(language, thorough=True, doubtful=doubtful, careful=True)
        [again] = self.engine.transcribe([clip.pcm], careful)
        if doubtful and not again.text:
            return again
        return _better(answer, again, clip.speech_s)


def _better(first: Heard, again: Heard, spoken_s: float) -> Heard:
    """Return the better of two answers, of which the first is suspicious."""
    if _believable(again, spoken_s):
        return again
    possible = [answer for answer in (again, first) if _possible(answer, spoken_s)]
    return possible[0] if possible else Heard(language=again.language)


def _believable(answer: Heard, spoken_s: float) -> bool:
    """Return whether the answer is not suspicious."""
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
    """Return whether a person can have said it. People repeat themselves, but not that quickly."""
    return not (guards.loops(answer.text, spoken_s) or guards.no_words(answer.text))


def _passages(pieces: Sequence[Piece], *, joined: bool) -> list[tuple[int, ...]]:
    """Return the indices of pieces without a pause between them, or single indices unless ``joined``."""
    passages: list[tuple[int, ...]] = []
    for index, piece in enumerate(pieces):
        if passages and joined and piece.continues:
            passages[-1] += (index,)
        else:
            passages.append((index,))
    return passages


def _timed(found: Sequence[tuple[_Cut, Heard]]) -> bool:
    """Return whether the engine gave times for all words."""
    return all(answer.words for _, answer in found if answer.text)


def _share(
    found: Sequence[tuple[_Cut, Heard]], pieces: Sequence[Piece], passage: Sequence[int]
) -> list[Heard]:
    """Distribute the words that were heard in a passage to its pieces."""
    if len(found) == len(passage) == 1:
        return [found[0][1]]
    language = found[0][1].language
    if len(passage) == 1 and not _timed(found):
        return [Heard(" ".join(filter(None, (answer.text for _, answer in found))), (), language)]
    words = stitch([(cut.part, answer.words) for cut, answer in found])
    lengths_s = [pieces[index].length_s for index in passage]
    shared: list[Heard] = []
    ends_s = 0.0
    for own, length_s in zip(to_pieces(words, lengths_s), lengths_s, strict=True):
        begins_s, ends_s = ends_s, ends_s + length_s
        asked = own or any(cut.part.start_s < ends_s and begins_s < cut.part.end_s for cut, _ in found)
        text = "".join(word.text for word in own).strip()
        shared.append(Heard(text, tuple(own), language, None if asked else 0.0))
    return shared
