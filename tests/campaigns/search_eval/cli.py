"""The command ``scripts/eval-search``."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from tests.campaigns.notes_eval.cli import OWN
from tests.campaigns.search_eval.evaluate import FIRST, Result, across, load, within


@click.command()
@click.argument("folder", default=OWN, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--json", "to", type=click.Path(dir_okay=False, path_type=Path), help="Write all that was found."
)
def main(folder: Path, to: Path | None) -> None:
    """Measure the search on the labelled meetings in FOLDER; without one, on our own."""
    try:
        meetings, queries = load(folder)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if not queries:
        raise click.ClickException(f"There is no labelled meeting (*.json) with queries in {folder}.")
    measured = {"of its meeting": within(meetings, queries), "of all meetings": across(meetings, queries)}
    for result in measured["of its meeting"]:
        if not result.among:
            click.echo(f"{result.query.meeting}: not found: {result.query.text}")
    click.echo(f"{len(queries)} questions, {len(meetings)} meetings")
    for what, results in measured.items():
        figures = score(results)
        click.echo(
            f"Asked {what}, the first passage is right for {figures['first']:.0%}, one of the first {FIRST} for "
            f"{figures['among']:.0%}; {figures['slowest_s'] * 1000:.0f} ms at most."
        )
    if to is not None:
        to.write_text(
            json.dumps({what: as_json(results) for what, results in measured.items()}, indent=2) + "\n"
        )


def score(results: Sequence[Result]) -> dict[str, float]:
    return {
        "first": sum(result.first for result in results) / len(results),
        "among": sum(result.among for result in results) / len(results),
        "slowest_s": max(result.seconds for result in results),
    }


def as_json(results: Sequence[Result]) -> dict[str, object]:
    return {
        **score(results),
        "queries": [
            {
                "meeting": result.query.meeting,
                "query": result.query.text,
                "spans": result.query.spans,
                "found": [
                    [one.meeting_id, one.first, one.last, round(one.score, 3)] for one in result.passages
                ],
            }
            for result in results
        ],
    }
