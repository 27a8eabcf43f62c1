"""Whisper as a speech engine.

The measurements behind it are in docs/speech.md. In short: a window of 15 s instead of 30 s costs half and is as
accurate; short clips packed into one window cost even less and are more accurate; word times come from the decoder's
attention (dynamic time warping).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

import ctranslate2  # type: ignore[import-untyped]
import numpy as np

from notetaker.speech.engine import (
    BYTES_PER_SECOND,
    SAMPLE_RATE,
    Capabilities,
    EngineError,
    EngineSettingError,
    Heard,
    Hints,
    Word,
)
from notetaker.speech.guards import repetitive
from notetaker.speech.whisper.features import Floats, Spectrogram, loud_s, samples
from notetaker.speech.whisper.packing import Placed, pack, unpack
from notetaker.speech.whisper.tokens import Tokens

LONGEST_S: Final = 30
"""Longest window in seconds, which is the model's limit."""
SHORTEST_S: Final = 15
"""Shortest window in seconds. Below 10 s the models repeat themselves endlessly."""
BEAMS: Final = 5
TOKEN_S: Final = 0.02
"""Resolution in seconds of the alignment of tokens."""
MOST_TOKENS: Final = 224
"""Most tokens in one text: half of the decoder's limit, as in OpenAI's code; the other half is for the prompt."""
TOKENS_PER_SECOND: Final = 20
"""More tokens than any language needs (Hindi needs 14). A longer text repeats itself."""
MOST_HINTS: Final = 200
"""Most tokens of vocabulary: some fifty terms. The decoder takes 224 before a text."""
NO_SPEECH: Final = 0.6
"""Probability of no speech above which an improbable text is invented (section 4.5)."""
DOUBTED: Final = 0.5
"""The same if the voice detector has doubts, but for any text. Single short words reach 0.6, but cause no doubts."""
IMPROBABLE: Final = -1.0
"""Average log probability of a token below which a text is improbable."""


@dataclass(frozen=True, slots=True)
class _Result:
    tokens: list[int]
    language: str
    no_speech: float
    log_probability: float
    """Average over all tokens."""
    ran_on: bool
    """Whether it was cut off at the limit."""


class Whisper:
    """One model on one thread. ``folder`` contains a model converted for CTranslate2."""

    def __init__(self, name: str, folder: Path, device: str = "cpu") -> None:
        """``device`` is ``cpu`` (8-bit integers) or ``cuda`` (16-bit floats). Raises EngineSettingError."""
        self.name = name
        try:
            self._tokens = Tokens(folder / "tokenizer.json")
            self._model = ctranslate2.models.Whisper(
                str(folder),
                device=device,
                compute_type="float16" if device == "cuda" else "int8",
                intra_threads=1,
            )
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            raise EngineSettingError(
                f"SPEECH_MODEL: the model {name} in {folder} cannot be loaded: {error}"
            ) from error
        self._spectrogram = Spectrogram(self._model.n_mels)
        languages = self._tokens.languages if self._model.is_multilingual else frozenset({"en"})
        self.capabilities = Capabilities(languages=languages, word_times=True, two_passes=True)

    def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        """See :class:`~notetaker.speech.engine.Engine`."""
        sounds = [samples(clip[: LONGEST_S * BYTES_PER_SECOND]) for clip in clips]
        try:
            if not hints.thorough:
                return [self._draft(sound, hints) for sound in sounds]
            heard: list[Heard] = []
            lengths_s = [len(sound) / SAMPLE_RATE for sound in sounds]
            for window in pack(lengths_s, [loud_s(sound) for sound in sounds]):
                heard += self._final(window, sounds, hints)
            return heard
        except RuntimeError as error:  # such as out of memory, or a lost GPU
            raise EngineError(f"The speech engine {self.name} failed.") from error

    def _draft(self, sound: Floats, hints: Hints) -> Heard:
        result, _, _ = self._listen(sound, hints)
        text = self._tokens.decode(result.tokens).strip()
        return Heard(text, language=result.language)

    def _final(self, window: Sequence[Placed], sounds: Sequence[Floats], hints: Hints) -> list[Heard]:
        sound = np.zeros(round((window[-1].start_s + window[-1].length_s) * SAMPLE_RATE), np.float32)
        for placed in window:
            start = round(placed.start_s * SAMPLE_RATE)
            part = sounds[placed.clip][: len(sound) - start]
            sound[start : start + len(part)] = part
        result, encoded, frames = self._listen(sound, hints)
        words = self._words(result, encoded, frames)
        return [
            Heard("".join(word.text for word in found).strip(), tuple(found), result.language)
            for found in unpack(window, words)
        ]

    def _listen(self, sound: Floats, hints: Hints) -> tuple[_Result, ctranslate2.StorageView, int]:
        """Return the text of one window, and for the word times the encoder's output and its frames of sound."""
        length_s = len(sound) / SAMPLE_RATE
        window_s = min(LONGEST_S, max(SHORTEST_S, math.ceil(length_s) + 2))
        encoded = self._encode(sound, LONGEST_S if hints.careful else window_s)
        language = self._language(encoded, hints)
        result = self._generate(encoded, language, length_s, hints)
        if not hints.careful and (result.ran_on or repetitive(self._tokens.decode(result.tokens))):
            careful = Hints(language, thorough=True, doubtful=hints.doubtful, careful=True)
            return self._listen(sound, careful)
        improbable = result.no_speech > NO_SPEECH and result.log_probability < IMPROBABLE
        if improbable or (hints.doubtful and result.no_speech > DOUBTED):
            result.tokens.clear()
        return result, encoded, min(math.ceil(length_s * 100), 100 * LONGEST_S)

    def _encode(self, sound: Floats, window_s: int) -> ctranslate2.StorageView:
        features = self._spectrogram(sound, window_s)[None]
        return self._model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(features)))

    def _language(self, encoded: ctranslate2.StorageView, hints: Hints) -> str:
        if not self._model.is_multilingual:
            return "en"
        if hints.language in self._tokens.languages:
            return hints.language
        token: str = self._model.detect_language(encoded)[0][0][0]
        return token[2:-2]

    def _generate(
        self,
        encoded: ctranslate2.StorageView,
        language: str,
        length_s: float,
        hints: Hints,
    ) -> _Result:
        prompt = self._prompt(language, hints)
        most = min(MOST_TOKENS, 16 + math.ceil(length_s * TOKENS_PER_SECOND))
        [generated] = self._model.generate(
            encoded,
            [prompt],
            beam_size=BEAMS if hints.thorough else 1,
            max_length=most
            + max(most, len(prompt)),  # CTranslate2 takes half of it, and what the prompt leaves
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = generated.sequences_ids[0]
        return _Result(
            tokens=self._tokens.text_only(tokens),
            language=language,
            no_speech=generated.no_speech_prob,
            log_probability=generated.scores[0] * len(tokens) / (len(tokens) + 1),
            ran_on=len(tokens) >= most,
        )

    def _prompt(self, language: str, hints: Hints) -> list[int]:
        prompt: list[int] = []
        if hints.vocabulary:
            prompt += [self._tokens.previous, *self._listed(hints.vocabulary)]
        prompt += self._sequence(language)
        if not hints.careful:  # with timestamps it follows the sound more closely, and costs more
            prompt.append(self._tokens.no_timestamps)
        return prompt

    def _listed(self, vocabulary: Sequence[str]) -> list[int]:
        """Return the tokens of a list of as many of the first terms as fit, the first one last.

        What is nearest to the text has the most influence on it.
        """
        listed = self._tokens.encode(".")
        for number, term in enumerate(vocabulary):
            tokens = self._tokens.encode(f" {term}{',' if number else ''}")
            if len(listed) + len(tokens) > MOST_HINTS:
                break
            listed[:0] = tokens
        return listed

    def _sequence(self, language: str) -> list[int]:
        if not self._model.is_multilingual:
            return [self._tokens.start]
        return [self._tokens.start, self._tokens.language(language), self._tokens.transcribe]

    def _words(self, result: _Result, encoded: ctranslate2.StorageView, frames: int) -> list[Word]:
        if not result.tokens:
            return []
        [aligned] = self._model.align(
            encoded, self._sequence(result.language), [result.tokens], frames, median_filter_width=7
        )
        starts: dict[int, int] = {}  # token -> its first place
        for token, place in aligned.alignments:
            starts.setdefault(token, place)
        times = [starts.get(token, 0) * TOKEN_S for token in range(len(result.tokens) + 1)]
        times = list(accumulate(times, max))
        words: list[Word] = []
        at = 0
        for word in self._tokens.words(result.tokens, result.language):
            behind = at + word.tokens
            confidence = float(np.mean(aligned.text_token_probs[at:behind]))
            words.append(Word(word.text, times[at], times[behind], confidence))
            at = behind
        return words
