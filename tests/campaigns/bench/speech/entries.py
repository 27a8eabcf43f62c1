"""Who takes part in the benchmark."""

import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from notetaker.speech.models.catalogue import BY_NAME
from notetaker.speech.models.store import SYSTEM_FOLDER, Store, user_folder
from tests.campaigns.bench.speech import environment

MODELS = ("whisper-tiny.en", "whisper-base")
OURS, FASTER, CPP, SPHINX = "notetaker", "faster-whisper", "whisper.cpp", "pocketsphinx"
HALF_WINDOW = 768
"""Positions of the encoder, 15.4 s: as short as notetaker's shortest window."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One contender in one way of using it."""

    name: str
    how: str
    module: str
    """In this package."""
    model: str = ""
    """What the table calls the model; empty: it has one of its own."""
    python: Path = Path(sys.executable)
    settings: dict[str, str] = field(default_factory=dict, hash=False)
    ggml: bool = False
    """It needs the model in whisper.cpp's format."""

    @property
    def title(self) -> str:
        return " ".join(filter(None, (self.name, self.model, self.how)))


def models() -> dict[str, Path]:
    """The folders of those models that are installed, by name."""
    store = Store((user_folder(), SYSTEM_FOLDER))
    found = {name: store.path(BY_NAME[name]) for name in MODELS}
    return {name: path for name, path in found.items() if path is not None}


def entries(models: dict[str, Path], *, others: bool) -> Iterator[Entry]:
    """``others``: the libraries of others are installed too."""
    for name, folder in models.items():
        settings = {"model": str(folder)}
        yield Entry(OURS, "", "ours", name, settings=settings)
        if others:
            for how, beams in (("beam 5", 5), ("greedy", 1)):
                own = {**settings, "beams": str(beams)}
                yield Entry(FASTER, how, "fasterwhisper", name, environment.PYTHON, own)
            for how, window in (("", 0), ("15 s window", HALF_WINDOW)):
                own = {**settings, "window": str(window)}
                yield Entry(CPP, how, "whispercpp", name, environment.PYTHON, own, ggml=True)
    if importlib.util.find_spec("pocketsphinx") is not None:
        yield Entry(SPHINX, "", "sphinx")


def versions() -> dict[str, str]:
    """Of the libraries, by their names."""
    locked = dict(
        re.findall(r"^(faster-whisper|pywhispercpp)==(\S+)", environment.LOCK.read_text("utf-8"), re.M)
    )
    return {**locked, "ctranslate2": importlib.metadata.version("ctranslate2")}
