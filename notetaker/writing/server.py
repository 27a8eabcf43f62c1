"""Asks a language model on a server one question, and finds out what a failure means."""

import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import httpx2
import openai
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from notetaker.notes.minutes.writer import WriterError
from notetaker.remote.circuit_breaker import CircuitBreaker
from notetaker.remote.client import headers, open_client, retry_after_s
from notetaker.writing import context
from notetaker.writing.budget import Message
from notetaker.writing.settings import LlmSettings

PAUSES_S: Final = (1.0, 4.0)
"""Seconds before the first and the second retry of a request."""
LONGEST_RETRY_AFTER_S: Final = 30.0
"""Longest wait that a busy server may request. If it requests more, it is left alone for that time."""
LONGEST_TEXT: Final = 20_000
"""Most characters of an answer, twice as many as its most tokens can have. Repairing takes the square of it."""
THINKING: Final = 4000
"""Tokens that a reasoning model may think aloud, beside its answer."""
ASKING_S: Final = 5.0
"""Timeout for asking how much the model takes."""
MOST_TIMES_ASKED: Final = 3
"""Some servers say how much a model takes once it is loaded, most never."""

log = logging.getLogger(__name__)


class Format(Enum):
    """The ways to ask for JSON, best first. Servers reject those that they or their models do not support."""

    SCHEMA = "a JSON schema"
    OBJECT_BY_SCHEMA = "a JSON object by a schema"
    """As llama-cpp-python, Fireworks and Together want it."""
    OBJECT = "a JSON object"
    PLAIN = "text"
    REASONING = "a JSON schema without temperature"
    """For OpenAI's reasoning models, which take no temperature, and call max_tokens otherwise."""

    def options(self, schema: Mapping[str, Any], answer_tokens: int) -> dict[str, Any]:
        by_schema = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": schema},
        }
        if self is Format.REASONING:
            return {"response_format": by_schema, "max_completion_tokens": answer_tokens + THINKING}
        options: dict[str, Any] = {"temperature": 0, "max_tokens": answer_tokens}
        if self is Format.SCHEMA:
            options["response_format"] = by_schema
        elif self is Format.OBJECT_BY_SCHEMA:
            options["response_format"] = {"type": "json_object", "schema": schema}
        elif self is Format.OBJECT:
            options["response_format"] = {"type": "json_object"}
        return options


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    cut: bool
    """Whether it reached the most tokens."""
    question_tokens: int
    """Tokens of the question that the model has seen; 0 if the server does not say."""


class Rejected(Exception):
    """The server rejects the request, because of its format or because it is too long. The message is a sentence."""


class Unavailable(Exception):
    """The server cannot answer now. The message is a sentence."""

    def __init__(self, sentence: str, *, blames_format: bool = False, retry_after_s: float = 0.0) -> None:
        """``blames_format`` if the format may be the reason."""
        super().__init__(sentence)
        self.blames_format = blames_format
        self.retry_after_s = retry_after_s


class Busy(Unavailable):
    """The server is working, but for others."""


class TimedOut(Unavailable):
    """The model is too slow for the question, so that asking again makes it no better."""


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: Any = None


class _Completion(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    choices: list[_Choice] = Field(min_length=1)
    usage: Any = None

    @property
    def question_tokens(self) -> int:
        """The tokens of the question, 0 if the server does not say."""
        found = self.usage.get("prompt_tokens") if isinstance(self.usage, dict) else None
        return found if isinstance(found, int) else 0


_JSON: Final = TypeAdapter[Any](Any)


class Server:
    """A model on a server. Thread-safe."""

    def __init__(
        self, settings: LlmSettings, clock: Callable[[], float], wait: Callable[[float], object]
    ) -> None:
        """``clock`` returns monotonic seconds. Raises ServerSettingError."""
        self._client = open_client(
            "NOTES_LLM", settings.base_url, settings.api_key, settings.timeout_s, clock
        )
        self._settings = settings
        self._headers = headers(settings.api_key)
        self._clock = clock
        self._wait = wait
        self._breaker = CircuitBreaker(clock)
        self._reason = "The language model cannot be reached."
        self._accepted: set[Format] = set()
        self._rejected: set[Format] = set()
        self._lock = threading.Lock()
        self._context = settings.context
        self._times_asked = 0

    def close(self) -> None:
        """Close the connections to the server."""
        self._client.close()

    def context(self) -> int:
        """Return how many tokens the model takes, by the settings or as the server says it."""
        with self._lock:
            if self._context is None and self._times_asked < MOST_TIMES_ASKED:
                try:
                    self._context = context.find(self._get, self._settings.model)
                except openai.APIConnectionError:
                    return context.UNKNOWN
                self._times_asked += 1
                if self._context is not None:
                    log.info("The language model takes %d tokens", self._context)
                elif self._times_asked == MOST_TIMES_ASKED:
                    log.warning(
                        "The server does not say how many tokens the language model takes; assuming %d. Set "
                        "NOTES_LLM_CONTEXT if it takes more or fewer.",
                        context.UNKNOWN,
                    )
            return self._context or context.UNKNOWN

    def ask(
        self, messages: Sequence[Message], schema: Mapping[str, Any], answer_tokens: int, until: float
    ) -> Answer:
        """Ask in the best format that the server accepts. After ``until``, by the clock, no request is sent.

        Raises Rejected if the question may be too long, and WriterError.
        """
        formats = [known for known in Format if known not in self._rejected]
        rejected: list[Format] = []
        for number, wanted in enumerate(formats, start=1):
            settled = wanted in self._accepted or number == len(formats)
            try:
                options = wanted.options(schema, answer_tokens)
                answer = self._request(messages, options, until, settled=settled)
            except Rejected:
                if settled:
                    raise
                rejected.append(wanted)
            except Unavailable as failure:
                if settled or not failure.blames_format:
                    raise WriterError(str(failure)) from None
            else:
                self._accepted.add(wanted)
                self._rejected.update(rejected)
                for known in rejected:
                    log.warning("The server of the language model rejected %s", known.value)
                return answer
        raise AssertionError("the last format returns or raises")

    def _request(
        self, messages: Sequence[Message], options: Mapping[str, Any], until: float, *, settled: bool
    ) -> Answer:
        """Send a request, and retry if the server is unavailable, unless another format can be tried instead.

        Raises Rejected, Unavailable and WriterError.
        """
        for pause_s in (*PAUSES_S, None):
            if self._clock() > until:
                raise WriterError("The language model is too slow.")
            held_back_s = self._breaker.held_back_s()
            if held_back_s:
                raise WriterError(f"{self._reason[:-1]}; not trying again for {math.ceil(held_back_s)} s.")
            try:
                return self._send(messages, options)
            except TimedOut:
                raise
            except Unavailable as failure:
                if failure.retry_after_s > LONGEST_RETRY_AFTER_S:
                    self._breaker.hold_back(failure.retry_after_s)
                    raise
                if pause_s is None or (failure.blames_format and not settled):
                    raise
                wait_s = max(pause_s, failure.retry_after_s)
                if self._clock() + wait_s > until:
                    raise
                self._wait(wait_s)
        raise AssertionError("the last attempt returns or raises")

    def _send(self, messages: Sequence[Message], options: Mapping[str, Any]) -> Answer:
        """Send one request, and report its outcome to the circuit breaker."""
        try:
            answer = self._complete(messages, options)
        except (Rejected, Busy) as failure:
            self._reason = str(failure)
            self._breaker.succeeded()
            raise
        except TimedOut as failure:
            self._reason = str(failure)
            self._breaker.hold_back(self._settings.timeout_s)  # it may still be working on this
            raise
        except BaseException as failure:
            known = isinstance(failure, Unavailable | WriterError)
            self._reason = str(failure) if known else "The request to the language model failed."
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return answer

    def _complete(self, messages: Sequence[Message], options: Mapping[str, Any]) -> Answer:
        """Send one request. Raises Rejected, Unavailable and WriterError, which never quote the server."""
        # Its types know OpenAI's own values only.
        call: Any = self._client.chat.completions.with_raw_response.create
        try:
            response = call(
                model=self._settings.model, messages=messages, extra_headers=self._headers, **options
            )
            completion = _Completion.model_validate_json(response.content)
        except openai.APITimeoutError:
            raise TimedOut(
                f"The language model did not answer within {self._settings.timeout_s:g} s."
            ) from None
        except openai.APIConnectionError:
            raise Unavailable("The language model cannot be reached.") from None
        except openai.APIStatusError as error:
            raise _failure(error.status_code, error.response.headers) from None
        except ValueError:
            raise Unavailable(
                "NOTES_LLM_BASE_URL: the server there is not an OpenAI-compatible server."
            ) from None
        choice = completion.choices[0]
        text = choice.message.content or ""
        cut = choice.finish_reason == "length" or len(text) > LONGEST_TEXT
        return Answer(text[:LONGEST_TEXT], cut, completion.question_tokens)

    def _get(self, path: str) -> Any:
        """Return a JSON document of the server, or None. Raises openai.APIConnectionError."""
        url = self._client.base_url
        if path.startswith("/"):
            url = url.copy_with(path=url.path.rstrip("/").removesuffix("/v1"))
        try:
            response = self._client.get(
                f"{str(url).rstrip('/')}/{path.lstrip('/')}",
                cast_to=httpx2.Response,
                options={"headers": self._headers, "timeout": ASKING_S},
            )
            return _JSON.validate_json(response.content)
        except (openai.APIStatusError, ValueError):
            return None


def _failure(status: int, answered: Mapping[str, str]) -> Exception:
    """Return the exception for a status."""
    if status in (400, 413, 415, 422):
        return Rejected(f"The language model rejected the request (status {status}).")
    if status in (401, 403):
        return WriterError(f"NOTES_LLM_API_KEY: the server rejected the key (status {status}).")
    if status in (404, 405) or 300 <= status < 400:
        return WriterError(
            f"NOTES_LLM_BASE_URL or NOTES_LLM_MODEL: there is no such address or model (status {status})."
        )
    if status in (408, 409, 425, 429) or status >= 500:
        kind = TimedOut if status in (408, 504, 524) else Busy if status == 429 else Unavailable
        return kind(
            f"The language model is unavailable (status {status}).",
            blames_format=status in (500, 501),
            retry_after_s=retry_after_s(answered.get("retry-after", "")),
        )
    return WriterError(f"The language model rejected the request (status {status}).")
