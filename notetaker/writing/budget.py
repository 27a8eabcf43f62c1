"""How much of a transcript fits into a model's context, so that nothing has to be cut off by the server.

A server may cut off the beginning of what is too long, which is the instructions, and say nothing of it: Ollama does
(https://aider.chat/docs/llms/ollama.html).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from notetaker.model.transcript import Line

ASCII_PER_TOKEN: Final = 3
"""Characters of ASCII. With SmolLM2's tokenizer, English has 4.3, German 2.5; each digit is a token."""
BYTES_PER_TOKEN: Final = 2
"""Bytes of other characters in UTF-8. SmolLM2, which learnt mostly English, has 1.7 of Chinese, 2.6 of Russian."""
TOKENS_PER_MESSAGE: Final = 10
"""For what a chat template puts around a message."""
LONGEST_ANSWER: Final = 1500
"""Most tokens of an answer: some twenty items."""
FOR_A_SECOND_TRY: Final = 200
"""Tokens that a question may grow by when it is asked again."""
SMALLEST_CONTEXT: Final = 2048
"""Tokens. The instructions take a third of it."""

Message: TypeAlias = dict[str, str]
"""With ``role`` and ``content``."""


@dataclass(frozen=True, slots=True)
class Budget:
    context: int
    """Tokens that the model takes, question and answer together."""

    @property
    def answer(self) -> int:
        """Tokens to leave for the answer."""
        return min(LONGEST_ANSWER, self.context // 4)

    @property
    def longest_line(self) -> int:
        """Most tokens of a line, so that there is room for every line."""
        return self.context * 3 // 16

    def room(self, messages: Sequence[Message]) -> int:
        """Return how many tokens are left beside these messages and the answer; negative if they do not fit."""
        used = sum(tokens(message["content"]) + TOKENS_PER_MESSAGE for message in messages)
        return self.context - self.answer - FOR_A_SECOND_TRY - used


def tokens(text: str) -> int:
    """Return about how many tokens ``text`` has, for most models rather too many than too few.

    Where it is too few after all, the server rejects the question or reports its tokens, and less is asked.
    """
    digits = sum(map(text.count, "0123456789"))
    ascii_only = len(text.encode("ascii", "ignore"))
    others = len(text.encode()) - ascii_only
    return digits + math.ceil((ascii_only - digits) / ASCII_PER_TOKEN + others / BYTES_PER_TOKEN)


def shorten(text: str, most: int) -> str:
    """Return ``text``, or the beginning of it with at most about ``most`` tokens."""
    if tokens(text) <= most:
        return text
    while (count := tokens(text)) > max(most - 2, 0):
        text = text[: len(text) * max(most - 2, 0) // count]
    return f"{text}…"


def cut(lines: Sequence[Line]) -> int:
    """Return where to cut at least two lines into halves: at the longest pause of the middle third."""
    third = len(lines) // 3
    places = range(max(1, third), max(2, len(lines) - third))
    return max(
        places,
        key=lambda place: (
            lines[place].started_ns - lines[place - 1].ended_ns,
            -abs(2 * place - len(lines)),
        ),
    )
