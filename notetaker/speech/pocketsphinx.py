"""CMU PocketSphinx with the US English model in its wheel. It is small and offline, but gets a third of the words of
human speech wrong: the last resort without another model.
"""

import re
from collections.abc import Iterator, Sequence

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
    import pocketsphinx  # type: ignore[import-untyped]
except ImportError as missing:
    raise EngineSettingError(
        "SPEECH_ENGINE: PocketSphinx is not installed; install notetaker[pocketsphinx]."
    ) from missing

_MAX_STATES = 10_000
"""Most hidden Markov models to search per 10 ms. With it the worst case, noise, takes a quarter of its duration
instead of a third; speech gives the same text as with the library's 30 000."""
_SILENT = 10
"""Peak sample value up to which a clip is silent (-70 dBFS). The model hears "dog" in digital silence."""
_FRAMES_PER_SECOND = 100
"""The library's ``frate``."""

_ALTERNATE = re.compile(r"\(\d+\)$")
"""The mark in ``the(2)``, the second pronunciation of "the" in the dictionary."""
_FILLER = re.compile(r"<[^>]*>|\[[^\]]*\]|\+\+[^+]*\+\+")
"""``<sil>``, ``[NOISE]``, ``++UM++``: sounds between words."""


class PocketSphinx:
    """One decoder, for one clip at a time. The C library holds the interpreter lock while it works."""

    name = "pocketsphinx"
    capabilities = Capabilities(languages=frozenset({"en"}), word_times=True)

    def __init__(self) -> None:
        self._decoder = _new_decoder()

    def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        """See :class:`~notetaker.speech.engine.Engine`. Any language is taken for English."""
        return [self._hear(clip, hints) for clip in clips]

    def _hear(self, pcm: bytes, hints: Hints) -> Heard:
        samples = memoryview(pcm).cast("h")
        if not samples or max(max(samples), -min(samples)) <= _SILENT:
            return Heard()
        words = self._words(pcm)
        text = "".join(word.text for word in words).strip()
        return Heard(text, words if hints.thorough else (), language="en")

    def _words(self, pcm: bytes) -> tuple[Word, ...]:
        try:
            self._decoder.start_utt()
            # full_utt: adapt loudness and channel to this clip alone, not to earlier speakers,
            # so that the same sound always gives the same words
            self._decoder.process_raw(pcm, full_utt=True)
            self._decoder.end_utt()
            return tuple(words_of(self._decoder.seg(), len(pcm) / BYTES_PER_SECOND))
        except RuntimeError as error:
            self._decoder = _new_decoder()  # the old one may be stuck in this clip
            raise EngineError("PocketSphinx could not process the audio.") from error


def _new_decoder() -> pocketsphinx.Decoder:
    # by default the library writes its progress to standard error
    return pocketsphinx.Decoder(loglevel="FATAL", maxhmmpf=_MAX_STATES)


def words_of(segments: Sequence[pocketsphinx.Segment] | None, length_s: float) -> Iterator[Word]:
    """Yield the words among the decoder's segments, without fillers and marks of alternate pronunciations."""
    for segment in segments or ():
        if _FILLER.fullmatch(segment.word):
            continue
        yield Word(
            text=" " + _ALTERNATE.sub("", segment.word),
            start_s=min(segment.start_frame / _FRAMES_PER_SECOND, length_s),
            end_s=min((segment.end_frame + 1) / _FRAMES_PER_SECOND, length_s),
            confidence=min(segment.prob, 1.0),  # the library may return 1.0001
        )
