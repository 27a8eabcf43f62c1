"""The report tells everything that must not be, and only that."""

import json

import pytest
from rich.console import Console

from tests.campaigns.chaos import disasters
from tests.campaigns.chaos.campaign import Leak, Report
from tests.campaigns.chaos.report import as_json, at_rest, failures, table
from tests.campaigns.chaos.window import Result

FAULTS = [disaster.fault for disaster in disasters.catalogue()]


def good() -> Report:
    results = [
        Result(fault, True, without_audio_s=seconds) for fault in FAULTS for seconds in (1.0, 2.0, 9.0)
    ]
    return Report(results, rests=[Leak(0, 0, 0), Leak(-1, 0, None)], withheld=0, laps=3)


def shown(report: Report) -> str:
    console = Console(width=118)
    with console.capture() as capture:
        console.print(table(report))
        console.print(at_rest(report))
    return capture.get()


def test_when_all_is_well_there_is_nothing_to_tell() -> None:
    assert failures(good()) == []


def test_the_table_has_a_row_for_every_class_with_median_and_worst() -> None:
    rows = [line for line in shown(good()).splitlines() if any(fault.name in line for fault in FAULTS)]
    assert len(rows) == len(FAULTS)
    for row in rows:
        assert [cell.strip() for cell in row.split("│")][2:6] == ["3", "3", "2.0", "9.0"]


def test_what_is_not_known_is_shown_as_such() -> None:
    report = good()
    report.withheld = None
    report.rests = [Leak(2, 0, None)]
    assert "Leaked, at rest: 2 descriptors, 0 sockets, - tasks. Watchdog pings withheld: -." in shown(report)
    assert "Leaked, at rest: 0 descriptors, 0 sockets, 0 tasks" in shown(good())


def _wrong(report: Report) -> None:
    report.results[1].wrong.append("212 packets that had reached the bot are lost.")


def _leaked(report: Report) -> None:
    report.results[1].leaked = 1


def _task(report: Report) -> None:
    report.rests.append(Leak(0, 0, 1))


def _descriptor(report: Report) -> None:
    report.rests.append(Leak(1, -1, None))


def _log(report: Report) -> None:
    report.bad_lines.append("Task exception was never retrieved")


def _ended(report: Report) -> None:
    report.unexpected.append("The bot ended by itself with exit code 1.")


def _withheld(report: Report) -> None:
    report.withheld = 1


@pytest.mark.parametrize("spoil", [_wrong, _leaked, _task, _descriptor, _log, _ended, _withheld])
def test_each_thing_that_must_not_be_is_one_failure(spoil: object) -> None:
    report = good()
    assert callable(spoil)
    spoil(report)
    assert len(failures(report)) == 1
    assert not as_json(report, 1)["passed"]


def test_the_json_has_every_fault_and_every_class() -> None:
    found = json.loads(json.dumps(as_json(good(), 7)))
    assert (found["seed"], found["laps"], found["passed"]) == (7, 3, True)
    assert len(found["faults"]) == 3 * len(FAULTS)
    assert {row["class"] for row in found["classes"]} == {fault.name for fault in FAULTS}
    assert all(row["median_s_without_audio"] == 2.0 for row in found["classes"])
