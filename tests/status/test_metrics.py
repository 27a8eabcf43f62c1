"""What Prometheus sees, read with its own parser."""

import asyncio
import re
import socket
from contextlib import AsyncExitStack, closing
from dataclasses import replace

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from notetaker import __version__
from notetaker.model.outcome import Outcome
from notetaker.model.voice_status import VoiceStatus, VoiceTotals
from notetaker.status.metrics import CONNECTIONS_MAX, BotCollector, served
from notetaker.status.snapshot import Snapshot
from tests.status.examples import CONNECTED, QUIET, WAITING, snapshot, voice


def series(shown: Snapshot) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(BotCollector(lambda: shown))
    return parsed(generate_latest(registry).decode())


def parsed(text: str) -> dict[str, float]:
    """Values by ``name{label=value}``."""
    return {
        sample.name + "".join(f"{{{name}={value}}}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_counts_and_states() -> None:
    shown = series(snapshot())
    assert shown[f"notetaker_build_info{{version={__version__}}}"] == 1
    assert shown["notetaker_gateway_connected"] == 1
    assert shown["notetaker_gateway_latency_seconds"] == 0.0456
    assert (shown["notetaker_servers"], shown["notetaker_meetings"], shown["notetaker_tasks"]) == (3, 1, 21)
    assert shown["notetaker_voice_attempts_total"] == 13
    assert shown["notetaker_voice_established_total"] == 9
    assert shown["notetaker_voice_failures_total{step=IDENTIFY}"] == 2
    assert shown["notetaker_voice_timeouts_total{step=CREDENTIALS}"] == 1
    assert shown["notetaker_voice_retries_total"] == 2
    assert shown["notetaker_voice_rounds_failed_total"] == 1
    assert shown["notetaker_voice_closes_total{code=4006}"] == 3
    assert shown["notetaker_voice_resumes_total"] == 5
    assert shown["notetaker_voice_resumes_failed_total"] == 1
    assert shown["notetaker_voice_disconnected_seconds_total"] == 7.25
    assert shown["notetaker_voice_packets_total{outcome=heard}"] == 1_234_567
    assert shown["notetaker_voice_packets_stored_total"] == 1_200_000
    assert shown["notetaker_voice_packets_lost_total"] == 17
    assert shown["notetaker_voice_dave_invalid_total"] == 1
    assert shown["notetaker_voice_dave_recoveries_total"] == 2
    assert shown["notetaker_voice_undecryptable_runs_total"] == 1
    assert shown["notetaker_voice_malformed_messages_total"] == 0
    assert shown["notetaker_voice_repeated_messages_total"] == 0
    assert shown["notetaker_voice_udp_errors_total"] == 6
    assert shown["notetaker_voice_dead_paths_total"] == 2
    assert shown["notetaker_voice_health_checks_total"] == 60
    assert shown["notetaker_voice_ghosts_total"] == 1


def test_servers_are_counted_by_phase() -> None:
    deafened = replace(CONNECTED, guild_id=7, deafened=True)
    shown = series(snapshot(voice(CONNECTED, deafened, WAITING, duplicate="Two of us.")))
    phases = {name: value for name, value in shown.items() if name.startswith("notetaker_voice_guilds")}
    assert phases == {
        "notetaker_voice_guilds{phase=idle}": 0,
        "notetaker_voice_guilds{phase=connecting}": 0,
        "notetaker_voice_guilds{phase=connected}": 2,
        "notetaker_voice_guilds{phase=resuming}": 0,
        "notetaker_voice_guilds{phase=waiting}": 1,
    }
    assert shown["notetaker_voice_deafened_guilds"] == 1
    assert shown["notetaker_voice_duplicate_instance"] == 1


def test_the_time_to_the_first_packet_is_a_histogram() -> None:
    shown = series(snapshot())
    buckets = [
        value for name, value in shown.items() if name.startswith("notetaker_voice_first_packet_seconds_b")
    ]
    #                 0.1 .25 0.5 1.0 2.5 5.0 10. 30. 60. +Inf; a bound belongs to its bucket
    assert buckets == [0, 1, 2, 2, 3, 3, 3, 3, 3, 4]
    assert shown["notetaker_voice_first_packet_seconds_count"] == 4
    assert shown["notetaker_voice_first_packet_seconds_sum"] == pytest.approx(73.1)


def test_a_histogram_never_goes_back_however_many_sessions_there_were() -> None:
    totals = VoiceTotals()
    for _ in range(1500):
        totals.add_first_packet(0.25)
    shown = series(snapshot(VoiceStatus((), totals)))
    assert shown["notetaker_voice_first_packet_seconds_count"] == 1500
    assert shown["notetaker_voice_first_packet_seconds_bucket{le=0.25}"] == 1500
    assert shown["notetaker_voice_first_packet_seconds_bucket{le=0.1}"] == 0
    assert len(totals.first_packet_s) == 1000


def test_a_packet_that_was_only_late_does_not_make_a_counter_fall() -> None:
    lost = iter([3, 2, 5])
    registry = CollectorRegistry()
    registry.register(BotCollector(lambda: snapshot(VoiceStatus((), VoiceTotals(lost=next(lost))))))
    seen = [
        parsed(generate_latest(registry).decode())["notetaker_voice_packets_lost_total"] for _ in range(3)
    ]
    assert seen == [3, 3, 5]


def test_every_series_that_is_known_beforehand_begins_at_zero() -> None:
    begun, later = series(snapshot(QUIET)), series(snapshot())
    assert set(later) <= set(begun)
    assert {f"notetaker_voice_packets_total{{outcome={outcome.value}}}" for outcome in Outcome} <= set(begun)
    assert "notetaker_voice_closes_total{code=4006}" in begun
    assert "notetaker_voice_timeouts_total{step=DISCOVER}" in begun
    assert {value for name, value in begun.items() if name.startswith("notetaker_voice_")} == {0}
    assert "notetaker_voice_duplicate_instance" in begun


def test_a_latency_that_is_not_known_is_not_shown() -> None:
    assert "notetaker_gateway_latency_seconds" not in series(replace(snapshot(), latency_s=None))


def test_codes_that_nobody_has_documented_share_one_series() -> None:
    totals = VoiceTotals()
    for code in range(4500, 5000):
        totals.close_codes[code] += 1
    shown = series(snapshot(VoiceStatus((), totals)))
    assert shown["notetaker_voice_closes_total{code=other}"] == 500
    assert "notetaker_voice_closes_total{code=4500}" not in shown


def test_no_label_holds_an_id() -> None:
    shown = series(snapshot(voice(CONNECTED, WAITING, duplicate="Two of us, in 1323802873036800001.")))
    assert not [name for name in shown if re.search(r"\d{6}", name)]


def test_names_are_as_prometheus_wants_them() -> None:
    registry = CollectorRegistry()
    registry.register(BotCollector(snapshot))
    families = list(text_string_to_metric_families(generate_latest(registry).decode()))
    for family in families:
        assert re.fullmatch(r"notetaker_[a-z_]+[a-z]", family.name)
        assert family.documentation.endswith(".")
        assert not re.search(r"milli|minutes|percent|kilo", family.name)
    assert len({family.name for family in families}) == len(families)


async def test_they_are_served_on_this_host_while_the_bot_runs() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/metrics"
    async with ClientSession() as http:
        async with served(port, snapshot):
            async with http.get(url) as response:
                assert response.status == 200
                assert response.headers["Content-Type"].startswith("text/plain; version=")
                shown = parsed(await response.text())
            async with http.get(f"http://127.0.0.1:{port}/") as response:
                assert response.status == 404
            with (
                socket.socket() as elsewhere
            ):  # the whole of 127/8 is this host: only the one address answers
                assert elsewhere.connect_ex(("127.0.0.2", port)) != 0
        assert shown["notetaker_voice_attempts_total"] == 13
        assert shown["process_resident_memory_bytes"] > 2**20
        assert shown["process_open_fds"] > 3
        with socket.socket() as late:
            assert late.connect_ex(("127.0.0.1", port)) != 0


async def test_without_a_port_nothing_is_served() -> None:
    def unasked() -> Snapshot:
        raise AssertionError

    async with served(None, unasked):
        pass


async def test_however_many_connections_somebody_opens_few_are_held_and_prometheus_is_answered() -> None:
    port = free_port()
    async with served(port, snapshot), AsyncExitStack() as opened, ClientSession() as http:
        readers = []
        for _ in range(100):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            opened.enter_context(closing(writer))
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: ")  # and no more
            readers.append(reader)
        async with asyncio.timeout(10):
            assert [await ended(reader) for reader in readers[:-CONNECTIONS_MAX]] == [b""] * 92
        assert not any(reader.at_eof() for reader in readers[-CONNECTIONS_MAX:])
        async with http.get(f"http://127.0.0.1:{port}/metrics") as response:
            assert response.status == 200


async def test_a_connection_without_a_request_is_closed() -> None:
    port = free_port()
    async with served(port, snapshot, idle_s=0.01), asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            writer.write(b"GET /met")
            assert await ended(reader) == b""


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What has come, once the server has hung up."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_a_port_in_use_is_told_and_keeps_no_bot_from_recording(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with served(port, snapshot):
            pass
    assert caplog.messages == [
        f"No metrics: cannot listen on 127.0.0.1:{port} (Address already in use); set METRICS_PORT to a free port, "
        "for example 9464, and restart the bot"
    ]
