"""Reads the vector files beside it, for the tests of every area."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
Vector = dict[str, Any]


def load(name: str) -> Vector:
    document: Vector = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return document


def cases(name: str, key: str = "vectors") -> list[Any]:
    """The vectors of one file as arguments for ``pytest.mark.parametrize``, named by their ids."""
    return [pytest.param(vector, id=str(vector["id"])) for vector in load(name)[key]]
