"""Builds the status of voice from its parts."""

import copy
from collections.abc import Iterable

from notetaker.model.voice_status import GuildVoiceStatus, VoicePhase, VoiceTotals
from notetaker.voice.guild import GuildVoice
from notetaker.voice.reception import add_counts


def guild_status(guild: GuildVoice, now: float, next_check: float) -> GuildVoiceStatus | None:
    """Return the guild's status, or None if it has no voice. ``next_check`` is the next health check."""
    connection = guild.reception.connection
    if guild.intent is None and connection is None:
        return None
    phase, since = _phase(guild)
    session = None if connection is None else connection.session
    return GuildVoiceStatus(
        guild_id=guild.guild_id,
        phase=phase,
        wanted=guild.intent,
        connected_to=guild.connected_to,
        phase_s=0.0 if since is None else max(now - since, 0.0),
        attempt=guild.attempts.number,
        next_try_s=max(next_check - now, 0.0) if phase is VoicePhase.WAITING else None,
        failure=None if guild.hold.failure is None else guild.hold.failure.failure,
        endpoint=None if session is None else session.credentials.endpoint,
        mode=None if session is None else session.mode,
        dave_version=0 if session is None else session.dave.version,
        latency_s=None if session is None else session.heartbeat.latency,
        nobody_to_hear=guild.reception.nobody_to_hear,
        undecryptable=() if session is None else session.decrypt_watch.undecryptable,
        deafened=guild.presence.deafened,
        recording=guild.reception.recording,
        coverage=tuple(guild.reception.coverage()),
    )


def _phase(guild: GuildVoice) -> tuple[VoicePhase, float | None]:
    """Return the phase and when it began."""
    connection = guild.reception.connection
    if connection is not None and connection.lost_websocket_at is not None:
        return VoicePhase.RESUMING, connection.lost_websocket_at
    if connection is not None and guild.downtime.since is None:
        return VoicePhase.CONNECTED, guild.reception.established_at
    if guild.hold.failure is not None:
        return VoicePhase.WAITING, guild.hold.since
    return VoicePhase.CONNECTING, guild.downtime.since


def with_live(totals: VoiceTotals, guilds: Iterable[GuildVoice], now: float) -> VoiceTotals:
    """Return ``totals``, which cover what is over, with the counts of what is still under way added."""
    whole = copy.deepcopy(totals)
    for guild in guilds:
        whole.stored += guild.reception.stored
        if guild.reception.connection is not None:
            add_counts(whole, guild.reception.connection)
        if guild.downtime.since is not None:
            whole.disconnected_s += now - guild.downtime.since
    return whole
