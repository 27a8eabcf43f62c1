"""VOCABULARY_FILE."""

from pathlib import Path

import pytest

from notetaker.host.errors import SettingsError
from notetaker.settings.values import Settings


def test_a_file_adds_to_the_vocabulary(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("\ufeff# people\n\n  Lady   Vire \nJira\n", encoding="utf-8")
    settings = Settings.load({"SPEECH_VOCABULARY": "Jira,Müller", "VOCABULARY_FILE": str(file)})
    assert settings.vocabulary == ("Jira", "Müller", "Lady Vire")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Ada\n\xff\xfe", "{} is not a text file in UTF-8"),
        (b"Ada\n\n" + b"x" * 61, "line 3 of {} is longer than 60 characters"),
        (b"\x00\x01", "line 1 of {} has no letters"),
        (b"Ada\x07", "line 1 of {} has characters that cannot be shown"),
        (None, "cannot read {} (No such file or directory)"),
    ],
)
def test_a_broken_file_gets_one_sentence_that_quotes_nothing(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "words.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        Settings.load({"VOCABULARY_FILE": str(file)})
    assert str(raised.value) == (
        f"VOCABULARY_FILE is invalid: {reason.format(file)}; "
        "for example VOCABULARY_FILE=/etc/notetaker/vocabulary.txt"
    )


def test_a_path_that_cannot_be_one_gets_a_sentence(tmp_path: Path) -> None:
    for path in ("~nobody-of-that-name/words", str(tmp_path)):
        with pytest.raises(
            SettingsError, match=r"^VOCABULARY_FILE is invalid: (there is no file|cannot read)"
        ):
            Settings.load({"VOCABULARY_FILE": path})
