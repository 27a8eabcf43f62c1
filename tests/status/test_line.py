from dataclasses import replace

import pytest

from notetaker.model.meeting import RunningMeeting
from notetaker.model.voice_status import VoiceStatus
from notetaker.status.line import status_line
from tests.status.examples import CONNECTED, NOW_NS, QUIET, WAITING, snapshot, voice

HOUR_NS = 3600 * 10**9


def line(status: VoiceStatus, *people: int, servers: int = 3, away_since_ns: int | None = None) -> str:
    [running] = snapshot().meetings
    meetings = [RunningMeeting(running.meeting, number) for number in people]
    return status_line(status, meetings, servers, away_since_ns, NOW_NS)


def test_meetings_people_and_connections_are_counted() -> None:
    assert line(replace(QUIET, guilds=(CONNECTED,)), 1) == "1 meeting, 1 person heard, 0 reconnecting"
    assert (
        line(replace(QUIET, guilds=(CONNECTED, WAITING)), 3, 4)
        == "2 meetings, 7 people heard, 1 reconnecting"
    )
    assert line(QUIET) == "No meeting, in 3 servers"
    assert line(replace(QUIET, guilds=(WAITING,))) == "0 meetings, 0 people heard, 1 reconnecting"


def test_notes_that_nobody_got_are_counted() -> None:
    said = status_line(QUIET, [], 3, None, NOW_NS, undelivered=2)
    assert said == "No meeting, in 3 servers, the notes of 2 meetings could not be delivered"


@pytest.mark.parametrize(
    ("ago_ns", "said"),
    [
        (59 * 10**9, "just now"),
        (60 * 10**9, "1 min ago"),
        (HOUR_NS - 1, "59 min ago"),
        (3 * HOUR_NS + 1, "3 h ago"),
        (47 * HOUR_NS, "47 h ago"),
        (50 * HOUR_NS, "2 days ago"),
    ],
)
def test_the_last_close_code_is_named_with_its_age(ago_ns: int, said: str) -> None:
    status = voice(CONNECTED)
    status.totals.last_close_ns.clear()
    status.totals.last_close_ns.update({4014: NOW_NS - 100 * HOUR_NS, 4006: NOW_NS - ago_ns})
    assert line(status, 7) == f"1 meeting, 7 people heard, 0 reconnecting, last 4006 {said}"


def test_without_discord_it_says_since_when() -> None:
    since_ns = NOW_NS - 10 * 60 * 10**9
    assert line(QUIET, away_since_ns=since_ns) == "Waiting for Discord since 14:20:05 UTC"
    assert line(replace(QUIET, guilds=(WAITING,)), 2, away_since_ns=since_ns) == (
        "Waiting for Discord since 14:20:05 UTC, 1 meeting, 2 people heard, 1 reconnecting"
    )


def test_a_database_that_does_not_answer_is_named() -> None:
    said = status_line(QUIET, [], 3, None, NOW_NS, "the database does not answer")
    assert said == "No meeting, in 3 servers, the database does not answer"


def test_another_process_with_our_token_is_named() -> None:
    status = replace(QUIET, duplicate="Another process is using this bot's token")
    assert line(status) == "No meeting, in 3 servers, another process uses this bot's token"
