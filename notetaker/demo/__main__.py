"""``python -m notetaker.demo``: a meeting on the local Discord, from an empty folder to posted notes."""

import asyncio
import json
import logging
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import aiohttp
import click
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.panel import Panel

from notetaker.demo.meeting import DemoMeeting, NoNotes
from notetaker.demo.place import Place, with_times
from notetaker.demo.processes import DidNotStart, Process, output_of
from notetaker.demo.report import Figures, figures, table
from notetaker.demo.screen import Screen
from notetaker.demo.script import load
from notetaker.discordsim.speaker.socket import SpeakerError

START_TIMEOUT_S = 60.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the figures to this file.",
)
@click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for all files.  [default: state/demo-DATE-TIME]",
)
def main(json_file: Path | None, state_dir: Path | None) -> None:
    """Hold a meeting of four people on a local Discord, with the bot taking notes. Takes about a minute."""
    folder = (state_dir or Path("state") / f"demo-{datetime.now():%Y%m%d-%H%M%S}").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if json_file is not None:
            json_file.touch()  # now, not after the meeting
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    logging.disable(logging.CRITICAL)  # the speakers are in this process; the others have log files
    console = Console()
    failures: list[str] = []
    try:
        result = asyncio.run(demo(folder, console))
    except* (DidNotStart, NoNotes, SpeakerError, aiohttp.ClientError) as errors:
        failures += _sentences(errors)
    else:
        failures += result.failures
        if json_file is not None:
            json_file.write_text(json.dumps(asdict(result), indent=2) + "\n")
    for failure in failures:
        console.print(f"[bold red]✗[/] {escape(failure)}", highlight=False)
    if failures:
        console.print(f"The demo failed. Logs and files: {folder}", highlight=False, soft_wrap=True)
        sys.exit(1)


async def demo(folder: Path, console: Console) -> Figures:
    """Hold the meeting and return its figures. Raises ``DidNotStart``, or a group with ``NoNotes``."""
    started = time.monotonic()
    script = load()
    async with AsyncExitStack() as cleanup:
        screen = cleanup.enter_context(Screen(console))
        http = await cleanup.enter_async_context(aiohttp.ClientSession())

        discord = Process(
            "local Discord",
            ["-m", "notetaker.discordsim", "--state-dir", str(folder)],
            folder / "discord.log",
            {},
        )
        cleanup.push_async_callback(discord.stop)
        with screen.waiting("Starting the local Discord"):
            await discord.start(START_TIMEOUT_S)
        place = Place(json.loads((folder / "discordsim.json").read_text()), http)
        settings = {
            "NOTETAKER_STATE_DIR": str(folder / "notetaker"),
            "NOTETAKER_DATABASE_URL": "",
            "DISCORD_API_BASE_URL": place.api_url,
            "DISCORD_CA_FILE": place.ca_file,
        }
        bot = Process(
            "bot",
            ["-m", "notetaker.cli", "bot"],
            folder / "bot.log",
            {**settings, "DISCORD_TOKEN": place.bot.token},
        )
        worker = Process("worker", ["-m", "notetaker.cli", "worker"], folder / "worker.log", settings)
        cleanup.push_async_callback(bot.stop)
        cleanup.push_async_callback(worker.stop)
        with screen.waiting("Starting bot and worker"):
            await asyncio.gather(bot.start(START_TIMEOUT_S), worker.start(START_TIMEOUT_S))

        meeting = DemoMeeting(place, script, screen)
        await meeting.hold()
        forwarded = await place.forwarded()
        with screen.waiting("Stopping bot and worker"):
            codes = await asyncio.gather(bot.stop(), worker.stop())
        if any(codes):
            raise DidNotStart("Bot and worker exited with codes {} and {}.".format(*codes))
        notetaker = ["-m", "notetaker.cli"]
        (listed,) = json.loads(await output_of([*notetaker, "meetings", "--json"], folder, settings))
        found = json.loads(await output_of([*notetaker, "meeting", listed["id"], "--json"], folder, settings))

    result = figures(meeting, script, place, found, forwarded, time.monotonic() - started)
    assert meeting.notes is not None
    posted = with_times(meeting.notes["content"]).replace("\n-# ", "\n\n")  # Discord's small print
    console.print(Panel(Markdown(posted), title="What the bot posted", title_align="left"))
    console.print(table(result))
    console.print(
        f"Notes posted {result.seconds_stop_to_notes:.1f} s after /stopnotes; {result.seconds_total:.0f} s in total. "
        f"DAVE version {result.dave_version}; voice close codes seen: {result.close_codes}.\n"
        f"Tracks, database and logs: {folder}",
        highlight=False,
        soft_wrap=True,
    )
    return result


def _sentences(errors: ExceptionGroup[Exception]) -> list[str]:
    sentences: list[str] = []
    for error in errors.exceptions:
        sentences += _sentences(error) if isinstance(error, ExceptionGroup) else [str(error)]
    return sentences


if __name__ == "__main__":
    main()
