"""What a classifier looks at in a statement: its words, its cues, and how others take it."""

from collections.abc import Collection, Iterator

from notetaker.model.minutes import Kind
from notetaker.notes.minutes.cues import (
    AGREEING,
    ASKING,
    CUES,
    DOUBTING,
    EXPLICIT,
    HEDGE,
    PAST,
    is_denied,
    is_ruled_out,
    normal,
)
from notetaker.notes.minutes.sentence import VERBS
from notetaker.notes.minutes.statements import Statement, Talk
from notetaker.notes.stopwords import STOP_WORDS

_AFTER = 3
_BEFORE = 3
"""Lines of which the reaction, and the occasion, are looked for."""
_SHORTEST, _LONGEST = 4, 70
"""Words of a statement that can be a decision or an action."""


class Scene:
    """A talk, ready to be asked about each of its statements."""

    def __init__(self, talk: Talk, people: Collection[str]) -> None:
        self._talk = talk
        names = {word for name in people for word in name.lower().split() if len(word) > 2}
        self._names = names - STOP_WORDS - VERBS  # or "will" would be a person wherever there is a Will
        self._normal = [normal(text, self._names) for text in talk.plain]

    def cues(self, statement: Statement, kind: Kind) -> list[str]:
        """Return the names of the cues for ``kind``; without one, a statement cannot be of that kind."""
        said = " ".join(word for word in normal(statement.text, self._names) if word != "?")
        if (
            is_ruled_out(said, kind)
            or ASKING[kind].match(said)
            or not _SHORTEST <= len(statement.text.split()) <= _LONGEST
        ):
            return []
        return [name for name, pattern in CUES[kind].items() if pattern.search(said)]

    def is_denied(self, statement: Statement, kind: Kind) -> bool:
        """Say whether a statement says that it is not so, or that others have said it."""
        return is_denied(" ".join(normal(statement.text, self._names)), kind)

    def is_explicit(self, statement: Statement, kind: Kind) -> bool:
        """Say whether a statement is so plain that there is nothing to weigh."""
        said = " ".join(normal(statement.text, self._names))
        plain = EXPLICIT[kind].search(said) and not PAST.search(said) and "?" not in said
        return bool(plain and not is_denied(said, kind) and self.cues(statement, kind))

    def features(
        self, statement: Statement, kind: Kind, common: Collection[str]
    ) -> tuple[set[str], set[str]]:
        """Return what is known about a statement, and its phrases of one to three words.

        In phrases, ``_`` stands for all words but the ``common`` ones, so that they are about how something is said
        and not about remote controls. Names of the former begin with a colon.
        """
        said = normal(statement.text, self._names)
        phrases = set(_phrases(said, common))
        known = set(self._reactions(statement))
        text = " ".join(word for word in said if word != "?")
        known |= {":hedge"} if HEDGE.search(text) else set()
        known |= {":past"} if PAST.search(text) else set()
        known |= {":question"} if "?" in said else set()
        known.add(f":length {min(len(said) // 8, 4)}")
        cues = [name for name, pattern in CUES[kind].items() if pattern.search(text)]
        known.add(f":cues {min(len(cues), 4)}")
        for cue in cues:
            known.add(f":{cue}")
            known |= {f":{cue} + {how}" for how in ("agreed", "hedge", "question") if f":{how}" in known}
        before, after = self._neighbours(statement)
        phrases |= {f"< {word}" for index in before[-2:] for word in self._normal[index] if word in common}
        phrases |= {f"> {word}" for index in after[:2] for word in self._normal[index][:6] if word in common}
        return known, phrases

    def _reactions(self, statement: Statement) -> Iterator[str]:
        lines, before, after = self._talk.lines, *self._neighbours(statement)
        others = [index for index in after if lines[index].speaker != statement.speaker]
        agreeing = {lines[index].speaker for index in others if self._agrees(index)}
        yield f":agreed by {min(len(agreeing), 2)}"
        if agreeing:
            yield ":agreed"
        if any(self._doubts(index) for index in others if index in after[:2]):
            yield ":doubted"
        if after and "?" in self._normal[after[0]]:
            yield ":question after"
        if any("?" in self._normal[index] for index in before):
            yield ":question before"
        if any(lines[index].speaker != statement.speaker and self._agrees(index) for index in before[-1:]):
            yield ":agreement before"

    def _agrees(self, index: int) -> bool:
        first = self._normal[index][:1]
        listens = self._talk.listening[index] or bool(AGREEING.intersection(first))
        return listens and not DOUBTING.intersection(first)

    def _doubts(self, index: int) -> bool:
        return bool(DOUBTING.intersection(self._normal[index][:1])) or self._normal[index][1:2] == ["but"]

    def _neighbours(self, statement: Statement) -> tuple[list[int], list[int]]:
        """Return the indices of lines before and after that are not empty."""
        lines = self._talk.lines
        first, last = statement.at[0], statement.at[-1]
        before = [index for index in range(max(0, first - _BEFORE - 1), first) if lines[index].text.strip()]
        after = [
            index
            for index in range(last + 1, min(last + _AFTER + 2, len(lines)))
            if lines[index].text.strip()
        ]
        return before[-_BEFORE:], after[:_AFTER]


def _phrases(said: list[str], common: Collection[str]) -> Iterator[str]:
    shape = ["^"]
    for word in said:
        word = word if word in common or word in "@#?" else "_"
        if word != "_" or shape[-1] != "_":
            shape.append(word)
    shape.append("$")
    for length in (1, 2, 3):
        for start in range(len(shape) - length + 1):
            yield " ".join(shape[start : start + length])
