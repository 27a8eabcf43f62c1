"""The processes: ``notetaker bot`` and ``notetaker worker``."""

import asyncio
import sys

import click

from notetaker.cli.common import fail, sentences_instead_of_tracebacks, settings
from notetaker.service import stacks
from notetaker.service.exit_codes import ExitCode
from notetaker.service.identity import bot_identity
from notetaker.service.instance import only_bot

REJECTED = (
    "Discord does not accept the token in DISCORD_TOKEN: copy it again, or reset it, on the Bot page of the "
    "application at https://discord.com/developers/applications."
)


@click.command()
def bot() -> None:
    """Run the bot: joins voice channels, records, posts notes. Runs until it gets SIGTERM or Ctrl-C."""
    with sentences_instead_of_tracebacks():
        found = settings()
        identity = bot_identity(found.require_token(), found.discord_api_base_url)
        found.make_state_dir()
        from notetaker.service import bot as process  # py-cord takes a second to import

        stacks.block_abort()
        with only_bot(found.state_dir, identity):
            code = asyncio.run(process.run(found))
        if code is ExitCode.TOKEN_REJECTED:
            fail(REJECTED, code)


@click.command()
def worker() -> None:
    """Run a worker: turns recorded speech into notes. Needs no token. Runs until it gets SIGTERM or Ctrl-C."""
    with sentences_instead_of_tracebacks():
        found = settings()
        found.make_state_dir()
        from notetaker.service import worker as process  # so do DBOS and FFmpeg

        sys.exit(process.run(found))
