"""The built-in summariser, which quotes what was said and never rephrases it.

Decisions and tasks are found by their wording. The summary consists of the statements whose words are the most
frequent in this meeting: SumBasic (Nenkova and Vanderwende, "The impact of frequency on summarization", 2005), which
is linear in the length of the meeting and deterministic.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from notetaker.model.notes import Item, Notes
from notetaker.model.transcript import Line, Transcript
from notetaker.model.wording import SECOND_NS
from notetaker.notes import cues
from notetaker.notes.stopwords import STOP_WORDS
from notetaker.notes.wording import sentence

MADE_BY = "extractive summariser"

_LONGEST = 30
"""Most words in one item. The text of an engine that writes no full stops is cut, and the cut is marked."""
_CONTEXT = 4
"""Words kept before a cue when its sentence is cut."""
_LEAST = 3
"""Fewest distinct content words that a statement in the summary must have."""
_CONTINUES_NS = 3 * SECOND_NS
"""Longest pause within a sentence."""
_HANGING = re.compile(
    r"\b(?:a|an|and|at|because|but|by|for|from|if|in|is|of|on|or|our|so|that|the|their|to|we|will|with|your)$",
    re.IGNORECASE,
)
"""Words at which a sentence cannot end."""


@dataclass(frozen=True, slots=True)
class _Statement:
    speaker: str
    text: str
    cites: tuple[str, ...]

    def item(self, text: str) -> Item:
        return Item(f"{self.speaker}: {sentence(text)}", self.cites)


def summarise(transcript: Transcript) -> Notes:
    """Make notes of the transcript's own words, each item beginning with the speaker's name."""
    tasks = cues.Tasks(transcript.speakers.values())
    decisions: list[Item] = []
    actions: list[Item] = []
    rest: list[_Statement] = []
    for statement in _statements(transcript.lines):
        decided = cues.decisions(statement.text)
        to_do = tasks.find(statement.text)
        decisions += [statement.item(text) for text in _excerpts(statement.text, decided)]
        actions += [statement.item(text) for text in _excerpts(statement.text, to_do)]
        if not decided and not to_do:
            rest.append(statement)
    return Notes(
        summary=tuple(_central(rest, among=transcript.lines)),
        decisions=_once(decisions),
        actions=_once(actions),
        made_by=MADE_BY,
    )


def _statements(lines: Iterable[Line]) -> list[_Statement]:
    """Return sentences in order, or utterances if the engine writes no full stops.

    A sentence that was interrupted by a pause is joined again, even if others spoke in between.
    """
    spoken: list[list[Line]] = []
    hanging: dict[int, list[Line]] = {}
    for line in lines:
        if line.error is not None:
            continue
        begun = hanging.pop(line.user_id, None)
        if begun and line.started_ns - begun[-1].ended_ns <= _CONTINUES_NS:
            begun.append(line)
        else:
            begun = [line]
            spoken.append(begun)
        if _HANGING.search(line.text):
            hanging[line.user_id] = begun
    return [
        _Statement(parts[0].speaker, text, tuple(part.utterance_id for part in parts))
        for parts in spoken
        for text in re.split(r"(?<=[.!?])\s+", " ".join(part.text for part in parts))
    ]


def _excerpts(text: str, cues_found: Sequence[re.Match[str]]) -> list[str]:
    """Return the words around each cue, or the whole sentence, once, if it is short enough."""
    words = list(re.finditer(r"\S+", text))
    excerpts = []
    taken = 0  # words
    for cue in cues_found:
        at = sum(word.end() <= cue.start() for word in words)
        if at < taken:
            continue  # the excerpt before covers it
        start = 0 if len(words) <= _LONGEST else max(at - _CONTEXT, taken)
        taken = min(start + _LONGEST, len(words))
        excerpts.append(_cut([word[0] for word in words], start, taken))
    return excerpts


def _central(statements: Iterable[_Statement], among: Iterable[Line]) -> list[Item]:
    """Return the statements whose words are the most frequent in the meeting, in the order they were said."""
    weight = Counter(word for line in among for word in _weighty(line.text))
    total = weight.total()
    worth = {word: number / total for word, number in weight.items()}
    pieces = [(statement, piece) for statement in statements for piece in _pieces(statement.text)]
    candidates = {
        number: words for number, (_, piece) in enumerate(pieces) if len(words := _weighty(piece)) >= _LEAST
    }
    places = min(3 + len(candidates) // 20, 6)
    chosen: list[int] = []
    while candidates and len(chosen) < places:
        best = max(candidates, key=lambda number: (_score(worth, candidates[number]), -number))
        chosen.append(best)
        for word in candidates.pop(best):
            worth[word] **= 2  # said: the next statement should be about something else
    return list(_once([pieces[number][0].item(pieces[number][1]) for number in sorted(chosen)]))


def _score(worth: dict[str, float], words: set[str]) -> float:
    """Return SumBasic's mean, with two worthless words added, so that short remarks do not beat statements."""
    return math.fsum(worth[word] for word in words) / (len(words) + 2)


def _weighty(text: str) -> set[str]:
    """Return the content words, with plurals reduced to the singular."""
    words = re.findall(r"[^\W_][\w'-]*", text.lower().replace("’", "'"))
    return {_singular(word) for word in words if word not in STOP_WORDS and len(word) > 1}


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _pieces(text: str) -> list[str]:
    """Split text into pieces of about equal length, none longer than an item may be."""
    words = text.split()
    number = max(-(-len(words) // _LONGEST), 1)
    bounds = [len(words) * i // number for i in range(number + 1)]
    return [_cut(words, start, end) for start, end in pairwise(bounds)]


def _cut(words: list[str], start: int, end: int) -> str:
    text = " ".join(words[start:end])
    return f"{'… ' if start else ''}{text}{' …' if end < len(words) else ''}"


def _once(items: list[Item]) -> tuple[Item, ...]:
    """Return the items without repetitions, because people repeat what matters."""
    first: dict[str, Item] = {}
    for item in items:
        first.setdefault(item.text, item)
    return tuple(first.values())
