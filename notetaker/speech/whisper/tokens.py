"""Whisper's byte-level BPE: text to tokens, and tokens to words.

Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units" (2016); the alphabet that makes
every byte printable is that of GPT-2.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from notetaker.model.languages import WITHOUT_BLANKS

_PIECE = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:[^\w\s]|_)+|\s+(?!\S)|\s+")
"""Pieces that merges never cross: words, numbers and punctuation, each with the space before it."""


@dataclass(frozen=True, slots=True)
class TokenWord:
    text: str
    """The word with the space before it."""
    tokens: int
    """How many tokens it consists of."""


def _alphabet() -> dict[int, str]:
    """Return the printable character for each byte."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in set(plain)]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(others)}


class Tokens:
    """The vocabulary of one model, from its ``tokenizer.json``. Raises OSError, KeyError and ValueError."""

    def __init__(self, file: Path) -> None:
        model = json.loads(file.read_text("utf-8"))
        self._alphabet = _alphabet()
        self._bytes = {character: byte for byte, character in self._alphabet.items()}
        self._ids: dict[str, int] = model["model"]["vocab"]
        self._tokens = {number: token for token, number in self._ids.items()}
        pairs = (pair.split(" ") if isinstance(pair, str) else pair for pair in model["model"]["merges"])
        self._ranks = {(left, right): rank for rank, (left, right) in enumerate(pairs)}
        self._special: dict[str, int] = {token["content"]: token["id"] for token in model["added_tokens"]}
        self.end = self._special["<|endoftext|>"]
        self.start = self._special["<|startoftranscript|>"]
        self.no_timestamps = self._special["<|notimestamps|>"]
        self.previous = self._special["<|startofprev|>"]
        self.transcribe = self._special["<|transcribe|>"]
        self.languages = frozenset(
            token[2:-2] for token in self._special if re.fullmatch(r"<\|[a-z]{2,3}\|>", token)
        )

    def language(self, code: str) -> int:
        """Return the token of a language. Raises KeyError."""
        return self._special[f"<|{code}|>"]

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, which are never special ones."""
        tokens: list[int] = []
        for piece in _PIECE.findall(text):
            parts = [self._alphabet[byte] for byte in piece.encode()]
            while len(parts) > 1:
                ranks = [self._ranks.get(pair, len(self._ranks)) for pair in pairwise(parts)]
                best = min(range(len(ranks)), key=ranks.__getitem__)
                if ranks[best] == len(self._ranks):
                    break
                parts[best : best + 2] = [parts[best] + parts[best + 1]]
            tokens += (self._ids[part] for part in parts)
        return tokens

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, ignoring special ones and timestamps."""
        return self._raw(tokens).decode("utf-8", "replace")

    def text_only(self, tokens: Sequence[int]) -> list[int]:
        """Return the tokens without special ones and timestamps."""
        return [token for token in tokens if token < self.end]

    def words(self, tokens: Sequence[int], language: str) -> list[TokenWord]:
        """Group text tokens into words, in order; together, the words have all of ``tokens``."""
        words: list[TokenWord] = []
        blanks = (
            language not in WITHOUT_BLANKS
        )  # without spaces, a word is the shortest run of whole characters
        for character in self._characters(tokens):
            punctuation = not any(map(str.isalnum, character.text))
            if words and not character.text.startswith(" ") and (blanks or punctuation):
                last = words.pop()
                character = TokenWord(last.text + character.text, last.tokens + character.tokens)
            words.append(character)
        return words

    def _characters(self, tokens: Sequence[int]) -> list[TokenWord]:
        """Return the shortest runs of tokens that are whole characters."""
        runs: list[TokenWord] = []
        begun = 0
        for index in range(1, len(tokens) + 1):
            raw = self._raw(tokens[begun:index])
            try:
                text = raw.decode()
            except UnicodeDecodeError:
                if index < len(tokens) and index - begun < 4:  # no character has more bytes
                    continue
                text = raw.decode("utf-8", "replace")
            runs.append(TokenWord(text, index - begun))
            begun = index
        return runs

    def _raw(self, tokens: Sequence[int]) -> bytes:
        text = "".join(self._tokens[token] for token in self.text_only(tokens))
        return bytes(self._bytes[character] for character in text)
