"""``notetaker notes ID``: the notes of a meeting, as people or programs read them."""

import click

from notetaker.cli.common import fail, print_json, sentences_instead_of_tracebacks, store
from notetaker.jobs.so_far import transcript_of
from notetaker.notes.as_json import as_json
from notetaker.notes.render import render_message, render_transcript
from notetaker.settings.kinds import load_kinds
from notetaker.settings.values import Settings


@click.command()
@click.argument("meeting_id", metavar="ID")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "message", "json"]),
    default="markdown",
    show_default=True,
    help="The whole document, the message in Discord, or JSON.",
)
def notes(meeting_id: str, form: str) -> None:
    """Print the notes of a meeting."""
    with sentences_instead_of_tracebacks(), store() as opened:
        settings = Settings.load()
        meeting, minutes = opened.meeting(meeting_id), opened.notes(meeting_id)
        if meeting is None:
            fail(f"There is no meeting {meeting_id}; `notetaker meetings` lists them.", 1)
        if minutes is None:
            fail(f"The notes of meeting {meeting_id} are not written yet.", 1)
        transcript = transcript_of(opened, meeting, settings.time_zone)
    kind = load_kinds(settings).kinds.get(minutes.kind)
    if form == "json":
        print_json(as_json(minutes, transcript, kind))
    elif form == "message":
        click.echo(render_message(minutes, transcript, kind))
    else:
        click.echo(render_transcript(transcript, minutes, kind), nl=False)
