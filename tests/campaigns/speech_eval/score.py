"""What was said beside what was heard."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

from notetaker.demo.wer import Mistake, compare, words

SHOWN: Final = 8
"""Mistakes, the most frequent first."""
TOGETHER_S: Final = 0.15
"""Seconds for which a sentence and a line overlap when one is of the other."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, or a line of the transcript; of one person."""

    start_s: float
    end_s: float
    text: str


@dataclass(slots=True)
class Score:
    words: int = 0
    """That were said."""
    errors: int = 0
    firsts: int = 0
    """Sentences, or files: first words."""
    firsts_right: int = 0
    mistakes: Counter[Mistake] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Errors per word said."""
        return self.errors / max(self.words, 1)

    def add_lines(self, said: Iterable[Said], heard: Iterable[Said]) -> "Score":
        """What one person said, beside the lines of the same time: a word in the wrong line is wrong."""
        for sentences, lines in _at_the_same_time(said, heard):
            self.add([one.text for one in sentences], " ".join(one.text for one in lines))
        return self

    def add(self, sentences: Sequence[str], heard: str, language: str = "en") -> "Score":
        """What one person said, sentence by sentence, and all that was heard of it. Returns itself."""
        said = [words(sentence, language) for sentence in sentences]
        found = compare([word for sentence in said for word in sentence], words(heard, language))
        starts = [0, *accumulate(map(len, said))]
        firsts = [found.right[start] for start, sentence in zip(starts, said, strict=False) if sentence]
        self.words += len(found.right)
        self.errors += found.errors
        self.firsts += len(firsts)
        self.firsts_right += sum(firsts)
        self.mistakes.update(found.mistakes)
        return self

    def as_json(self) -> dict[str, Any]:
        return {
            "wer": round(self.rate, 4),
            "words": self.words,
            "errors": self.errors,
            "first_words_right": round(self.firsts_right / max(self.firsts, 1), 3),
            "mistakes": [
                {"said": mistake.said, "heard": mistake.heard, "times": times}
                for mistake, times in self.mistakes.most_common()
            ],
        }


def percent(share: float) -> str:
    return f"{share:.1%}"


def firsts(score: Score) -> str:
    return f"{score.firsts_right} of {score.firsts}"


def examples(mistakes: Iterable[tuple[Mistake, int]]) -> str:
    """``said > heard`` of some mistakes, in one line."""
    return "; ".join(
        f"{mistake.said or '(nothing)'} > {mistake.heard or '(nothing)'}"
        + (f" x{times}" if times > 1 else "")
        for mistake, times in mistakes
    )


def _at_the_same_time(said: Iterable[Said], heard: Iterable[Said]) -> Iterator[tuple[list[Said], list[Said]]]:
    both = sorted(
        [(one, True) for one in said] + [(one, False) for one in heard], key=lambda of: of[0].start_s
    )
    group: tuple[list[Said], list[Said]] = ([], [])
    end_s = 0.0
    for one, is_said in both:
        if any(group) and one.start_s > end_s - TOGETHER_S:
            yield group
            group = ([], [])
            end_s = 0.0
        group[0 if is_said else 1].append(one)
        end_s = max(end_s, one.end_s)
    if any(group):
        yield group
