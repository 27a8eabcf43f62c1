"""Checks that do not need Discord: settings, libraries, speech, notes, disk, database, running bot."""

import importlib
import os
import re
import shutil
import tempfile
from contextlib import closing
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from notetaker.doctor.checks import DATABASE, DEFECT, NOTES, SETTINGS, SPEECH
from notetaker.doctor.checkup import CheckFailed
from notetaker.host.errors import SettingsError
from notetaker.host.instance.single import running_bot
from notetaker.host.worker_thread import in_thread
from notetaker.notes.minutes.writer import WriterError
from notetaker.remote.errors import ServerSettingError
from notetaker.settings import state_folder
from notetaker.settings.kinds import load_kinds
from notetaker.settings.values import Settings
from notetaker.speech.engine import EngineSettingError
from notetaker.speech.engines import choose
from notetaker.store.database import Rejected, StoreError, StoreSettingError, StoreUnfit, parse_url
from notetaker.store.store import Store

SUPPORTED = {
    "py-cord": ("discord", "2.8.1", "2.9"),
    "dave.py": ("dave", "1.1", "2"),
    "PyNaCl": ("nacl", "1.5", "2"),
}
"""Distribution: its package, the minimum version, and the first unsupported one. The same as in setup.cfg."""

USER = "Run the doctor as the bot's user, or set NOTETAKER_STATE_DIR to another folder."
GIB = 1 << 30
SPEECH_BYTES_AN_HOUR = 40_000_000
"""Journal size for one person without pauses, at Discord's usual 64 kbit/s (docs/benchmarks.md)."""


async def settings() -> tuple[Settings, str]:
    """Return the settings and what was found. Raises CheckFailed if they are invalid."""
    file = os.environ.get("NOTETAKER_ENV_FILE")
    advice = f"Fix it in {file}." if file else SETTINGS.advice
    try:
        found = Settings.load()
        found.require_token()
        parse_url(found.database)
        _ = found.proxy
    except SettingsError as error:
        raise CheckFailed("; ".join(str(error).splitlines()), advice) from None
    except StoreSettingError as error:
        raise CheckFailed(f"NOTETAKER_DATABASE_URL: {error}", advice) from None
    return found, f"Discord at {found.discord_api_base_url}, state folder {found.state_dir}"


async def libraries() -> str:
    owners = packages_distributions()
    found = []
    for distribution, (package, least, below) in SUPPORTED.items():
        again = f"Run scripts/setup again, or: pip install '{distribution}>={least},<{below}'"
        try:
            installed = version(distribution)
        except PackageNotFoundError:
            raise CheckFailed(f"{distribution} is not installed", f"{again}.") from None
        if not numbers(least) <= numbers(installed) < numbers(below):
            raise CheckFailed(
                f"{distribution} {installed} is not supported (needs >= {least}, < {below})",
                f"{again}.",
            )
        strangers = sorted({name for name in owners.get(package, []) if name.lower() != distribution.lower()})
        if strangers:
            raise CheckFailed(
                f"{' and '.join(strangers)} overwrites the package {package} of {distribution}",
                f"pip uninstall {' '.join(strangers)} {distribution}, then install {distribution} again.",
            )
        try:
            importlib.import_module(package)  # a system library may be missing
        except (ImportError, OSError) as error:
            raise CheckFailed(f"{distribution} {installed} cannot be loaded: {error}", f"{again}.") from None
        found.append(f"{distribution} {installed}")
    return ", ".join(found)


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version. ``2.8.1rc1`` is treated as 2.8.1."""
    release = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in release[0].split(".")) if release else ()


async def speech(settings: Settings) -> str:
    """Choose the engine as a worker would, without loading it."""
    try:
        chosen = choose(settings.engine_settings)
    except EngineSettingError as error:
        reason, _, advice = str(error).partition("; ")
        raise CheckFailed(reason, f"{advice[:1].upper()}{advice[1:]}" if advice else SPEECH.advice) from None
    return chosen.name if chosen.advice is None else f"{chosen.name}. {chosen.advice}"


async def notes(settings: Settings) -> str:
    """Read the kinds of notes, and ask the language model that is set something short: a server may be there
    without the model.
    """
    if faults := (await in_thread(load_kinds, settings)).faults:
        raise CheckFailed("; ".join(faults), "Fix this, then restart the bot and the workers.")
    try:
        llm = settings.llm
        if llm is None:
            return "the built-in writer; for a language model, set NOTES_LLM_BASE_URL"
        from notetaker.writing.llm import LlmWriter  # takes a second

        with closing(LlmWriter(replace(llm, timeout_s=min(llm.timeout_s, NOTES.timeout_s / 2)))) as writer:
            context = await in_thread(writer.try_out)
    except (SettingsError, ServerSettingError, WriterError) as error:
        raise CheckFailed(str(error).removesuffix("."), NOTES.advice) from None
    return f"{writer.name} answers, and takes {context} tokens"


async def disk(settings: Settings) -> str:
    folder = settings.state_dir
    there = _writable(folder)
    try:
        if there == folder:
            state_folder.require_own(folder)
        free = shutil.disk_usage(there).free
    except SettingsError as error:
        raise CheckFailed(str(error), USER) from None
    except OSError as error:
        raise CheckFailed(f"cannot read {there} ({error.strerror})", USER) from None
    hours = free // SPEECH_BYTES_AN_HOUR
    if free < GIB:
        raise CheckFailed(
            f"only {free / GIB:.2f} GiB free in {folder}, enough for {hours} hours of speech",
            "Free some disk space, or set NOTETAKER_STATE_DIR to another folder.",
        )
    new = "" if there == folder else "; the folder will be created"
    return f"{free / GIB:.0f} GiB free, enough for {hours} hours of speech{new}"


def _writable(folder: Path) -> Path:
    """Return the folder, or the one it can be created in. Raises CheckFailed if it cannot be written to.

    Nothing is left behind: files of the user who runs the doctor would be in the way of the bot's user.
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
            raise CheckFailed(f"{folder} does not exist and cannot be created in {there}", USER)
    except OSError as error:
        raise CheckFailed(f"cannot write to {folder} ({error.strerror})", USER) from None
    return there


async def database(url: str) -> str:
    """Check the database without creating it or a table in it."""
    parsed = parse_url(url)
    file = Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
    if file is not None:
        _writable(file.parent)
        if not file.exists():
            return f"{file} will be created"
    try:
        name = await in_thread(_look_into, url)
    except StoreUnfit as error:
        reason, _, advice = str(error).partition("; ")
        raise CheckFailed(reason, f"{advice[:1].upper()}{advice[1:]}.") from None
    except StoreSettingError as error:
        raise CheckFailed(str(error), USER) from None
    except StoreError as error:
        raise CheckFailed(str(error), DATABASE.advice if file is None else DEFECT) from None
    except Rejected:
        raise CheckFailed("an option in the URL is invalid", DATABASE.advice) from None
    return f"{name} answers"


def _look_into(url: str) -> str:
    """Read both databases, and return the name of the store. Raises StoreError and Rejected."""
    from notetaker.jobs.database import check  # takes a second

    with closing(Store(url)) as store:
        store.check()
        check(url)
        return store.name


async def instance(folder: Path, identity: str) -> tuple[str | None, str]:
    """Return a description of the running bot, if any, and what was found."""
    try:
        running = running_bot(folder, identity)
    except OSError as error:
        raise CheckFailed(
            f"cannot read the lock {error.filename or folder} ({error.strerror})",
            "Run the doctor as the bot's user.",
        ) from None
    if running is None:
        return None, "no bot is running with this token or state folder"
    return running, f"a bot is running ({running}), so voice is not tested"
