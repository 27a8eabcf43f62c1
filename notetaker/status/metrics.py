"""The bot's figures for Prometheus, at http://127.0.0.1:METRICS_PORT/metrics.

Names follow https://prometheus.io/docs/practices/naming/. No label ever holds the id of a server or of a person: that
would tell who talks where, and make a new time series for each. Every series whose labels are known beforehand is
there from the start, at 0: a rate() over a series that begins at 1 would not see the first event.
"""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import accumulate
from math import inf

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from notetaker import __version__
from notetaker.model.failure import CLOSE_CODES, Step
from notetaker.model.outcome import Outcome
from notetaker.model.voice_status import FIRST_PACKET_BUCKETS_S, VoicePhase, VoiceStatus, VoiceTotals
from notetaker.status.snapshot import Snapshot
from notetaker.wire.handshake import DEADLINES_S

log = logging.getLogger(__name__)

HOST, PATH = "127.0.0.1", "/metrics"
CONNECTIONS_MAX = 8
IDLE_S = 5.0
"""After so long without a whole request a connection is closed."""
STEPS = (Step.GATEWAY, *DEADLINES_S)


@asynccontextmanager
async def served(port: int | None, snapshot: Callable[[], Snapshot]) -> AsyncIterator[None]:
    """Answers Prometheus while the context is open; with no port, or one that cannot be had, nobody.

    ``snapshot`` is called on the event loop.
    """
    if port is None:
        yield
        return
    registry = CollectorRegistry()
    registry.register(BotCollector(snapshot))
    ProcessCollector(registry=registry)

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path != PATH:
            raise web.HTTPNotFound
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    runner = web.ServerRunner(
        _Server(answer, access_log=None, keepalive_timeout=IDLE_S), shutdown_timeout=1.0
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port, backlog=CONNECTIONS_MAX).start()
            log.info("Prometheus finds the metrics at http://%s:%d%s", HOST, port, PATH)
        except OSError as error:
            # No reason to end: any user of this host can take the port, and must not keep the bot from recording.
            reason = os.strerror(error.errno) if error.errno else str(error)
            log.warning(
                "METRICS_PORT cannot be used: %s:%d cannot be listened at (%s), so there are no metrics; name a port "
                "that is free, for example METRICS_PORT=9464, and start the bot again",
                HOST,
                port,
                reason,
            )
        yield
    finally:
        await runner.cleanup()


class _Server(web.Server):
    """Whoever opens many connections must not use up the descriptors that meetings need: the oldest makes room."""

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        for oldest in self.connections[:-CONNECTIONS_MAX]:
            if oldest.transport is not None:
                oldest.transport.abort()


class BotCollector(Collector):
    """Makes metrics of a fresh snapshot whenever Prometheus asks."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot
        self._lost = 0

    def collect(self) -> Iterator[Metric]:
        snapshot = self._snapshot()
        # A packet that is only late makes the number fall again, which a counter must not: Prometheus would take
        # it for a restart of the bot, and count everything anew.
        self._lost = max(self._lost, snapshot.voice.totals.lost)
        yield from _bot(snapshot)
        yield from _voice_now(snapshot.voice)
        yield from _connections(snapshot.voice.totals)
        yield from _sound(snapshot.voice.totals)
        yield _counter("voice_packets_lost", "Packets that never reached the socket.", self._lost)


def _bot(snapshot: Snapshot) -> Iterator[Metric]:
    yield InfoMetricFamily("notetaker_build", "What is running.", {"version": __version__})
    yield _gauge("gateway_connected", "1 while every shard is connected to Discord.", snapshot.connected)
    if snapshot.latency_s is not None:
        yield _gauge(
            "gateway_latency_seconds",
            "From a heartbeat to Discord's acknowledgement, main gateway.",
            snapshot.latency_s,
        )
    yield _gauge("servers", "Discord servers that the bot is in.", snapshot.servers)
    yield _gauge("meetings", "Meetings being recorded.", len(snapshot.meetings))
    yield _gauge("tasks", "Tasks of the event loop.", snapshot.process.tasks)


def _voice_now(voice: VoiceStatus) -> Iterator[Metric]:
    phases = Counter(guild.phase for guild in voice.guilds)
    by_phase = GaugeMetricFamily(
        "notetaker_voice_guilds", "Servers by what their voice connection is doing.", labels=["phase"]
    )
    for phase in VoicePhase:
        by_phase.add_metric([phase.value], phases[phase])
    yield by_phase
    deafened = sum(guild.deafened for guild in voice.guilds)
    yield _gauge("voice_deafened_guilds", "Servers in which a moderator has deafened the bot.", deafened)
    yield _gauge(
        "voice_duplicate_instance",
        "1 when another process uses this bot's token.",
        voice.duplicate is not None,
    )


def _connections(totals: VoiceTotals) -> Iterator[Metric]:
    yield _counter("voice_attempts", "Attempts to connect.", totals.attempts)
    yield _counter("voice_established", "Attempts to connect that succeeded.", totals.established)
    yield _by("voice_failures", "Attempts to connect that failed, by step.", "step", totals.failures, STEPS)
    yield _by(
        "voice_timeouts",
        "Attempts to connect that ran into a deadline, by step.",
        "step",
        totals.timeouts,
        STEPS,
    )
    yield _counter("voice_retries", "Attempts that were not the first of their round.", totals.retries)
    yield _counter("voice_rounds_failed", "Rounds of attempts without success.", totals.rounds_failed)
    yield _by(
        "voice_closes",
        "Voice websockets that the server closed, by close code.",
        "code",
        _codes(totals.close_codes),
        [str(code) for code in CLOSE_CODES],
    )
    yield _counter("voice_resumes", "Sessions that went on over a new websocket.", totals.resumes)
    yield _counter(
        "voice_resumes_failed", "Lost websockets that could not be resumed.", totals.resumes_failed
    )
    yield _counter(
        "voice_disconnected_seconds",
        "Time without a voice session while one was wanted.",
        totals.disconnected_s,
    )
    yield _counter(
        "voice_malformed_messages",
        "Messages of voice gateways that could not be understood.",
        totals.malformed_messages,
    )
    yield _counter("voice_udp_errors", "Sends and receives over UDP that failed.", totals.udp_errors)
    yield _counter("voice_health_checks", "Rounds of the health monitor.", totals.health_checks)
    yield _counter("voice_ghosts", "Stale voice states of the bot that were cleaned up.", totals.ghosts)
    yield _first_packet(totals)


def _sound(totals: VoiceTotals) -> Iterator[Metric]:
    yield _by(
        "voice_packets",
        "Packets that reached the socket, by what became of them.",
        "outcome",
        {outcome.value: count for outcome, count in totals.packets.items()},
        [outcome.value for outcome in Outcome],
    )
    yield _counter("voice_packets_stored", "Packets that were heard and recorded.", totals.stored)
    yield _counter(
        "voice_dave_invalid", "MLS commits and welcomes that could not be processed.", totals.dave_invalid
    )
    yield _counter(
        "voice_dave_recoveries",
        "Times that the end-to-end group had to be made anew.",
        totals.dave_recoveries,
    )
    yield _counter(
        "voice_undecryptable_runs",
        "Times that many frames of a speaker in a row could not be decrypted although there was a key.",
        totals.undecryptable_runs,
    )


def _first_packet(totals: VoiceTotals) -> Metric:
    up_to = accumulate(totals.first_packet_buckets[bound] for bound in FIRST_PACKET_BUCKETS_S)
    return HistogramMetricFamily(
        "notetaker_voice_first_packet_seconds",
        "From the start of an attempt to connect to the first packet of sound.",
        buckets=[
            ("+Inf" if bound == inf else str(bound), float(count))
            for bound, count in zip(FIRST_PACKET_BUCKETS_S, up_to, strict=True)
        ],
        sum_value=totals.first_packet_sum_s,
    )


def _codes(counts: Mapping[int, int]) -> dict[str, int]:
    """A server may send any code; those that nobody has documented share one label."""
    folded: Counter[str] = Counter()
    for code, count in counts.items():
        folded[str(code) if code in CLOSE_CODES else "other"] += count
    return dict(folded)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"notetaker_{name}", about, value=value)


def _counter(name: str, about: str, value: float) -> Metric:
    """Prometheus sees it as ``notetaker_<name>_total``."""
    return CounterMetricFamily(f"notetaker_{name}", about, value=value)


def _by(name: str, about: str, label: str, counts: Mapping[str, int], known: Iterable[str]) -> Metric:
    family = CounterMetricFamily(f"notetaker_{name}", about, labels=[label])
    for value, count in {**dict.fromkeys(known, 0), **counts}.items():
        family.add_metric([value], count)
    return family
