"""The map is true: what ARCHITECTURE.md and README.md name exists, and no file has grown into two."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAX_LINES = 400


@pytest.mark.parametrize(
    "document", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", "docs/voice-4006.md"]
)
def test_every_path_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    named = re.findall(r"`((?:notetaker|tests|scripts|docs|deploy)/[\w./-]+)`", text)
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert named + linked
    assert [path for path in named + linked if not (ROOT / path).exists()] == []


def test_architecture_is_one_page() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 45


def test_no_source_file_is_two_files() -> None:
    sizes = {
        path.relative_to(ROOT): len(path.read_text().splitlines())
        for folder in ("notetaker", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
    }
    assert {path: lines for path, lines in sizes.items() if lines > MAX_LINES} == {}


def test_every_package_says_what_it_is() -> None:
    for package in (ROOT / "notetaker").rglob("__init__.py"):
        assert len(package.read_text().strip()) > 40, package
