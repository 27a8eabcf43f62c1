from pathlib import Path

import pytest

from notetaker.speech.models.catalogue import BASE, TINY_EN, Model
from notetaker.speech.models.errors import ModelError
from notetaker.speech.models.store import Store, downloads, user_folder


def install(folder: Path, model: Model) -> Path:
    """Create empty files of the right sizes."""
    path = folder / model.name
    path.mkdir(parents=True)
    for file in model.files:
        with (path / file.name).open("wb") as stream:
            stream.truncate(file.size)
    return path


def test_nothing_is_installed_in_folders_that_do_not_exist(tmp_path: Path) -> None:
    store = Store([tmp_path / "a", tmp_path / "b"])
    assert store.installed() == []
    assert store.path(BASE) is None


def test_the_best_model_comes_last(tmp_path: Path) -> None:
    install(tmp_path / "mine", BASE)
    install(tmp_path / "all", TINY_EN)
    assert Store([tmp_path / "mine", tmp_path / "all"]).installed() == [TINY_EN, BASE]


def test_the_first_folder_that_has_a_model_counts(tmp_path: Path) -> None:
    second = install(tmp_path / "second", BASE)
    store = Store([tmp_path / "first", tmp_path / "second"])
    assert store.path(BASE) == second
    first = install(tmp_path / "first", BASE)
    assert store.path(BASE) == first
    (first / "config.json").unlink()
    assert store.path(BASE) == second


def test_a_model_with_a_short_file_is_not_installed(tmp_path: Path) -> None:
    (install(tmp_path, BASE) / "model.bin").write_bytes(b"short")
    assert Store([tmp_path]).installed() == []


def test_remove_deletes_a_model_from_all_folders(tmp_path: Path) -> None:
    install(tmp_path / "first", BASE)
    install(tmp_path / "second", BASE)
    kept = install(tmp_path / "first", TINY_EN)
    store = Store([tmp_path / "first", tmp_path / "second"])
    store.remove(BASE)
    assert store.installed() == [TINY_EN]
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != kept] == []


def test_remove_deletes_an_incomplete_model_and_the_rest_of_a_download(tmp_path: Path) -> None:
    (install(tmp_path, BASE) / "config.json").unlink()
    rest = downloads(tmp_path, TINY_EN) / "files"
    rest.mkdir(parents=True)
    (rest / "model.bin.part").write_bytes(b"half")
    store = Store([tmp_path])
    store.remove(BASE)
    store.remove(TINY_EN)
    assert not (tmp_path / BASE.name).exists()
    assert not rest.exists()


def test_remove_of_a_model_that_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^whisper-base is not installed\.$"):
        Store([tmp_path]).remove(BASE)


def test_a_model_that_cannot_be_removed() -> None:
    """Not even root may write there."""
    model = Model("self", "", 1, (), ())
    with pytest.raises(ModelError, match=r"^/proc/.* cannot be removed: "):
        Store([Path("/proc")]).remove(model)


@pytest.mark.parametrize(
    ("data", "folder"),
    [("/data", "/data"), ("", "/home/ada/.local/share"), ("data", "/home/ada/.local/share")],
)
def test_the_folder_of_a_user(monkeypatch: pytest.MonkeyPatch, data: str, folder: str) -> None:
    """XDG_DATA_HOME counts only if it is absolute."""
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_DATA_HOME", data)
    assert user_folder() == Path(folder) / "notetaker/models"
