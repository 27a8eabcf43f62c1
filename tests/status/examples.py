"""A bot in the middle of things, made by hand."""

from collections import Counter

from notetaker.model.failure import Failure, Step
from notetaker.model.meeting import Meeting, RunningMeeting
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.voice_status import GuildVoiceStatus, VoicePhase, VoiceStatus, VoiceTotals
from notetaker.status.snapshot import ProcessFigures, Snapshot

OFFICE, LOUNGE = 1323802873036800001, 1323802873036800002
STANDUP, STAGE = 1323802873036800011, 1323802873036800012
ADA, BEN = 1323802873036800021, 1323802873036800022
NOW_NS = 1_795_357_805_000_000_000
PROBLEM = (
    "Discord closed the voice connection during IDENTIFY: the voice session is no longer valid (4006). The likely "
    "cause is a session that has become stale on Discord's side, or another process that uses this bot's token."
)
ENDPOINT = "c-fra05-0123abcd.discord.media:2087"

CONNECTED = GuildVoiceStatus(
    guild_id=OFFICE,
    phase=VoicePhase.CONNECTED,
    wanted=STANDUP,
    connected_to=STANDUP,
    phase_s=725.0,
    endpoint=ENDPOINT,
    mode="aead_aes256_gcm_rtpsize",
    dave_version=1,
    latency_s=0.0231,
    recording=True,
    coverage=(
        Coverage(ADA, Counter({Outcome.HEARD: 1200, Outcome.DUPLICATE: 4}), lost=3, stored=1200),
        Coverage(BEN, Counter({Outcome.HEARD: 50, Outcome.UNDECRYPTABLE: 2}), stored=49),
    ),
)
WAITING = GuildVoiceStatus(
    guild_id=LOUNGE,
    phase=VoicePhase.WAITING,
    wanted=STAGE,
    connected_to=None,
    phase_s=12.0,
    next_try_s=48.0,
    failure=Failure(Step.IDENTIFY, 4006),
)


def totals() -> VoiceTotals:
    made = VoiceTotals(
        attempts=13,
        established=9,
        failures=Counter({"IDENTIFY": 2, "CREDENTIALS": 1}),
        timeouts=Counter({"CREDENTIALS": 1}),
        retries=2,
        rounds_failed=1,
        close_codes=Counter({4006: 3, 1006: 1}),
        last_close_ns={4006: NOW_NS - 180 * 10**9, 1006: NOW_NS - 7200 * 10**9},
        resumes=5,
        resumes_failed=1,
        disconnected_s=7.25,
        packets=Counter({Outcome.HEARD: 1_234_567, Outcome.DUPLICATE: 4, Outcome.BAD_AUTH: 1}),
        stored=1_200_000,
        lost=17,
        dave_invalid=1,
        dave_recoveries=2,
        undecryptable_runs=1,
        udp_errors=6,
        dead_paths=2,
        health_checks=60,
        ghosts=1,
    )
    for seconds in 0.4, 0.2, 2.5, 70.0:
        made.add_first_packet(seconds)
    return made


def voice(*guilds: GuildVoiceStatus, duplicate: str | None = None) -> VoiceStatus:
    return VoiceStatus(guilds, totals(), duplicate)


QUIET = VoiceStatus((), VoiceTotals())
"""Of a bot that has only just begun."""


def snapshot(status: VoiceStatus | None = None) -> Snapshot:
    return Snapshot(
        started_ns=NOW_NS - 7500 * 10**9,
        uptime_s=7500.0,
        user="Notetaker#0042",
        servers=3,
        connected=True,
        latency_s=0.0456,
        process=ProcessFigures(tasks=21, open_files=30, sockets=12, rss_bytes=80 * 2**20),
        voice=status or voice(CONNECTED, WAITING),
        meetings=(
            RunningMeeting(
                Meeting("20261122-143005-k3f9qz", OFFICE, STANDUP, "Standup", 3, ADA, NOW_NS - 700 * 10**9),
                people=2,
            ),
        ),
    )
