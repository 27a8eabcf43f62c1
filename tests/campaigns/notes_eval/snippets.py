"""Dialogue written to learn from: ``snippets/*.txt``.

Blank lines separate snippets. Each line is ``D Ana: Then we drop it.``: a mark, who speaks, and what. Marks: ``D`` is
a decision, ``A`` an action, ``-`` neither. Lines that begin with ``#`` are comments.
"""

import re
from pathlib import Path

from notetaker.model.minutes import Kind
from tests.campaigns.notes_eval.labelled import Label, Meeting, lines

_FOLDER = Path(__file__).parent / "snippets"
_LINE = re.compile(r"([-DA]) (\w+): (.+)")
_MARKS = {"D": Kind.DECISION, "A": Kind.ACTION}


def snippets() -> list[Meeting]:
    """Return all snippets as small meetings, each named after its file."""
    found = []
    for path in sorted(_FOLDER.glob("*.txt")):
        spoken = re.sub(r"(?m)^#.*\n", "", path.read_text())
        found += [_snippet(path.stem, block) for block in re.split(r"\n{2,}", spoken.strip())]
    return found


def _snippet(name: str, block: str) -> Meeting:
    marked = []
    for line in block.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{name}: {line!r} is not a mark, a name and words")
        marked.append(match.groups())
    labels = {
        kind: tuple(
            Label((number,), text)
            for number, (mark, _, text) in enumerate(marked)
            if _MARKS.get(mark) is kind
        )
        for kind in Kind
    }
    turns = [{"speaker": speaker, "text": text} for _, speaker, text in marked]
    return Meeting(name, lines(turns), labels, dict.fromkeys(Kind, ()))
