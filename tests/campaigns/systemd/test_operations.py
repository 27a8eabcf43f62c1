"""docs/operations.md, where it repeats what the code says."""

import re
from pathlib import Path

from notetaker.host.exit_codes import ExitCode
from notetaker.model import events

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/operations.md").read_text()


def test_the_exit_codes_are_all_there_and_say_when_systemd_starts_again() -> None:
    told = dict(re.findall(r"^\| (\d+) \|.*\| (leaves it stopped|starts it again) \|$", PAGE, re.MULTILINE))
    of_status = {ExitCode.NOT_RUNNING, ExitCode.NO_ANSWER}
    assert {int(code) for code in told} == set(ExitCode) - of_status
    unit = (ROOT / "deploy/systemd/notetaker-bot.service").read_text()
    prevented = re.findall(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE)[0].split()
    assert [code for code, then in told.items() if then == "leaves it stopped"] == ["0", *prevented]


def test_a_message_id_is_that_of_the_event_it_is_told_of() -> None:
    told = set(re.findall(r"MESSAGE_ID=([0-9a-f]+)", PAGE))
    assert told == {events.GAP.message_id, events.DUPLICATE_INSTANCE.message_id}


def test_every_field_of_the_journal_is_told_of() -> None:
    assert [field for field in events.FIELDS if field not in PAGE] == []
