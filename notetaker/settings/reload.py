"""SIGHUP, ``systemctl reload``: settings are read again, and those that can change while the bot runs do.

The environment of a process stays what it was, so they come from the file that it was made of: the one that
NOTETAKER_ENV_FILE names, which is systemd's ``EnvironmentFile=``, else ``.env`` in the working folder. As at the
start, the first counts more than other variables, and the second less.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from notetaker.host.errors import SettingsError
from notetaker.host.users import user_name
from notetaker.host.worker_thread import in_thread
from notetaker.settings import environment_file
from notetaker.settings.values import Settings, environment_names

log = logging.getLogger(__name__)

LIVE = (
    "log_level",
    "meeting_resume_window",
    "voice_connection_timeout",
    "voice_debug",
    "voice_health_interval",
    "voice_region_fallback",
    "voice_retry_attempts",
)
"""Settings that can change while the bot runs."""

READING_S = 30.0
"""The longest that settings are waited for: a file may lie on a server that does not answer."""


class EnvFile:
    """Where settings can be read again. Make it at the start: what the file had then is in the environment now."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        named = environment.get("NOTETAKER_ENV_FILE")
        self.path = Path(named or ".env").absolute()
        self._named = bool(named)
        try:
            at_start = self._read()
        except SettingsError:  # systemd does without such a file, load_dotenv without such a line
            at_start = {}
        self._others = {name: value for name, value in environment.items() if at_start.get(name) != value}

    def environment(self) -> dict[str, str]:
        """What a restart would find. Raises SettingsError."""
        values = self._read()
        return self._others | values if self._named else values | self._others

    def _read(self) -> dict[str, str]:
        text = _text(self.path)
        return environment_file.parse(text) if self._named else _dotenv(text, self.path)


def _text(path: Path) -> str:
    """Empty when there is no such file. Raises SettingsError."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except OSError as error:
        reader = user_name(os.geteuid())
        raise SettingsError(
            f"the file {path} cannot be read ({error.strerror}): it must be one that {reader} may read"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"line {line} of {path} is not text in UTF-8: write it again") from None


def _dotenv(text: str, path: Path) -> dict[str, str]:
    """Raises SettingsError."""
    for line in parse_stream(StringIO(text)):
        if line.error:
            where = f"line {line.original.line} of {path}"
            raise SettingsError(f"{where} cannot be understood: write NAME=value, or # before a comment")
    return {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value is not None}


class Reload:
    """``apply`` is told the new settings, of which only those in LIVE count."""

    def __init__(self, settings: Settings, file: EnvFile, apply: Callable[[Settings], None]) -> None:
        self._settings = settings
        self._file = file
        self._apply = apply
        self.note = ""
        """For the status line, until another reload: what has not changed although it should."""

    async def __call__(self) -> None:
        """Old settings stay when the new ones cannot be used; the log says so."""
        try:
            settings = await self._read()
        except SettingsError as error:
            self.note = "the settings could not be read again"
            log.error("The settings stay as they are: %s", "; ".join(str(error).splitlines()))  # noqa: TRY400
            return
        changed = [field for field in Settings.model_fields if _differ(field, settings, self._settings)]
        waiting = [field for field in changed if field not in LIVE]
        self.note = f"{_names(waiting)} will change with a restart" if waiting else ""
        if getattr(logging, settings.log_level) < log.getEffectiveLevel():  # the new level lets more be seen
            self._apply(settings)
            self._tell(changed, waiting)
        else:
            self._tell(changed, waiting)
            self._apply(settings)
        self._settings = self._settings.model_copy(update={field: getattr(settings, field) for field in LIVE})

    def _tell(self, changed: list[str], waiting: list[str]) -> None:
        log.info(
            "Settings read again from %s: %s",
            self._file.path,
            _names(set(changed) - set(waiting)) or "no change",
        )
        if waiting:
            log.warning("%s can only change with a restart", _names(waiting))

    async def _read(self) -> Settings:
        """Raises SettingsError."""
        try:
            async with asyncio.timeout(READING_S):
                return await in_thread(self._load)
        except TimeoutError:
            raise SettingsError(
                f"{self._file.path}, or a file that it names, cannot be read within {READING_S:.0f} s: is it on a "
                "server that does not answer?"
            ) from None

    def _load(self) -> Settings:
        return Settings.load(self._file.environment())


def _differ(field: str, one: Settings, other: Settings) -> bool:
    return bool(getattr(one, field) != getattr(other, field))


def _names(fields: Iterable[str]) -> str:
    """``LOG_LEVEL, VOICE_DEBUG``"""
    return ", ".join(sorted(environment_names(field)[0] for field in fields))
