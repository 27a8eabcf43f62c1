"""What the doctor says of the writer of the notes."""

from collections.abc import Iterator

import pytest

from notetaker.doctor import host
from notetaker.doctor.checkup import CheckFailed
from notetaker.settings.values import Settings
from tests.remote.server import Answer, no_proxy
from tests.writing.llm_server import KEY, MODEL, Server

__all__ = ["no_proxy"]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as server:
        yield server


def settings(server: Server, **others: str) -> Settings:
    return Settings.load(
        {
            "NOTES_LLM_BASE_URL": server.url,
            "NOTES_LLM_MODEL": MODEL,
            "NOTES_LLM_API_KEY": KEY,
            **others,
        }
    )


async def test_without_a_language_model_the_built_in_writer_writes() -> None:
    assert "built-in" in await host.notes(Settings.load({}))


async def test_a_language_model_is_asked_something(server: Server) -> None:
    server.documents["/v1/models"] = {"data": [{"id": MODEL, "max_model_len": 8192}]}
    assert await host.notes(settings(server)) == f"{MODEL} answers, and takes 8192 tokens"
    assert len(server.questions) == 1


@pytest.mark.parametrize(
    ("answer", "others", "reason"),
    [
        (
            Answer(404),
            {},
            "NOTES_LLM_BASE_URL or NOTES_LLM_MODEL: there is no such address or model (status 404)",
        ),
        (Answer(401), {}, "NOTES_LLM_API_KEY: the server rejected the key (status 401)"),
        (
            Answer(),
            {"NOTES_LLM_MODEL": ""},
            "NOTES_LLM_MODEL is not set; for example NOTES_LLM_MODEL=qwen3:8b",
        ),
        (Answer(), {"NOTES_LLM_API_KEY": "ключ"}, "NOTES_LLM_API_KEY: the key contains invalid characters"),
    ],
)
async def test_a_language_model_that_cannot_write_is_told(
    server: Server, answer: Answer, others: dict[str, str], reason: str
) -> None:
    server.play(answer)
    with pytest.raises(CheckFailed) as failed:
        await host.notes(settings(server, **others))
    assert str(failed.value) == reason
    assert failed.value.advice
