"""Models for tests that need a real one: ``scripts/setup`` has pulled the default."""

import os
from pathlib import Path

import pytest

from notetaker.speech.models.catalogue import BY_NAME
from notetaker.speech.models.store import SYSTEM_FOLDER, Store, user_folder

FOLDERS = (user_folder(), SYSTEM_FOLDER)


def model(name: str = "whisper-base") -> Path:
    """The folder of an installed model; without it the test is skipped, and fails in CI."""
    path = Store(FOLDERS).path(BY_NAME[name])
    if path is None:
        reason = f"the speech model {name} is not installed: notetaker models pull {name}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
