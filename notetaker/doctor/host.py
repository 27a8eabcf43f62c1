"""What can be told without Discord: settings, libraries, disk, database, and whether a bot is running already."""

import importlib
import os
import re
import shutil
import tempfile
from contextlib import closing
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from notetaker.doctor.checks import DATABASE, DEFECT, SETTINGS, SPEECH
from notetaker.doctor.checkup import Trouble
from notetaker.host.errors import SettingsError
from notetaker.host.instance.single import running_bot
from notetaker.host.worker_thread import in_thread
from notetaker.settings import state_folder
from notetaker.settings.values import Settings
from notetaker.speech.engine import EngineSettingError
from notetaker.speech.engines import choose
from notetaker.store.database import Database, Rejected, StoreError, StoreSettingError, parse_url

SUPPORTED = {
    "py-cord": ("discord", "2.8.1", "2.9"),
    "dave.py": ("dave", "1.1", "2"),
    "PyNaCl": ("nacl", "1.5", "2"),
}
"""Distribution: the package that it installs, the least version, and the first that is not tried. As in setup.cfg."""

USER = "Run the doctor as the user of the bot, or name another folder in NOTETAKER_STATE_DIR."
GIB = 1 << 30
SPEECH_BYTES_AN_HOUR = 40_000_000
"""Of one person who never pauses, in the journal, at Discord's usual 64 kbit/s (docs/benchmarks.md)."""


async def settings() -> tuple[Settings, str]:
    """The settings and what to say of them. Raises ``Trouble``."""
    file = os.environ.get("NOTETAKER_ENV_FILE")
    mend = f"Correct that; variables are set in {file}." if file else SETTINGS.mend
    try:
        found = Settings.load()
        found.require_token()
        parse_url(found.database)
    except SettingsError as error:
        raise Trouble("; ".join(str(error).splitlines()), mend) from None
    except StoreSettingError as error:
        raise Trouble(f"NOTETAKER_DATABASE_URL: {error}", mend) from None
    return found, f"Discord at {found.discord_api_base_url}, state folder {found.state_dir}"


async def libraries() -> str:
    owners = packages_distributions()
    found = []
    for distribution, (package, least, below) in SUPPORTED.items():
        again = f"Run scripts/setup again, or: pip install '{distribution}>={least},<{below}'"
        try:
            installed = version(distribution)
        except PackageNotFoundError:
            raise Trouble(f"{distribution} is not installed", f"{again}.") from None
        if not numbers(least) <= numbers(installed) < numbers(below):
            raise Trouble(
                f"{distribution} {installed} is not supported ({least} or newer, but older than {below})",
                f"{again}.",
            )
        strangers = sorted({name for name in owners.get(package, []) if name.lower() != distribution.lower()})
        if strangers:
            raise Trouble(
                f"{' and '.join(strangers)} installs the package {package} too, over the one of {distribution}",
                f"pip uninstall {' '.join(strangers)} {distribution}, then install {distribution} again.",
            )
        try:
            importlib.import_module(package)  # what is installed may still lack a system library
        except (ImportError, OSError) as error:
            raise Trouble(f"{distribution} {installed} cannot be loaded: {error}", f"{again}.") from None
        found.append(f"{distribution} {installed}")
    return ", ".join(found)


def numbers(version: str) -> tuple[int, ...]:
    """``2.8.1rc1`` is taken for 2.8.1."""
    release = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in release[0].split(".")) if release else ()


async def speech(settings: Settings) -> str:
    """Chooses the engine as a worker would, and loads none."""
    try:
        chosen = choose(settings.engine_settings)
    except EngineSettingError as error:
        problem, _, mend = str(error).partition("; ")
        raise Trouble(problem, f"{mend[:1].upper()}{mend[1:]}" if mend else SPEECH.mend) from None
    return chosen.name if chosen.advice is None else f"{chosen.name}. {chosen.advice}"


async def disk(settings: Settings) -> str:
    folder = settings.state_dir
    there = _writable(folder)
    try:
        if there == folder:
            state_folder.require_own(folder)
        free = shutil.disk_usage(there).free
    except SettingsError as error:
        raise Trouble(str(error), USER) from None
    except OSError as error:
        raise Trouble(f"{there} cannot be looked at ({error.strerror})", USER) from None
    hours = free // SPEECH_BYTES_AN_HOUR
    if free < GIB:
        raise Trouble(
            f"only {free / GIB:.2f} GiB are free in {folder}, enough for {hours} hours of speech",
            "Make room, or name another folder in NOTETAKER_STATE_DIR.",
        )
    new = "" if there == folder else "; the folder will be created"
    return f"{free / GIB:.0f} GiB free, enough for {hours} hours of speech{new}"


def _writable(folder: Path) -> Path:
    """The folder, or in which one it can be created. Raises ``Trouble``.

    Leaves nothing behind: a folder or file of whoever calls the doctor would be in the way of the bot's user.
    """
    there = folder
    try:
        while not there.exists():
            there = there.parent
        if there == folder:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"doctor")
                os.fsync(file.fileno())
        elif not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise Trouble(f"{folder} does not exist and cannot be created in {there}", USER)
    except OSError as error:
        raise Trouble(f"nothing can be written to {folder} ({error.strerror})", USER) from None
    return there


async def database(url: str) -> str:
    """Makes none, and no table in it."""
    parsed = parse_url(url)
    file = Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
    if file is not None:
        _writable(file.parent)
        if not file.exists():
            return f"{file} will be created"
    try:
        name = await in_thread(_ping, url)
    except StoreSettingError as error:
        raise Trouble(str(error), USER) from None
    except StoreError as error:
        raise Trouble(str(error), DATABASE.mend if file is None else DEFECT) from None
    except Rejected:
        raise Trouble("an option in the URL is not understood", DATABASE.mend) from None
    return f"{name} answers"


def _ping(url: str) -> str:
    with closing(Database(url)) as database:
        database.ping()
        return database.name


async def instance(folder: Path, identity: str) -> tuple[str | None, str]:
    """Who the running bot is, and what to say of it."""
    try:
        running = running_bot(folder, identity)
    except OSError as error:
        raise Trouble(
            f"the lock {error.filename or folder} cannot be looked at ({error.strerror})",
            "Run the doctor as the bot's user.",
        ) from None
    if running is None:
        return None, "none is running with this token or state folder"
    return running, f"one is running: {running}; voice is therefore not tried"
