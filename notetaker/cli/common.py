"""What all commands share: settings, the store, and sentences instead of tracebacks."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import click

from notetaker.host.errors import DiskFull, SettingsError
from notetaker.host.exit_codes import ExitCode
from notetaker.host.instance.single import AlreadyRunning
from notetaker.host.logs.setup import configure_logging, in_journal
from notetaker.model import events
from notetaker.model.printable import printable
from notetaker.settings.values import Settings
from notetaker.speech.engine import EngineError, EngineSettingError
from notetaker.store.database import StoreError, StoreSettingError
from notetaker.store.store import Store

log = logging.getLogger(__name__)

EVENTS: dict[int, events.Event] = {
    ExitCode.ALREADY_RUNNING: events.ALREADY_RUNNING,
    ExitCode.TRY_AGAIN: events.UNAVAILABLE,
    ExitCode.TOKEN_REJECTED: events.TOKEN_REJECTED,
    ExitCode.CONFIGURATION: events.SETTINGS_WRONG,
}
"""What the journal is told when the process ends like this."""


def settings() -> Settings:
    found = Settings.load()
    configure_logging(found.log_level)
    return found


@contextmanager
def store() -> Iterator[Store]:
    with closing(Store(Settings.load().database)) as store:
        store.migrate()
        yield store


@contextmanager
def sentences_instead_of_tracebacks() -> Iterator[None]:
    """A mistake in the settings is the user's to mend and gets a sentence. Anything else is a bug of ours."""
    try:
        yield
    except SettingsError as error:
        fail(str(error), ExitCode.CONFIGURATION)
    except AlreadyRunning as error:
        fail(str(error), ExitCode.ALREADY_RUNNING)
    except EngineSettingError as error:
        fail(str(error), ExitCode.CONFIGURATION)
    except StoreSettingError as error:
        fail(f"NOTETAKER_DATABASE_URL or NOTETAKER_STATE_DIR: {error}", ExitCode.CONFIGURATION)
    except (StoreError, EngineError, DiskFull) as error:  # what may pass: a supervisor shall start us again
        fail(str(error), ExitCode.TRY_AGAIN)
    except (
        Exception
    ):  # the last resort of the process: the traceback belongs in the log, with the right exit code
        log.exception("notetaker has a bug, please report it", extra=events.BUG())
        sys.exit(ExitCode.BUG)


def fail(sentence: str, code: int) -> None:
    """Ends the process. systemd's journal gets an event, and anybody else a line on standard error."""
    event = EVENTS.get(code)
    if event is not None and in_journal():
        configure_logging("INFO")  # it may be the settings for the log that are wrong
        log.critical("%s", sentence, extra=event())
    else:
        click.echo(f"notetaker: {sentence}", err=True)
    sys.exit(code)


def print_json(value: object) -> None:
    """In ASCII: names and speech come from strangers, and must not steer a terminal."""
    click.echo(json.dumps(value, indent=2))


def printables(value: Any) -> Any:
    """The same for a person to read, with nothing in any of its texts that steers a terminal."""
    match value:
        case str():
            return printable(value)
        case list():
            return [printables(one) for one in value]
        case dict():
            return {name: printables(one) for name, one in value.items()}
        case _:
            return value
