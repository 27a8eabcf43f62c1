"""``notetaker supervisor-watchdog``: for supervisor what WatchdogSec= is for systemd."""

from pathlib import Path

import click

from notetaker.cli.common import sentences_instead_of_tracebacks
from notetaker.host.logs.setup import configure_logging


@click.command()
@click.argument("socket", type=click.Path(path_type=Path))
def supervisor_watchdog(socket: Path) -> None:
    """Restart what has hung. For supervisor to start, as in deploy/supervisor/notetaker.conf.

    SOCKET is the NOTIFY_SOCKET of the processes that are to be watched.
    """
    with sentences_instead_of_tracebacks():
        configure_logging("INFO")
        from notetaker.host.supervisor import listener  # its library is of no use to the other commands

        listener.run(socket)
