"""Real models for tests; ``scripts/setup`` pulls the default one."""

import os
from pathlib import Path

import pytest

from notetaker.speech.models.catalogue import BY_NAME
from notetaker.speech.models.store import SYSTEM_FOLDER, Store, user_folder

FOLDERS = (user_folder(), SYSTEM_FOLDER)


def model(name: str = "whisper-base") -> Path:
    """Return the folder of an installed model. Without it, skip the test, or fail in CI."""
    path = Store(FOLDERS).path(BY_NAME[name])
    if path is None:
        reason = f"the speech model {name} is not installed: notetaker models pull {name}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
