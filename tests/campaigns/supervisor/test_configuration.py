"""What we ship for supervisor, and what it promises."""

import configparser

import pytest

from notetaker.host.exit_codes import ExitCode
from tests.campaigns.supervisor.host import DEPLOYED


@pytest.fixture(scope="module")
def configuration() -> configparser.RawConfigParser:
    found = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    found.read(DEPLOYED)
    return found


PROGRAMS = {
    "program:notetaker-bot": {
        ExitCode.OK,
        ExitCode.ALREADY_RUNNING,
        ExitCode.TOKEN_REJECTED,
        ExitCode.CONFIGURATION,
    },
    "program:notetaker-worker": {ExitCode.OK, ExitCode.CONFIGURATION},
    "eventlistener:notetaker-watchdog": {ExitCode.CONFIGURATION},
}


def test_these_are_all(configuration: configparser.RawConfigParser) -> None:
    assert {*configuration.sections()} == {*PROGRAMS, "group:notetaker"}


@pytest.mark.parametrize("section", PROGRAMS)
def test_nothing_is_started_again_where_that_cannot_help(
    configuration: configparser.RawConfigParser, section: str
) -> None:
    program = configuration[section]
    assert {int(code) for code in program["exitcodes"].split(",")} == PROGRAMS[section]
    assert program["autorestart"] == "unexpected"
    assert program["startsecs"] == "0", "else supervisor does not look at the exit code of a short life"


@pytest.mark.parametrize("section", PROGRAMS)
def test_logs_do_not_fill_the_disk(configuration: configparser.RawConfigParser, section: str) -> None:
    stream = "stderr" if section.startswith("eventlistener") else "stdout"
    assert configuration[section][f"{stream}_logfile_maxbytes"].endswith("MB")
    assert int(configuration[section][f"{stream}_logfile_backups"])


@pytest.mark.parametrize("section", ["program:notetaker-bot", "program:notetaker-worker"])
def test_the_watchdog_listens_where_the_others_report(
    configuration: configparser.RawConfigParser, section: str
) -> None:
    command = configuration["eventlistener:notetaker-watchdog"]["command"].split()
    environment = configuration[section]["environment"].split(",")
    assert f'NOTIFY_SOCKET="{command[-1]}"' in environment
    assert 'WATCHDOG_USEC="30000000"' in environment


def test_the_worker_gets_no_token(configuration: configparser.RawConfigParser) -> None:
    environment = configuration["program:notetaker-worker"]["environment"].split(",")
    assert {'DISCORD_TOKEN=""', 'DISCORD_BOT_TOKEN=""'} <= {*environment}
