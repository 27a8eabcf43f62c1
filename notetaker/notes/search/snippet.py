"""The line to show of a passage, cut around the words that were sought."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from notetaker.model.transcript import Line
from notetaker.notes.search.terms import term, words


@dataclass(frozen=True, slots=True)
class Snippet:
    line: Line
    pieces: tuple[tuple[str, bool], ...]
    """The text in pieces, with whether it is what was sought. Joined, they are an excerpt of the line."""


def snippet(lines: Sequence[Line], sought: Collection[str], language: str, most: int) -> Snippet:
    """Return up to ``most`` characters of the line with the most of the terms that are sought, the first of several.

    ``lines`` are at least one.
    """
    spans = {line.utterance_id: _spans(line.text, sought, language) for line in lines}
    line = max(lines, key=lambda one: len({found for _, _, found in spans[one.utterance_id]}))
    found = spans[line.utterance_id]
    begin, end = _window(line.text, [span[0] for span in found], most)
    pieces: list[tuple[str, bool]] = [("…", False)] if begin else []
    at = begin
    for first, last, _ in found:
        if at <= first and last <= end:
            pieces += [(line.text[at:first], False), (line.text[first:last], True)]
            at = last
    pieces += [(line.text[at:end], False), ("…" if end < len(line.text) else "", False)]
    return Snippet(line, tuple((text, is_sought) for text, is_sought in pieces if text))


def _spans(text: str, sought: Collection[str], language: str) -> list[tuple[int, int, str]]:
    """Return where the sought words are, without overlaps, and their terms."""
    spans: list[tuple[int, int, str]] = []
    for word, begin, end in words(text):
        found = term(word, language)
        if found in sought and found and (not spans or begin >= spans[-1][1]):
            spans.append((begin, end, found))
    return spans


def _window(text: str, starts: Sequence[int], most: int) -> tuple[int, int]:
    """Return where to cut ``text``: between words, and so that most of the words at ``starts`` are kept."""
    if len(text) <= most:
        return 0, len(text)
    begins = [max(0, start - most // 4) for start in starts] or [0]
    begin = max(begins, key=lambda at: sum(at <= start < at + most * 3 // 4 for start in starts))
    begin = min(begin, len(text) - most + 2)  # room for the marks of both cuts
    if begin:
        begin = text.find(" ", begin, begin + 20) + 1 or begin
    end = min(len(text), begin + most - 2)
    if end < len(text):
        blank = text.rfind(" ", end - 20, end)
        end = blank if blank > begin else end
    return begin, end
