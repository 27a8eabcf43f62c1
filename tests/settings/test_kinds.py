"""Kinds of notes in a folder of the operator's."""

from pathlib import Path

import pytest

from notetaker.doctor import host
from notetaker.doctor.checkup import CheckFailed
from notetaker.settings.kinds import load_kinds
from notetaker.settings.values import Settings
from tests.notes.test_kinds import OWN


def settings(folder: Path, kind: str = "meeting") -> Settings:
    return Settings.load({"NOTES_KINDS_DIR": str(folder), "NOTES_KIND": kind})


def test_the_operators_kinds_stand_beside_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "retro.toml").write_text(OWN)
    (tmp_path / "podcast.toml").write_text(OWN)
    (tmp_path / "README").write_text("not a kind")
    loaded = load_kinds(settings(tmp_path, "retro"))
    assert loaded.faults == ()
    assert list(loaded.kinds.by_name) == ["meeting", "standup", "session", "podcast", "lecture", "retro"]
    assert loaded.kinds.default.name == "retro"
    assert loaded.kinds.get("podcast").what == "a retrospective"
    assert loaded.kinds.get("meeting").what == "a meeting"


async def test_a_broken_file_is_one_sentence_and_spoils_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "retro.toml").write_text(OWN)
    broken = tmp_path / "broken.toml"
    for content, fault in [
        (OWN.replace("asks", "ask").encode(), "sections 1 asks: Field required"),
        (b"heading = [", "it is not TOML: Invalid value (at end of document)"),
        (b"\xff", "it is not text in UTF-8"),
    ]:
        broken.write_bytes(content)
        loaded = load_kinds(settings(tmp_path))
        assert loaded.faults == (f"{broken} is not a kind of notes: {fault}; see docs/notes-kinds.md",)
        assert "retro" in loaded.kinds.by_name
        assert "broken" not in loaded.kinds.by_name
        with pytest.raises(CheckFailed) as failed:
            await host.notes(settings(tmp_path))
        assert failed.value.args[0] == loaded.faults[0]


def test_a_folder_or_a_kind_that_is_not_there_is_said_and_the_notes_are_of_a_meeting(tmp_path: Path) -> None:
    loaded = load_kinds(settings(tmp_path / "gone", "raid"))
    assert loaded.faults == (
        f"NOTES_KINDS_DIR: cannot read {tmp_path / 'gone'} (No such file or directory)",
        "NOTES_KIND: there is no kind of notes 'raid'; there are meeting, standup, session, podcast, lecture",
    )
    assert loaded.kinds.default.name == "meeting"


def test_a_file_that_cannot_be_read_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.toml").mkdir()
    (tmp_path / "retro.toml").write_text("\ufeff" + OWN)  # as Windows editors begin a file
    loaded = load_kinds(settings(tmp_path, "retro"))
    assert loaded.faults == (f"NOTES_KINDS_DIR: cannot read {tmp_path / 'a.toml'} (Is a directory)",)
    assert loaded.kinds.default.name == "retro"
