"""The steps of a campaign, one after another, and what is shown of them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape

from tests.campaigns.supervised.patience import Wrong
from tests.campaigns.supervised.stage import Stage

S = TypeVar("S", bound=Stage)
Step = Callable[[S], Awaitable[str]]
"""Returns what was seen, in a few words. Its docstring says what is to be seen. Raises Wrong."""
Command = Callable[..., Any]


def name(step: Step[S]) -> str:
    return step.__name__.replace("_", "-")


def which(steps: Sequence[Step[S]]) -> Callable[[Command], Command]:
    """The options --only and --list; the command gets the chosen `steps`."""

    def chosen(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> list[Step[S]]:
        return [step for step in steps if not names or name(step) in names]

    def listed(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
        if wanted:
            for step in steps:
                click.echo(f"{name(step):<20}{step.__doc__}")
            context.exit()

    only = click.option(
        "--only", "steps", metavar="NAME", multiple=True, type=click.Choice([name(step) for step in steps]),
        callback=chosen, help="Only this step. May be given several times.",
    )  # fmt: skip
    listing = click.option(
        "--list", is_flag=True, is_eager=True, expose_value=False, callback=listed, help="Name the steps."
    )
    return lambda command: only(listing(command))


async def play(steps: Sequence[Step[S]], stage: S, console: Console) -> int:
    """How many of them have failed."""
    began, failed = time.monotonic(), 0
    for step in steps:
        failed += not await _passes(step, stage, console)
    verdict = f"[bold red]{failed} of {len(steps)} failed[/]" if failed else f"all {len(steps)} passed"
    console.print(f"\n{verdict} in {time.monotonic() - began:.0f} s")
    return failed


async def _passes(step: Step[S], stage: S, console: Console) -> bool:
    began = time.monotonic()
    about = f"{name(step):<18} {escape(step.__doc__ or '')}"
    try:
        with console.status(about):
            seen = await step(stage)
    except (Wrong, AssertionError, TimeoutError) as error:  # the last two: what an Office awaits
        console.print(f"[bold red]✗[/] {time.monotonic() - began:5.1f} s  {about}")
        console.print(f"           {escape(str(error) or type(error).__name__)}", style="red")
        console.print(escape(await stage.log()), style="dim")
        return False
    console.print(f"[green]✓[/] {time.monotonic() - began:5.1f} s  {about}")
    if seen:
        console.print(f"           [dim]{escape(seen)}[/]")
    return True
