"""An HTTP server that records requests, and answers them well or badly."""

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import pytest


@dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    until: threading.Event | None = None
    """An event to wait for before answering, or None."""


def json_answer(content: object) -> Answer:
    return Answer(body=json.dumps(content).encode())


def broken_off(answer: Answer) -> Answer:
    """Return an answer of which only the first half arrives before the connection is closed."""
    size = {"content-length": str(len(answer.body)), "connection": "close"}
    return Answer(answer.status, answer.body[: len(answer.body) // 2], size)


@dataclass
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    """Names are in lower case."""
    body: bytes


class HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)

    def respond(self, request: Request) -> Answer:
        raise NotImplementedError

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the client may close a connection
            raise

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @contextmanager
    def running(self) -> Iterator[Self]:
        with self:
            thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield self
            self.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    server: HttpServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {key.lower(): value for key, value in self.headers.items()}
        answer = self.server.respond(Request(self.command, self.path, headers, body))
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
def time() -> Time:
    return Time()
