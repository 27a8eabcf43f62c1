"""The consequences of each failure of a transcription server, played by a real HTTP server."""

import gzip
import io
import json
import logging
import threading
import wave
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import sleep

import pytest

from notetaker.jobs.transcriber import TIMEOUT_S
from notetaker.remote import circuit_breaker, client
from notetaker.speech.engine import EngineError, EngineSettingError, Hints
from notetaker.speech.remote.engine import OpenAIEngine
from tests.speech.remote.transcription_server import (
    CLIP,
    HELLO,
    KEY,
    THOROUGH,
    WORDS,
    Answer,
    Server,
    Time,
    Upload,
    content,
    failure,
    hear,
    json_answer,
)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_is_unavailable_is_asked_again(
    server: Server, engine: OpenAIEngine, time: Time, status: int
) -> None:
    server.play(Answer(status), Answer(status), HELLO)
    assert hear(engine).text == "Hello."
    assert time.waits == [1, 4]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_stays_unavailable_costs_no_words(
    server: Server, engine: OpenAIEngine, time: Time, status: int
) -> None:
    server.play(Answer(status))
    error = failure(engine)
    assert str(error) == f"The speech server is unavailable (status {status})."
    assert error.retryable
    assert len(server.uploads) == {429: 3, 503: 4}[status]  # the last one is silence


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_is_given_the_time_that_it_asks_for(
    server: Server, engine: OpenAIEngine, time: Time, status: int
) -> None:
    server.play(Answer(status, headers={"retry-after": "20"}), HELLO)
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
        pytest.param(
            format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True), [], id="in nine days"
        ),
    ],
)
def test_how_long_it_may_ask_for(
    server: Server, engine: OpenAIEngine, time: Time, value: str, waits: list[float]
) -> None:
    server.play(Answer(503, headers={"retry-after": value}), HELLO)
    if waits:
        assert hear(engine).text == "Hello."
    else:
        assert failure(engine).retryable
        assert "; not trying again for" in str(failure(engine))
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
    assert (str(error), error.retryable) == ("The speech server did not respond within 0.1 s.", True)
    engine.close()


BROKEN_OFF = Answer(body=b'{"te', headers={"content-length": "40", "connection": "close"})


@pytest.mark.parametrize(
    "answers",
    [
        *([Answer(status)] * 3 for status in (408, 504, 524)),
        [BROKEN_OFF] * 3,
        [Answer(504), BROKEN_OFF, Answer(500)],
    ],
)
def test_a_server_that_is_only_slow_never_blames_the_sound(
    server: Server, engine: OpenAIEngine, answers: list[Answer]
) -> None:
    server.play(*answers, HELLO)
    assert failure(engine).retryable
    assert len(server.uploads) == 3  # silence is not tried


def slow(server: Server, time: Time, takes_s: float) -> None:
    def answer(upload: Upload) -> Answer:
        time.now += takes_s
        return HELLO

    server.answer = answer


def test_sound_that_takes_longer_than_silence_is_not_to_blame(server: Server, time: Time) -> None:
    def answer(upload: Upload) -> Answer:
        with wave.open(io.BytesIO(content(upload.file))) as sound:
            time.now += 11 if any(sound.readframes(1)) else 1
        return HELLO

    server.answer = answer
    engine = OpenAIEngine(server.url, "m", timeout_s=10, clock=time, wait=time.wait)
    error = failure(engine)
    assert (str(error), error.retryable) == ("The speech server did not respond within 10 s.", True)
    assert len(server.uploads) == 3
    engine.close()


def test_a_call_has_an_end_before_its_caller_gives_up(
    server: Server, engine: OpenAIEngine, time: Time
) -> None:
    slow(server, time, takes_s=85)
    error = failure(engine)
    assert (str(error), error.retryable) == ("The speech server did not respond within 60 s.", True)
    assert time.waits == [1, 4]
    assert time.now == 85 + 1 + 85 + 4 + 85 < TIMEOUT_S

    time.now += 1000
    server.uploads.clear()
    slow(server, time, takes_s=179.5)
    assert failure(engine).retryable
    assert len(server.uploads) == 1
    assert time.waits == [1, 4]


@pytest.mark.parametrize("takes_s", [61, 90])
def test_no_other_format_is_tried_when_there_is_no_time(
    server: Server, engine: OpenAIEngine, time: Time, takes_s: float
) -> None:
    def answer(upload: Upload) -> Answer:
        time.now += takes_s
        return Answer(400 if upload.form["response_format"] == "verbose_json" else 500)

    server.answer = answer
    assert failure(engine).retryable
    assert time.now < TIMEOUT_S


def test_a_call_that_takes_too_long_continues_when_it_is_repeated(server: Server, time: Time) -> None:
    slow(server, time, takes_s=50)
    clips = [CLIP + bytes(2 * number) for number in range(7)]
    engine = OpenAIEngine(server.url, "m", concurrency=1, clock=time, wait=time.wait)
    with pytest.raises(EngineError, match=r"^The speech server is too slow\.$") as caught:
        engine.transcribe(clips, THOROUGH)
    assert caught.value.retryable
    assert time.now == 200
    assert [heard.text for heard in engine.transcribe(clips, THOROUGH)] == ["Hello."] * 7
    assert len(server.uploads) == 7
    engine.transcribe(clips[:1], THOROUGH)  # returned results are not kept
    assert len(server.uploads) == 8
    engine.close()


def test_what_is_kept_of_calls_that_fail_has_a_bound(server: Server, time: Time) -> None:
    slow(server, time, takes_s=50)
    clips = [CLIP + bytes(2 * number) for number in range(5)]
    engine = OpenAIEngine(server.url, "m", concurrency=1, most_kept=1, clock=time, wait=time.wait)
    with pytest.raises(EngineError):
        engine.transcribe(clips, THOROUGH)
    engine.transcribe(clips[3:4], THOROUGH)
    assert len(server.uploads) == 4
    engine.transcribe(clips[:1], THOROUGH)
    assert len(server.uploads) == 5
    engine.close()


def test_a_slow_server_gets_fewer_clips_at_a_time(server: Server, time: Time) -> None:
    arrival = threading.Condition()
    at_a_time: list[int] = []
    here = 0

    def answer(upload: Upload) -> Answer:
        nonlocal here
        with arrival:
            here += 1
            at_a_time.append(here)
            arrival.notify_all()
            arrival.wait_for(lambda: max(at_a_time) >= most, 10.0)
        sleep(0.02)  # one clip too many would come now
        with arrival:
            here -= 1
        return HELLO

    engine = OpenAIEngine(server.url, "m", concurrency=4, clock=time, wait=time.wait)
    clips = [CLIP + bytes(2 * number) for number in range(8)]
    for most in (4, 2, 1, 1):
        at_a_time.clear()
        server.answer = answer
        engine.transcribe(clips, THOROUGH)
        assert max(at_a_time) == most
        server.play(Answer(504), Answer(504), HELLO)  # counts once per call
        hear(engine)
    engine.close()


@pytest.mark.parametrize(
    "answer", [Answer(500), Answer(body=b"<html>"), json_answer({"text": "no " * 10_000})]
)
def test_sound_that_only_fails_where_others_do_not_is_to_blame(
    server: Server, engine: OpenAIEngine, answer: Answer
) -> None:
    def play(upload: Upload) -> Answer:
        with wave.open(io.BytesIO(content(upload.file))) as sound:
            return answer if any(sound.readframes(1)) else HELLO

    server.answer = play
    for _ in range(circuit_breaker.FAILURES):
        error = failure(engine)
        assert (str(error), error.retryable) == ("The speech server failed on this audio.", False)


def test_a_format_that_a_server_fails_on_is_not_asked_for_again(server: Server, engine: OpenAIEngine) -> None:
    server.answer = lambda upload: HELLO if upload.form["response_format"] == "json" else Answer(500)
    assert hear(engine, Hints()).text == "Hello."
    asked = len(server.uploads)
    assert hear(engine, Hints()).text == "Hello."
    assert len(server.uploads) == asked + 1


def test_an_answer_that_takes_too_long_is_not_waited_for(server: Server) -> None:
    ticks = iter(range(0, 10_000, 100))
    engine = OpenAIEngine(server.url, "m", clock=lambda: next(ticks), wait=lambda _: None)
    assert str(failure(engine)) == "The speech server did not respond within 60 s."
    engine.close()


def test_an_answer_that_breaks_off_is_asked_for_again(server: Server, engine: OpenAIEngine) -> None:
    server.play(BROKEN_OFF, HELLO)
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
    "far too much": b" " * (client.LONGEST_ANSWER + 1),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_answer_that_is_none_costs_an_error(server: Server, engine: OpenAIEngine, body: bytes) -> None:
    server.play(Answer(body=body))
    error = failure(engine)
    assert (str(error), error.retryable) == (
        "SPEECH_BASE_URL: the server there is not a speech server.",
        True,
    )


def test_an_answer_that_unpacks_to_far_too_much_costs_an_error(server: Server, engine: OpenAIEngine) -> None:
    server.play(Answer(body=gzip.compress(bytes(50_000_000)), headers={"content-encoding": "gzip"}))
    assert str(failure(engine)) == "SPEECH_BASE_URL: the server there is not a speech server."


def test_a_failure_that_tells_far_too_much_is_not_read(server: Server, engine: OpenAIEngine) -> None:
    server.play(Answer(401, b"{" * (50 * client.LONGEST_ANSWER)))
    assert "rejected the key" in str(failure(engine))


def test_a_server_that_stays_away_is_left_alone(server: Server, engine: OpenAIEngine, time: Time) -> None:
    server.play(Answer(401))
    for _ in range(circuit_breaker.FAILURES):
        failure(engine)
    assert str(failure(engine)) == (
        "SPEECH_API_KEY: the speech server rejected the key (status 401); not trying again for 5 s."
    )
    assert failure(engine).retryable
    assert len(server.uploads) == circuit_breaker.FAILURES

    time.now += 5
    failure(engine)  # one request, which also fails
    assert "for 10 s" in str(failure(engine))
    assert len(server.uploads) == circuit_breaker.FAILURES + 1

    time.now += 10
    server.play(HELLO)
    assert hear(engine).text == "Hello."
    assert hear(engine).text == "Hello."


def test_one_clip_that_fails_fails_them_all(server: Server, engine: OpenAIEngine) -> None:
    def answer(upload: Upload) -> Answer:
        with wave.open(io.BytesIO(content(upload.file))) as sound:
            return Answer(413) if sound.getnframes() == 16_000 else HELLO

    server.answer = answer
    engine.transcribe([CLIP * 2], THOROUGH)
    with pytest.raises(EngineError, match=r"^The speech server rejected the audio \(status 413\)\.$"):
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
    assert "The speech server rejected verbose_json with word timestamps" in caplog.text


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
                "SPEECH_BASE_URL: use an address without user, password or query; set the key in SPEECH_API_KEY.",
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
