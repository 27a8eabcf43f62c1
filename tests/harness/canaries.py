"""Secrets and speech of a meeting, and the search for them in what was written."""

import base64
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

import pytest

Draw = Callable[[int], Any]

SHORTEST = 8
"""Bytes; what is shorter may stand there by chance."""


class Canaries:
    """Those of one kind that are to be nowhere. Most are collected as they are made."""

    def __init__(self) -> None:
        self._raw: set[bytes] = set()

    def add(self, *canaries: str | bytes) -> None:
        self._raw |= {one.encode() if isinstance(one, str) else one for one in canaries}

    def collect(self, monkeypatch: pytest.MonkeyPatch, random: Random) -> None:
        """From now on, all that the local Discord draws: voice tokens, keys, ids of sessions and interactions."""

        def recorded(
            draw: Callable[[int], Any], form: Callable[[Any], Iterable[str | bytes]]
        ) -> Callable[[int], Any]:
            def draw_and_record(size: int) -> Any:
                drawn = draw(size)
                if size >= SHORTEST:
                    self.add(*form(drawn))
                return drawn

            return draw_and_record

        monkeypatch.setattr(secrets, "token_hex", recorded(secrets.token_hex, lambda text: [text]))
        monkeypatch.setattr(os, "urandom", recorded(os.urandom, lambda data: [data]))
        bits = recorded(random.getrandbits, lambda number: [f"{number:032x}"] if number >> 64 else [])
        monkeypatch.setattr(random, "getrandbits", bits)

    def __len__(self) -> int:
        return len(self._raw)

    def found_in(self, written: bytes) -> list[bytes]:
        """Those of them that are there in any form."""
        return [one for one in self._raw if any(form in written for form in forms(one))]


def forms(canary: bytes) -> Iterator[bytes]:
    """As it is, as Python and JSON show it, in hexadecimal, as a list of numbers, and in base64 wherever it began."""
    assert len(canary) >= SHORTEST
    yield canary
    yield repr(canary)[2:-1].encode()
    yield canary.hex().encode()
    yield canary.hex().upper().encode()
    yield ", ".join(map(str, canary)).encode()
    yield ",".join(map(str, canary)).encode()
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + canary)
        inner = whole[4 if shift else 0 : -4]  # the ends depend on what is beside it
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))
