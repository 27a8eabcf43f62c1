"""``notetaker supervisor-watchdog``: what WatchdogSec= is for systemd."""

from pathlib import Path

import click

from notetaker.cli.common import sentences_instead_of_tracebacks
from notetaker.host.logs.setup import configure_logging


@click.command()
@click.argument("socket", type=click.Path(path_type=Path))
def supervisor_watchdog(socket: Path) -> None:
    """Restart hung processes. Started by supervisor, see deploy/supervisor/notetaker.conf.

    SOCKET is the NOTIFY_SOCKET of the processes to watch.
    """
    with sentences_instead_of_tracebacks():
        configure_logging("INFO")
        from notetaker.host.supervisor import listener  # no other command needs its library

        listener.run(socket)
