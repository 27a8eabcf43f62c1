from pathlib import Path

import pytest

from notetaker.service.instance import AlreadyRunning, only_bot
from notetaker.service.settings import SettingsError


def test_a_state_folder_takes_one_bot_at_a_time(tmp_path: Path) -> None:
    with only_bot(tmp_path):
        with (
            pytest.raises(
                AlreadyRunning, match=r"^another bot is running with the state folder /\S+: stop it first"
            ),
            only_bot(tmp_path),
        ):
            pass
        (tmp_path / "other").mkdir()
        with only_bot(tmp_path / "other"):
            pass
    with only_bot(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bot.lock").mkdir()
    with (
        pytest.raises(
            SettingsError, match=r"^NOTETAKER_STATE_DIR cannot be used: nothing can be written to /"
        ),
        only_bot(tmp_path),
    ):
        pass
