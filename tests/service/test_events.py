"""The table of events, the call sites that use it, and the catalog that explains it, agree."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from notetaker.model import events
from notetaker.model.events import Event

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "deploy" / "systemd" / "notetaker.catalog"
TABLE: dict[str, Event] = {name: value for name, value in vars(events).items() if isinstance(value, Event)}


def explanations() -> dict[str, str]:
    """The text of each entry of the catalog, by its id."""
    text = re.sub(r"^#.*\n", "", CATALOG.read_text(), flags=re.MULTILINE)
    parts = re.split(r"^-- ([0-9a-f]{32})$", text, flags=re.MULTILINE)
    assert len(set(parts[1::2])) == len(parts[1::2])
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_an_event_brings_its_id_its_state_and_the_fields_that_are_there() -> None:
    extra = events.VOICE_LOST(guild_id=1, channel_id=None, voice_close_code=4006)
    assert extra == {
        "MESSAGE_ID": events.VOICE_LOST.message_id,
        "VOICE_STATE": "connecting",
        "GUILD_ID": 1,
        "VOICE_CLOSE_CODE": 4006,
    }
    assert events.READY() == {"MESSAGE_ID": events.READY.message_id}


def test_ids_are_ids_of_the_journal_and_each_is_of_one_event() -> None:
    ids = [event.message_id for event in TABLE.values()]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    assert len(set(ids)) == len(ids)
    assert {field for event in TABLE.values() for field in event.fields} == set(events.FIELDS)


def test_the_catalog_explains_every_event_and_nothing_else() -> None:
    assert set(explanations()) == {event.message_id for event in TABLE.values()}


@pytest.mark.parametrize("name", TABLE)
def test_an_explanation_has_a_subject_and_names_only_fields_that_come_with_the_event(name: str) -> None:
    header, body = explanations()[TABLE[name].message_id].strip().split("\n\n", 1)
    subject, author = header.splitlines()
    assert re.fullmatch(r"Subject: \S.{5,80}", subject)
    assert author == "Defined-By: notetaker"
    assert len(body.split("\n\n")) >= 2  # what happened, and what to do
    named = set(re.findall("@([A-Z_]+)@", header + body))
    assert named <= set(TABLE[name].fields) - {"VOICE_CLOSE_CODE"}


def test_every_event_is_told_somewhere_with_all_its_fields() -> None:
    told: set[str] = set()
    for file in (ROOT / "notetaker").rglob("*.py"):
        tree = ast.parse(file.read_text())
        told |= {name for node in ast.walk(tree) if (name := event_name(node))}
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            of = isinstance(call.func, ast.Attribute) and call.func.attr == "of"
            name = event_name(call.func.value if of and isinstance(call.func, ast.Attribute) else call.func)
            if name:
                given = {str(keyword.arg).upper() for keyword in call.keywords} | {"VOICE_STATE"}
                given |= {"MEETING_ID", "GUILD_ID", "CHANNEL_ID"} if of else set()
                assert set(TABLE[name].fields) <= given, f"{file}:{call.lineno}"
    assert told == set(TABLE)


def event_name(node: ast.AST) -> str | None:
    """``READY`` of ``events.READY``."""
    is_event = (
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "events"
    )
    return node.attr if is_event and isinstance(node, ast.Attribute) and node.attr in TABLE else None


@pytest.mark.skipif(shutil.which("journalctl") is None, reason="systemd is not installed")
def test_journalctl_takes_the_catalog(tmp_path: Path) -> None:
    folder = tmp_path / "usr" / "lib" / "systemd" / "catalog"
    folder.mkdir(parents=True)
    shutil.copy(CATALOG, folder)
    journalctl(tmp_path, "--update-catalog")
    listed = journalctl(tmp_path, "--list-catalog").splitlines()
    assert sorted(line.split()[0] for line in listed) == sorted(event.message_id for event in TABLE.values())
    shown = journalctl(tmp_path, "--dump-catalog", events.VOICE_LOST.message_id)
    assert "Subject: Voice connection lost in guild @GUILD_ID@" in shown


def journalctl(root: Path, *arguments: str) -> str:
    command = ["journalctl", f"--root={root}", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stderr == ""
    return result.stdout
