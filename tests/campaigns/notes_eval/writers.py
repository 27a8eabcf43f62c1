"""The writers that can be measured."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.writer import Writer
from notetaker.writing.llm import LlmWriter
from notetaker.writing.settings import LlmSettings

TIMEOUT_S = 600.0
"""For one answer. What is measured may be slow."""


class UnknownWriter(ValueError):
    """The message says which writers there are."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a language model answers."""

    base_url: str
    model: str


@contextmanager
def writer(name: str, endpoint: Endpoint | None = None) -> Iterator[Writer]:
    """Yield a writer by name; ``llm`` needs an endpoint. Raises UnknownWriter and ServerSettingError."""
    if name == "builtin":
        yield BuiltIn()
        return
    if name != "llm":
        raise UnknownWriter(f"There is no writer {name!r}; there are: builtin, llm")
    if endpoint is None:
        raise UnknownWriter("The writer llm needs --base-url and --model.")
    key = os.environ.get("NOTES_LLM_API_KEY")
    settings = LlmSettings(endpoint.base_url, endpoint.model, key, timeout_s=TIMEOUT_S)
    with closing(LlmWriter(settings)) as model:
        yield model


def worker_settings(endpoint: Endpoint) -> dict[str, str]:
    """Return the settings of a worker that lets this model write."""
    return {
        "NOTES_LLM_BASE_URL": endpoint.base_url,
        "NOTES_LLM_MODEL": endpoint.model,
        "NOTES_LLM_TIMEOUT": str(round(TIMEOUT_S)),
        **({"NOTES_LLM_API_KEY": key} if (key := os.environ.get("NOTES_LLM_API_KEY")) else {}),
    }
