"""The command ``notetaker``. Says what went wrong in a sentence; exit codes are in ``service.exit_codes``."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
from dotenv import load_dotenv
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from notetaker import __version__
from notetaker.service import logs, report
from notetaker.service.exit_codes import ExitCode
from notetaker.service.instance import AlreadyRunning, only_bot
from notetaker.service.settings import Settings, SettingsError
from notetaker.speech.engine import EngineError, UnknownEngineError
from notetaker.store.database import StoreError, StoreSettingError
from notetaker.store.store import Store

log = logging.getLogger(__name__)

REJECTED = (
    "Discord does not accept the token in DISCORD_TOKEN: copy it again, or reset it, on the Bot page of the "
    "application at https://discord.com/developers/applications."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="notetaker")
def main() -> None:
    """A self-hosted Discord voice note-taker.

    Settings come from the environment and from the file .env in the current folder; .env.example lists them.
    """
    try:
        load_dotenv(Path(".env"))
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"the file {Path('.env').absolute()} cannot be read: {error}", ExitCode.CONFIGURATION)


@main.command()
def bot() -> None:
    """Run the bot: joins voice channels, records, posts notes. Runs until it gets SIGTERM or Ctrl-C."""
    with _sentences_instead_of_tracebacks():
        settings = _settings()
        settings.require_token()
        settings.make_state_dir()
        from notetaker.service import bot as process  # py-cord takes a second to import

        with only_bot(settings.state_dir):
            code = asyncio.run(process.run(settings))
        if code is ExitCode.TOKEN_REJECTED:
            _fail(REJECTED, code)


@main.command()
def worker() -> None:
    """Run a worker: turns recorded speech into notes. Needs no token. Runs until it gets SIGTERM or Ctrl-C."""
    with _sentences_instead_of_tracebacks():
        settings = _settings()
        settings.make_state_dir()
        from notetaker.service import worker as process  # so do DBOS and FFmpeg

        sys.exit(process.run(settings))


@main.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def meetings(limit: int, as_json: bool) -> None:
    """List the latest meetings."""
    with _sentences_instead_of_tracebacks(), _store() as store:
        rows = report.overview(store, limit)
    if as_json:
        _print_json(rows)
    elif not rows:
        click.echo("There are no meetings yet.")
    else:
        table = Table("meeting", "state", "channel", "started (UTC)", "people", "words", box=None)
        for row in rows:
            started = row["started"][:16].replace("T", " ")
            people = ", ".join(row["people"])
            channel = escape(row["voice_channel"])
            table.add_row(row["id"], row["state"], channel, started, escape(people), str(row["words"]))
        Console().print(table)


@main.command()
@click.argument("meeting_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def meeting(meeting_id: str, as_json: bool) -> None:
    """Show what was said in a meeting, and how much of each speaker was heard."""
    with _sentences_instead_of_tracebacks(), _store() as store:
        found = report.detail(store, meeting_id)
    if found is None:
        _fail(f"There is no meeting {meeting_id}; `notetaker meetings` lists them.", 1)
    elif as_json:
        _print_json(found)
    else:
        _print_meeting(found)


def _print_meeting(found: dict[str, Any]) -> None:
    click.echo(f"Meeting {found['id']} in {found['voice_channel']}: {found['state']}")
    if found["waiting_for_transcription"]:
        click.echo(
            f"{found['waiting_for_transcription']} of {found['utterances']} utterances wait for a worker."
        )
    click.echo()
    for line in found["lines"]:
        said = line["text"] if line["error"] is None else f"[{line['error']}]"
        click.echo(f"{line['started'][11:19]} {line['name'] or line['user_id']}: {said}")
    for gap in found["gaps"]:
        click.echo(f"{gap['started'][11:19]} to {gap['ended'][11:19]} not heard: {gap['cause']}")
    click.echo()
    table = Table("speaker", "received", "stored", "dropped", "lost on the way", box=None)
    for one in found["speakers"]:
        dropped = ", ".join(f"{n} {reason}" for reason, n in one["dropped"].items()) or "0"
        name = escape(one["name"] or one["user_id"])
        table.add_row(name, str(one["received"]), str(one["stored"]), dropped, str(one["lost"]))
    Console().print(table)


def _settings() -> Settings:
    settings = Settings.load()
    logs.setup(settings.log_level)
    return settings


@contextmanager
def _store() -> Iterator[Store]:
    with closing(Store(Settings.load().database)) as store:
        store.migrate()
        yield store


@contextmanager
def _sentences_instead_of_tracebacks() -> Iterator[None]:
    """A mistake in the settings is the user's to mend and gets a sentence. Anything else is a bug of ours."""
    try:
        yield
    except SettingsError as error:
        _fail(str(error), ExitCode.CONFIGURATION)
    except AlreadyRunning as error:
        _fail(str(error), ExitCode.ALREADY_RUNNING)
    except UnknownEngineError as error:
        _fail(f"SPEECH_ENGINE: {error}", ExitCode.CONFIGURATION)
    except StoreSettingError as error:
        _fail(f"NOTETAKER_DATABASE_URL or NOTETAKER_STATE_DIR: {error}", ExitCode.CONFIGURATION)
    except (
        StoreError,
        EngineError,
    ) as error:  # a server that is down, a full disk: a supervisor shall start us again
        _fail(str(error), ExitCode.TRY_AGAIN)
    except (
        Exception
    ):  # the last resort of the process: the traceback belongs in the log, with the right exit code
        log.exception("notetaker has a bug, please report it")
        sys.exit(ExitCode.BUG)


def _fail(sentence: str, code: int) -> None:
    click.echo(f"notetaker: {sentence}", err=True)
    sys.exit(code)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
