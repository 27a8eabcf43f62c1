"""`python -m tests.campaigns.chaos`: the bot at work while everything goes wrong that can."""

import asyncio
import json
import logging
import sys
import time
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from tests.campaigns.chaos.campaign import Campaign
from tests.campaigns.chaos.report import as_json, at_rest, failures, table
from tests.campaigns.chaos.window import Result
from tests.harness.process import DidNotStart

WIDTH = 118
"""Of what is printed into a file."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--seed", default=1, show_default=True, help="The same seed, the same faults in the same order."
)
@click.option(
    "--minutes",
    default=0.0,
    show_default=True,
    help="Go on until so many are over. The first lap, with every class of faults once, is always finished.",
)
@click.option("--meetings", default=8, show_default=True, help="Held at the same time.")
@click.option("--only", default="", metavar="REGEX", help="Only the classes with a name that this matches.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the result here."
)
def main(seed: int, minutes: float, meetings: int, only: str, json_file: Path | None) -> None:
    """Inject faults into a local Discord while people speak, and account for every packet. Some six minutes."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    folder = (Path("state") / f"chaos-{datetime.now():%Y%m%d-%H%M%S}").absolute()
    logging.disable(logging.CRITICAL)  # of the people who live in this process; the bot has a log file
    started = time.monotonic()

    def show(result: Result) -> None:
        done = len(campaign.report.results)
        status.update(f"{done} faults so far, while people speak")
        good = result.as_expected and not result.wrong and not result.leaked
        mark = "[green]✓[/]" if good else "[bold red]✗[/]"
        lost = f", {result.lost_without_session} packets not heard" if result.lost_without_session else ""
        console.print(
            f"[dim]{time.monotonic() - started:6.1f} s[/]  {mark} [dim]{result.where:<10}[/] {result.fault}: "
            f"{result.without_audio_s:.1f} s without audio{lost} [dim]({result.took_s:.0f} s)[/]",
            highlight=False,
            soft_wrap=True,
        )
        for sentence in result.wrong:
            console.print(f"           {escape(sentence)}", style="red", highlight=False, soft_wrap=True)

    campaign = Campaign(seed, 60 * minutes, meetings, only, folder, show)
    status = console.status("Starting the local Discord and the bot")
    try:
        with status:
            report = asyncio.run(campaign.run())
    except DidNotStart as error:
        console.print(escape(str(error)), highlight=False)
        sys.exit(1)
    console.print(table(report))
    console.print(at_rest(report), highlight=False, soft_wrap=True)
    for failure in (found := failures(report)):
        console.print(f"[bold red]✗[/] {escape(failure)}", highlight=False, soft_wrap=True)
    console.print(
        f"{time.monotonic() - started:.0f} s, seed {seed}. Journals and log: {folder}",
        highlight=False,
        soft_wrap=True,
    )
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(report, seed), indent=2) + "\n")
    if found:
        sys.exit(1)


if __name__ == "__main__":
    main()
