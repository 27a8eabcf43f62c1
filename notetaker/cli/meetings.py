"""``notetaker meetings`` and ``notetaker meeting ID``: what was said."""

from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from notetaker.cli.common import fail, print_json, printables, sentences_instead_of_tracebacks, store
from notetaker.model.meeting import MeetingState
from notetaker.model.transcript import is_pause
from notetaker.model.use import Use
from notetaker.model.wording import count
from notetaker.status import meeting_report


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Number of meetings to show.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def meetings(limit: int, as_json: bool) -> None:
    """List the latest meetings."""
    with sentences_instead_of_tracebacks(), store() as opened:
        rows = meeting_report.overview(opened, limit)
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("There are no meetings yet.")
    else:
        table = Table(
            Column("meeting", no_wrap=True), "state", "channel", "started (UTC)", "people", "words", box=None
        )
        for row in printables(rows):
            started = row["started"][:16].replace("T", " ")
            people = ", ".join(row["people"])
            channel = escape(row["voice_channel"])
            table.add_row(row["id"], row["state"], channel, started, escape(people), str(row["words"]))
        Console().print(table)
        if any(row["state"] == MeetingState.UNDELIVERED for row in rows):
            click.echo("\nundelivered: Discord took the notes nowhere; `notetaker meeting ID` says why.")


@click.command()
@click.argument("meeting_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def meeting(meeting_id: str, as_json: bool) -> None:
    """Show the transcript of a meeting, and its minutes as far as they are written. It says how much of each speaker
    was heard.
    """
    with sentences_instead_of_tracebacks(), store() as opened:
        found = meeting_report.detail(opened, meeting_id)
    if found is None:
        fail(f"There is no meeting {meeting_id}; `notetaker meetings` lists them.", 1)
    elif as_json:
        print_json(found)
    else:
        _print_meeting(printables(found))


def _print_meeting(found: dict[str, Any]) -> None:
    channels = ", ".join(dict.fromkeys(place["voice_channel"] for place in found["places"]))
    click.echo(f"Meeting {found['id']} in {channels}: {found['state']}")
    for refusal in found["refusals"]:
        place = f"channel {refusal['channel_id']}" if "channel_id" in refusal else "a direct message"
        click.echo(f"The notes could not be posted in {place}: {refusal['reason']}.")
    if found["waiting_for_transcription"]:
        click.echo(
            f"{found['waiting_for_transcription']} of {found['utterances']} utterances are waiting for a worker."
        )
    if lag_s := found["lag_s"]:
        click.echo(
            f"Lines appeared {lag_s['p50']:.1f} s after the last word (median; 95 %: {lag_s['p95']:.1f} s)."
        )
    drafts = sum(not line["final"] for line in found["lines"])
    if drafts:
        click.echo(
            f"{count(drafts, 'line')} marked ~ {'is a draft' if drafts == 1 else 'are drafts'} until the final pass."
        )
    click.echo()
    _print_minutes(found["minutes"])
    for line in found["lines"]:
        said = line["text"] if line["error"] is None else f"[{line['error']}]"
        mark = " " if line["final"] else "~"
        click.echo(f"{line['started'][11:19]}{mark}{line['name'] or line['user_id']}: {said}")
    names = {one["user_id"]: one["name"] or one["user_id"] for one in found["speakers"]}
    for gap in found["gaps"]:
        whom = "" if gap["user_id"] is None else f"{names.get(gap['user_id'], gap['user_id'])} "
        what = "paused" if is_pause(gap["cause"]) else f"{whom}not heard"
        click.echo(f"{gap['started'][11:19]} to {gap['ended'][11:19]} {what}: {gap['cause']}")
    click.echo()
    table = Table("speaker", "received", "heard", "stored", "dropped", "lost on the way", box=None)
    unused = [_unused(one["uses"]) for one in found["speakers"]]
    if any(unused):
        table.add_column("not in the text")
    for one, without_text in zip(found["speakers"], unused, strict=True):
        dropped = ", ".join(f"{n} {reason}" for reason, n in one["dropped"].items()) or "0"
        name = escape(one["name"] or one["user_id"])
        received, heard, stored, lost = (str(one[count]) for count in ("received", "heard", "stored", "lost"))
        table.add_row(name, received, heard, stored, dropped, lost, *filter(None, [without_text]))
    Console().print(table)


def _print_minutes(minutes: dict[str, Any]) -> None:
    if not minutes["items"]:
        return
    until = "" if minutes["until"] is None else f" until {minutes['until'][11:19]}"
    click.echo(f"Minutes{until}:")
    for item in minutes["items"]:
        told = ", ".join(one for one in (item["owner"], item["due"]) if one)
        click.echo(f"  {item['kind']}: {item['text']}{f' ({told})' if told else ''}")
    click.echo()


def _unused(uses: dict[str, int]) -> str:
    """Say how many stored packets may have had words that the text lacks."""
    return ", ".join(f"{uses[use]} {use}" for use in (Use.UNDECODABLE, Use.FAILED) if uses[use])
