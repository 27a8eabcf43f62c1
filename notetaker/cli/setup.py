"""``notetaker setup`` and ``notetaker invite``: from a token to a bot in a server."""

import os
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile

import click
from dotenv import set_key

from notetaker.cli.application import NoAnswer, Rejected, application
from notetaker.cli.common import fail, sentences_instead_of_tracebacks
from notetaker.cli.processes import REJECTED
from notetaker.discordbot.invitation import PERMISSIONS, link
from notetaker.host.exit_codes import ExitCode
from notetaker.host.instance.account import account_id
from notetaker.model.printable import printable
from notetaker.settings.credentials import TOKEN_FILE
from notetaker.settings.values import Settings, token_place

PORTAL = "https://discord.com/developers/applications"


@click.command()
def invite() -> None:
    """Print the link that invites the bot, and what it asks for."""
    with sentences_instead_of_tracebacks():
        settings = Settings.load()
        known = account_id(settings.require_token())
        try:
            id_, _ = application(settings)
        except Rejected:
            fail(REJECTED.format(token_place()), ExitCode.TOKEN_REJECTED)
        except NoAnswer as reason:
            if known is None:
                fail(f"cannot ask Discord for the bot's application: {reason}.", ExitCode.TRY_AGAIN)
            click.echo(f"Discord could not be asked ({reason}); the id in the token is used.", err=True)
            id_ = known
    _print_invitation(id_)


@click.command()
def setup() -> None:
    """Ask for the bot's token, check it, and store it where only you can read it."""
    file = Path(TOKEN_FILE) if "CREDENTIALS_DIRECTORY" in os.environ else Path(".env").resolve()
    if not sys.stdin.isatty():
        fail(
            f"setup asks for the token, which needs a terminal; without one, write it into {file} yourself.",
            ExitCode.CONFIGURATION,
        )
    click.echo(f"The token is on the page Bot of your application at {PORTAL}.")
    token = click.prompt("Token (it is not shown)", hide_input=True).strip()
    with sentences_instead_of_tracebacks():
        settings = Settings.load(os.environ | {"DISCORD_TOKEN": token})
        try:
            id_, name = application(settings)
        except Rejected:
            fail(
                "Discord rejects this token; copy it again, or reset it on that page.",
                ExitCode.TOKEN_REJECTED,
            )
        except NoAnswer as reason:
            fail(f"cannot check the token, so it is not stored: {reason}.", ExitCode.TRY_AGAIN)
        try:
            _store(file, token)
        except OSError as error:
            fail(f"cannot write {file}: {error.strerror}.", ExitCode.CONFIGURATION)
    click.echo(f"\nIt is the token of {printable(name)}, and now in {file}, which only its owner can read.\n")
    _print_invitation(id_)
    by_hand = "notetaker bot, and in another terminal: notetaker worker"
    click.echo(f"\nThen start it: {by_hand if file.name == '.env' else 'systemctl start notetaker.target'}")


def _store(file: Path, token: str) -> None:
    """Write the token, and leave other settings in the file as they are. Nobody else can read it at any time."""
    if file.name == ".env":
        file.touch(mode=0o600)
        file.chmod(0o600)
        set_key(file, "DISCORD_TOKEN", token, quote_mode="never")  # keeps the mode
    else:
        with NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
            new.write(f"{token}\n")
        Path(new.name).replace(file)


def _print_invitation(application_id: str) -> None:
    click.echo("Someone with Manage Server invites the bot with this link:\n")
    click.echo(f"  {link(application_id)}\n")
    click.echo("It asks for these permissions, and for no others:")
    for permission in PERMISSIONS:
        click.echo(f"  {permission.name:<25} to {permission.why}")
