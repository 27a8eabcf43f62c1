"""What a speech engine is, and which there are."""

import importlib
from typing import Protocol

_ENGINES = {"pocketsphinx": "notetaker.speech.pocketsphinx:PocketSphinx"}
"""Module and class by name. A module is imported when its engine is asked for, so that an engine nobody
uses costs neither memory nor a missing package."""


class Engine(Protocol):
    """Turns speech into text."""

    @property
    def name(self) -> str:
        """What the settings and the transcript call it."""

    def transcribe(self, pcm: bytes) -> str:
        """The words in one utterance; empty when there are none.

        ``pcm``: 16 kHz mono s16le. Blocks until done; any thread may call it. Raises :class:`EngineError`.
        """


class EngineError(Exception):
    """The sound could not be transcribed. One sentence, which the transcript shows in place of the words."""


class UnknownEngineError(ValueError):
    """The settings name an engine that does not exist. One sentence for the administrator."""


def check_name(name: str) -> None:
    """Raises :class:`UnknownEngineError`."""
    if name not in _ENGINES:
        known = ", ".join(sorted(_ENGINES))
        raise UnknownEngineError(f"There is no speech engine called {name!r}; use one of: {known}.")


def load(name: str) -> Engine:
    """The engine called ``name``, ready to work. Raises :class:`UnknownEngineError`."""
    check_name(name)
    module, _, engine_class = _ENGINES[name].partition(":")
    engine: Engine = getattr(importlib.import_module(module), engine_class)()
    return engine
