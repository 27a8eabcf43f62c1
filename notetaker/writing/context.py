"""How many tokens a model takes, question and answer together. Each kind of server says it elsewhere."""

from collections.abc import Callable
from typing import Any, Final

UNKNOWN: Final = 4096
"""Tokens to assume of a server that does not say: Ollama's default with little GPU memory, and one of the smallest
there are (ollama/ollama:docs/context-length.mdx).
"""
_MOST: Final = 10_000_000

_KEYS: Final = ("max_model_len", "context_length", "context_window", "max_context_length")
"""In a server's list of models: vLLM's, OpenRouter's, Groq's and Mistral's."""


def find(get: Callable[[str], Any], model: str) -> int | None:
    """Return the tokens, or None if the server does not say.

    ``get`` returns the JSON document at a path of the server, or None. A path with a slash in front is not below the
    base URL.
    """
    ways: tuple[Callable[[], Any], ...] = (
        lambda: _first(_entry(get("models"), "data", model), _KEYS),
        # llama.cpp's server, ggml-org/llama.cpp:tools/server/README.md
        lambda: _first(_object(get("/props"), "default_generation_settings"), ("n_ctx",)),
        # Ollama, once the model is loaded: ollama/ollama-python:ollama/_types.py
        lambda: _first(_entry(get("/api/ps"), "models", model), ("context_length",)),
        # LM Studio, once the model is loaded, lmstudio-ai/docs:1_developer/2_rest/endpoints.mdx
        lambda: _first(_entry(get("/api/v0/models"), "data", model), ("loaded_context_length",)),
    )
    return next((tokens for way in ways if (tokens := way()) is not None), None)


def _object(document: Any, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None


def _entry(document: Any, name: str, model: str) -> Any:
    """Return a model in a list. Ollama adds a tag to names that have none."""
    entries = _object(document, name)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("id", entry.get("name")) in (model, f"{model}:latest"):
            return entry
    return None


def _first(entry: Any, keys: tuple[str, ...]) -> int | None:
    for key in keys:
        value = _object(entry, key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST:
            return value
    return None
