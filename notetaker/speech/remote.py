"""Speech to text on a server: any that has OpenAI's ``/v1/audio/transcriptions``, in the local network or a cloud.

What goes wrong there costs time, not words: the error is retryable unless the sound itself is to blame.
See ``remote_answer`` for what comes back, and ``circuit_breaker`` for a server that stays away.
"""

import hashlib
import io
import logging
import math
import threading
import time
import wave
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from itertools import accumulate
from typing import Any, Final, TypeAlias

import openai

from notetaker.speech import remote_answer
from notetaker.speech.circuit_breaker import CircuitBreaker
from notetaker.speech.engine import (
    BYTES_PER_SECOND,
    SAMPLE_RATE,
    Capabilities,
    EngineError,
    EngineSettingError,
    Heard,
    Hints,
)
from notetaker.speech.remote_client import BoundedClient, checked_url, is_this_host

PAUSES_S: Final = (1.0, 4.0)
"""Seconds before a request that failed is sent again."""
LONGEST_RETRY_AFTER_S: Final = 30.0
"""Seconds for which a busy server is waited for; for longer ones the caller has to come back."""
LATEST_REQUEST_S: Final = 180.0
"""Seconds into a call after which no request is begun. One begun just before ends after 240 s at most; the caller
gives up after 300 s (``transcriber.TIMEOUT_S``), and then takes the sound to be at fault.
"""
MOST_KEPT: Final = 1000
"""Clips of calls that failed whose words are kept: far more than one call has."""
LONGEST_PROMPT: Final = 600
"""Characters of vocabulary: Whisper takes 224 tokens at most."""
NO_SPEECH_SERVER: Final = "SPEECH_BASE_URL: what answers there is no speech server."
SHORTEST_S: Final = 0.1
"""Seconds. OpenAI refuses less, and no word is shorter."""

_Key: TypeAlias = tuple[bytes, Hints]
"""The hash of a clip, and what was known of it."""

log = logging.getLogger(__name__)


class _Format(Enum):
    """What a server is asked for, the best first. Servers refuse what they or their model cannot do."""

    WORDS = "verbose_json with the times of words"
    VERBOSE = "verbose_json"
    PLAIN = "json"


class _Refused(Exception):
    """The server will not take this request: because of the sound or of the format. The message is a sentence."""

    def __init__(self, sentence: str, *, format_may_be_why: bool) -> None:
        super().__init__(sentence)
        self.format_may_be_why = format_may_be_why


class _Unavailable(Exception):
    """The server cannot work at present, or not on this sound. The message is a sentence."""

    sound_may_be_why = True

    def __init__(self, sentence: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class _Unreachable(_Unavailable):
    sound_may_be_why = False


class _Busy(_Unavailable):
    """It works, but for others."""

    sound_may_be_why = False


class _TimedOut(_Unavailable):
    """It is slow, or has too much to do at a time. That it answers silence sooner says nothing of the sound."""

    sound_may_be_why = False


class OpenAIEngine:
    """A server and a model there. Sends several clips at a time; otherwise used by one thread at a time."""

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None = None,
        *,
        timeout_s: float = 60.0,
        concurrency: int = 4,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """``base_url`` ends in ``/v1`` as a rule; ``timeout_s``: for one request. Raises EngineSettingError."""
        url = checked_url(base_url)
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise EngineSettingError("SPEECH_API_KEY: the key holds characters that no key can hold.")
        self.name = f"openai {model}"
        self._model = model
        self._local = is_this_host(url)
        self._timeout_s = timeout_s
        self._concurrency = concurrency
        self._clock = clock
        self._wait = wait
        self._until = 0.0
        """From when on the call under way sends nothing more."""
        self._timed_out = False
        self._lock = threading.Lock()
        self._kept: dict[_Key, Heard] = {}
        """What was heard in calls that failed: a repeated call uses them. Written under the lock."""
        self._breaker = CircuitBreaker(clock)
        self._reason = "The speech server cannot be reached."
        self._accepted: set[_Format] = set()
        self._refused: set[_Format] = set()
        self._client = openai.OpenAI(
            base_url=url,
            api_key=api_key or "none",  # the library would look into the environment for another
            timeout=timeout_s,
            max_retries=0,
            http_client=BoundedClient(timeout_s, clock),
        )
        self._headers: dict[str, str | openai.Omit] = {
            "Authorization": f"Bearer {api_key}" if api_key else openai.omit,
            "OpenAI-Organization": openai.omit,  # from the environment, and for OpenAI alone
            "OpenAI-Project": openai.omit,
        }

    def close(self) -> None:
        """Close the connections to the server."""
        self._client.close()

    @property
    def capabilities(self) -> Capabilities:
        """What is known of the server so far: words have times until it gives none."""
        return Capabilities(languages=None, word_times=_Format.WORDS not in self._refused, local=self._local)

    def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        """See :class:`~notetaker.speech.engine.Engine`. One clip that fails fails them all.

        A server that takes too long for a request gets half as many at a time from the next call on.
        """
        self._until = self._clock() + LATEST_REQUEST_S
        self._timed_out = False
        try:
            heard = self._hear_all(clips, hints)
        finally:
            if self._timed_out and self._concurrency > 1:
                self._concurrency //= 2
                log.warning("The speech server is slow; it gets %d clips at a time", self._concurrency)
        with self._lock:
            for clip in clips:
                self._kept.pop(_key(clip, hints), None)
        return heard

    def _hear_all(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        with ThreadPoolExecutor(self._concurrency, "speech-server") as pool:
            futures = [pool.submit(self._hear_once, clip, hints) for clip in clips]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _hear_once(self, clip: bytes, hints: Hints) -> Heard:
        key = _key(clip, hints)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        heard = self._hear(clip, hints)
        with self._lock:
            self._kept[key] = heard
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return heard

    def _hear(self, clip: bytes, hints: Hints) -> Heard:
        """One clip, in the best format that the server accepts."""
        if len(clip) < SHORTEST_S * BYTES_PER_SECOND:
            return Heard()
        formats = [known for known in _Format if known not in self._refused]
        if not hints.thorough and _Format.WORDS in formats:
            formats.remove(_Format.WORDS)
        for number, wanted in enumerate(formats, start=1):
            try:
                heard = self._request(clip, wanted, hints)
            except _Refused as refusal:
                settled = wanted in self._accepted or number == len(formats)
                if settled or not refusal.format_may_be_why:
                    raise self._refusal(str(refusal)) from None
            else:
                self._accepted.add(wanted)
                for refused in formats[: number - 1]:
                    self._refused.add(refused)
                    log.warning("The speech server refuses %s", refused.value)
                if wanted is _Format.WORDS and heard.text and not heard.words:
                    self._refused.add(wanted)
                    log.warning("The speech server gives no times of words")
                return heard
        raise AssertionError("PLAIN is never among the refused ones")

    def _refusal(self, sentence: str) -> EngineError:
        """Until a first request is accepted, a refusal may as well be about the settings."""
        if self._accepted:
            return EngineError(sentence)
        return EngineError(f"{sentence[:-1]}, like all before it; is SPEECH_MODEL right?", retryable=True)

    def _request(self, clip: bytes, wanted: _Format, hints: Hints) -> Heard:
        """Send one clip, several times if need be. Raises _Refused and EngineError."""
        sound_may_be_why = True
        for pause_s in (*PAUSES_S, None):
            if self._is_late():
                raise EngineError("The speech server takes too long.", retryable=True)
            held_back_s = self._breaker.held_back_s()
            if held_back_s:
                sentence = f"{self._reason[:-1]}; the next request is in {math.ceil(held_back_s)} s."
                raise EngineError(sentence, retryable=True)
            try:
                return self._send_counted(clip, wanted, hints)
            except _Unavailable as error:
                sound_may_be_why &= error.sound_may_be_why
                if error.retry_after_s > LONGEST_RETRY_AFTER_S:
                    self._breaker.hold_back(error.retry_after_s)
                elif pause_s is None:
                    if sound_may_be_why and not self._is_late() and self._works():
                        sentence = "The speech server fails on this sound."
                        raise _Refused(sentence, format_may_be_why=True) from None
                elif not self._is_late(wait_s := max(pause_s, error.retry_after_s)):
                    self._wait(wait_s)
                    continue
                raise EngineError(str(error), retryable=True) from None
        raise AssertionError("the last attempt returns or raises")

    def _is_late(self, wait_s: float = 0.0) -> bool:
        """Whether the call under way has no time for another request after ``wait_s``."""
        return self._clock() + wait_s > self._until

    def _works(self) -> bool:
        """Whether the server accepts a second of silence: if so, what it failed on is to blame."""
        try:
            self._send_counted(bytes(BYTES_PER_SECOND), _Format.PLAIN, Hints())
        except (_Refused, _Unavailable, EngineError):
            return False
        self._accepted.add(_Format.PLAIN)
        return True

    def _send_counted(self, clip: bytes, wanted: _Format, hints: Hints) -> Heard:
        """One request, whose outcome the circuit breaker learns."""
        try:
            heard = self._send(clip, wanted, hints)
        except BaseException as error:
            if isinstance(error, _TimedOut):
                self._timed_out = True
            if isinstance(error, _Refused | _Busy):
                self._breaker.succeeded()
            else:
                known = isinstance(error, _Unavailable | EngineError)
                self._reason = str(error) if known else "The speech server cannot be asked."
                self._breaker.failed()
            raise
        self._breaker.succeeded()
        return heard

    def _send(self, clip: bytes, wanted: _Format, hints: Hints) -> Heard:
        """One request. Raises _Refused, _Unavailable, EngineError, which do not quote what the server says."""
        form: dict[str, Any] = {"response_format": "json" if wanted is _Format.PLAIN else "verbose_json"}
        if wanted is _Format.WORDS:
            form["timestamp_granularities"] = ["word"]
        if hints.language is not None:
            form["language"] = hints.language
        if hints.vocabulary and not hints.careful:  # a prompt may be what has led it astray
            form["prompt"] = _prompt(hints.vocabulary)
        try:
            response = self._client.audio.transcriptions.with_raw_response.create(
                file=("speech.wav", _wav(clip), "audio/wav"),
                model=self._model,
                temperature=0,
                extra_headers=self._headers,
                **form,
            )
            heard = remote_answer.read(response.content, len(clip) / BYTES_PER_SECOND)
        except openai.APITimeoutError:
            raise _TimedOut(f"The speech server did not answer in {self._timeout_s:g} s.") from None
        except openai.APIConnectionError:
            raise _Unreachable("The speech server cannot be reached.") from None
        except openai.APIStatusError as error:
            raise _failure(error.status_code, error.response.headers) from None
        except ValueError:
            raise _Unavailable(NO_SPEECH_SERVER) from None
        return replace(
            heard, words=heard.words if hints.thorough else (), language=heard.language or hints.language
        )


def _key(clip: bytes, hints: Hints) -> _Key:
    return hashlib.sha256(clip).digest(), hints


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm)
    return file.getvalue()


def _prompt(vocabulary: Sequence[str]) -> str:
    """The first terms, as many as fit, without halves of characters."""
    vocabulary = [term.encode(errors="ignore").decode() for term in vocabulary]
    lengths = accumulate(len(term) + 2 for term in vocabulary)
    return ", ".join(
        term for term, length in zip(vocabulary, lengths, strict=True) if length <= LONGEST_PROMPT
    )


def _failure(status: int, headers: Mapping[str, str]) -> Exception:
    """What a status means for the words."""
    if status in (400, 413, 415, 422):
        sentence = f"The speech server refuses the sound (status {status})."
        return _Refused(sentence, format_may_be_why=status in (400, 422))
    if status in (401, 403):
        sentence = f"SPEECH_API_KEY: the speech server does not accept the key (status {status})."
        return EngineError(sentence, retryable=True)
    if status in (404, 405) or 300 <= status < 400:
        sentence = f"SPEECH_BASE_URL or SPEECH_MODEL: there is no such address or model (status {status})."
        return EngineError(sentence, retryable=True)
    if status in (408, 409, 425, 429) or status >= 500:
        kind = _TimedOut if status in (408, 504, 524) else _Busy if status == 429 else _Unavailable
        return kind(
            f"The speech server cannot work at present (status {status}).",
            retry_after_s=_retry_after_s(headers.get("retry-after", "")),
        )
    return EngineError(f"The speech server refuses requests (status {status}).", retryable=True)


def _retry_after_s(value: str) -> float:
    """Seconds, from the header's two forms (RFC 9110 section 10.2.3); 0 where it makes no sense."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):  # TypeError: a time without a zone
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
