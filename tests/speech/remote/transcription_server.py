"""A transcription server that records uploads and plays failures."""

import email
import email.policy
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from notetaker.speech.engine import EngineError, Heard, Hints
from notetaker.speech.remote.engine import OpenAIEngine

KEY = "sk-secret"
CLIP = b"\x01\x00" * 16_000
THOROUGH = Hints(thorough=True)
WORDS = {
    "text": "Hello, Ada.",
    "language": "english",
    "words": [{"word": "Hello", "start": 0.1, "end": 0.4}, {"word": "Ada", "start": 0.5, "end": 0.9}],
}


@dataclass
class Answer:
    status: int = 200
    body: bytes = b'{"text": "Hello."}'
    headers: Mapping[str, str] = field(default_factory=dict)
    until: threading.Event | None = None
    """An event to wait for before answering, or None."""


def json_answer(content: object) -> Answer:
    return Answer(body=json.dumps(content).encode())


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


class Server(ThreadingHTTPServer):
    """A server that answers with ``answer``, by default with one word."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.uploads: list[Upload] = []
        self.answer: Callable[[Upload], Answer] = lambda _: Answer()

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the client may close a connection
            raise

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def play(self, *answers: Answer) -> None:
        """Give these answers, and the last one from then on."""
        left = list(answers)
        self.answer = lambda _: left.pop(0) if len(left) > 1 else left[0]


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        assert isinstance(message, EmailMessage)
        parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
        upload = Upload(self.path, {key.lower(): value for key, value in self.headers.items()}, parts)
        self.server.uploads.append(upload)
        answer = self.server.answer(upload)
        if answer.until is not None:
            answer.until.wait()
        with suppress(OSError):  # the client may have disconnected
            self.send_response(answer.status)
            for header, value in {"content-length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Time:
    """A clock that advances only when something waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def time() -> Time:
    return Time()


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
