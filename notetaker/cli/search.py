"""``notetaker search WORDS``: where something was said, in the meetings of all servers."""

from itertools import groupby
from typing import Any

import click

from notetaker.cli.common import fail, print_json, printables, sentences_instead_of_tracebacks, store
from notetaker.jobs.search import Shelf
from notetaker.model.wording import count, iso
from notetaker.notes.search.finding import answers, mentions
from notetaker.notes.search.render import Hit


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--question",
    is_flag=True,
    help="Take WORDS as a question, and show the passages that answer it best. Otherwise, all must be there.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="Number of passages to show.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all lines of each passage.")
def search(words: tuple[str, ...], question: bool, limit: int, as_json: bool) -> None:
    """Find where something was said, in any form of its words; the newest meetings come first."""
    text = " ".join(words)
    with sentences_instead_of_tracebacks(), store() as opened:
        shelf = Shelf(opened, None, opened.meetings(None))
        found = answers(shelf, text, limit) if question else mentions(shelf, text, limit)
        hits = [_hit(hit) for hit in shelf.hits(found)]
    if as_json:
        print_json(hits)
    else:
        _print(printables(hits))
    if shelf.unsearched:
        click.echo(
            f"{count(shelf.unsearched, 'meeting')} not searched: no worker has indexed them yet.", err=True
        )
    if not hits and not as_json:
        fail("Nothing was found; fewer words find more.", 1)


def _print(hits: list[dict[str, Any]]) -> None:
    for meeting, of_meeting in groupby(hits, key=lambda hit: hit["meeting"]):
        for number, hit in enumerate(of_meeting):
            if not number:
                click.echo(f"{meeting} in {hit['voice_channel']}")
            said = "".join(click.style(text, bold=sought) for text, sought in hit["snippet"])
            click.echo(f"  {hit['started'][11:19]} {hit['name']}: {said}")


def _hit(hit: Hit) -> dict[str, Any]:
    line = hit.snippet.line
    return {
        "meeting": hit.meeting.id,
        "voice_channel": hit.meeting.voice_channel_name,
        "started": iso(line.started_ns),
        "name": line.speaker,
        "snippet": [list(piece) for piece in hit.snippet.pieces],
        "lines": [
            {
                "id": each.utterance_id,
                "started": iso(each.started_ns),
                "name": each.speaker,
                "text": each.text,
            }
            for each in hit.lines
        ],
    }
