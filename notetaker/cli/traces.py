"""``notetaker voice-trace``: the steps of voice connections."""

import textwrap
from typing import Any

import click

from notetaker.cli.common import fail, print_json, sentences_instead_of_tracebacks
from notetaker.host.exit_codes import ExitCode
from notetaker.model.failure import Failure
from notetaker.model.printable import printable
from notetaker.settings.values import Settings
from notetaker.voice.trace import reader
from notetaker.voice.trace.reader import Recorded
from notetaker.voice.trace.text import described
from notetaker.voice.trace.writer import LIBRARIES, MAX_FILES
from notetaker.wire.explanations import explain

COLOURS = {"*": "bright_black", ">": "green", "<": "cyan"}
WIDTH = 110


@click.command("voice-trace")
@click.option(
    "-n",
    "limit",
    type=click.IntRange(1, MAX_FILES),
    default=3,
    show_default=True,
    help="Number of attempts to show.",
)
@click.option("--guild", type=click.IntRange(1), metavar="ID", help="Only this server.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def voice_trace(limit: int, guild: int | None, as_json: bool) -> None:
    """Show recent voice connection attempts. Failed ones are explained.

    Attempts are recorded while the bot runs with VOICE_DEBUG=1. Each line starts with the seconds since the attempt
    began, followed by > for what was sent, < for what was received, and * for other events.
    """
    with sentences_instead_of_tracebacks():
        folder = Settings.load().traces_folder
        try:
            traces = reader.latest(folder, limit, guild)
        except OSError as error:
            fail(f"cannot read the voice traces in {folder}: {error.strerror}.", ExitCode.TRY_AGAIN)
    if as_json:
        print_json([_for_programs(trace) for trace in traces])
    elif not traces:
        of = "" if guild is None else f" of server {guild}"
        click.echo(
            f"No voice traces{of} in {folder}. Set VOICE_DEBUG=1, reload the bot, and let it join a channel."
        )
    else:
        failures = [trace.failure() for trace in traces]
        for trace, failure, following in zip(traces, failures, [*failures[1:], None], strict=True):
            _print(trace)
            if failure is not None and failure != following:  # attempts often fail for the same reason
                _print_explanation(failure)
            click.echo()


def _for_programs(trace: Recorded) -> dict[str, Any]:
    failure = trace.failure()
    return {
        "file": str(trace.path),
        "outcome": trace.outcome,
        "failure": None if failure is None else _explained(failure),
        "damaged_lines": trace.damaged,
        "lines": trace.lines,
    }


def _explained(failure: Failure) -> dict[str, Any]:
    explained = explain(failure)
    return {
        "step": failure.step,
        "close_code": failure.close_code,
        "meaning": explained.meaning,
        "advice": explained.advice,
    }


def _print(trace: Recorded) -> None:
    click.secho(_title(trace), bold=True)
    for line in trace.lines:
        if line is not trace.head:
            sign, text = described(line)
            click.echo(f"{_seconds(line.get('t'))} {click.style(f'{sign} {text}', fg=COLOURS[sign])}")
    if trace.damaged:
        click.echo(f"Skipped {trace.damaged} damaged lines of {trace.path}.")
    if trace.outcome is None:
        click.echo("Not finished: still in progress, or interrupted.")


def _print_explanation(failure: Failure) -> None:
    explained = explain(failure)
    _paragraph("What it means: ", explained.meaning)
    _paragraph("What to try: ", explained.advice)


def _title(trace: Recorded) -> str:
    head = trace.head
    if not head:
        return f"The attempt in {trace.path.name}"
    number = f"Attempt {head.get('attempt')} of {head['of']}" if head.get("of") else "Following the call"
    versions = ", ".join(f"{name} {head.get(name) or 'missing'}" for name in LIBRARIES)
    return printable(
        f"{number}, {head.get('at')}, server {head.get('guild')}, channel {head.get('channel')} "
        f"(notetaker {head.get('version')}, {versions})"
    )


def _seconds(t: object) -> str:
    return f"{t:9.3f}" if isinstance(t, int | float) and abs(t) < 1e9 else " " * 8 + "?"


def _paragraph(title: str, text: str) -> None:
    wrapped = textwrap.wrap(title + text, WIDTH, break_long_words=False, break_on_hyphens=False)
    click.echo("\n".join([click.style(title, bold=True) + wrapped[0][len(title) :], *wrapped[1:]]))
