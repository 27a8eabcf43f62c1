"""What the doctor says of the computer that it runs on."""

import importlib
import os
import shutil
from configparser import ConfigParser
from pathlib import Path

import pytest

from notetaker.service.doctor import computer
from notetaker.service.doctor.checkup import Trouble
from notetaker.service.instance import only_bot

IDENTITY = f"doctor-{os.getpid()}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder, which is not there yet."""
    return tmp_path / "state"


def test_the_libraries_that_are_supported_are_those_of_setup_cfg() -> None:
    config = ConfigParser()
    config.read(Path(__file__).parents[2] / "setup.cfg")
    required = config["options"]["install_requires"].splitlines()
    for distribution, (_, least, below) in computer.SUPPORTED.items():
        assert f"{distribution} >= {least}, < {below}" in required


@pytest.mark.parametrize("version", ["2.8.0", "2.9", "2.10.1", "3.0.0rc1", "weird"])
async def test_a_version_out_of_range_is_told(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computer, "version", lambda name: version)
    with pytest.raises(Trouble, match=f"py-cord {version} is not supported") as trouble:
        await computer.libraries()
    assert "pip install 'py-cord>=2.8.1,<2.9'" in trouble.value.mend


async def test_discord_py_beside_py_cord_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computer, "packages_distributions", lambda: {"discord": ["py-cord", "discord.py"]})
    with pytest.raises(Trouble, match=r"^discord\.py installs the package discord too") as trouble:
        await computer.libraries()
    assert trouble.value.mend.startswith("pip uninstall discord.py py-cord")


async def test_a_library_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> None:
        raise ImportError("libopus.so.0: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", import_module)
    with pytest.raises(Trouble, match=r"^py-cord .* cannot be loaded: libopus\.so\.0"):
        await computer.libraries()


async def test_a_disk_that_is_nearly_full_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=500_000_000))
    with pytest.raises(Trouble, match=r"^only 0.47 GiB are free in .*, enough for 12 hours of speech$"):
        await computer.disk(home)


async def test_a_state_folder_is_tried_and_left_as_it_was(home: Path) -> None:
    assert (await computer.disk(home)).endswith("the folder will be created")
    assert not home.exists()
    home.mkdir()
    assert (await computer.disk(home)).endswith("hours of speech")
    assert list(home.iterdir()) == []


async def test_a_state_folder_that_cannot_be_is_told(home: Path) -> None:
    home.write_text("a file")
    with pytest.raises(Trouble, match="nothing can be written to"):
        await computer.disk(home)
    with pytest.raises(Trouble, match="does not exist and cannot be created in"):
        await computer.disk(home / "below")


async def test_a_bot_is_seen_while_it_runs(home: Path) -> None:
    assert (await computer.instance(home, IDENTITY))[0] is None
    home.mkdir()
    assert (await computer.instance(home, IDENTITY))[0] is None
    with only_bot(home, IDENTITY):
        running, text = await computer.instance(home, IDENTITY)
        assert running is not None
        assert running.startswith("process ")
        assert running in text
    assert (await computer.instance(home, IDENTITY))[0] is None
    with only_bot(home, IDENTITY):  # the looks have left nothing in its way
        pass
