"""What a benchmark found: rows for people, figures for programs."""

import os
import platform
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

REACHED, NOT_REACHED = "reached: ", "not reached: "


@dataclass(slots=True)
class Result:
    """One benchmark's outcome."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    """Goes into the JSON file."""
    notes: list[str] = field(default_factory=list)
    """Lines below the table: what was left out, what limits, whether the reach was met."""

    def show(self, console: Console) -> None:
        table = Table(title=self.title, title_justify="left", title_style="bold")
        for column in self.columns:
            table.add_column(column, justify="right" if column else "left", no_wrap=not column)
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        for note in self.notes:
            style = (
                "green" if note.startswith(REACHED) else "yellow" if note.startswith(NOT_REACHED) else None
            )
            console.print(f"  {note}", style=style, markup=False)
        console.print()


def reached(what: str, met: bool) -> str:
    """A line for ``notes``."""
    return f"{REACHED}{what}" if met else f"{NOT_REACHED}{what}"


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how busy it was with other things."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }
