"""The built-in engine: CMU PocketSphinx with the US English model that comes in its wheel."""

import re
import threading

import pocketsphinx  # type: ignore[import-untyped]

from notetaker.speech.engine import EngineError

_MAX_STATES = 10_000
"""Hidden Markov models searched per 10 ms at most. Makes the worst case, noise, take a quarter of its duration
instead of a third; speech comes out the same as with the library's 30 000."""
_SILENT = 10
"""Peak sample value up to which nothing is there to hear (-70 dBFS). The model hears "dog" in digital silence."""

_ALTERNATE = re.compile(r"\(\d+\)")
"""``the(2)``: the second pronunciation of "the" in the dictionary."""
_FILLER = re.compile(r"<[^>]*>|\[[^\]]*\]|\+\+[^+]*\+\+")
"""``<sil>``, ``[NOISE]``, ``++UM++``: what the model hears between words."""


class PocketSphinx:
    """One decoder, one utterance at a time.

    The C library keeps the interpreter lock while it works (it needs some 0.15 s per second of speech), so more
    decoders in one process would only take more memory; more worker processes do help.
    """

    name = "pocketsphinx"

    def __init__(self) -> None:
        self._decoder = _new_decoder()
        self._lock = threading.Lock()

    def transcribe(self, pcm: bytes) -> str:
        """See :class:`~notetaker.speech.engine.Engine`."""
        samples = memoryview(pcm).cast("h")
        if not samples or max(max(samples), -min(samples)) <= _SILENT:
            return ""
        with self._lock:
            return clean(self._hypothesis(pcm))

    def _hypothesis(self, pcm: bytes) -> str:
        try:
            self._decoder.start_utt()
            # full_utt: loudness and channel are judged by this utterance alone, whoever spoke before,
            # so the same sound always gives the same words
            self._decoder.process_raw(pcm, full_utt=True)
            self._decoder.end_utt()
        except RuntimeError as error:
            self._decoder = _new_decoder()  # the old one may be stuck in the middle of this utterance
            raise EngineError("PocketSphinx could not process the sound.") from error
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis else ""


def _new_decoder() -> pocketsphinx.Decoder:
    # the library writes its progress to standard error unless told otherwise
    return pocketsphinx.Decoder(loglevel="FATAL", maxhmmpf=_MAX_STATES)


def clean(hypothesis: str) -> str:
    """Words only: no fillers, no marks of alternate pronunciations."""
    return " ".join(_ALTERNATE.sub("", _FILLER.sub(" ", hypothesis)).split())
