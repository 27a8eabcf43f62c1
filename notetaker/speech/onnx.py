"""NVIDIA Parakeet and other ONNX models, through onnx-asr, on one thread.

A model is loaded from a folder, or from the cache of Hugging Face's tools. Nothing is downloaded.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final, get_args

import numpy as np

from notetaker.speech.engine import (
    BYTES_PER_SECOND,
    Capabilities,
    EngineError,
    EngineSettingError,
    Heard,
    Hints,
    Word,
)

try:
    import onnxruntime  # type: ignore[import-untyped]
    from onnx_asr.adapters import TimestampedResultsAsrAdapter
    from onnx_asr.asr import TimestampedResult
    from onnx_asr.loader import AsrNames, AsrTypeNames, Manager
    from onnx_asr.models.nemo import NemoConformerAED
    from onnx_asr.models.whisper import WhisperHf, WhisperOrt
except ImportError as missing:
    raise EngineSettingError(
        "SPEECH_ENGINE: onnx-asr is not installed; install notetaker[onnx]."
    ) from missing

_KNOWN: Final = {*get_args(AsrNames), *get_args(AsrTypeNames)}
"""Names of models and of model types in onnx-asr."""
_QUANTIZATIONS: Final = ("int8", None)
"""Precisions in order of preference, if a model has several. On a CPU, smaller is faster."""
_SHORTEST_S: Final = 0.1
"""Shortest clip in seconds. No word is shorter, and some models fail on less than one frame of sound."""
_TOKEN_S: Final = 0.2
"""Most seconds in a token. onnx-asr returns only the start of each token."""
_ERRORS_ONLY: Final = 3
"""onnxruntime's log level for errors, which it writes to standard error."""

_WORD: Final = re.compile(r"\S.*?(?=\s\b|\s*\Z)", re.DOTALL)
"""A word with the punctuation after it; onnx-asr drops the space before a punctuation mark."""

_ENGLISH: Final = frozenset({"en"})
_RUSSIAN: Final = frozenset({"ru"})
# fmt: off
_EUROPEAN: Final = frozenset({
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it",
    "lt", "lv", "mt", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "uk",
})
# fmt: on
_LANGUAGES: Final = {
    "nemo-parakeet-tdt-0.6b-v3": _EUROPEAN,
    "nemo-parakeet-": _ENGLISH,
    "nemo-canary-1b-v2": _EUROPEAN,
    "nemo-fastconformer-ru-": _RUSSIAN,
    "gigaam-v": _RUSSIAN,
    "t-tech/t-one": _RUSSIAN,
    "alphacep/vosk-model-": _RUSSIAN,
}
"""Languages by prefix of the model's name; the first match counts. From https://istupakov.github.io/onnx-asr/."""


class OnnxEngine:
    """One model, for one clip at a time."""

    def __init__(self, model: str, folder: Path | None) -> None:
        """``model`` is a name in onnx-asr; for another name, the folder's ``config.json`` must name the type.

        ``folder`` contains the model's files; None for the cache of Hugging Face. Raises EngineSettingError.
        """
        self.name = f"onnx {model.rpartition('/')[2]}"
        self._model = _load(model, folder)
        self._takes_language = isinstance(self._model.asr, NemoConformerAED | WhisperHf | WhisperOrt)
        languages = (known for start, known in _LANGUAGES.items() if model.startswith(start))
        self.capabilities = Capabilities(
            languages=next(languages, None),
            word_times=not self._takes_language,  # models that take a language have no times
        )

    def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        """See :class:`~notetaker.speech.engine.Engine`. The models ignore the vocabulary."""
        return [self._hear(clip, hints) for clip in clips]

    def _hear(self, clip: bytes, hints: Hints) -> Heard:
        length_s = len(clip) / BYTES_PER_SECOND
        if length_s < _SHORTEST_S:
            return Heard()
        language = hints.language if self._takes_language else None
        samples = np.frombuffer(clip, "<i2").astype(np.float32) / np.float32(2**15)
        try:
            try:
                result = self._model.recognize(samples, language=language)
            except KeyError:  # the model does not have this language
                result = self._model.recognize(samples)
                language = None
        except Exception as error:  # onnxruntime's errors have no common base class
            raise EngineError(f"The speech engine {self.name} failed.") from error
        words = tuple(words_of(result, length_s)) if hints.thorough else ()
        return Heard(result.text.strip(), words, language or self._only_language)

    @property
    def _only_language(self) -> str | None:
        languages = self.capabilities.languages or frozenset()
        return next(iter(languages)) if len(languages) == 1 else None


def _load(model: str, folder: Path | None) -> TimestampedResultsAsrAdapter:
    if folder is not None and not folder.is_dir():
        raise EngineSettingError(f"SPEECH_MODEL: the folder {folder} does not exist.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    manager = Manager(options)
    name = model if folder is None or model in _KNOWN else None
    for quantization in _QUANTIZATIONS:
        try:
            loaded = manager.create_asr(name, folder, quantization=quantization, offline=True)
            return loaded.with_timestamps()
        except (FileNotFoundError, ImportError) as error:  # looking into the cache needs huggingface-hub
            failure: Exception = error
        except Exception as error:  # noqa: BLE001 - onnxruntime's errors for damaged files have no base class
            failure = error
            break
    place = folder or "the cache of Hugging Face"
    reason = str(failure).partition("\n")[0]
    raise EngineSettingError(
        f"SPEECH_MODEL: the model {model} cannot be loaded from {place}: {reason}"
    ) from failure


def words_of(result: TimestampedResult, length_s: float) -> Iterator[Word]:
    """Yield the words that a model's tokens spell, with their times; none if the model gives no times."""
    if not result.tokens or result.timestamps is None:
        return
    spelled = "".join(result.tokens)
    ends = list(accumulate(map(len, result.tokens)))  # of each token in ``spelled``
    found = [
        ("".join(match[0].split()), bisect_right(ends, match.start()), bisect_right(ends, match.end() - 1))
        for match in _WORD.finditer(spelled)
    ]
    starts = [min(result.timestamps[first], length_s) for _, first, _ in found]
    for (text, first, last), start_s, next_s in zip(found, starts, [*starts[1:], length_s], strict=True):
        end_s = min(result.timestamps[last] + _TOKEN_S, next_s)
        yield Word(" " + text, start_s, max(end_s, start_s), _confidence(result.logprobs, first, last))


def _confidence(logprobs: Sequence[float] | None, first: int, last: int) -> float:
    if logprobs is None:
        return 1.0
    return min(1.0, math.exp(sum(logprobs[first : last + 1]) / (last + 1 - first)))
