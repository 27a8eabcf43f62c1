"""Transcribes a file into segments, which are sentences or what is said between two pauses."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from notetaker.speech.engine import BYTES_PER_SECOND, Heard, Hints, Word
from notetaker.speech.files.utterances import Utterance, utterances
from notetaker.speech.recogniser import Recogniser

WINDOW_S = 27.0
"""Most seconds of speech to recognise together, which is as much as an engine listens to at once."""
PAUSE_S = 0.9
"""Seconds that are added for the pause between two utterances."""
MONOLOGUE_S = 300.0
"""Most seconds of speech without a pause to recognise together, which limits memory."""
HELD_S = 30.0
"""Speech in seconds after which the language of the file is settled, so that a foreign name does not change it."""

_SENTENCE_END = re.compile(r"(?:[!?…。！？]|\w{4}\.)[\"'”’»)\]]*$")
"""The end of a sentence. A short word with a full stop may be an abbreviation, such as "Mr."."""


@dataclass(frozen=True, slots=True)
class Segment:
    start_s: float
    """Start in seconds from the start of the file."""
    end_s: float
    text: str
    words: tuple[Word, ...] = ()
    """Words with times relative to the start of the file; empty if the engine gives no word times."""


class Transcript:
    """The transcript of one stream of sound."""

    def __init__(self, recogniser: Recogniser, hints: Hints) -> None:
        self.length_s = 0.0
        """Seconds of sound that have been read."""
        self._recogniser = recogniser
        self._hints = hints
        self._languages: Counter[str] = Counter()

    @property
    def language(self) -> str | None:
        """Code of the language, or None while it is unknown."""
        if self._hints.language is not None:
            return self._hints.language
        return self._languages.most_common(1)[0][0] if self._languages else None

    def segments(self, pcm: Iterable[bytes], progress: Callable[[float], None]) -> Iterator[Segment]:
        """Yield segments as soon as they are known. ``progress`` is called with the seconds that have been read.

        Raises EngineError.
        """
        for batch in batches(utterances(self._counted(pcm, progress))):
            heard = self._recogniser.final([one.piece for one in batch], self._now_known())
            self._learn(batch, heard)
            yield from segments(batch, heard)

    def _counted(self, pcm: Iterable[bytes], progress: Callable[[float], None]) -> Iterator[bytes]:
        for sound in pcm:
            self.length_s += len(sound) / BYTES_PER_SECOND
            progress(self.length_s)
            yield sound

    def _now_known(self) -> Hints:
        if self._languages.total() < HELD_S:
            return self._hints
        return replace(self._hints, language=self.language)

    def _learn(self, batch: Sequence[Utterance], heard: Sequence[Heard]) -> None:
        for utterance, one in zip(batch, heard, strict=True):
            if one.language is not None and one.text:
                self._languages[one.language] += max(round(utterance.piece.length_s), 1)


def batches(stream: Iterable[Utterance]) -> Iterator[list[Utterance]]:
    """Group utterances to recognise together: a window full of them, or a monologue."""
    batch: list[Utterance] = []
    filled_s = 0.0
    for utterance in stream:
        length_s = PAUSE_S + utterance.piece.length_s
        limit_s = MONOLOGUE_S if utterance.piece.continues else WINDOW_S
        if batch and filled_s + length_s > limit_s:
            yield batch
            batch, filled_s = [], 0.0
        batch.append(utterance)
        filled_s += length_s
    if batch:
        yield batch


def segments(batch: Sequence[Utterance], heard: Sequence[Heard]) -> Iterator[Segment]:
    """Yield the segments of utterances. A sentence may span utterances without a pause between them."""
    words: list[Word] = []
    for utterance, one in zip(batch, heard, strict=True):
        if not utterance.piece.continues:
            yield from _sentences(words)
            words = []
        if one.words:
            words += (word.moved(utterance.start_s) for word in one.words)
        elif one.text:
            yield Segment(utterance.start_s, utterance.end_s, one.text)
    yield from _sentences(words)


def _sentences(words: Sequence[Word]) -> Iterator[Segment]:
    sentence: list[Word] = []
    for number, word in enumerate(words, 1):
        sentence.append(word)
        if number == len(words) or _SENTENCE_END.search(word.text):
            text = "".join(one.text for one in sentence).strip()
            if text:
                yield Segment(sentence[0].start_s, sentence[-1].end_s, text, tuple(sentence))
            sentence = []
