"""Replaces what is misheard again and again with what people have told us to write. The stored texts stay."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from notetaker.model.vocabulary import Entry
from notetaker.notes.markdown import escape

_BLANKLESS: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
"""Letters of scripts that are written without spaces: Thai, Lao, Burmese, Khmer, Japanese and Chinese."""
_BEGINS: Final = rf"(?<![^\W{_BLANKLESS}])"
_ENDS: Final = rf"(?![^\W{_BLANKLESS}])"
_BETWEEN: Final = r"[\s,.-]+"
"""An engine that hears several words for one writes them apart, as one, or as a list."""


class Corrections:
    """Replaces whole words, in any case. Of several that fit the longest counts, and replacements stay."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        found = {_plain(entry.heard): entry for entry in entries if entry.heard is not None}
        found.pop("", None)
        self._by_words = {words.casefold(): entry for words, entry in found.items()}
        longest_first = sorted(found, key=len, reverse=True)
        either = "|".join(_BETWEEN.join(map(re.escape, words.split())) for words in longest_first)
        self._heard = re.compile(f"{_BEGINS}(?:{either}){_ENDS}", re.IGNORECASE) if either else None
        self.made: Counter[Entry] = Counter()
        """How often each was necessary."""

    def correct(self, text: str) -> str:
        return text if self._heard is None else self._heard.sub(self._correct, text)

    def _correct(self, match: re.Match[str]) -> str:
        entry = self._by_words.get(_plain(match[0]).casefold())
        if entry is None:  # letters that only a pattern takes for the same, such as ı and i
            return match[0]
        self.made[entry] += 1
        return entry.term


def described(made: Mapping[Entry, int]) -> str:
    """Return ``Kubernetes for “Cooper Netties” (3 times), Zyx for “six”``, the most frequent first."""
    return ", ".join(
        f"{escape(entry.term)} for “{escape(entry.heard or '')}”"
        + ("" if times == 1 else f" ({times:,} times)")
        for entry, times in Counter(made).most_common()
    )


def _plain(text: str) -> str:
    return re.sub(_BETWEEN, " ", text).strip()
