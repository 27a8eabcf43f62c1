"""What each way of using a contender has cost so far, and how well it heard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

from notetaker.demo.wer import compare, words
from tests.campaigns.bench.speech.clips import Round
from tests.campaigns.bench.speech.entries import OURS, Entry
from tests.campaigns.bench.speech.ours import DRAFT, FINAL
from tests.campaigns.bench.speech.passes import Pass, Passes

BOTH = "both passes"


class Row(NamedTuple):
    model: str
    name: str
    how: str


@dataclass(slots=True)
class Tally:
    cpu: list[float] = field(default_factory=list)
    """CPU seconds for a second of speech, of each round."""
    seconds: list[float] = field(default_factory=list)
    """Of each utterance."""
    said: int = 0
    """Words."""
    wrong: int = 0

    @property
    def cpu_s_per_hour(self) -> float:
        """The median of all rounds."""
        return 3600 * median(self.cpu)

    @property
    def utterance_s(self) -> float | None:
        """How long one takes to be heard, the median of all; None: they are heard together."""
        return median(self.seconds) if self.seconds else None

    @property
    def word_error_rate(self) -> float:
        """A word that is heard in the wrong utterance is wrong."""
        return self.wrong / max(self.said, 1)

    def add(self, said: Round, heard: Pass) -> None:
        self.cpu.append(heard["cpu_s"] / sum(one.length_s for one in said))
        self.seconds += heard["seconds"]
        for one, text in zip(said, heard["texts"], strict=True):
            reference = words(one.said)
            self.said += len(reference)
            self.wrong += compare(reference, words(text)).errors

    def as_json(self) -> dict[str, Any]:
        return {
            "cpu_s_per_hour": round(self.cpu_s_per_hour),
            "cpu_s_per_hour_by_round": [round(3600 * one) for one in self.cpu],
            "utterance_s": self.utterance_s and round(self.utterance_s, 3),
            "words": self.said,
            "wrong": self.wrong,
        }


Tallies = dict[Row, Tally]


def rows(entry: Entry, passes: Passes) -> Iterator[tuple[Row, Pass]]:
    """What a contender's passes are called in the table; both of ours together count as one more."""
    for name, one in passes.items():
        yield Row(entry.model, entry.name, f"{name} pass" if entry.name == OURS else entry.how), one
    if entry.name == OURS:
        draft, final = passes[DRAFT], passes[FINAL]
        both = Pass(texts=final["texts"], seconds=draft["seconds"], cpu_s=draft["cpu_s"] + final["cpu_s"])
        yield Row(entry.model, entry.name, BOTH), both


def wrong_words(said: Sequence[str], heard: Sequence[str]) -> float:
    """Errors per word said, of all texts together."""
    reference = words(" ".join(said))
    return compare(reference, words(" ".join(heard))).errors / len(reference)
