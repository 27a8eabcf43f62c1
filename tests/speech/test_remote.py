"""A real HTTP server, which checks what is uploaded and plays each failure."""

import email
import email.policy
import gzip
import io
import json
import logging
import os
import sys
import threading
import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from notetaker.speech import circuit_breaker, remote_client
from notetaker.speech.engine import EngineError, EngineSettingError, Heard, Hints, Word
from notetaker.speech.remote import OpenAIEngine

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
    """When to answer; None: at once."""


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
    """Answers as ``answer`` says, by default with a word."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.uploads: list[Upload] = []
        self.answer: Callable[[Upload], Answer] = lambda _: Answer()

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # else the client has closed it
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
        with suppress(OSError):  # the client may be gone
            self.send_response(answer.status)
            for header, value in {"content-length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Time:
    """A clock that moves only when somebody waits."""

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


def test_a_clip_is_uploaded_as_a_file_with_all_that_is_known(server: Server, engine: OpenAIEngine) -> None:
    server.play(json_answer(WORDS))
    heard = hear(engine, Hints("de", ("Ada\ud800", "Łódź", "x" * 1000, "y"), thorough=True))
    assert heard == Heard("Hello, Ada.", (Word(" Hello,", 0.1, 0.4, 1.0), Word(" Ada.", 0.5, 0.9, 1.0)), "en")
    [upload] = server.uploads
    assert upload.path == "/v1/audio/transcriptions"
    assert upload.headers["authorization"] == f"Bearer {KEY}"
    assert upload.form == {
        "model": "whisper-1",
        "language": "de",
        "prompt": "Ada, Łódź",
        "temperature": "0",
        "response_format": "verbose_json",
        "timestamp_granularities[]": "word",
    }
    assert upload.file.get_content_type() == "audio/wav"
    with wave.open(io.BytesIO(content(upload.file))) as sound:
        assert sound.getparams()[:4] == (1, 2, 16_000, 16_000)
        assert sound.readframes(16_000) == CLIP


def test_a_draft_asks_for_no_times(server: Server, engine: OpenAIEngine) -> None:
    server.play(json_answer(WORDS))
    assert hear(engine, Hints(vocabulary=("Ada",), careful=True)) == Heard("Hello, Ada.", (), "en")
    assert server.uploads[0].form == {
        "model": "whisper-1",
        "temperature": "0",
        "response_format": "verbose_json",
    }


def test_nothing_is_sent_for_a_clip_without_sound(server: Server, engine: OpenAIEngine) -> None:
    assert engine.transcribe([b"", bytes(2)], THOROUGH) == [Heard(), Heard()]
    assert engine.transcribe([], THOROUGH) == []
    assert not server.uploads


def test_what_the_engine_is_called_and_can_do(engine: OpenAIEngine) -> None:
    assert engine.name == "openai whisper-1"
    assert engine.capabilities.word_times
    assert engine.capabilities.local
    with_name = OpenAIEngine("https://localhost/v1", "m")
    elsewhere = OpenAIEngine("https://192.0.2.1/v1", "m")
    assert with_name.capabilities.local
    assert not elsewhere.capabilities.local


def test_clips_go_out_in_parallel_and_come_back_in_order(server: Server, time: Time) -> None:
    both = threading.Barrier(2, timeout=10)

    def answer(upload: Upload) -> Answer:
        both.wait()  # passes only when two requests are here at a time
        with wave.open(io.BytesIO(content(upload.file))) as sound:
            return json_answer({"text": str(sound.getnframes())})

    server.answer = answer
    engine = OpenAIEngine(server.url, "m", concurrency=2, clock=time, wait=time.wait)
    heard = engine.transcribe([bytes(4000 + 2 * n) for n in range(4)], Hints())
    engine.close()
    assert [one.text for one in heard] == ["2000", "2001", "2002", "2003"]


def test_without_a_key_no_other_is_sent(server: Server, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(variable, "of-another-program")
    engine = OpenAIEngine(server.url, "m", clock=time, wait=time.wait)
    hear(engine)
    engine.close()
    [upload] = server.uploads
    assert "authorization" not in upload.headers
    assert "of-another-program" not in upload.headers.values()


@pytest.mark.parametrize("status", [400, 422])
def test_a_format_that_is_refused_is_not_asked_for_again(
    server: Server, engine: OpenAIEngine, status: int
) -> None:
    def answer(upload: Upload) -> Answer:
        return Answer() if upload.form["response_format"] == "json" else Answer(status)

    server.answer = answer
    assert hear(engine) == Heard("Hello.")
    assert hear(engine, Hints("de")) == Heard("Hello.", (), "de")
    formats = [upload.form["response_format"] for upload in server.uploads]
    assert formats == ["verbose_json", "verbose_json", "json", "json"]
    assert not engine.capabilities.word_times


def test_a_server_without_word_times_still_gives_the_language(server: Server, engine: OpenAIEngine) -> None:
    def answer(upload: Upload) -> Answer:
        return Answer(400) if "timestamp_granularities[]" in upload.form else json_answer(WORDS)

    server.answer = answer
    assert hear(engine).language == "en"
    assert hear(engine).language == "en"
    assert len(server.uploads) == 3


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_sound_that_is_refused_is_not_sent_again(server: Server, engine: OpenAIEngine, status: int) -> None:
    server.play(json_answer(WORDS), Answer(status))
    hear(engine)
    error = failure(engine)
    assert str(error) == f"The speech server refuses the sound (status {status})."
    assert not error.retryable
    assert len(server.uploads) == 2
    assert engine.capabilities.word_times


@pytest.mark.parametrize("status", [400, 413])
def test_a_server_that_has_never_accepted_anything_costs_no_words(
    server: Server, engine: OpenAIEngine, status: int
) -> None:
    server.play(Answer(status))
    error = failure(engine)
    assert str(error) == (
        f"The speech server refuses the sound (status {status}), like all before it; is SPEECH_MODEL right?"
    )
    assert error.retryable


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "SPEECH_API_KEY: the speech server does not accept the key (status 401)."),
        (403, "SPEECH_API_KEY: the speech server does not accept the key (status 403)."),
        (404, "SPEECH_BASE_URL or SPEECH_MODEL: there is no such address or model (status 404)."),
        (402, "The speech server refuses requests (status 402)."),
    ],
)
def test_wrong_settings_can_be_mended(
    server: Server, engine: OpenAIEngine, status: int, sentence: str
) -> None:
    server.play(Answer(status, f'{{"error": {{"message": "wrong key {KEY}"}}}}'.encode()))
    error = failure(engine)
    assert (str(error), error.retryable) == (sentence, True)
    assert len(server.uploads) == 1


def test_nothing_follows_a_redirect(server: Server, engine: OpenAIEngine) -> None:
    with Server() as other:
        server.play(Answer(307, b"", {"location": other.url + "/audio/transcriptions"}))
        assert failure(engine).retryable
        assert not other.uploads
    assert len(server.uploads) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(
    server: Server, engine: OpenAIEngine, time: Time, status: int
) -> None:
    server.play(Answer(status), Answer(status), Answer())
    assert hear(engine).text == "Hello."
    assert time.waits == [1, 4]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_stays_in_trouble_costs_no_words(
    server: Server, engine: OpenAIEngine, time: Time, status: int
) -> None:
    server.play(Answer(status))
    error = failure(engine)
    assert str(error) == f"The speech server cannot work at present (status {status})."
    assert error.retryable
    assert len(server.uploads) == {429: 3, 503: 4}[status]  # the last one is silence


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_is_given_the_time_that_it_asks_for(
    server: Server, engine: OpenAIEngine, time: Time, status: int
) -> None:
    server.play(Answer(status, headers={"retry-after": "20"}), Answer())
    assert hear(engine).text == "Hello."
    assert time.waits == [20]


@pytest.mark.parametrize(
    ("value", "waits"),
    [
        ("0.5", [1]),
        ("-7", [1]),
        ("nan", [1]),
        ("inf", [1]),
        ("soon", [1]),
        ("Sat, 01 Jan 2000 00:00:00 GMT", [1]),
        ("Sat, 01 Jan 2000 00:00:00", [1]),
        ("31", []),
        ("9" * 400, [1]),
        (format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True), []),
    ],
)
def test_how_long_it_may_ask_for(
    server: Server, engine: OpenAIEngine, time: Time, value: str, waits: list[float]
) -> None:
    server.play(Answer(503, headers={"retry-after": value}), Answer())
    if waits:
        assert hear(engine).text == "Hello."
    else:
        assert failure(engine).retryable
        assert "the next request is in" in str(failure(engine))
        assert len(server.uploads) == 1
        time.now += circuit_breaker.LONGEST_PAUSE_S
        assert hear(engine).text == "Hello."
    assert time.waits == waits


def test_a_server_that_is_not_there_costs_no_words(time: Time) -> None:
    with Server() as gone:
        url = gone.url
    engine = OpenAIEngine(url, "m", KEY, clock=time, wait=time.wait)
    error = failure(engine)
    assert (str(error), error.retryable) == ("The speech server cannot be reached.", True)
    assert time.waits == [1, 4]
    engine.close()


def test_a_server_that_does_not_answer_costs_no_words(server: Server, time: Time) -> None:
    end = threading.Event()
    server.play(Answer(until=end))
    engine = OpenAIEngine(server.url, "m", KEY, timeout_s=0.1, clock=time, wait=time.wait)
    error = failure(engine)
    end.set()
    assert (str(error), error.retryable) == ("The speech server did not answer in 0.1 s.", True)
    engine.close()


@pytest.mark.parametrize(
    "answer", [Answer(500), Answer(body=b"<html>"), json_answer({"text": "no " * 10_000})]
)
def test_sound_that_only_fails_where_others_do_not_is_to_blame(
    server: Server, engine: OpenAIEngine, answer: Answer
) -> None:
    def play(upload: Upload) -> Answer:
        with wave.open(io.BytesIO(content(upload.file))) as sound:
            return answer if any(sound.readframes(1)) else Answer()

    server.answer = play
    for _ in range(circuit_breaker.FAILURES):
        error = failure(engine)
        assert (str(error), error.retryable) == ("The speech server fails on this sound.", False)


def test_a_format_that_a_server_fails_on_is_not_asked_for_again(server: Server, engine: OpenAIEngine) -> None:
    server.answer = lambda upload: Answer(200 if upload.form["response_format"] == "json" else 500)
    assert hear(engine, Hints()).text == "Hello."
    asked = len(server.uploads)
    assert hear(engine, Hints()).text == "Hello."
    assert len(server.uploads) == asked + 1


def test_an_answer_that_takes_too_long_is_not_waited_for(server: Server) -> None:
    ticks = iter(range(0, 10_000, 100))
    engine = OpenAIEngine(server.url, "m", clock=lambda: next(ticks), wait=lambda _: None)
    assert str(failure(engine)) == "The speech server did not answer in 60 s."
    engine.close()


def test_an_answer_that_breaks_off_is_asked_for_again(server: Server, engine: OpenAIEngine) -> None:
    server.play(Answer(body=b'{"te', headers={"content-length": "40", "connection": "close"}), Answer())
    assert hear(engine).text == "Hello."


HOSTILE = {
    "nothing": b"",
    "HTML": b"<html><body>Log in to the network</body></html>",
    "text": b"Hello.",
    "no object": b"[1]",
    "no text": b"{}",
    "an error": b'{"error": {"message": "no"}}',
    "text that is none": b'{"text": null}',
    "half a character": b'{"text": "\\ud800"}',
    "not UTF-8": b'{"text": "\xff"}',
    "deep": b'{"text": ' + b"[" * 100_000,
    "far too much text": json.dumps({"text": "no " * 100_000}).encode(),
    "far too much": b" " * (remote_client.LONGEST_ANSWER + 1),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_answer_that_is_none_costs_an_error(server: Server, engine: OpenAIEngine, body: bytes) -> None:
    server.play(Answer(body=body))
    error = failure(engine)
    assert (str(error), error.retryable) == ("SPEECH_BASE_URL: what answers there is no speech server.", True)


def test_an_answer_that_unpacks_to_far_too_much_costs_an_error(server: Server, engine: OpenAIEngine) -> None:
    server.play(Answer(body=gzip.compress(bytes(50_000_000)), headers={"content-encoding": "gzip"}))
    assert str(failure(engine)) == "SPEECH_BASE_URL: what answers there is no speech server."


def test_a_failure_that_tells_far_too_much_is_not_read(server: Server, engine: OpenAIEngine) -> None:
    server.play(Answer(401, b"{" * (50 * remote_client.LONGEST_ANSWER)))
    assert "does not accept the key" in str(failure(engine))


def test_a_server_that_stays_away_is_left_alone(server: Server, engine: OpenAIEngine, time: Time) -> None:
    server.play(Answer(401))
    for _ in range(circuit_breaker.FAILURES):
        failure(engine)
    assert str(failure(engine)) == (
        "SPEECH_API_KEY: the speech server does not accept the key (status 401); the next request is in 5 s."
    )
    assert failure(engine).retryable
    assert len(server.uploads) == circuit_breaker.FAILURES

    time.now += 5
    failure(engine)  # one request, which fails too
    assert "in 10 s" in str(failure(engine))
    assert len(server.uploads) == circuit_breaker.FAILURES + 1

    time.now += 10
    server.play(Answer())
    assert hear(engine).text == "Hello."
    assert hear(engine).text == "Hello."


def test_one_clip_that_fails_fails_them_all(server: Server, engine: OpenAIEngine) -> None:
    def answer(upload: Upload) -> Answer:
        with wave.open(io.BytesIO(content(upload.file))) as sound:
            return Answer(413) if sound.getnframes() == 16_000 else Answer()

    server.answer = answer
    engine.transcribe([CLIP * 2], THOROUGH)
    with pytest.raises(EngineError, match=r"^The speech server refuses the sound \(status 413\)\.$"):
        engine.transcribe([CLIP * 2, CLIP, CLIP * 2], THOROUGH)


def test_the_log_holds_neither_words_nor_secrets(
    server: Server, engine: OpenAIEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.play(Answer(400), json_answer(WORDS), Answer(503, b"sounds like Hello"), json_answer(WORDS))
    hear(engine, Hints("en", ("Grace",), thorough=True))
    hear(engine)
    for secret in (KEY, "Hello", "Ada", "Grace"):
        assert secret not in caplog.text
    assert "The speech server refuses verbose_json with the times of words" in caplog.text


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "SPEECH_BASE_URL: use an address like http://host:8000/v1."),
        ("host:8000", "SPEECH_BASE_URL: use an address like http://host:8000/v1."),
        ("ftp://host/v1", "SPEECH_BASE_URL: use an address like http://host:8000/v1."),
        ("http://host:port/v1", "SPEECH_BASE_URL: use an address like http://host:8000/v1."),
        *(
            (
                url,
                "SPEECH_BASE_URL: use an address without name, password or query; a key is SPEECH_API_KEY.",
            )
            for url in ("https://me:secret@host/v1", "https://host/v1?key=secret")
        ),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(EngineSettingError) as caught:
        OpenAIEngine(url, "m")
    assert str(caught.value) == sentence


@pytest.mark.parametrize("key", ["sk-\n", "sk-ключ"])
def test_a_key_that_no_header_can_hold_is_one_sentence(key: str) -> None:
    with pytest.raises(EngineSettingError, match=r"^SPEECH_API_KEY: [^-]*$"):
        OpenAIEngine("http://host/v1", "m", key)
