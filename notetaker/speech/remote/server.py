"""Sends one clip to a transcription server, and finds out what a failure means."""

import io
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from itertools import accumulate
from typing import Any, Final

import openai

from notetaker.remote.client import headers, open_client, retry_after_s
from notetaker.remote.errors import ServerSettingError
from notetaker.speech.engine import (
    BYTES_PER_SECOND,
    SAMPLE_RATE,
    EngineError,
    EngineSettingError,
    Heard,
    Hints,
)
from notetaker.speech.remote import answer

LONGEST_PROMPT: Final = 600
"""Most characters of vocabulary. Whisper takes 224 tokens at most."""


class Format(Enum):
    """The response formats to request, best first. Servers reject those that they or their models do not support."""

    WORDS = "verbose_json with word timestamps"
    VERBOSE = "verbose_json"
    PLAIN = "json"


class Rejected(Exception):
    """The server rejects a request because of its sound or its format. The message is a sentence."""

    def __init__(self, sentence: str, *, blames_format: bool) -> None:
        """``blames_format`` if the format may be the reason."""
        super().__init__(sentence)
        self.blames_format = blames_format


class Unavailable(Exception):
    """The server cannot answer now, or cannot process this sound. The message is a sentence."""

    blames_sound = True
    """Whether the sound may be the reason."""

    def __init__(self, sentence: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class Unreachable(Unavailable):
    """There is no connection to the server."""

    blames_sound = False


class Busy(Unavailable):
    """The server is working, but for others."""

    blames_sound = False


class TimedOut(Unavailable):
    """The server is slow or overloaded. That it is faster with silence proves nothing about the sound."""

    blames_sound = False


class Server:
    """A model on a server. Thread-safe."""

    def __init__(
        self, url: str, model: str, api_key: str | None, timeout_s: float, clock: Callable[[], float]
    ) -> None:
        """``timeout_s`` is for one request. Raises EngineSettingError."""
        try:
            self._client = open_client("SPEECH", url, api_key, timeout_s, clock)
        except ServerSettingError as error:
            raise EngineSettingError(str(error)) from None
        self._model = model
        self._timeout_s = timeout_s
        self._headers = headers(api_key)

    def close(self) -> None:
        """Close the connections to the server."""
        self._client.close()

    def transcribe(self, clip: bytes, wanted: Format, hints: Hints) -> Heard:
        """Send one request. Raises Rejected, Unavailable and EngineError, which never quote the server."""
        form: dict[str, Any] = {"response_format": "json" if wanted is Format.PLAIN else "verbose_json"}
        if wanted is Format.WORDS:
            form["timestamp_granularities"] = ["word"]
        if hints.language is not None:
            form["language"] = hints.language
        if hints.vocabulary and not hints.careful:  # a prompt may have led it astray
            form["prompt"] = _prompt(hints.vocabulary)
        try:
            response = self._client.audio.transcriptions.with_raw_response.create(
                file=("speech.wav", _wav(clip), "audio/wav"),
                model=self._model,
                temperature=0,
                extra_headers=self._headers,
                **form,
            )
            heard = answer.read(response.content, len(clip) / BYTES_PER_SECOND)
        except openai.APITimeoutError:
            raise TimedOut(f"The speech server did not respond within {self._timeout_s:g} s.") from None
        except openai.APIConnectionError:
            raise Unreachable("The speech server cannot be reached.") from None
        except openai.APIStatusError as error:
            raise _failure(error.status_code, error.response.headers) from None
        except ValueError:
            raise Unavailable("SPEECH_BASE_URL: the server there is not a speech server.") from None
        return replace(
            heard, words=heard.words if hints.thorough else (), language=heard.language or hints.language
        )


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm)
    return file.getvalue()


def _prompt(vocabulary: Sequence[str]) -> str:
    """Join as many of the first terms as fit, without lone surrogates; the first one last, as ``whisper`` does."""
    vocabulary = [term.encode(errors="ignore").decode() for term in vocabulary]
    lengths = accumulate(len(term) + 2 for term in vocabulary)
    fitting = [term for term, length in zip(vocabulary, lengths, strict=True) if length <= LONGEST_PROMPT]
    return ", ".join(reversed(fitting))


def _failure(status: int, answered: Mapping[str, str]) -> Exception:
    """Return the exception for a status."""
    if status in (400, 413, 415, 422):
        sentence = f"The speech server rejected the audio (status {status})."
        return Rejected(sentence, blames_format=status in (400, 422))
    if status in (401, 403):
        sentence = f"SPEECH_API_KEY: the speech server rejected the key (status {status})."
        return EngineError(sentence, retryable=True)
    if status in (404, 405) or 300 <= status < 400:
        sentence = f"SPEECH_BASE_URL or SPEECH_MODEL: there is no such address or model (status {status})."
        return EngineError(sentence, retryable=True)
    if status in (408, 409, 425, 429) or status >= 500:
        kind = TimedOut if status in (408, 504, 524) else Busy if status == 429 else Unavailable
        return kind(
            f"The speech server is unavailable (status {status}).",
            retry_after_s=retry_after_s(answered.get("retry-after", "")),
        )
    return EngineError(f"The speech server rejected the request (status {status}).", retryable=True)
