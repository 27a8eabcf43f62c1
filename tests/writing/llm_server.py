"""A server with a language model, which answers well or badly, and a part of a meeting to write about."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from notetaker.model.minutes import Part
from notetaker.model.transcript import Line
from notetaker.notes.minutes.writer import WriterError
from notetaker.writing.llm import LlmWriter
from notetaker.writing.settings import LlmSettings
from tests.remote.server import Answer, HttpServer, Request, Time, json_answer, no_proxy, time

__all__ = ["no_proxy", "time"]

KEY = "sk-secret"
MODEL = "small-model"
SECOND_NS = 1_000_000_000

SAID = (
    ("Ada", "So when do we launch the new billing page?"),
    ("Ben", "I would say the twelfth of March, not the fifth."),
    ("Ada", "Okay, then we launch on the twelfth of March."),
    ("Caro", "I will fix the rounding of invoices by Friday."),
    ("Ben", "And who answers the billing mail at weekends?"),
    ("Ada", "No idea, let us talk about it next time."),
)
GOOD = {
    "title": "Launch of billing",
    "points": [{"lines": [2], "text": "Ben would launch on the twelfth of March, not the fifth."}],
    "decisions": [{"lines": [2, 3], "text": "The billing page is launched on the twelfth of March."}],
    "actions": [
        {"lines": [4], "text": "Caro fixes the rounding of invoices.", "owner": "Caro", "due": "by Friday"}
    ],
    "questions": [{"lines": [5], "text": "Who answers the billing mail at weekends?"}],
}
EMPTY = {"title": "", "points": [], "decisions": [], "actions": [], "questions": []}


def part(said: tuple[tuple[str, str], ...] = SAID, **fields: Any) -> Part:
    lines = tuple(
        Line(f"u{number}", number, speaker, 5 * number * SECOND_NS, (5 * number + 4) * SECOND_NS, text)
        for number, (speaker, text) in enumerate(said, start=1)
    )
    return Part(0, lines, **{"people": tuple(dict.fromkeys(speaker for speaker, _ in said)), **fields})


def completion(text: str | None, finish_reason: str = "stop", usage: object = None) -> Answer:
    """What OpenAI's API returns for the model's ``text``."""
    message = {"role": "assistant", "content": text}
    return json_answer({"choices": [{"message": message, "finish_reason": finish_reason}], "usage": usage})


def minutes(**sections: Any) -> Answer:
    return completion(json.dumps({**EMPTY, **sections}))


@dataclass
class Question:
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        return "\n".join(message["content"] for message in self.body["messages"])

    @property
    def format(self) -> str:
        if "max_completion_tokens" in self.body:
            return "reasoning"
        wanted = self.body.get("response_format", {})
        return f"{wanted.get('type', 'text')}{' by schema' if 'schema' in wanted else ''}"


class Server(HttpServer):
    """A server that answers with ``answer``, by default with good minutes, and has documents at other paths."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[Question] = []
        self.answer: Callable[[Question], Answer] = lambda _: completion(json.dumps(GOOD))
        self.documents: dict[str, object] = {}
        self.asked: list[Request] = []
        """Requests for documents."""

    def respond(self, request: Request) -> Answer:
        if request.method == "GET":
            self.asked.append(request)
            found = self.documents.get(request.path)
            if isinstance(found, Answer):
                return found
            return Answer(404) if found is None else json_answer(found)
        question = Question(request.path, request.headers, json.loads(request.body))
        self.questions.append(question)
        return self.answer(question)

    def play(self, *answers: Answer) -> None:
        """Give these answers, and the last one from then on."""
        left = list(answers)
        self.answer = lambda _: left.pop(0) if len(left) > 1 else left[0]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as server:
        yield server


@pytest.fixture
def writer(server: Server, time: Time) -> Iterator[LlmWriter]:
    writer = LlmWriter(LlmSettings(server.url, MODEL, KEY), clock=time, wait=time.wait)
    yield writer
    writer.close()


def failure(writer: LlmWriter, said: Part | None = None) -> str:
    with pytest.raises(WriterError) as caught:
        writer.write(said or part())
    assert caught.value.__cause__ is None
    return str(caught.value)
