"""The choice of an engine by the settings, with sparse files as models."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from notetaker.speech.engine import EngineError, EngineSettingError
from notetaker.speech.engines import EngineSettings, choose
from notetaker.speech.models.catalogue import BASE, TINY_EN, Model


def put(folder: Path, model: Model) -> None:
    """Create sparse files as large as the model's."""
    (folder / model.name).mkdir(parents=True)
    for file in model.files:
        with (folder / model.name / file.name).open("wb") as sparse:
            sparse.truncate(file.size)


def test_auto_takes_the_best_model_on_disk(tmp_path: Path) -> None:
    settings = EngineSettings(models_folders=(tmp_path / "own", tmp_path / "shared"))
    put(tmp_path / "shared", TINY_EN)
    assert choose(settings).name == "whisper-tiny.en"
    put(tmp_path / "own", BASE)
    assert choose(settings).name == "whisper-base"
    (tmp_path / "own" / BASE.name / "model.bin").unlink()
    assert choose(settings).name == "whisper-tiny.en"


def test_auto_without_a_model_is_pocketsphinx(tmp_path: Path) -> None:
    chosen = choose(EngineSettings(models_folders=(tmp_path,)))
    assert chosen.name == "pocketsphinx"
    assert chosen.advice == (
        "It gets a third of the words wrong; for Whisper, run: notetaker models pull whisper-base"
    )
    assert choose(EngineSettings(engine="pocketsphinx")).advice is None


def test_without_any_engine_the_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        EngineSettingError,
        match=r"^SPEECH_ENGINE: no speech model is installed; run: notetaker models pull whisper-base$",
    ):
        choose(EngineSettings(models_folders=(tmp_path,)))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            EngineSettings(engine="ear"),
            r"SPEECH_ENGINE: there is no speech engine called 'ear'; use one of: auto, ",
        ),
        (
            EngineSettings(engine="whisper"),
            r"SPEECH_ENGINE: no Whisper model is installed; run: notetaker models",
        ),
        (
            EngineSettings(model="whisper-base"),
            r"SPEECH_MODEL: the model whisper-base is not installed; run: ",
        ),
        (
            EngineSettings(model="gpt"),
            r"SPEECH_MODEL: there is no model called 'gpt'; use one of: whisper-tiny.en, ",
        ),
        (
            EngineSettings(model="/no/model"),
            r"SPEECH_MODEL: there is no model.bin in /no/model.",
        ),
        (
            EngineSettings(engine="onnx"),
            r"SPEECH_MODEL: set the name or folder of a model for the engine onnx.",
        ),
        (
            EngineSettings(engine="openai"),
            r"SPEECH_BASE_URL: set the address of a server for the engine openai.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(settings: EngineSettings, sentence: str) -> None:
    with pytest.raises(EngineSettingError, match=f"^{sentence}"):
        choose(settings)


def test_a_key_is_not_shown() -> None:
    assert "sk-hidden" not in repr(EngineSettings(api_key="sk-hidden"))


def test_an_engine_is_imported_only_when_it_is_loaded(tmp_path: Path) -> None:
    put(tmp_path, BASE)
    heavy = {"ctranslate2", "numpy", "openai", "onnx_asr", "pocketsphinx", "av"}
    code = (
        "import sys; from pathlib import Path; import notetaker.settings.values, notetaker.jobs.transcriber\n"
        "from notetaker.speech.engines import EngineSettings, choose\n"
        f"choose(EngineSettings(models_folders=(Path({str(tmp_path)!r}),)))\n"
        f"sys.exit(', '.join(sorted({heavy!r} & sys.modules.keys())) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_an_error_survives_the_way_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(EngineError("The server is away.", retryable=True)))
    assert (str(error), error.retryable) == ("The server is away.", True)
