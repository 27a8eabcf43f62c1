"""What holds for every test."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.harness.process import PRELUDE

# How long an example takes says nothing where other processes can take the CPU away.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PRELUDE), os.environ.get("PYTHONPATH")]))

pytest_plugins = ["tests.harness.fixtures"]


@pytest.fixture(autouse=True)
def log_levels() -> Iterator[None]:
    """A test that sets up logging as a process does must not change what later tests see."""
    loggers = [logging.getLogger(name) for name in (None, "notetaker", "dave", "discord")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
