import sys

import pytest

from notetaker.discordbot.bot import NotetakerBot


async def test_an_installation_without_py_cords_own_voice_client_is_nothing_to_warn_about(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("discord.utils.voice_dependency_warning_emitted", False)
    monkeypatch.setitem(sys.modules, "davey", None)  # as if it were not installed
    bot = NotetakerBot(api_base_url="http://127.0.0.1:9/api", ca_file=None)
    await bot.close()
    assert caplog.messages == []
