"""The processes: ``notetaker bot`` and ``notetaker worker``."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from notetaker.cli.common import fail, sentences_instead_of_tracebacks, settings
from notetaker.host import stacks
from notetaker.host.exit_codes import ExitCode
from notetaker.host.instance.account import bot_identity
from notetaker.host.instance.single import only_bot
from notetaker.settings import state_folder
from notetaker.settings.values import token_place

REJECTED = (
    "Discord does not accept the token in {}: copy it again, or reset it, on the Bot page of the application at "
    "https://discord.com/developers/applications."
)

RESTARTED = ExitCode.BUG, ExitCode.TRY_AGAIN
SHORTEST_LIFE_S = 5.0
"""Of a process that ends with one of them, under supervisor; as long as ``RestartSec=`` in the systemd units."""


@click.command()
def bot() -> None:
    """Run the bot: joins voice channels, records, posts notes. Runs until it gets SIGTERM or Ctrl-C."""
    _survive_reloads()
    with _restarted_in_time(), sentences_instead_of_tracebacks():
        found = settings()
        identity = bot_identity(found.require_token(), found.discord_api_base_url)
        state_folder.make(found)
        from notetaker.service import bot as process  # py-cord takes a second to import

        stacks.block_abort()
        with only_bot(found.state_dir, identity):
            try:
                code = asyncio.run(process.run(found))
            finally:
                _survive_reloads()  # the event loop has taken its own handler away
        if code is ExitCode.TOKEN_REJECTED:
            fail(REJECTED.format(token_place()), code)


@click.command()
def worker() -> None:
    """Run a worker: turns recorded speech into notes. Needs no token. Runs until it gets SIGTERM or Ctrl-C."""
    with _restarted_in_time(), sentences_instead_of_tracebacks():
        found = settings()
        state_folder.make(found)
        from notetaker.service import worker as process  # so do DBOS and FFmpeg

        sys.exit(process.run(found))


def _survive_reloads() -> None:
    """SIGHUP asks for a reload; when it comes too early or too late for one, it must not end the process, which
    systemd takes for a stop that was asked for. A terminal that is closed sends it, too, and means just that.
    """
    if not sys.stderr.isatty():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


@contextmanager
def _restarted_in_time() -> Iterator[None]:
    """What has failed is started again by supervisor at once; so what fails at its start lasts a while."""
    began = time.monotonic()
    try:
        yield
    except SystemExit as end:
        if end.code in RESTARTED and "SUPERVISOR_ENABLED" in os.environ:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # to be stopped, it need not wait
            time.sleep(max(0.0, began + SHORTEST_LIFE_S - time.monotonic()))
        raise
