"""scripts/release in a git repository that has this project's version, requirements and locks."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from notetaker import __version__

ROOT = Path(__file__).parent.parent
COPIED = (
    "scripts/release",
    "scripts/lock",
    "setup.cfg",
    "requirements.lock",
    "deploy/requirements.lock",
    "notetaker/__init__.py",
)
RELEASED = f"""\
# Changelog

## [Unreleased]

## [{__version__}] - 2026-12-01

### Added

- Notes.

## [0.0.1] - 2026-11-01

- Nothing yet.
"""


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        for name in COPIED:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        self.write("CHANGELOG.md", RELEASED)
        self.git("init", "--quiet")
        self.commit()

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def replace(self, name: str, old: str, new: str, count: int = -1) -> None:
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new, count))

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", *identity, *arguments], cwd=self.root, env=environment, check=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A change")

    def release(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and everything that was printed."""
        done = subprocess.run(
            [self.root / "scripts/release", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize("tagged", [False, True])
def test_what_agrees_can_be_released(repository: Repository, tagged: bool) -> None:
    if tagged:
        repository.git("tag", "--annotate", f"v{__version__}", "--message", "A release")
    assert repository.release("--check") == (0, f"notetaker {__version__} can be released.\n")


def test_the_tree_must_be_clean(repository: Repository) -> None:
    repository.write("note", "Not committed.")
    code, said = repository.release("--check")
    assert (code, said) == (
        1,
        "scripts/release: there are changes that are not committed: commit them, or put them away with git stash.\n",
    )


def test_a_version_is_released_once(repository: Repository) -> None:
    repository.git("tag", f"v{__version__}")
    repository.write("note", "Something new.")
    repository.commit()
    code, said = repository.release("--check")
    assert code == 1
    assert f"v{__version__} is the tag of another commit: raise __version__" in said


def test_the_tag_is_that_of_the_version(repository: Repository) -> None:
    repository.git("tag", "v9.9.9")
    code, said = repository.release("--check")
    assert code == 1
    assert f"this commit has the tag v9.9.9, but __version__ is {__version__}:" in said


@pytest.mark.parametrize("version", ["1.0", "1.0.0.dev1", ""])
def test_a_version_has_three_numbers(repository: Repository, version: str) -> None:
    repository.replace("notetaker/__init__.py", f'"{__version__}"', f'"{version}"')
    repository.commit()
    code, said = repository.release("--check")
    assert code == 1
    assert f"__version__ in notetaker/__init__.py is '{version}': make it three numbers" in said


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (f"[{__version__}] - 2026-12-01", f"[{__version__}]", f"has no section '## [{__version__}] - 20"),
        ("- Notes.\n", "", f"says nothing about {__version__}: "),
        ("## [Unreleased]\n", "## [Unreleased]\n\n- More.\n", "still has changes under [Unreleased]: "),
    ],
)
def test_the_changelog_tells_about_the_version(
    repository: Repository, old: str, new: str, problem: str
) -> None:
    repository.replace("CHANGELOG.md", old, new)
    repository.commit()
    code, said = repository.release("--check")
    assert code == 1
    assert f"CHANGELOG.md {problem}" in said


@pytest.mark.parametrize("requirement", ["aiohttp >= 3.10", "pytest >= 8.3"])
def test_locks_are_made_anew_when_requirements_change(repository: Repository, requirement: str) -> None:
    repository.replace("setup.cfg", requirement, f"{requirement}.1")
    repository.commit()
    assert repository.release("--check") == (
        1,
        "requirements.lock is older than the requirements in setup.cfg: run scripts/lock, then commit both locks.\n",
    )


def test_both_locks_belong_to_the_same_requirements(repository: Repository) -> None:
    repository.replace("deploy/requirements.lock", "sha256:", "sha256:0", count=1)
    repository.commit()
    code, said = repository.release("--check")
    assert code == 1
    assert said.startswith("deploy/requirements.lock is older than")


def test_an_option_that_does_not_exist_is_refused(repository: Repository) -> None:
    assert repository.release("--push") == (
        1,
        "scripts/release: --push is not an option; there is only --check.\n",
    )
