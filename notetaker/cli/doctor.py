"""``notetaker doctor``: finds out why the bot does not work here, and suggests fixes."""

import asyncio
import logging
import signal
import sys

import click

from notetaker import __version__
from notetaker.cli.common import INTERRUPTED, exit_unread, print_json, sentences_instead_of_tracebacks
from notetaker.doctor.checks import CHECKS
from notetaker.doctor.checkup import Check, Result, State, Watcher
from notetaker.doctor.run import Doctor
from notetaker.host.logs.setup import configure_logging
from notetaker.model.printable import printable

SIGNS = {
    State.PASSED: click.style("✓", fg="green"),
    State.FAILED: click.style("✗", fg="red", bold=True),
    State.SKIPPED: "–",
}
TITLE_WIDTH = max(len(check.title) for check in CHECKS)
INDENT = " " * (TITLE_WIDTH + 4)


@click.command()
@click.option("--guild", type=click.IntRange(1), metavar="ID", help="Server to check.")
@click.option("--channel", type=click.IntRange(1), metavar="ID", help="Voice channel to join, with --guild.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(guild: int | None, channel: int | None, as_json: bool) -> None:
    """Check the installation and suggest fixes.

    With --channel, the bot joins the channel for a moment; nothing is recorded. Voice is not tested while a bot is
    running with the same token or state folder. The exit code is 1 if a check fails.
    """
    if channel is not None and guild is None:
        raise click.UsageError("--channel needs --guild.")
    configure_logging("ERROR")
    logging.getLogger("discord").setLevel(logging.CRITICAL)  # py-cord logs errors and then retries
    watcher = Watcher() if as_json else Lines(terminal=sys.stdout.isatty())
    with sentences_instead_of_tracebacks():
        try:
            results = asyncio.run(_examine(watcher, guild, channel))
        except (KeyboardInterrupt, asyncio.CancelledError):
            click.echo("\nInterrupted; the bot has disconnected from Discord.", err=True)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:  # ``doctor | head``
            exit_unread()
    failed = [result for result in results if result.state is State.FAILED]
    if as_json:
        print_json({"ok": not failed, "version": __version__, "checks": [_described(one) for one in results]})
    sys.exit(1 if failed else 0)


async def _examine(watcher: Watcher, guild: int | None, channel: int | None) -> list[Result]:
    """Run the checks. SIGTERM interrupts them like Ctrl-C."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await Doctor(watcher, guild, channel).run()


class Lines(Watcher):
    """Prints a line for each check; on a terminal, also while it runs."""

    def __init__(self, *, terminal: bool) -> None:
        self._terminal = terminal

    def begins(self, check: Check) -> None:
        if self._terminal:
            click.echo(f"… {check.title:<{TITLE_WIDTH}}  (up to {check.timeout_s:g} s)", nl=False)

    def ended(self, result: Result) -> None:
        if self._terminal:
            click.echo("\r\x1b[K", nl=False)
        click.echo(f"{SIGNS[result.state]} {result.check.title:<{TITLE_WIDTH}}  {printable(result.text)}")
        if result.advice is not None:
            click.echo(f"{INDENT}{printable(result.advice)}")


def _described(result: Result) -> dict[str, object]:
    return {
        "check": result.check.name,
        "title": result.check.title,
        "state": result.state.value,
        "text": result.text,
        "advice": result.advice,
        "seconds": result.seconds,
    }
