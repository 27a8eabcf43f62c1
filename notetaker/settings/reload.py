"""Reload the settings on SIGHUP (``systemctl reload``).

The environment of a process does not change, so settings are read from the file behind it: the one that
NOTETAKER_ENV_FILE names (systemd's ``EnvironmentFile=``), or ``.env`` in the working directory. As at the start, the
former takes precedence over other variables; the latter does not.
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
    "meeting_max_hours",
    *(field for field in Settings.model_fields if field.startswith("voice_")),  # see ``VoiceSettings``
)
"""Settings that can change while the bot is running."""

READING_S = 30.0
"""Timeout for reading the settings: a file may be on a server that does not answer."""


class EnvFile:
    """The file that settings are reloaded from. Create it at startup: its variables are in the environment then."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        named = environment.get("NOTETAKER_ENV_FILE")
        self.path = Path(named or ".env").absolute()
        self._named = bool(named)
        try:
            at_start = self._read()
        except SettingsError:  # systemd ignores a missing file, load_dotenv a malformed line
            at_start = {}
        self._others = {name: value for name, value in environment.items() if at_start.get(name) != value}

    def environment(self) -> dict[str, str]:
        """Return the environment that a restart would have. Raises SettingsError if the file cannot be read."""
        values = self._read()
        return self._others | values if self._named else values | self._others

    def _read(self) -> dict[str, str]:
        text = _text(self.path)
        return environment_file.parse(text) if self._named else _dotenv(text, self.path)


def _text(path: Path) -> str:
    """Return the text of the file, empty if it does not exist. Raises SettingsError if it cannot be read."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsError(
            f"cannot read {path} ({error.strerror}): make it readable for {user_name(os.geteuid())}"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"line {line} of {path} is not UTF-8") from None


def _dotenv(text: str, path: Path) -> dict[str, str]:
    """Return the variables in a ``.env`` file. Raises SettingsError if a line is malformed."""
    for line in parse_stream(StringIO(text)):
        if line.error:
            where = f"line {line.original.line} of {path}"
            raise SettingsError(f"{where} is malformed: use NAME=value, or # for a comment")
    return {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value is not None}


class Reload:
    """Reloads the settings, and calls ``apply`` with those that hold now: the ones in LIVE are new."""

    def __init__(
        self,
        settings: Settings,
        file: EnvFile,
        apply: Callable[[Settings], None],
        reading_s: float = READING_S,
    ) -> None:
        self._settings = settings
        self._file = file
        self._apply = apply
        self._reading_s = reading_s
        self.note = ""
        """Shown in the status line until the next reload: what could not be changed."""

    async def __call__(self) -> None:
        """Reload the settings. If they are invalid, log that and keep the current ones."""
        try:
            settings = await self._read()
        except SettingsError as error:
            self.note = "reloading the settings failed"
            log.error("Reload failed, keeping the current settings: %s", "; ".join(str(error).splitlines()))  # noqa: TRY400
            return
        changed = [field for field in Settings.model_fields if _differ(field, settings, self._settings)]
        waiting = [field for field in changed if field not in LIVE]
        self.note = f"{_names(waiting)} will change after a restart" if waiting else ""
        self._settings = self._settings.model_copy(update={field: getattr(settings, field) for field in LIVE})
        if getattr(logging, settings.log_level) < log.getEffectiveLevel():  # the new level shows more
            self._apply(self._settings)
            self._log(changed, waiting)
        else:
            self._log(changed, waiting)
            self._apply(self._settings)

    def _log(self, changed: list[str], waiting: list[str]) -> None:
        log.info(
            "Reloaded settings from %s: %s",
            self._file.path,
            _names(set(changed) - set(waiting)) or "no change",
        )
        if waiting:
            log.warning("%s can only be changed by a restart", _names(waiting))

    async def _read(self) -> Settings:
        """Return the new settings. Raises SettingsError if they are invalid or cannot be read in time."""
        try:
            async with asyncio.timeout(self._reading_s):
                return await in_thread(self._load)
        except TimeoutError:
            raise SettingsError(
                f"{self._file.path}, or a file named in it, could not be read within {self._reading_s:.0f} s: "
                "is it on a server that does not respond?"
            ) from None

    def _load(self) -> Settings:
        return Settings.load(self._file.environment())


def _differ(field: str, one: Settings, other: Settings) -> bool:
    return bool(getattr(one, field) != getattr(other, field))


def _names(fields: Iterable[str]) -> str:
    """``LOG_LEVEL, VOICE_DEBUG``"""
    return ", ".join(sorted(environment_names(field)[0] for field in fields))
