"""docs/operations.md, where it repeats what the code says."""

import re
from pathlib import Path

from notetaker.host.exit_codes import ExitCode
from notetaker.model import events

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/operations.md").read_text()


def test_all_exit_codes_are_listed_with_what_systemd_does() -> None:
    listed = dict(re.findall(r"^\| (\d+) \|.*\| (leaves it stopped|restarts it) \|$", PAGE, re.MULTILINE))
    of_status = {ExitCode.NOT_RUNNING, ExitCode.NO_ANSWER}
    assert {int(code) for code in listed} == set(ExitCode) - of_status
    unit = (ROOT / "deploy/systemd/notetaker-bot.service").read_text()
    prevented = re.findall(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE)[0].split()
    assert [code for code, then in listed.items() if then == "leaves it stopped"] == ["0", *prevented]


def test_message_ids_are_those_of_their_events() -> None:
    listed = set(re.findall(r"MESSAGE_ID=([0-9a-f]+)", PAGE))
    told = events.GAP, events.DUPLICATE_INSTANCE, events.NOTES_UNDELIVERED
    assert listed == {event.message_id for event in told}


def test_every_journal_field_is_listed() -> None:
    assert [field for field in events.FIELDS if field not in PAGE] == []
