"""The consequences of each failure of a model's server, played by a real HTTP server."""

import gzip
import json
import logging
import threading
from dataclasses import replace

import pytest

from notetaker.model.minutes import Item, Kind
from notetaker.notes.minutes.writer import WriterError
from notetaker.remote import circuit_breaker, client
from notetaker.remote.errors import ServerSettingError
from notetaker.writing.llm import LlmWriter
from notetaker.writing.settings import LlmSettings
from tests.remote.server import Answer, Time, broken_off, json_answer
from tests.writing.llm_server import (
    EMPTY,
    GOOD,
    KEY,
    MODEL,
    SAID,
    Question,
    Server,
    completion,
    failure,
    minutes,
    part,
)

FINE = completion(json.dumps(GOOD))


def works(writer: LlmWriter) -> bool:
    return len(writer.write(part()).items) == 4


@pytest.mark.parametrize(
    "answer", [Answer(429), Answer(503), Answer(500), broken_off(FINE), Answer(body=b"<html>")]
)
def test_a_server_that_is_unavailable_is_asked_again(
    server: Server, writer: LlmWriter, time: Time, answer: Answer
) -> None:
    assert works(writer)
    server.play(answer, answer, FINE)
    assert works(writer)
    assert time.waits == [1, 4]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(429), "The language model is unavailable (status 429)."),
        (Answer(500), "The language model is unavailable (status 500)."),
        (broken_off(FINE), "The language model cannot be reached."),
        (Answer(body=b"<html>"), "NOTES_LLM_BASE_URL: the server there is not an OpenAI-compatible server."),
        (Answer(502, b"<html>" * 1000), "The language model is unavailable (status 502)."),
        (Answer(402), "The language model rejected the request (status 402)."),
        (Answer(401, KEY.encode()), "NOTES_LLM_API_KEY: the server rejected the key (status 401)."),
        (
            Answer(404),
            "NOTES_LLM_BASE_URL or NOTES_LLM_MODEL: there is no such address or model (status 404).",
        ),
        (
            Answer(400),
            "The language model rejected the request (status 400); check NOTES_LLM_MODEL and NOTES_LLM_CONTEXT.",
        ),
    ],
)
def test_a_failure_is_one_sentence(server: Server, writer: LlmWriter, answer: Answer, sentence: str) -> None:
    assert works(writer)
    server.play(answer)
    assert failure(writer) == sentence


def test_a_busy_server_gets_the_time_that_it_asks_for(server: Server, writer: LlmWriter, time: Time) -> None:
    server.play(Answer(429, headers={"retry-after": "20"}), FINE)
    assert works(writer)
    assert time.waits == [20]


def test_a_server_that_asks_for_too_much_time_is_left_alone(
    server: Server, writer: LlmWriter, time: Time
) -> None:
    server.play(Answer(429, headers={"retry-after": "90"}), FINE)
    assert failure(writer) == "The language model is unavailable (status 429)."
    assert failure(writer) == "The language model is unavailable (status 429); not trying again for 90 s."
    assert (len(server.questions), time.waits) == (1, [])
    time.now += 90
    assert works(writer)


def test_a_server_that_is_not_there_is_left_alone(time: Time) -> None:
    with Server() as gone:
        url = gone.url
    writer = LlmWriter(LlmSettings(url, MODEL, KEY), clock=time, wait=time.wait)
    assert failure(writer) == "The language model cannot be reached."
    assert time.waits == [1, 4]
    assert "cannot be reached; not trying again for" in failure(writer)
    writer.close()


def test_a_slow_model_is_not_asked_again_at_once(server: Server, time: Time) -> None:
    end = threading.Event()
    server.play(Answer(until=end), FINE)
    writer = LlmWriter(LlmSettings(server.url, MODEL, timeout_s=0.2), clock=time, wait=time.wait)
    assert failure(writer) == "The language model did not answer within 0.2 s."
    end.set()
    assert "did not answer within 0.2 s; not trying again for" in failure(writer)
    assert (len(server.questions), time.waits) == (1, [])
    time.now += 0.2
    assert works(writer)
    writer.close()


def test_an_answer_that_trickles_in_is_not_waited_for(server: Server) -> None:
    ticks = iter(range(0, 100_000, 200))
    writer = LlmWriter(
        LlmSettings(server.url, MODEL, context=4096), clock=lambda: next(ticks), wait=lambda _: None
    )
    assert failure(writer) == "The language model did not answer within 120 s."
    writer.close()


def test_no_request_is_sent_when_the_time_for_a_part_is_over(
    server: Server, writer: LlmWriter, time: Time
) -> None:
    def answer(question: Question) -> Answer:
        time.now += 119
        return FINE

    server.answer = answer
    said = part(tuple(("Ada", "word " * 200) for _ in range(40)))
    assert failure(writer, said) == "The language model is too slow."
    assert len(server.questions) == 4


@pytest.mark.parametrize("status", [400, 415, 422, 500])
@pytest.mark.parametrize(
    "accepted",
    [
        ["json_schema", "json_object", "text"],
        ["json_object by schema", "json_object", "text"],
        ["json_object", "text"],
        ["text"],
        ["reasoning"],
    ],
)
def test_the_best_format_is_found_that_a_server_takes(
    server: Server, writer: LlmWriter, status: int, accepted: list[str]
) -> None:
    server.answer = lambda question: FINE if question.format in accepted else Answer(status)
    assert works(writer)
    server.questions.clear()
    assert works(writer)
    again = [question.format for question in server.questions]
    assert again[-1] == accepted[0]
    assert status == 500 or len(again) == 1  # 500 may have had another reason
    assert ("temperature" in server.questions[-1].body) == (accepted != ["reasoning"])


def test_a_question_that_is_too_long_after_all_is_asked_in_pieces(server: Server, writer: LlmWriter) -> None:
    def answer(question: Question) -> Answer:
        return (
            Answer(400)
            if question.text.count("\n[") > 3
            else minutes(points=[{"lines": [2], "text": "A point."}])
        )

    server.answer = answer
    assert len(writer.write(part()).items) == 2
    assert server.questions[-1].format == "json_schema"


def test_a_question_that_a_server_has_cut_off_is_asked_in_pieces(server: Server, writer: LlmWriter) -> None:
    """As Ollama does, without a word: it reports as many tokens as the model takes."""

    def answer(question: Question) -> Answer:
        most = 4096 if question.text.count("\n[") > 3 else 500
        text = json.dumps({**EMPTY, "points": [{"lines": [2], "text": "A point."}]})
        return completion(text, usage={"prompt_tokens": most, "completion_tokens": 50})

    server.answer = answer
    assert len(writer.write(part()).items) == 2
    server.play(completion(json.dumps(EMPTY), usage={"prompt_tokens": 3073}))
    assert failure(writer) == (
        "The language model was asked more than it takes; check NOTES_LLM_MODEL and NOTES_LLM_CONTEXT."
    )


@pytest.mark.parametrize("usage", [None, [], "no", {}, {"prompt_tokens": None}, {"prompt_tokens": "9999999"}])
def test_a_server_need_not_say_how_much_it_has_read(server: Server, writer: LlmWriter, usage: object) -> None:
    server.play(completion(json.dumps(GOOD), usage=usage))
    assert works(writer)


def test_a_summary_of_too_much_is_asked_for_with_less(server: Server, writer: LlmWriter) -> None:
    items = tuple(Item(Kind.POINT, f"Point {number} of the meeting.", ("u1",)) for number in range(1, 31))
    found = [replace(writer.write(part()), items=items)]
    server.questions.clear()
    server.answer = lambda question: (
        Answer(400)
        if question.text.count("\n[") > 10
        else completion('{"title": "Points", "summary": [{"items": [1], "text": "A point."}]}')
    )
    assert writer.sum_up(found) == ("Points", (Item(Kind.POINT, "A point.", ("u1",)),))


def test_a_schema_that_is_ignored_does_not_matter(server: Server, writer: LlmWriter) -> None:
    server.play(completion(f"Here you are:\n```json\n{json.dumps(GOOD)}\n```"))
    assert works(writer)
    assert len(server.questions) == 1


@pytest.mark.parametrize("text", ["I cannot do that.", "", None, "{}", '{"points": '])
def test_an_answer_that_is_not_in_form_is_asked_for_again(
    server: Server, writer: LlmWriter, text: str | None
) -> None:
    server.play(completion(text), FINE)
    assert works(writer)
    [first, second] = server.questions
    said = [{"role": "assistant", "content": text}] if text else []
    assert second.body["messages"][:-1] == [*first.body["messages"], *said]
    server.play(completion(text))
    assert failure(writer) == "The language model does not answer in the form that it is asked for."


def test_an_answer_that_is_cut_off_is_asked_for_in_halves(server: Server, writer: LlmWriter) -> None:
    cut = completion(json.dumps(GOOD)[:-10], "length")
    server.play(cut, minutes(points=[{"lines": [1], "text": "First half."}]), cut)
    said = part((*SAID, *SAID))
    items = writer.write(said).items
    assert len(server.questions) == 3
    assert items[0] == Item(Kind.POINT, "First half.", ("u1",))
    assert [item.kind for item in items[1:]] == [Kind.POINT, Kind.DECISION, Kind.ACTION]  # what is whole


@pytest.mark.parametrize("text", ["", "{", "<think>Let me see. " * 100])
def test_a_model_that_comes_to_no_end_is_asked_for_half_once(
    server: Server, writer: LlmWriter, text: str
) -> None:
    server.play(completion(text, "length"))
    assert failure(writer, part((*SAID, *SAID))) == "The language model does not finish its answer."
    assert len(server.questions) == 2
    server.play(completion(text, "length"), minutes())
    assert writer.write(part((*SAID, *SAID))).items == ()
    assert len(server.questions) == 5


def test_what_is_no_item_is_counted_as_dropped(server: Server, writer: LlmWriter) -> None:
    server.play(minutes(points=[{"lines": [1]}, {"lines": [1], "text": "They talk of billing."}, None]))
    found = writer.write(part())
    assert (len(found.items), found.dropped) == (1, 2)


HOSTILE = {
    "nothing": b"",
    "no object": b"[1]",
    "no choices": b'{"choices": []}',
    "an error": b'{"error": {"message": "no"}}',
    "no message": b'{"choices": [{"message": null}]}',
    "text that is none": b'{"choices": [{"message": {"content": [7]}}]}',
    "half a character": b'{"choices": [{"message": {"content": "\\ud800"}}]}',
    "not UTF-8": b'{"choices": [{"message": {"content": "\xff"}}]}',
    "deep": b'{"choices": ' + b"[" * 100_000,
    "far too much": b" " * (client.LONGEST_ANSWER + 1),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_answer_that_is_none_is_one_sentence(server: Server, writer: LlmWriter, body: bytes) -> None:
    server.play(Answer(body=body))
    assert failure(writer) == "NOTES_LLM_BASE_URL: the server there is not an OpenAI-compatible server."


def test_an_answer_that_unpacks_to_far_too_much_is_one_sentence(server: Server, writer: LlmWriter) -> None:
    server.play(Answer(body=gzip.compress(bytes(50_000_000)), headers={"content-encoding": "gzip"}))
    assert "is not an OpenAI-compatible server" in failure(writer)


def test_nothing_follows_a_redirect(server: Server, writer: LlmWriter) -> None:
    with Server().running() as other:
        there = {"location": other.url + "/chat/completions"}
        server.documents["/v1/models"] = Answer(307, b"", {"location": other.url + "/models"})
        server.play(Answer(307, b"", there))
        assert "there is no such address" in failure(writer)
        assert not other.questions
        assert not other.asked


def test_a_server_that_stays_away_is_left_alone(server: Server, writer: LlmWriter, time: Time) -> None:
    server.play(Answer(401))
    for _ in range(circuit_breaker.FAILURES):
        failure(writer)
    assert failure(writer).endswith("rejected the key (status 401); not trying again for 5 s.")
    assert len(server.questions) == circuit_breaker.FAILURES
    time.now += 5
    server.play(FINE)
    assert works(writer)


def test_repairing_and_summing_up_fail_in_a_sentence_too(server: Server, writer: LlmWriter) -> None:
    found = writer.write(part())
    server.play(Answer(400))
    with pytest.raises(WriterError, match=r"^The language model rejected the request \(status 400\); check "):
        writer.repair(part(), [(found.items[0], "No.")])
    with pytest.raises(WriterError, match=r"^The language model rejected the request \(status 400\); check "):
        writer.sum_up([found])
    with pytest.raises(WriterError, match=r"^The language model rejected the request \(status 400\); check "):
        writer.try_out()


def test_the_log_holds_neither_words_nor_secrets(
    server: Server, writer: LlmWriter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "notetaker")
    server.documents["/props"] = json_answer({"default_generation_settings": {"n_ctx": 8192}})
    server.answer = lambda question: (
        Answer(400, b"about billing") if question.format == "json_schema" else FINE
    )
    works(writer)
    server.play(Answer(503, b"about billing"), FINE)
    works(writer)
    for secret in (KEY, "billing", "Caro"):
        assert secret not in caplog.text
    assert "The language model takes 8192 tokens" in caplog.text
    assert "The server of the language model rejected a JSON schema" in caplog.text


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "NOTES_LLM_BASE_URL: use an address like http://host:8000/v1."),
        ("ftp://host/v1", "NOTES_LLM_BASE_URL: use an address like http://host:8000/v1."),
        (
            "https://me:secret@host/v1",
            "NOTES_LLM_BASE_URL: use an address without user, password or query; set the key in NOTES_LLM_API_KEY.",
        ),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ServerSettingError) as caught:
        LlmWriter(LlmSettings(url, MODEL))
    assert str(caught.value) == sentence


def test_a_key_that_no_header_can_hold_is_one_sentence() -> None:
    with pytest.raises(ServerSettingError, match=r"^NOTES_LLM_API_KEY: [^-]*$"):
        LlmWriter(LlmSettings("http://host/v1", MODEL, "sk-ключ"))
