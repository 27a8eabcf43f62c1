"""Transcribing on a real HTTP server, which records what is uploaded."""

import io
import threading
import wave

import pytest

from notetaker.speech.engine import Heard, Hints, Word
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
        "prompt": "Łódź, Ada",
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
        both.wait()  # passes only with two requests at the same time
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
        return HELLO if upload.form["response_format"] == "json" else Answer(status)

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


def test_a_server_that_takes_no_notice_of_word_times_is_said_to_have_none(
    server: Server, engine: OpenAIEngine
) -> None:
    server.play(json_answer({"text": "Hello.", "language": "en", "words": None}))
    assert hear(engine) == Heard("Hello.", (), "en")
    assert not engine.capabilities.word_times

    assert hear(engine) == Heard("Hello.", (), "en")
    forms = [upload.form for upload in server.uploads]
    assert ["timestamp_granularities[]" in form for form in forms] == [True, False]
    assert all(form["response_format"] == "verbose_json" for form in forms)


def test_drafts_and_silence_say_nothing_of_word_times(server: Server, engine: OpenAIEngine) -> None:
    hear(engine, Hints())
    server.play(json_answer({"text": " "}))
    assert hear(engine) == Heard()
    assert engine.capabilities.word_times


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_sound_that_is_refused_is_not_sent_again(server: Server, engine: OpenAIEngine, status: int) -> None:
    server.play(json_answer(WORDS), Answer(status))
    hear(engine)
    error = failure(engine)
    assert str(error) == f"The speech server rejected the audio (status {status})."
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
        f"The speech server rejected the audio (status {status}), like every request before; check SPEECH_MODEL."
    )
    assert error.retryable


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "SPEECH_API_KEY: the speech server rejected the key (status 401)."),
        (403, "SPEECH_API_KEY: the speech server rejected the key (status 403)."),
        (404, "SPEECH_BASE_URL or SPEECH_MODEL: there is no such address or model (status 404)."),
        (402, "The speech server rejected the request (status 402)."),
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
