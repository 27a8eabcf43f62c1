"""Metrics for Prometheus, at http://127.0.0.1:METRICS_PORT/metrics.

Names follow https://prometheus.io/docs/practices/naming/. No label holds the id of a server or a person: it would
reveal who talks where, and each would make a new time series. Series whose labels are known in advance start at 0:
rate() misses the first event of a series that starts at 1.
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
"""How long a connection may take to send a whole request before it is closed."""
STEPS = (Step.GATEWAY, *DEADLINES_S)
TOTALS = {
    "attempts": "Attempts to connect.",
    "established": "Attempts to connect that succeeded.",
    "retries": "Attempts that were not the first of their round.",
    "rounds_failed": "Rounds of attempts that all failed.",
    "resumes": "Sessions resumed over a new websocket.",
    "resumes_failed": "Lost websockets that could not be resumed.",
    "malformed_messages": "Malformed messages from voice gateways.",
    "repeated_messages": "Messages from voice gateways that were ignored because their number had been seen.",
    "udp_errors": "Failed UDP sends and receives.",
    "dead_paths": "Sessions replaced because sound no longer reached them over UDP.",
    "health_checks": "Voice health checks.",
    "ghosts": "Stale voice states of the bot that were removed.",
    "dave_invalid": "MLS commits and welcomes that could not be processed.",
    "dave_recoveries": "Requests to recreate the end-to-end encrypted group.",
    "undecryptable_runs": "Runs of frames of one speaker that could not be decrypted with a known key.",
}
"""The counters that have the names of ``VoiceTotals``, with what they count."""


@asynccontextmanager
async def served(
    port: int | None, snapshot: Callable[[], Snapshot], *, idle_s: float = IDLE_S
) -> AsyncIterator[None]:
    """Serve the metrics while the context is open. Without a port, or if it is not free, nothing is served.

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
        _Server(answer, access_log=None, keepalive_timeout=idle_s), shutdown_timeout=1.0
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port, backlog=CONNECTIONS_MAX).start()
            log.info("Serving metrics at http://%s:%d%s", HOST, port, PATH)
        except OSError as error:
            # Not fatal: any user of this host can take the port, and must not keep the bot from recording.
            reason = os.strerror(error.errno) if error.errno else str(error)
            log.warning(
                "No metrics: cannot listen on %s:%d (%s); set METRICS_PORT to a free port, for example 9464, and "
                "restart the bot",
                HOST,
                port,
                reason,
            )
        yield
    finally:
        await runner.cleanup()


class _Server(web.Server):
    """Closes the oldest connections when there are too many, so that meetings never run out of file descriptors."""

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        for oldest in self.connections[:-CONNECTIONS_MAX]:
            if oldest.transport is not None:
                oldest.transport.abort()


class BotCollector(Collector):
    """Collects metrics from a fresh snapshot for each scrape."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot
        self._lost = 0

    def collect(self) -> Iterator[Metric]:
        snapshot = self._snapshot()
        # A late packet lowers the number again, which a counter must not do: Prometheus would take it for a restart
        # of the bot, and count everything again.
        self._lost = max(self._lost, snapshot.voice.totals.lost)
        yield from _bot(snapshot)
        yield from _voice_now(snapshot.voice)
        yield from _connections(snapshot.voice.totals)
        yield from _sound(snapshot.voice.totals)
        for name, about in TOTALS.items():
            yield _counter(f"voice_{name}", about, getattr(snapshot.voice.totals, name))
        yield _counter("voice_packets_lost", "Packets that never arrived.", self._lost)


def _bot(snapshot: Snapshot) -> Iterator[Metric]:
    yield InfoMetricFamily("notetaker_build", "Version of the bot.", {"version": __version__})
    yield _gauge("gateway_connected", "1 while every shard is connected to Discord.", snapshot.connected)
    if snapshot.latency_s is not None:
        yield _gauge(
            "gateway_latency_seconds",
            "Time from a heartbeat of the main gateway to its acknowledgement.",
            snapshot.latency_s,
        )
    yield _gauge("servers", "Discord servers the bot is in.", snapshot.servers)
    yield _gauge("meetings", "Meetings being recorded.", len(snapshot.meetings))
    yield _gauge("tasks", "Tasks in the event loop.", snapshot.process.tasks)


def _voice_now(voice: VoiceStatus) -> Iterator[Metric]:
    phases = Counter(guild.phase for guild in voice.guilds)
    by_phase = GaugeMetricFamily(
        "notetaker_voice_guilds", "Servers by the phase of their voice connection.", labels=["phase"]
    )
    for phase in VoicePhase:
        by_phase.add_metric([phase.value], phases[phase])
    yield by_phase
    deafened = sum(guild.deafened for guild in voice.guilds)
    yield _gauge("voice_deafened_guilds", "Servers in which a moderator has deafened the bot.", deafened)
    yield _gauge(
        "voice_duplicate_instance",
        "1 while another process uses this bot's token.",
        voice.duplicate is not None,
    )


def _connections(totals: VoiceTotals) -> Iterator[Metric]:
    yield _by("voice_failures", "Attempts to connect that failed, by step.", "step", totals.failures, STEPS)
    yield _by(
        "voice_timeouts", "Attempts to connect that timed out, by step.", "step", totals.timeouts, STEPS
    )
    yield _by(
        "voice_closes",
        "Voice websockets closed by the server, by close code.",
        "code",
        _codes(totals.close_codes),
        [str(code) for code in CLOSE_CODES],
    )
    yield _counter(
        "voice_disconnected_seconds",
        "Time without a voice session when there should have been one.",
        totals.disconnected_s,
    )
    yield _first_packet(totals)


def _sound(totals: VoiceTotals) -> Iterator[Metric]:
    yield _by(
        "voice_packets",
        "Packets received, by outcome.",
        "outcome",
        {outcome.value: count for outcome, count in totals.packets.items()},
        [outcome.value for outcome in Outcome],
    )
    yield _counter("voice_packets_stored", "Packets heard and stored by a recording.", totals.stored)


def _first_packet(totals: VoiceTotals) -> Metric:
    up_to = accumulate(totals.first_packet_buckets[bound] for bound in FIRST_PACKET_BUCKETS_S)
    return HistogramMetricFamily(
        "notetaker_voice_first_packet_seconds",
        "Time from the start of an attempt to connect to the first voice packet.",
        buckets=[
            ("+Inf" if bound == inf else str(bound), float(count))
            for bound, count in zip(FIRST_PACKET_BUCKETS_S, up_to, strict=True)
        ],
        sum_value=totals.first_packet_sum_s,
    )


def _codes(counts: Mapping[int, int]) -> dict[str, int]:
    """Label the counts. Undocumented codes share one label: a server may send any number of them."""
    folded: Counter[str] = Counter()
    for code, count in counts.items():
        folded[str(code) if code in CLOSE_CODES else "other"] += count
    return dict(folded)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"notetaker_{name}", about, value=value)


def _counter(name: str, about: str, value: float) -> Metric:
    """Make a counter, which Prometheus shows as ``notetaker_<name>_total``."""
    return CounterMetricFamily(f"notetaker_{name}", about, value=value)


def _by(name: str, about: str, label: str, counts: Mapping[str, int], known: Iterable[str]) -> Metric:
    family = CounterMetricFamily(f"notetaker_{name}", about, labels=[label])
    for value, count in {**dict.fromkeys(known, 0), **counts}.items():
        family.add_metric([value], count)
    return family
