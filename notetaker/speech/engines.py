"""The list of engines, and the choice of one by the settings.

An engine's module is imported only when it is chosen, so that other engines need neither memory nor their packages.
Nothing here downloads anything.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from notetaker.speech.engine import Engine, EngineSettingError
from notetaker.speech.models.catalogue import BY_NAME, DEFAULT, best
from notetaker.speech.models.store import Store

AUTO: Final = "auto"
PULL: Final = f"run: notetaker models pull {DEFAULT.name}"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Settings for speech to text, which the worker passes to its speech processes."""

    engine: str = AUTO
    """A name in ``ENGINES``, or ``auto`` for Whisper with the best installed model, or else PocketSphinx."""
    model: str | None = None
    """Name or folder of the engine's model; None for the best installed one."""
    models_folders: tuple[Path, ...] = ()
    """Folders in which to look for models, in this order."""
    device: str = "cpu"
    """The device for Whisper, ``cpu`` or ``cuda``."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server."""
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine that can be loaded."""

    name: str
    """The name in transcripts, such as ``whisper-base``."""
    settings: EngineSettings
    load: Callable[[], Engine]
    """Load the engine, which takes seconds for a large model. Raises EngineSettingError."""
    local: bool = True
    """Whether the sound stays on this host."""
    memory: int = 200_000_000
    """Most bytes of memory that it needs in each process."""
    advice: str | None = None
    """A sentence about a better choice, if this one is a fallback."""


def choose(settings: EngineSettings) -> Choice:
    """Choose an engine by the settings, without loading it.

    Raises :class:`EngineSettingError` if there is no such engine or model, or if something it needs is not installed.
    """
    if settings.engine != AUTO:
        if settings.engine not in ENGINES:
            known = ", ".join([AUTO, *ENGINES])
            raise EngineSettingError(
                f"SPEECH_ENGINE: there is no speech engine called {settings.engine!r}; use one of: {known}."
            )
        return ENGINES[settings.engine](settings)
    if settings.model is not None or Store(settings.models_folders).installed():
        return _whisper(settings)
    if importlib.util.find_spec("pocketsphinx"):
        return replace(
            _pocketsphinx(settings), advice=f"It gets a third of the words wrong; for Whisper, {PULL}"
        )
    raise EngineSettingError(f"SPEECH_ENGINE: no speech model is installed; {PULL}")


def load(settings: EngineSettings) -> Engine:
    """Load the engine that the settings choose. Raises :class:`EngineSettingError`."""
    return choose(settings).load()


def _whisper(settings: EngineSettings) -> Choice:
    name, folder = _whisper_model(settings)

    def load() -> Engine:
        from notetaker.speech.whisper.engine import Whisper

        return Whisper(name, folder, settings.device)

    # CTranslate2 loads 16-bit floats and converts them to 8-bit integers; measured with tiny.en and base
    memory = 150_000_000 + (folder / "model.bin").stat().st_size * 3 // 2
    return Choice(name, replace(settings, engine="whisper", model=str(folder)), load, memory=memory)


def _whisper_model(settings: EngineSettings) -> tuple[str, Path]:
    store = Store(settings.models_folders)
    if settings.model is None:
        found = best(store.installed())
        if found is None:
            raise EngineSettingError(f"SPEECH_ENGINE: no Whisper model is installed; {PULL}")
        model = found
    elif "/" in settings.model:
        folder = Path(settings.model)
        if not (folder / "model.bin").is_file():
            raise EngineSettingError(f"SPEECH_MODEL: there is no model.bin in {folder}.")
        return folder.name, folder
    elif settings.model in BY_NAME:
        model = BY_NAME[settings.model]
    else:
        known = ", ".join(BY_NAME)
        raise EngineSettingError(
            f"SPEECH_MODEL: there is no model called {settings.model!r}; use one of: {known}, or a folder."
        )
    path = store.path(model)
    if path is None:
        raise EngineSettingError(
            f"SPEECH_MODEL: the model {model.name} is not installed; run: notetaker models pull {model.name}"
        )
    return model.name, path


def _onnx(settings: EngineSettings) -> Choice:
    if settings.model is None:
        raise EngineSettingError("SPEECH_MODEL: set the name or folder of a model for the engine onnx.")
    model = settings.model

    def load() -> Engine:
        from notetaker.speech.onnx import OnnxEngine

        return OnnxEngine(Path(model).name, Path(model)) if "/" in model else OnnxEngine(model, None)

    return Choice(f"onnx {Path(model).name}", settings, load)


def _openai(settings: EngineSettings) -> Choice:
    if settings.base_url is None:
        raise EngineSettingError("SPEECH_BASE_URL: set the address of a server for the engine openai.")
    base_url, model = settings.base_url, settings.model or "whisper-1"

    def load() -> Engine:
        from notetaker.speech.remote.engine import OpenAIEngine

        return OpenAIEngine(base_url, model, settings.api_key)

    return Choice(f"openai {model}", settings, load, local=False)


def _pocketsphinx(settings: EngineSettings) -> Choice:
    def load() -> Engine:
        from notetaker.speech.pocketsphinx import PocketSphinx

        return PocketSphinx()

    return Choice("pocketsphinx", settings, load)


ENGINES: Final[dict[str, Callable[[EngineSettings], Choice]]] = {
    "whisper": _whisper,
    "onnx": _onnx,
    "openai": _openai,
    "pocketsphinx": _pocketsphinx,
}
