"""All calls of a run, and the table they make: rows who speaks, columns who listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from rich.table import Table

from notetaker.demo.script import VOICES, opus_packets
from notetaker.discordsim.server import LocalDiscord
from tests.campaigns.interop.bot import Bot
from tests.campaigns.interop.call import DAVE_GROUP, OUR_BOT, Call, Outcome
from tests.campaigns.interop.client import Kind
from tests.campaigns.interop.journals import Journals
from tests.campaigns.interop.place import Place, Variant

PACKETS = 150
"""In a call: 3 s of speech."""
AT_ONCE = 2
"""Calls at the same time: each is mostly waiting, but every client takes its start-up time."""


@dataclass
class Matrix:
    speakers: Sequence[Kind]
    listeners: Sequence[Kind]
    with_bot: bool
    variants: Sequence[Variant]
    outcomes: list[Outcome] = field(default_factory=list)
    journals: Journals = field(default_factory=Journals)

    @property
    def calls(self) -> int:
        return len(self.speakers) * len(self.variants)

    async def run(self, folder: Path, on_outcome: Callable[[Outcome], None]) -> None:
        """Raises DidNotStart when our bot does not come up."""
        place, frames = Place(), speech()
        folder.mkdir(parents=True, exist_ok=True)
        async with (
            LocalDiscord(state_dir=folder, world=place.world) as local,
            aiohttp.ClientSession() as http,
            Bot(local, place.bot, folder, http) as bot,
        ):
            places = asyncio.Semaphore(AT_ONCE)

            async def hold(speaker: Kind, variant: Variant) -> None:
                async with places:
                    call = Call(
                        local,
                        place,
                        bot if self.with_bot else None,
                        speaker,
                        self.listeners,
                        variant,
                        folder,
                    )
                    outcome = await call.hold(frames)
                self.outcomes.append(outcome)
                on_outcome(outcome)

            for variant in self.variants:
                variant.disturb(local.faults)
                async with asyncio.TaskGroup() as calls:
                    for speaker in self.speakers:
                        calls.create_task(hold(speaker, variant))

    def check_journals(self) -> None:
        """With the eyes of tshark, if it is installed."""
        self.journals.check([path for outcome in self.outcomes for path in outcome.journal])

    @property
    def holds(self) -> bool:
        return (
            len(self.outcomes) == self.calls
            and not any(wrong for outcome in self.outcomes for wrong in outcome.wrong.values())
            and not self.journals.wrong
        )

    @property
    def columns(self) -> list[str]:
        bot = [OUR_BOT] if self.with_bot else []
        return [*bot, *(kind.name for kind in self.listeners), DAVE_GROUP]

    def table(self) -> Table:
        table = Table(
            "speaks ↓  listens →",
            title="Packets heard equal packets sent, in so many kinds of call",
            title_justify="left",
        )
        for column in self.columns:
            table.add_column(column, justify="center")
        for speaker in self.speakers:
            table.add_row(speaker.name, *(self._cell(speaker, column) for column in self.columns))
        return table

    def _cell(self, speaker: Kind, column: str) -> str:
        calls = [o.wrong[column] for o in self.outcomes if o.speaker is speaker and column in o.wrong]
        held = sum(not wrong for wrong in calls)
        return f"[green]✓ {held}[/]" if held == len(calls) else f"[bold red]✗ {held} of {len(calls)}[/]"

    def failures(self) -> list[str]:
        return [
            f"{outcome.speaker.name} → {column}, {outcome.variant.name}: {sentence}"
            for outcome in self.outcomes
            for column, wrong in outcome.wrong.items()
            for sentence in wrong
        ] + self.journals.wrong

    def dropped(self) -> list[str]:
        """What a listener dropped while keys changed, which is its own affair."""
        return [
            f"{column} dropped {count} of {PACKETS} packets of {outcome.speaker.name} while keys changed "
            f"({outcome.variant.name})."
            for outcome in self.outcomes
            for column, count in outcome.dropped.items()
            if count and not outcome.wrong[column]
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "holds": self.holds,
            "cells": [
                {
                    "speaker": outcome.speaker.name,
                    "listener": column,
                    "variant": outcome.variant.name,
                    "wrong": wrong,
                    "dropped": outcome.dropped.get(column, 0),
                }
                for outcome in self.outcomes
                for column, wrong in outcome.wrong.items()
            ],
            "journals": {"files": self.journals.files, "wrong": self.journals.wrong},
        }


def speech() -> list[bytes]:
    """Recorded Opus packets, every one different from every other, so that none can pass for another."""
    packets = [packet for path in sorted(VOICES.glob("*.opus")) for packet in opus_packets(path)]
    return list(dict.fromkeys(packets))[:PACKETS]
