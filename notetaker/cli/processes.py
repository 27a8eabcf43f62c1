"""``notetaker bot`` and ``notetaker worker``: run the processes."""

import asyncio
import logging
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
    "Discord rejected the token in {}; copy it again or reset it on the Bot page of the application at "
    "https://discord.com/developers/applications."
)

RESTARTED = ExitCode.BUG, ExitCode.TRY_AGAIN
SHORTEST_LIFE_S = 5.0
"""Minimum lifetime of a process that exits with one of them under supervisor, like ``RestartSec=`` for systemd."""


@click.command()
def bot() -> None:
    """Record voice channels and post notes. Stop with SIGTERM or Ctrl-C."""
    _survive_reloads()
    with restarted_in_time(), sentences_instead_of_tracebacks():
        found = settings()
        identity = bot_identity(found.require_token(), found.discord_api_base_url)
        state_folder.make(found)
        from notetaker.service import bot as process  # py-cord takes a second to import

        stacks.block_abort()
        with only_bot(found.state_dir, identity):
            try:
                code = asyncio.run(process.run(found))
            finally:
                _survive_reloads()  # the event loop has removed its handler
        if code is ExitCode.TOKEN_REJECTED:
            fail(REJECTED.format(token_place()), code)


@click.command()
def worker() -> None:
    """Turn recordings into notes. A worker needs no token. Stop with SIGTERM or Ctrl-C."""
    code = None
    try:
        with restarted_in_time(), sentences_instead_of_tracebacks():
            found = settings()
            state_folder.make(found)
            from notetaker.service import worker as process  # the same for DBOS and FFmpeg

            code = process.run(found)
            sys.exit(code)
    finally:
        if code is not None:
            logging.shutdown()
            os._exit(code)  # a normal exit would wait for the threads that wait for a language model


def _survive_reloads() -> None:
    """Ignore SIGHUP (reload) before and after the event loop: systemd would take the exit for a requested stop.

    On a terminal it must end the process, because closing the terminal sends it.
    """
    if not sys.stderr.isatty():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


@contextmanager
def restarted_in_time(shortest_life_s: float = SHORTEST_LIFE_S) -> Iterator[None]:
    """Delay a failed exit under supervisor, which restarts processes at once."""
    began = time.monotonic()
    try:
        yield
    except SystemExit as end:
        if end.code in RESTARTED and "SUPERVISOR_ENABLED" in os.environ:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # it can be stopped meanwhile
            time.sleep(max(0.0, began + shortest_life_s - time.monotonic()))
        raise
