"""The matrix of `scripts/interop`, with a call without faults and a lossy one for each who speaks."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.campaigns.interop.client import DAVE_PY, DAVEY, DISCORD_JS, DISCORDPY, PROJECT, PY_CORD, Kind
from tests.campaigns.interop.matrix import Matrix
from tests.campaigns.interop.place import VARIANTS, Variant

INSTALL_S = 240
AES_GCM_DAVE = VARIANTS[0]
LOSSY_STAGE = VARIANTS[-1]


@pytest.fixture(scope="session")
def referees() -> None:
    """discord.py and discord.js, installed; without Node, or out of the registries' reach, they stay away."""
    if shutil.which("npm") is None:
        pytest.skip("Node is not installed: discord.js and discord.py do not take part in the interop tests")
    done = subprocess.run(
        ["scripts/interop", "--install"], cwd=PROJECT, capture_output=True, text=True, timeout=INSTALL_S
    )
    if done.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip("discord.js and discord.py cannot be installed and do not take part in the interop tests")
    assert done.returncode == 0, done.stderr


async def failures(
    folder: Path, speakers: Sequence[Kind], listeners: Sequence[Kind], variants: Sequence[Variant]
) -> list[str]:
    matrix = Matrix(speakers, listeners, with_bot=True, variants=variants)
    await matrix.run(folder, lambda outcome: None)
    matrix.check_journals()
    assert matrix.holds == (not matrix.failures())
    return matrix.failures()


async def test_our_bot_hears_whoever_python_brings(tmp_path: Path) -> None:
    speakers = (PY_CORD, DAVEY, DAVE_PY)
    assert await failures(tmp_path, speakers, (), (AES_GCM_DAVE, LOSSY_STAGE)) == []


@pytest.mark.timeout(INSTALL_S + 120)
@pytest.mark.usefixtures("referees")
async def test_our_bot_and_discordjs_hear_whoever_comes_from_elsewhere(tmp_path: Path) -> None:
    speakers = (DISCORD_JS, DISCORDPY)
    assert await failures(tmp_path, speakers, (DISCORD_JS,), (AES_GCM_DAVE, LOSSY_STAGE)) == []
