"""The command ``notetaker``. Errors are one sentence each; exit codes are in ``host.exit_codes``."""

from pathlib import Path

import click
from dotenv import load_dotenv

from notetaker import __version__
from notetaker.cli.common import fail
from notetaker.cli.doctor import doctor
from notetaker.cli.meetings import meeting, meetings
from notetaker.cli.models import models
from notetaker.cli.notes import notes
from notetaker.cli.processes import bot, worker
from notetaker.cli.search import search
from notetaker.cli.setup import invite, setup
from notetaker.cli.status import status
from notetaker.cli.supervisor import supervisor_watchdog
from notetaker.cli.terminal import make_readable
from notetaker.cli.traces import voice_trace
from notetaker.cli.transcribe import transcribe
from notetaker.host.exit_codes import ExitCode


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="notetaker")
def main() -> None:
    """A self-hosted Discord voice note-taker.

    Settings come from the environment and the file .env in the current directory; see .env.example.
    """
    make_readable()
    file = Path(".env")
    try:
        load_dotenv(file)
    except OSError as error:
        fail(f"cannot read {file.absolute()}: {error.strerror}.", ExitCode.CONFIGURATION)
    except UnicodeDecodeError:
        fail(f"{file.absolute()} is not UTF-8.", ExitCode.CONFIGURATION)


for command in (
    setup,
    invite,
    bot,
    worker,
    doctor,
    meetings,
    meeting,
    models,
    notes,
    search,
    status,
    supervisor_watchdog,
    transcribe,
    voice_trace,
):
    main.add_command(command)
