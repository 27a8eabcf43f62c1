"""What the doctor says of the computer that it runs on."""

import asyncio
import importlib
import os
import shutil
import socket
import tempfile
from configparser import ConfigParser
from pathlib import Path

import psycopg
import pytest

from notetaker.doctor import host
from notetaker.doctor.checkup import CheckFailed
from notetaker.host.instance.single import only_bot
from notetaker.settings.values import Settings
from tests.harness import postgres

IDENTITY = f"doctor-{os.getpid()}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder, which is not there yet."""
    return tmp_path / "state"


def in_folder(folder: Path) -> Settings:
    return Settings.load({"NOTETAKER_STATE_DIR": str(folder)})


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("NOTETAKER_DATABASE_URL", "NOTETAKER_ENV_FILE", "SPEECH_ENGINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.secret")
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (
            "NOTETAKER_DATABASE_URL",
            "postgres:/me:hidden@db",
            "the database URL is malformed; use sqlite:",
        ),
        (
            "NOTETAKER_DATABASE_URL",
            "mysql://me:hidden@db/notes",
            "database type 'mysql' is not supported",
        ),
    ],
)
async def test_settings_with_which_bot_or_worker_would_end_are_told(
    environment: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(CheckFailed) as failed:
        await host.settings()
    assert str(failed.value).startswith(f"{name}: {problem}")
    assert "hidden" not in str(failed.value)


@pytest.mark.parametrize("file", ["", "/etc/notetaker/notetaker.env"])
async def test_the_file_is_named_in_which_the_settings_are(
    environment: pytest.MonkeyPatch, file: str
) -> None:
    environment.setenv("NOTETAKER_ENV_FILE", file)
    environment.setenv("VOICE_RETRY_ATTEMPTS", "many")
    with pytest.raises(CheckFailed) as failed:
        await host.settings()
    assert (file or "or the file .env.") in failed.value.advice


def test_the_libraries_that_are_supported_are_those_of_setup_cfg() -> None:
    config = ConfigParser()
    config.read(Path(__file__).parents[2] / "setup.cfg")
    required = config["options"]["install_requires"].splitlines()
    for distribution, (_, least, below) in host.SUPPORTED.items():
        assert f"{distribution} >= {least}, < {below}" in required


@pytest.mark.parametrize("version", ["2.8.0", "2.9", "2.10.1", "3.0.0rc1", "weird"])
async def test_a_version_out_of_range_is_told(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "version", lambda name: version)
    with pytest.raises(CheckFailed, match=f"py-cord {version} is not supported") as failed:
        await host.libraries()
    assert "pip install 'py-cord>=2.8.1,<2.9'" in failed.value.advice


async def test_discord_py_beside_py_cord_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "packages_distributions", lambda: {"discord": ["py-cord", "discord.py"]})
    with pytest.raises(
        CheckFailed, match=r"^discord\.py overwrites the package discord of py-cord"
    ) as failed:
        await host.libraries()
    assert failed.value.advice.startswith("pip uninstall discord.py py-cord")


async def test_a_library_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> None:
        raise ImportError("libopus.so.0: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", import_module)
    with pytest.raises(CheckFailed, match=r"^py-cord .* cannot be loaded: libopus\.so\.0"):
        await host.libraries()


async def test_a_disk_that_is_nearly_full_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=500_000_000))
    with pytest.raises(CheckFailed, match=r"^only 0.47 GiB free in .*, enough for 12 hours of speech$"):
        await host.disk(in_folder(home))


async def test_a_state_folder_is_tried_and_left_as_it_was(home: Path) -> None:
    assert (await host.disk(in_folder(home))).endswith("the folder will be created")
    assert not home.exists()
    home.mkdir()
    assert (await host.disk(in_folder(home))).endswith("hours of speech")
    assert list(home.iterdir()) == []


async def test_a_state_folder_that_the_bot_refuses_is_refused(home: Path) -> None:
    home.mkdir()
    home.chmod(0o777)
    with pytest.raises(
        CheckFailed, match=r"^NOTETAKER_STATE_DIR is invalid: every user on this host can replace"
    ):
        await host.disk(in_folder(home))
    assert list(home.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
async def test_the_state_folder_of_another_user_is_refused(home: Path) -> None:
    home.mkdir()
    os.chown(home, 65534, 65534)
    with pytest.raises(
        CheckFailed, match=r"^NOTETAKER_STATE_DIR is invalid: the user \S+ can replace files"
    ) as told:
        await host.disk(in_folder(home))
    assert told.value.advice.startswith("Run the doctor as the bot's user")


async def test_a_state_folder_that_cannot_be_is_told(home: Path) -> None:
    home.write_text("a file")
    with pytest.raises(CheckFailed, match="cannot write to"):
        await host.disk(in_folder(home))
    with pytest.raises(CheckFailed, match="does not exist and cannot be created in"):
        await host.disk(in_folder(home / "below"))


async def test_a_database_is_asked_and_left_as_it_was(home: Path) -> None:
    url, file = f"sqlite:///{home}/notetaker.db", home / "notetaker.db"
    assert await host.database(url) == f"{file} will be created"
    assert not home.exists()
    home.mkdir()
    file.touch(mode=0o600)
    assert await host.database(url) == f"{file} answers"
    jobs = home / "notetaker-jobs.db"
    jobs.write_bytes(b"\xff" * 5000)
    with pytest.raises(
        CheckFailed, match=f"^the job database {jobs} is damaged or not a SQLite file$"
    ) as failed:
        await host.database(url)
    assert failed.value.advice.startswith("Restore a backup, or ")
    file.write_text("This is no database, although it is as long as the head of one. " * 2)
    with pytest.raises(CheckFailed, match=f"^the database {file} is damaged or not a SQLite file$"):
        await host.database(url)
    with pytest.raises(CheckFailed, match=f"^cannot write to {file} "):
        await host.database(f"sqlite:///{file}/notetaker.db")


async def test_a_server_is_asked_and_its_database_left_as_it_was() -> None:
    with postgres.temporary_cluster() as folder:
        url = postgres.new_database(folder)
        assert (await host.database(url)).endswith(" on the local socket answers")
        with psycopg.connect(url) as connection:
            tables = connection.execute("SELECT * FROM pg_tables WHERE schemaname !~ '^(pg_|information)'")
            assert tables.fetchall() == []
        with pytest.raises(CheckFailed, match="option in the URL") as failed:
            await host.database(f"{url}&connect_timeout=soon")
        assert "NOTETAKER_DATABASE_URL" in failed.value.advice
    with pytest.raises(
        CheckFailed, match="on the local socket cannot be used: connection is bad: "
    ) as failed:
        await host.database(url)
    assert "NOTETAKER_DATABASE_URL" in failed.value.advice


async def test_a_server_that_does_not_answer_keeps_nobody() -> None:
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/.s.PGSQL.5432")
        server.listen()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await host.database(f"postgresql://me@/notes?host={folder}&connect_timeout=0")


async def test_a_bot_is_seen_while_it_runs(home: Path) -> None:
    assert (await host.instance(home, IDENTITY))[0] is None
    home.mkdir()
    assert (await host.instance(home, IDENTITY))[0] is None
    with only_bot(home, IDENTITY):
        running, text = await host.instance(home, IDENTITY)
        assert running is not None
        assert running.startswith("process ")
        assert running in text
    assert (await host.instance(home, IDENTITY))[0] is None
    with only_bot(home, IDENTITY):  # the looks have left nothing in its way
        pass
