"""``python -m tests.campaigns.bench``: see ``--help``."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from tests.campaigns.bench import capacity, disk, join, memory, receive
from tests.campaigns.bench.contender import ContenderFailed
from tests.campaigns.bench.report import Result, machine
from tests.campaigns.bench.speech import benchmark as speech

Benchmark = Callable[[Path, Callable[[str], None]], Awaitable[Result]]

BENCHMARKS: dict[str, Benchmark] = {
    "receive": receive.run,
    "capacity": capacity.run,
    "join": join.run,
    "memory": memory.run,
    "disk": disk.run,
    "speech": speech.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure notetaker, beside others.")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="this one alone; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument(
        "--recordings",
        type=Path,
        metavar="DIR",
        help="for speech: recordings to hear too, talk.wav with talk.txt",
    )
    arguments = parser.parse_args()
    benchmarks: dict[str, Benchmark] = {
        **BENCHMARKS,
        "speech": partial(speech.run, recordings=arguments.recordings),
    }
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    figures: dict[str, object] = {"machine": machine()}
    console.print(" · ".join(f"{name} {value}" for name, value in machine().items()))
    console.print()
    began = time.monotonic()
    for name in arguments.only or BENCHMARKS:
        try:
            result = asyncio.run(_run(name, benchmarks[name], console))
        except (ContenderFailed, TimeoutError, OSError, RuntimeError) as error:
            sys.exit(f"The benchmark {name} could not be finished: {str(error) or 'something took too long'}")
        result.show(console)
        figures[name] = {**result.figures, "notes": result.notes}
    console.print(f"Took {time.monotonic() - began:.0f} s.")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


async def _run(name: str, benchmark: Benchmark, console: Console) -> Result:
    with tempfile.TemporaryDirectory(prefix="notetaker-bench-") as folder, console.status(name) as status:
        return await benchmark(Path(folder), lambda text: status.update(f"{name}: {text}"))


if __name__ == "__main__":
    main()
