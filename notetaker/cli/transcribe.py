"""``notetaker transcribe``: audio and video files to text."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

from notetaker.cli.common import INTERRUPTED, Lines, exit_unread, fail, sentences_instead_of_tracebacks
from notetaker.model.languages import english_name, find
from notetaker.model.printable import printable
from notetaker.settings.values import Settings
from notetaker.speech.engine import EngineError, EngineSettingError, Hints
from notetaker.speech.engines import EngineSettings, load
from notetaker.speech.threads import use_one_thread

if TYPE_CHECKING:
    from notetaker.speech.files.media import Media
    from notetaker.speech.recogniser import Recogniser

SUFFIXES = {"text": ".txt", "srt": ".srt", "vtt": ".vtt", "json": ".json"}
PATIENCE_S = 2.0
"""Seconds after which progress is shown."""

Write = Callable[[str], object]


def _language(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    if text is None:
        return None
    language = find(text)
    if language is None:
        raise click.BadParameter(f"{text!r} is not a known language; examples: de, German.")
    return language.code


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=False), metavar="FILE..."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(SUFFIXES)),
    default="text",
    show_default=True,
    help="Output format: text, subtitles (srt, vtt), or JSON with the time of each word.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="Output file, or a folder for several files. Default: standard output.",
)
@click.option(
    "--language",
    callback=_language,
    metavar="LANGUAGE",
    help="Spoken language, a code or a name. Default: SPEECH_LANGUAGE, otherwise detected.",
)
@click.option("--model", metavar="NAME", help="Speech model. Default: SPEECH_MODEL.")
@click.option("--engine", metavar="NAME", help="Speech engine. Default: SPEECH_ENGINE.")
def transcribe(
    files: tuple[Path, ...],
    format_name: str,
    output: Path | None,
    language: str | None,
    model: str | None,
    engine: str | None,
) -> None:
    """Transcribe audio and video files.

    Supports any format that FFmpeg reads. The exit code is 1 if a file could not be transcribed.
    """
    place: Place = Stdout(format_name, len(files)) if output is None else Outputs(format_name, files, output)
    with sentences_instead_of_tracebacks():
        settings = Settings.load()
        listener = Listener(
            _engine_settings(settings, engine, model),
            language,
            settings.speech_language,
            settings.vocabulary,
        )
        try:
            done = [_transcribe(file, listener, format_name, place) for file in files]
            place.close()
        except KeyboardInterrupt:
            fail("interrupted.", INTERRUPTED)
        except BrokenPipeError:  # ``transcribe | head``
            exit_unread()
        except OSError as error:
            fail(f"cannot write the text: {error.strerror}.", 1)
    sys.exit(0 if all(done) else 1)


def _engine_settings(settings: Settings, engine: str | None, model: str | None) -> EngineSettings:
    found = settings.engine_settings
    if engine is not None and engine != found.engine:
        found = replace(found, engine=engine, model=None)  # SPEECH_MODEL is for another engine
    return found if model is None else replace(found, model=model)


@dataclass
class Listener:
    """The engine, loaded when the first file is opened."""

    settings: EngineSettings
    language: str | None
    """From --language."""
    usual_language: str | None
    vocabulary: tuple[str, ...]

    @cached_property
    def recogniser(self) -> "Recogniser":
        """The engine, loaded on first use."""
        from notetaker.speech.recogniser import Recogniser

        engine = load(self.settings)
        known = engine.capabilities.languages
        if self.language is not None and known is not None and self.language not in known:
            raise EngineSettingError(
                f"--language: {engine.name} does not support {english_name(self.language)}."
            )
        return Recogniser(engine)

    @property
    def hints(self) -> Hints:
        return Hints(language=self.language or self.usual_language, vocabulary=self.vocabulary)


def _transcribe(file: Path, listener: Listener, format_name: str, place: "Place") -> bool:
    """Transcribe a file. Return False, after printing why, if it could not be transcribed completely."""
    use_one_thread()
    from notetaker.speech.files.media import MediaError, opened

    try:
        with opened(file) as media:
            recogniser = listener.recogniser
            with _progress(file, media.length_s) as progress, place.of(file) as write:
                spoken = _write(file, media, recogniser, listener.hints, format_name, write, progress)
            return _report(file, media, spoken)
    except (MediaError, EngineError) as error:
        _say(file, str(error))
        return False


def _write(
    file: Path,
    media: "Media",
    recogniser: "Recogniser",
    hints: Hints,
    format_name: str,
    write: Write,
    progress: Callable[[float], None],
) -> bool:
    """Write the transcript. Return whether there is any speech."""
    from notetaker.speech.files.formats import FORMATS
    from notetaker.speech.files.transcript import Transcript

    transcript = Transcript(recogniser, hints)
    document = FORMATS[format_name]()
    spoken = False
    write(document.head())
    for segment in transcript.segments(media.pcm(), progress):
        write(document.segment(segment))
        spoken = True
    write(
        document.tail(
            file=str(file),
            length_s=transcript.length_s,
            language=transcript.language if spoken else None,
            engine=recogniser.engine.name,
        )
    )
    return spoken


def _report(file: Path, media: "Media", spoken: bool) -> bool:
    if media.damaged:
        _say(file, f"{media.damaged} damaged packets were skipped.")
    if media.failure is not None:
        _say(file, media.failure)
    elif not spoken:
        _say(file, "no speech found.")
    return media.failure is None


def _say(file: Path, sentence: str) -> None:
    click.echo(f"notetaker: {printable(str(file))}: {printable(sentence)}", err=True)


class Place(Protocol):
    """The destination of transcripts."""

    def of(self, file: Path) -> AbstractContextManager[Write]: ...

    def close(self) -> None: ...


class Stdout:
    """Writes to standard output. Several files get a heading each, or become one JSON array."""

    def __init__(self, format_name: str, files: int) -> None:
        self._json = format_name == "json"
        self._several = files > 1
        self._first = True

    @contextmanager
    def of(self, file: Path) -> Iterator[Write]:
        if self._several and not self._json:
            _echo(f"{self._between('', chr(10))}==> {printable(str(file))} <==\n")
        yield self._write_document if self._several and self._json else _echo

    def _write_document(self, text: str) -> None:
        """Write a JSON document, which comes in one piece."""
        if text:
            _echo(self._between("[\n", ",\n") + text)

    def _between(self, first: str, later: str) -> str:
        between, self._first = first if self._first else later, False
        return between

    def close(self) -> None:
        if self._several and self._json:
            _echo(self._between("[]\n", "]\n"))


def _echo(text: str) -> None:
    click.echo(text, nl=False)


class Outputs:
    """Writes each transcript to its own file, which appears when it is complete."""

    def __init__(self, format_name: str, files: Sequence[Path], output: Path) -> None:
        self._suffix = SUFFIXES[format_name]
        self._output = output
        self._stems = Counter(file.stem for file in files)
        self._folder = len(files) > 1 or output.is_dir()
        if len(files) > 1 and not output.is_dir():
            raise click.UsageError(f"--output: with several files, {output} must be a folder.")
        for file in files:
            if self._path(file).exists() and file.exists() and self._path(file).samefile(file):
                raise click.UsageError(f"--output: {file} would be overwritten.")

    def _path(self, file: Path) -> Path:
        if not self._folder:
            return self._output
        name = file.stem if self._stems[file.stem] == 1 else file.name
        return self._output / f"{name}{self._suffix}"

    @contextmanager
    def of(self, file: Path) -> Iterator[Write]:
        path = self._path(file)
        unfinished = path.with_name(f".{path.name}.part")
        try:
            with unfinished.open("w", encoding="utf-8", errors="backslashreplace") as opened:
                yield opened.write
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def close(self) -> None:
        """Do nothing: all files are complete."""


@contextmanager
def _progress(file: Path, length_s: float | None) -> Iterator[Callable[[float], None]]:
    """Show progress on standard error, as a bar on a terminal, otherwise as lines."""
    name = printable(file.name)
    if not sys.stderr.isatty():
        lines, of = Lines(PATIENCE_S), "" if length_s is None else f" of {_clock(length_s)}"
        yield lambda done_s: lines(f"{name}: {_clock(done_s)}{of}")
        return
    bar = Progress(
        "{task.description}",
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    )
    task = bar.add_task(escape(name), total=length_s)
    shown_from = time.monotonic() + PATIENCE_S

    def show(done_s: float) -> None:
        bar.update(task, completed=done_s)
        if time.monotonic() >= shown_from:
            bar.start()

    try:
        yield show
    finally:
        bar.stop()


def _clock(seconds: float) -> str:
    minutes, whole = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{whole:02}"
