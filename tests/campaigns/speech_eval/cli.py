"""The command."""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from notetaker.demo.processes import DidNotStart
from notetaker.jobs.workflows import Interrupted
from notetaker.settings.values import Settings
from notetaker.speech.engine import EngineError, EngineSettingError
from notetaker.speech.engines import EngineSettings
from tests.campaigns.bench.report import Result, machine
from tests.campaigns.speech_eval import folder, live, network, nonspeech, sentences
from tests.campaigns.speech_eval.recordings import RecordingError
from tests.campaigns.speech_eval.stage import StageError
from tests.campaigns.speech_eval.transcriber import MeasuredTranscriber

Progress = Callable[[str], None]

OFFLINE = ("demo", "folder", "nonspeech")
REAL_TIME = ("network", "live")


def main() -> None:
    arguments = _parser().parse_args()
    parts = arguments.only or [part for part in OFFLINE + REAL_TIME if part != "folder" or arguments.folder]
    if "folder" in parts and arguments.folder is None:
        sys.exit("The part folder needs a folder of recordings.")
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    settings = replace(
        Settings.load().engine_settings, engine=arguments.engine or "auto", model=arguments.model
    )
    figures: dict[str, object] = {"machine": machine()}
    began = time.monotonic()
    try:
        with closing(MeasuredTranscriber(settings)) as transcriber:
            figures["engine"] = transcriber.engine_name
            console.print(" · ".join(f"{name} {value}" for name, value in machine().items()))
            console.print(f"engine {transcriber.engine_name}\n")
            for part in parts:
                shown = _run(part, arguments, console, transcriber, settings)
                shown.show(console)
                figures[part] = {**shown.figures, "notes": shown.notes}
                if arguments.json is not None:
                    arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    except (EngineSettingError, EngineError, RecordingError, StageError, DidNotStart) as error:
        sys.exit(str(error))
    except Interrupted:
        sys.exit("A job failed; the reason is above.")
    console.print(f"Took {time.monotonic() - began:.0f} s.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/eval-speech",
        description="Measure how well speech becomes text, through the product's path.",
    )
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="recordings: talk.wav, talk.txt")
    parser.add_argument("--engine", help="SPEECH_ENGINE; default: the best that is installed")
    parser.add_argument("--model", help="SPEECH_MODEL; default: the best that is installed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument(
        "--only", choices=OFFLINE + REAL_TIME, action="append", help="this part alone; may be repeated"
    )
    parser.add_argument(
        "--language",
        metavar="CODE",
        help="of the recordings in DIR; default: detected, and scored as English",
    )
    parser.add_argument(
        "--together",
        action="store_true",
        help="the recordings of one folder are of one person (default: each of another)",
    )
    parser.add_argument("--minutes", type=float, default=60, help="of sounds without speech (default: 60)")
    parser.add_argument("--seconds", type=float, default=60, help="of each live meeting (default: 60)")
    parser.add_argument(
        "--people", type=int, action="append", help="in a live meeting; may be repeated (default: 1, 4, 8)"
    )
    parser.add_argument("--rounds", type=int, default=1, help="how often all is said at each packet loss")
    return parser


def _run(
    part: str,
    arguments: argparse.Namespace,
    console: Console,
    transcriber: MeasuredTranscriber,
    settings: EngineSettings,
) -> Result:
    with tempfile.TemporaryDirectory(prefix="notetaker-eval-") as name, console.status(part) as status:
        work = Path(name)

        def progress(text: str) -> None:
            status.update(f"{part}: {text}")

        if part in OFFLINE:
            progress("loading the engine")
            transcriber.start()
        match part:
            case "demo":
                return sentences.run(work, progress, transcriber)
            case "folder":
                return folder.run(
                    work,
                    progress,
                    transcriber,
                    recordings=arguments.folder,
                    language=arguments.language,
                    together=arguments.together,
                )
            case "nonspeech":
                return nonspeech.run(work, progress, transcriber, minutes=arguments.minutes)
            case "network":
                logging.disable(logging.CRITICAL)  # of the speakers, who live in this process
                return asyncio.run(network.run(work, progress, settings, rounds=arguments.rounds))
            case _:
                logging.disable(logging.CRITICAL)
                people = arguments.people or [1, 4, 8]
                return asyncio.run(
                    live.run(work, progress, settings, people=people, seconds=arguments.seconds)
                )
