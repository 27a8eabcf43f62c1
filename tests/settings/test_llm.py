"""The settings of the language model."""

from pathlib import Path

import pytest

from notetaker.host.errors import SettingsError
from notetaker.settings.values import Settings
from notetaker.writing.settings import LlmSettings


def test_the_language_model_is_that_of_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Settings.load().llm is None
    monkeypatch.setenv("NOTES_LLM_BASE_URL", "http://127.0.0.1:11434/v1")
    with pytest.raises(
        SettingsError, match=r"^NOTES_LLM_MODEL is not set; for example NOTES_LLM_MODEL=qwen3:8b$"
    ):
        _ = Settings.load().llm
    monkeypatch.setenv("NOTES_LLM_MODEL", "small")
    assert Settings.load().llm == LlmSettings("http://127.0.0.1:11434/v1", "small")
    (tmp_path / "notes_llm_api_key").write_text("sk-hidden\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("NOTES_LLM_CONTEXT", "8192")
    monkeypatch.setenv("NOTES_LLM_TIMEOUT", "30")
    settings = Settings.load()
    assert settings.llm == LlmSettings("http://127.0.0.1:11434/v1", "small", "sk-hidden", 8192, 30)
    assert "hidden" not in repr(settings)
    assert "hidden" not in repr(settings.llm)
    monkeypatch.setenv("NOTES_LLM_API_KEY", "sk-other")
    assert Settings.load().llm == LlmSettings("http://127.0.0.1:11434/v1", "small", "sk-other", 8192, 30)
