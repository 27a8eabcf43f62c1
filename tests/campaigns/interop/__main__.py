"""`python -m tests.campaigns.interop`: every client speaks, every client listens, in every kind of call."""

import asyncio
import json
import logging
import os
import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from tests.campaigns.interop.call import Outcome
from tests.campaigns.interop.client import DISCORD_JS, LISTENERS, SPEAKERS, ClientFailed, Kind
from tests.campaigns.interop.gateway import CHECKS, Judgement, judge
from tests.campaigns.interop.matrix import Matrix
from tests.campaigns.interop.place import VARIANTS
from tests.harness.process import DidNotStart

ANY, BOT = "*", "bot"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--only",
    metavar="SPEAKER/LISTENER",
    default=f"{ANY}/{ANY}",
    help=f"Only these cells. Speakers: {', '.join(k.key for k in SPEAKERS)}; listeners: "
    f"{', '.join([BOT, *(k.key for k in LISTENERS)])}; * is any.",
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the result here."
)
def main(only: str, json_file: Path | None) -> None:
    """Clients that nobody here wrote, in one call with our bot and with each other. Takes a few minutes."""
    console = Console()
    speaker, _, listener = only.partition("/")
    speakers = _chosen(SPEAKERS, speaker, console)
    listeners = _chosen(LISTENERS, listener, console) if listener != BOT else []
    matrix = Matrix(speakers, listeners, listener in (ANY, BOT), VARIANTS)
    if not speakers or not (listeners or matrix.with_bot):
        raise click.UsageError(f"There is no cell {only}; see --help.")
    folder = (Path("state") / f"interop-{datetime.now():%Y%m%d-%H%M%S}").absolute()
    logging.disable(logging.CRITICAL)  # of the people who live in this process; the others have log files
    started = time.monotonic()
    try:
        with console.status("Starting the local Discord and our bot") as status:

            def show(outcome: Outcome) -> None:
                done = len(matrix.outcomes)
                status.update(f"{done} of {matrix.calls} calls")
                mark = "[bold red]✗[/]" if any(outcome.wrong.values()) else "[green]✓[/]"
                seconds = time.monotonic() - started
                console.print(
                    f"[dim]{seconds:5.1f} s  {done:2}/{matrix.calls}[/]  {mark} {outcome.speaker.name}, "
                    f"{outcome.variant.name}",
                    highlight=False,
                )

            asyncio.run(matrix.run(folder, show))
            console.print("[dim]tshark counts the packets of every journal ...[/]", highlight=False)
            matrix.check_journals()
            gateway = asyncio.run(judge(folder)) if DISCORD_JS in speakers else None
    except (DidNotStart, ClientFailed) as error:
        console.print(escape(str(error)), highlight=False)
        sys.exit(1)
    _report(matrix, gateway, console)
    console.print(
        f"{time.monotonic() - started:.0f} s. Journals and logs: {folder}", highlight=False, soft_wrap=True
    )
    if json_file is not None:
        result = matrix.as_json() | {"gateway": gateway and asdict(gateway)}
        json_file.write_text(json.dumps(result, indent=2) + "\n")
    if not (matrix.holds and (gateway is None or gateway.holds)):
        sys.exit(1)


def _report(matrix: Matrix, gateway: Judgement | None, console: Console) -> None:
    console.print(matrix.table())
    for remark in matrix.dropped():
        console.print(f"[dim]{escape(remark)}[/]", highlight=False, soft_wrap=True)
    journals = matrix.journals
    agreed = f"tshark agrees on {journals.files - len(journals.wrong)} of {journals.files}"
    console.print(
        f"Journals: {agreed if journals.referee else 'not checked, tshark is not installed'}.",
        highlight=False,
    )
    if gateway is not None:
        console.print(
            f"Main gateway and REST: discord.js made {gateway.checks} of {CHECKS} checks, "
            f"{gateway.checks - len(gateway.wrong)} hold.",
            highlight=False,
        )
    for failure in matrix.failures() + (gateway.wrong if gateway else []):
        console.print(f"[bold red]✗[/] {escape(failure)}", highlight=False, soft_wrap=True)


def _chosen(kinds: tuple[Kind, ...], key: str, console: Console) -> list[Kind]:
    """Those of them that are installed; with CI=true all must be."""
    chosen = []
    for kind in kinds:
        if key not in (ANY, kind.key):
            continue
        if kind.is_installed:
            chosen.append(kind)
        elif os.environ.get("CI") == "true":
            raise click.ClickException(f"{kind.name} is not installed.")
        else:
            console.print(f"[yellow]{kind.name} is not installed and left out.[/]", highlight=False)
    return chosen


if __name__ == "__main__":
    main()
