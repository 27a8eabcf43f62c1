import asyncio
import json
import os
import socket

from notetaker import __version__
from notetaker.status.snapshot import document, process_figures
from tests.status.examples import ADA, ENDPOINT, LOUNGE, OFFICE, PROBLEM, QUIET, STAGE, STANDUP, snapshot


def test_the_document_is_json_whose_ids_are_strings() -> None:
    shown = document(snapshot())
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert (shown["version"], shown["pid"]) == (__version__, os.getpid())
    assert (shown["user"], shown["servers"], shown["uptime_s"]) == ("Notetaker#0042", 3, 7500.0)
    assert shown["started"] == "2026-11-22T12:25:05.000+00:00"
    assert shown["gateway"] == {"connected": True, "latency_s": 0.046}
    office, lounge = shown["voice"]["guilds"]
    assert office == {
        "guild_id": str(OFFICE),
        "phase": "connected",
        "phase_s": 725.0,
        "wanted": str(STANDUP),
        "connected_to": str(STANDUP),
        "attempt": 0,
        "next_try_s": None,
        "problem": None,
        "failure": None,
        "endpoint": ENDPOINT,
        "mode": "aead_aes256_gcm_rtpsize",
        "dave_version": 1,
        "latency_s": 0.023,
        "nobody_to_hear": False,
        "undecryptable": [],
        "deafened": False,
        "coverage": [
            {
                "user_id": str(ADA),
                "received": 1204,
                "heard": 1200,
                "stored": 1200,
                "dropped": {"duplicate": 4},
                "lost": 3,
            },
            {
                "user_id": str(ADA + 1),
                "received": 52,
                "heard": 50,
                "stored": 49,
                "dropped": {"undecryptable": 2},
                "lost": 0,
            },
        ],
    }
    assert (lounge["guild_id"], lounge["wanted"], lounge["connected_to"]) == (str(LOUNGE), str(STAGE), None)
    assert (lounge["phase"], lounge["next_try_s"], lounge["problem"]) == ("waiting", 48.0, PROBLEM)
    assert lounge["failure"] == {"step": "IDENTIFY", "close_code": 4006, "timed_out": False}
    assert shown["meetings"] == [
        {
            "id": "20261122-143005-k3f9qz",
            "guild_id": str(OFFICE),
            "channel": "Standup",
            "since": "2026-11-22T14:18:25.000+00:00",
            "people": 2,
            "paused": None,
        }
    ]


def test_the_totals_come_with_what_follows_from_them() -> None:
    totals = document(snapshot())["voice"]["totals"]
    assert (totals["attempts"], totals["established"]) == (13, 9)
    assert totals["success_rate"] == 0.75  # one of the 13 is still under way
    assert totals["attempts_per_success"] == 1.333
    assert totals["close_codes"] == [
        {
            "code": 1006,
            "meaning": "the connection was cut without a close code",
            "count": 1,
            "last": "2026-11-22T12:30:05.000+00:00",
        },
        {
            "code": 4006,
            "meaning": "the voice session is no longer valid",
            "count": 3,
            "last": "2026-11-22T14:27:05.000+00:00",
        },
    ]
    assert totals["first_packet_s"] == {"sessions": 4, "median": 1.45, "worst": 70.0}
    assert (totals["undecryptable_runs"], totals["malformed_messages"], totals["udp_errors"]) == (1, 0, 6)
    assert totals["dead_paths"] == 2
    assert totals["packets"] == {"heard": 1_234_567, "duplicate": 4, "bad_auth": 1}
    assert totals["stored"] == 1_200_000


def test_a_bot_that_has_only_just_begun_has_no_rates_yet() -> None:
    totals = document(snapshot(QUIET))["voice"]["totals"]
    assert totals["success_rate"] is totals["attempts_per_success"] is None
    assert totals["first_packet_s"] == {"sessions": 0, "median": None, "worst": None}
    assert totals["close_codes"] == []


async def test_the_figures_of_the_process_show_what_leaks() -> None:
    before = process_figures()
    left, right = socket.socketpair()
    waiting = asyncio.ensure_future(asyncio.Event().wait())
    reading = os.open("/dev/null", os.O_RDONLY)
    during = process_figures()
    waiting.cancel()
    left.close()
    right.close()
    os.close(reading)
    assert during.sockets - before.sockets == 2
    assert during.open_files - before.open_files == 3
    assert during.tasks - before.tasks == 1
    assert 2**20 < during.rss_bytes < 2**40
    await asyncio.wait([waiting])
    assert process_figures().open_files == before.open_files
