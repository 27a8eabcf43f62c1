"""Shared by all commands: settings, the store, error messages and JSON."""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NoReturn

import click

from notetaker.host.errors import DiskFull, SettingsError
from notetaker.host.exit_codes import ExitCode
from notetaker.host.instance.single import AlreadyRunning
from notetaker.host.logs.setup import configure_logging, in_journal
from notetaker.model import events
from notetaker.model.printable import printable
from notetaker.settings.values import Settings
from notetaker.speech.engine import EngineError, EngineSettingError
from notetaker.store.database import StoreError, StoreSettingError, StoreUnfit
from notetaker.store.store import Store

INTERRUPTED = 130
"""Exit code: 128 + SIGINT, as in shells."""

LINE_EVERY_S = 5.0
"""Interval of progress lines without a terminal."""

log = logging.getLogger(__name__)

EVENTS: dict[int, events.Event] = {
    ExitCode.ALREADY_RUNNING: events.ALREADY_RUNNING,
    ExitCode.TRY_AGAIN: events.UNAVAILABLE,
    ExitCode.TOKEN_REJECTED: events.TOKEN_REJECTED,
    ExitCode.CONFIGURATION: events.SETTINGS_WRONG,
}
"""The event that is logged in the journal, by exit code."""


def settings() -> Settings:
    """Load the settings and configure logging."""
    found = Settings.load()
    configure_logging(found.log_level)
    return found


@contextmanager
def store() -> Iterator[Store]:
    """Open the store."""
    with closing(Store(Settings.load().database)) as store:
        store.migrate()
        yield store


@contextmanager
def sentences_instead_of_tracebacks() -> Iterator[None]:
    """Exit with a sentence for errors that the user can fix. Anything else is a bug and gets a traceback."""
    try:
        yield
    except (SettingsError, EngineSettingError) as error:
        fail(str(error), ExitCode.CONFIGURATION)
    except AlreadyRunning as error:
        fail(str(error), ExitCode.ALREADY_RUNNING)
    except StoreUnfit as error:
        fail(f"{error}.", ExitCode.CONFIGURATION)
    except StoreSettingError as error:
        fail(f"NOTETAKER_DATABASE_URL or NOTETAKER_STATE_DIR: {error}", ExitCode.CONFIGURATION)
    except (StoreError, EngineError, DiskFull) as error:  # temporary: a supervisor restarts the process
        fail(str(error), ExitCode.TRY_AGAIN)
    except Exception:  # the last resort: log the traceback and use the right exit code
        log.exception("This is a bug in notetaker, please report it", extra=events.BUG())
        sys.exit(ExitCode.BUG)


def fail(sentence: str, code: int) -> NoReturn:
    """Exit with a message: an event in systemd's journal, otherwise a line on standard error."""
    event = EVENTS.get(code)
    if event is not None and in_journal():
        configure_logging("INFO")  # the log settings themselves may be invalid
        log.critical("%s", sentence, extra=event())
    else:
        click.echo(f"notetaker: {sentence}", err=True)
    sys.exit(code)


class Lines:
    """Prints progress on standard error, as a line every few seconds."""

    def __init__(self, first_s: float | None = None) -> None:
        """``first_s`` is how long to wait for the first line, if not as long as between two."""
        self._next = time.monotonic() + (LINE_EVERY_S if first_s is None else first_s)

    def __call__(self, line: str) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_EVERY_S
            click.echo(line, err=True)


def exit_unread() -> None:
    """Exit because nobody reads standard output any more (Python docs, signal, "Note on SIGPIPE")."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def print_json(value: object) -> None:
    """Print JSON in ASCII: names and speech cannot control a terminal, and surrogates can be printed."""
    click.echo(json.dumps(value, indent=2))


def printables(value: Any) -> Any:
    """Return a copy in which no text can control a terminal."""
    match value:
        case str():
            return printable(value)
        case list():
            return [printables(one) for one in value]
        case dict():
            return {name: printables(one) for name, one in value.items()}
        case _:
            return value
