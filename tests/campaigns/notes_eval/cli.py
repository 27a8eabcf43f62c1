"""The command ``scripts/eval-notes``."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from notetaker.remote.errors import ServerSettingError
from tests.campaigns.notes_eval.evaluate import evaluate
from tests.campaigns.notes_eval.labelled import meetings
from tests.campaigns.notes_eval.pace import an_hour_of, play
from tests.campaigns.notes_eval.report import as_json, other_figures, table, to_read
from tests.campaigns.notes_eval.writers import Endpoint, UnknownWriter, worker_settings, writer

OWN = Path(__file__).parent / "meetings"
"""Meetings written for this project."""


@click.command()
@click.argument("folder", default=OWN, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--writer", "name", default="builtin", show_default=True, help="builtin or llm.")
@click.option("--base-url", help="Where the model of the llm writer answers. NOTES_LLM_API_KEY has its key.")
@click.option("--model", help="Its name there.")
@click.option(
    "--json", "to", type=click.Path(dir_okay=False, path_type=Path), help="Write all items and figures."
)
@click.option(
    "--pace",
    "only_pace",
    is_flag=True,
    help="Measure only how soon an hour's notes come, through the real jobs.",
)
def main(
    folder: Path, name: str, base_url: str | None, model: str | None, to: Path | None, only_pace: bool
) -> None:
    """Measure the notes of the labelled meetings in FOLDER; without one, of our own."""
    console = Console(highlight=False, soft_wrap=True)
    endpoint = Endpoint(base_url, model) if base_url and model else None
    if only_pace:
        console.print(_pace(folder, endpoint))
        return
    try:
        with writer(name, endpoint) as chosen:
            results = [evaluate(meeting, chosen) for meeting in meetings(folder)]
    except (UnknownWriter, ServerSettingError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if not results:
        raise click.ClickException(f"There is no labelled meeting (*.json) in {folder}.")
    for line in to_read(results):
        console.print(line, markup=False)
    console.print(f"\n{chosen.name}, {len(results)} meetings")
    console.print(table(results))
    for what, figure in other_figures(results).items():
        console.print(f"{what}: {figure}")
    if to is not None:
        to.write_text(json.dumps(as_json(results, chosen.name), indent=2, ensure_ascii=False) + "\n")


def _pace(folder: Path, endpoint: Endpoint | None) -> str:
    settings = {} if endpoint is None else worker_settings(endpoint)
    with TemporaryDirectory() as state:
        pace = play(an_hour_of([meeting.lines for meeting in meetings(folder)]), Path(state), settings)
    writers, parts = ", ".join(pace.minutes.made_by), f"{pace.left} of {len(pace.minutes.parts)} parts"
    return f"{writers}: {pace.end_s:.1f} s from the end of an hour to its notes; {parts} were left"
