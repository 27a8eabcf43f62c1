"""A transcription server that records uploads and plays failures."""

import email
import email.policy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage

import pytest

from notetaker.speech.engine import EngineError, Heard, Hints
from notetaker.speech.remote.engine import OpenAIEngine
from tests.remote.server import Answer, HttpServer, Request, Time, json_answer, no_proxy, time

__all__ = ["Answer", "Time", "json_answer", "no_proxy", "time"]

KEY = "sk-secret"
HELLO = Answer(body=b'{"text": "Hello."}')
CLIP = b"\x01\x00" * 16_000
THOROUGH = Hints(thorough=True)
WORDS = {
    "text": "Hello, Ada.",
    "language": "english",
    "words": [{"word": "Hello", "start": 0.1, "end": 0.4}, {"word": "Ada", "start": 0.5, "end": 0.9}],
}


@dataclass
class Upload:
    path: str
    headers: Mapping[str, str]
    parts: list[EmailMessage]

    @property
    def form(self) -> dict[str, str]:
        return {name(part): content(part).decode() for part in self.parts if part.get_filename() is None}

    @property
    def file(self) -> EmailMessage:
        [file] = [part for part in self.parts if part.get_filename() is not None]
        return file


def name(part: EmailMessage) -> str:
    return str(part.get_param("name", header="content-disposition"))


def content(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


class Server(HttpServer):
    """A server that answers with ``answer``, by default with one word."""

    def __init__(self) -> None:
        super().__init__()
        self.uploads: list[Upload] = []
        self.answer: Callable[[Upload], Answer] = lambda _: HELLO

    def respond(self, request: Request) -> Answer:
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
        assert isinstance(message, EmailMessage)
        parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
        upload = Upload(request.path, request.headers, parts)
        self.uploads.append(upload)
        return self.answer(upload)

    def play(self, *answers: Answer) -> None:
        """Give these answers, and the last one from then on."""
        left = list(answers)
        self.answer = lambda _: left.pop(0) if len(left) > 1 else left[0]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as server:
        yield server


@pytest.fixture
def engine(server: Server, time: Time) -> Iterator[OpenAIEngine]:
    engine = OpenAIEngine(server.url, "whisper-1", KEY, clock=time, wait=time.wait)
    yield engine
    engine.close()


def hear(engine: OpenAIEngine, hints: Hints = THOROUGH) -> Heard:
    [heard] = engine.transcribe([CLIP], hints)
    return heard


def failure(engine: OpenAIEngine, hints: Hints = THOROUGH) -> EngineError:
    with pytest.raises(EngineError) as caught:
        hear(engine, hints)
    assert caught.value.__cause__ is None
    return caught.value
