"""``notetaker doctor``: why the bot does not work here, and what to do about it."""

import asyncio
import logging
import os
import signal
import sys

import click

from notetaker import __version__
from notetaker.cli.common import print_json, sentences_instead_of_tracebacks
from notetaker.doctor.checks import CHECKS
from notetaker.doctor.checkup import Check, Result, State, Watcher
from notetaker.doctor.run import Examination
from notetaker.host.logs.setup import configure_logging
from notetaker.model.printable import printable

SIGNS = {
    State.PASSED: click.style("✓", fg="green"),
    State.FAILED: click.style("✗", fg="red", bold=True),
    State.SKIPPED: "–",
}
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""
TITLE_WIDTH = max(len(check.title) for check in CHECKS)
INDENT = " " * (TITLE_WIDTH + 4)


@click.command()
@click.option("--guild", type=click.IntRange(1), metavar="ID", help="The server to look at.")
@click.option(
    "--channel", type=click.IntRange(1), metavar="ID", help="The voice channel to try, with --guild."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(guild: int | None, channel: int | None, as_json: bool) -> None:
    """Check everything that the bot needs, and say what to do about what is wrong.

    With a channel, the bot joins it for a moment and leaves again; nothing is recorded. While a bot is running with
    the same token or state folder, voice is not tried. The exit code is 0 if nothing is wrong, and 1 if something is.
    """
    if channel is not None and guild is None:
        raise click.UsageError("--channel needs --guild.")
    configure_logging("ERROR")
    logging.getLogger("discord").setLevel(logging.CRITICAL)  # py-cord logs what it then tries again
    watcher = Silence() if as_json else Lines(terminal=sys.stdout.isatty())
    with sentences_instead_of_tracebacks():
        try:
            results = asyncio.run(_examine(watcher, guild, channel))
        except (KeyboardInterrupt, asyncio.CancelledError):
            click.echo("\nInterrupted; the bot is off Discord again.", err=True)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:  # ``doctor | head``: whoever reads it has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python docs, Note on SIGPIPE
            sys.exit(1)
    failed = [result for result in results if result.state is State.FAILED]
    if as_json:
        print_json({"ok": not failed, "version": __version__, "checks": [_described(one) for one in results]})
    sys.exit(1 if failed else 0)


async def _examine(watcher: Watcher, guild: int | None, channel: int | None) -> list[Result]:
    """SIGTERM interrupts it as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await Examination(watcher, guild, channel).run()


class Lines:
    """A line for each check; on a terminal, also while it is being made."""

    def __init__(self, *, terminal: bool) -> None:
        self._terminal = terminal

    def begins(self, check: Check) -> None:
        if self._terminal:
            click.echo(f"… {check.title:<{TITLE_WIDTH}}  (at most {check.timeout_s:g} s)", nl=False)

    def ended(self, result: Result) -> None:
        if self._terminal:
            click.echo("\r\x1b[K", nl=False)
        click.echo(f"{SIGNS[result.state]} {result.check.title:<{TITLE_WIDTH}}  {printable(result.text)}")
        if result.mend is not None:
            click.echo(f"{INDENT}{printable(result.mend)}")


class Silence:
    def begins(self, check: Check) -> None:
        """The document comes at the end."""

    def ended(self, result: Result) -> None:
        """The document comes at the end."""


def _described(result: Result) -> dict[str, object]:
    return {
        "check": result.check.name,
        "title": result.check.title,
        "state": result.state.value,
        "text": result.text,
        "mend": result.mend,
        "seconds": result.seconds,
    }
