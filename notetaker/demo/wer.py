"""Word error rate: how far a transcript is from what was said."""

import re


def words(text: str) -> list[str]:
    """Lower-case words; punctuation apart from apostrophes does not count."""
    return re.findall(r"[\w']+", text.lower().replace("’", "'"))


def word_errors(said: str, heard: str) -> int:
    """The fewest words to insert, delete or replace to make ``heard`` of ``said`` (Levenshtein distance)."""
    reference, hypothesis = words(said), words(heard)
    row = list(range(len(hypothesis) + 1))
    for i, spoken in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, written in enumerate(hypothesis, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (spoken != written))
    return row[-1]


def word_error_rate(said: str, heard: str) -> float:
    """Errors per word said: 0 is perfect. Raises ValueError if nothing was said."""
    if not (said_words := words(said)):
        raise ValueError("A word error rate needs at least one word that was said.")
    return word_errors(said, heard) / len(said_words)
