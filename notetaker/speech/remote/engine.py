"""A transcription server as a speech engine.

A failure there costs time, not words: the error is retryable unless the sound itself is to blame.
"""

import hashlib
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

from notetaker.remote.circuit_breaker import CircuitBreaker
from notetaker.remote.client import is_this_host
from notetaker.speech.engine import BYTES_PER_SECOND, Capabilities, EngineError, Heard, Hints
from notetaker.speech.remote.server import Busy, Format, Rejected, Server, TimedOut, Unavailable

PAUSES_S: Final = (1.0, 4.0)
"""Seconds before the first and the second retry of a request."""
LONGEST_RETRY_AFTER_S: Final = 30.0
"""Longest wait that a busy server may request. If it requests more, the call fails and the caller retries."""
LATEST_REQUEST_S: Final = 180.0
"""Seconds into a call after which no request is sent. One sent just before ends after 240 s at most; the caller gives
up after 300 s (``transcriber.TIMEOUT_S``), and then blames the sound.
"""
MOST_KEPT: Final = 1000
"""Most clips of failed calls whose words are kept, far more than one call has."""
SHORTEST_S: Final = 0.1
"""Shortest clip in seconds that is sent. OpenAI rejects shorter ones, and no word is shorter."""

_Key: TypeAlias = tuple[bytes, Hints]
"""A clip's hash and hints."""

log = logging.getLogger(__name__)


class OpenAIEngine:
    """A model on a server. It sends several clips in parallel, but only one thread may use it at a time."""

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None = None,
        *,
        timeout_s: float = 60.0,
        concurrency: int = 4,
        most_kept: int = MOST_KEPT,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """``base_url`` usually ends in ``/v1``; ``timeout_s`` is for one request. Raises EngineSettingError."""
        self.name = f"openai {model}"
        self._server = Server(base_url, model, api_key, timeout_s, clock)
        self._local = is_this_host(base_url.strip())
        self._concurrency = concurrency
        self._clock = clock
        self._wait = wait
        self._until = 0.0
        """When the current call stops sending requests."""
        self._timed_out = False
        self._lock = threading.Lock()
        self._most_kept = most_kept
        self._kept: dict[_Key, Heard] = {}
        """Results from failed calls, for their repetition. Written under the lock."""
        self._breaker = CircuitBreaker(clock)
        self._reason = "The speech server cannot be reached."
        self._accepted: set[Format] = set()
        self._rejected: set[Format] = set()

    def close(self) -> None:
        """Close the connections to the server."""
        self._server.close()

    @property
    def capabilities(self) -> Capabilities:
        """The server's capabilities. It counts as supporting word timestamps until it returns none."""
        return Capabilities(languages=None, word_times=Format.WORDS not in self._rejected, local=self._local)

    def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        """See :class:`~notetaker.speech.engine.Engine`. If one clip fails, the whole call fails.

        A server that times out gets half as many clips in parallel from the next call on.
        """
        self._until = self._clock() + LATEST_REQUEST_S
        self._timed_out = False
        try:
            heard = self._hear_all(clips, hints)
        finally:
            if self._timed_out and self._concurrency > 1:
                self._concurrency //= 2
                log.warning(
                    "The speech server is slow; sending at most %d clips at a time", self._concurrency
                )
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
            if len(self._kept) > self._most_kept:
                del self._kept[next(iter(self._kept))]
        return heard

    def _hear(self, clip: bytes, hints: Hints) -> Heard:
        """Transcribe one clip in the best format that the server accepts."""
        if len(clip) < SHORTEST_S * BYTES_PER_SECOND:
            return Heard()
        formats = [known for known in Format if known not in self._rejected]
        if not hints.thorough and Format.WORDS in formats:
            formats.remove(Format.WORDS)
        for number, wanted in enumerate(formats, start=1):
            try:
                heard = self._request(clip, wanted, hints)
            except Rejected as failure:
                settled = wanted in self._accepted or number == len(formats)
                if settled or not failure.blames_format:
                    raise self._final(failure) from None
            else:
                self._accepted.add(wanted)
                for rejected in formats[: number - 1]:
                    self._rejected.add(rejected)
                    log.warning("The speech server rejected %s", rejected.value)
                if wanted is Format.WORDS and heard.text and not heard.words:
                    self._rejected.add(wanted)
                    log.warning("The speech server returned no word timestamps")
                return heard
        raise AssertionError("PLAIN is never rejected for good")

    def _final(self, failure: Rejected) -> EngineError:
        """Turn a rejection into EngineError. Before the first accepted request, the settings may be the reason."""
        if self._accepted:
            return EngineError(str(failure))
        sentence = f"{str(failure)[:-1]}, like every request before; check SPEECH_MODEL."
        return EngineError(sentence, retryable=True)

    def _request(self, clip: bytes, wanted: Format, hints: Hints) -> Heard:
        """Send one clip, and retry if the server is unavailable. Raises Rejected and EngineError."""
        blames_sound = True
        for pause_s in (*PAUSES_S, None):
            if self._is_late():
                raise EngineError("The speech server is too slow.", retryable=True)
            held_back_s = self._breaker.held_back_s()
            if held_back_s:
                sentence = f"{self._reason[:-1]}; not trying again for {math.ceil(held_back_s)} s."
                raise EngineError(sentence, retryable=True)
            try:
                return self._send(clip, wanted, hints)
            except Unavailable as failure:
                blames_sound &= failure.blames_sound
                if failure.retry_after_s > LONGEST_RETRY_AFTER_S:
                    self._breaker.hold_back(failure.retry_after_s)
                elif pause_s is None:
                    if blames_sound and not self._is_late() and self._works():
                        sentence = "The speech server failed on this audio."
                        raise Rejected(sentence, blames_format=True) from None
                elif not self._is_late(wait_s := max(pause_s, failure.retry_after_s)):
                    self._wait(wait_s)
                    continue
                raise EngineError(str(failure), retryable=True) from None
        raise AssertionError("the last attempt returns or raises")

    def _is_late(self, wait_s: float = 0.0) -> bool:
        """Return whether the current call has no time for another request after ``wait_s``."""
        return self._clock() + wait_s > self._until

    def _works(self) -> bool:
        """Return whether the server accepts a second of silence, so that a failure is due to the sound."""
        try:
            self._send(bytes(BYTES_PER_SECOND), Format.PLAIN, Hints())
        except (Rejected, Unavailable, EngineError):
            return False
        self._accepted.add(Format.PLAIN)
        return True

    def _send(self, clip: bytes, wanted: Format, hints: Hints) -> Heard:
        """Send one request, and report its outcome to the circuit breaker."""
        try:
            heard = self._server.transcribe(clip, wanted, hints)
        except BaseException as error:
            if isinstance(error, TimedOut):
                self._timed_out = True
            if isinstance(error, Rejected | Busy):
                self._breaker.succeeded()
            else:
                known = isinstance(error, Unavailable | EngineError)
                self._reason = str(error) if known else "The request to the speech server failed."
                self._breaker.failed()
            raise
        self._breaker.succeeded()
        return heard


def _key(clip: bytes, hints: Hints) -> _Key:
    return hashlib.sha256(clip).digest(), hints
