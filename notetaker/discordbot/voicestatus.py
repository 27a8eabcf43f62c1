"""/voicestatus: the state of voice, for those who manage the server. Only the person who asks sees the answer."""

import logging
import time
from collections.abc import Iterable, Sequence
from statistics import median

import discord

from notetaker.discordbot import replies
from notetaker.discordbot.ports import VoiceHealth
from notetaker.discordbot.publish import Undelivered, delivering
from notetaker.model import events
from notetaker.model.audio import UNKNOWN
from notetaker.model.failure import Failure
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.voice_status import GuildVoiceStatus, VoicePhase, VoiceStatus, VoiceTotals
from notetaker.model.wording import clip, count, duration, ranked
from notetaker.wire.explanations import close_code_meaning, explain

log = logging.getLogger(__name__)

SENTENCE_MAX = 1000
"""Characters. Discord docs, Embed Limits: 1024 in the value of a field, 4096 in the description, 6000 in total."""
LINES_MAX = 7
"""Speakers, or close codes, that fit into the value of a field."""

IDLE_COLOUR = discord.Colour.light_grey()
COLOURS = {
    VoicePhase.IDLE: IDLE_COLOUR,
    VoicePhase.CONNECTING: discord.Colour.gold(),
    VoicePhase.CONNECTED: discord.Colour.green(),
    VoicePhase.RESUMING: discord.Colour.gold(),
    VoicePhase.WAITING: discord.Colour.red(),
}


class VoiceStatusCommand(discord.Cog):
    def __init__(self, voice: VoiceHealth) -> None:
        self._voice = voice

    @discord.slash_command(
        description="Show the state of my voice connections, and how much I have heard.",
        default_member_permissions=discord.Permissions(manage_guild=True),
    )
    async def voicestatus(self, ctx: discord.ApplicationContext) -> None:
        guild_id = ctx.interaction.guild_id
        with delivering():
            if guild_id is None:
                await ctx.respond(replies.NOT_IN_DMS, ephemeral=True)
            else:
                await ctx.respond(embed=embed(self._voice.status(), guild_id, time.time()), ephemeral=True)

    async def cog_command_error(self, ctx: discord.ApplicationContext, error: Exception) -> None:
        cause = error.original if isinstance(error, discord.ApplicationCommandInvokeError) else error
        if isinstance(cause, Undelivered):
            log.warning("Cannot answer /voicestatus: %s", cause)
        else:
            log.error("/voicestatus failed", exc_info=cause, extra=events.BUG())


def embed(status: VoiceStatus, guild_id: int, now_s: float) -> discord.Embed:
    """Make the answer for one server. The totals cover all servers and name none. ``now_s``: Unix seconds."""
    guild = next((one for one in status.guilds if one.guild_id == guild_id), None)
    shown = discord.Embed(
        title="Voice in this server",
        description="\n".join(_now(guild)),
        colour=COLOURS[guild.phase] if guild is not None else IDLE_COLOUR,
    )
    for name, lines in _fields(status, guild, now_s):
        shown.add_field(name=name, value="\n".join(lines), inline=False)
    return shown


def _fields(
    status: VoiceStatus, guild: GuildVoiceStatus | None, now_s: float
) -> Iterable[tuple[str, Iterable[str]]]:
    if status.duplicate is not None:
        yield "⚠️ Another bot uses my token", [clip(status.duplicate, SENTENCE_MAX)]
    if guild is not None and guild.endpoint is not None:
        yield "Connection", _connection(guild)
    if guild is not None and guild.coverage:
        yield "Heard in this recording" if guild.recording else "Heard, but not recorded", _speakers(guild)
    yield "Connections in all servers since I started", _connecting(status.totals)
    if status.totals.close_codes:
        yield "Closed by Discord", _closes(status.totals, now_s)
    yield "Sound in all servers since I started", _sound(status.totals)


def _now(guild: GuildVoiceStatus | None) -> Iterable[str]:
    if guild is None or guild.phase is VoicePhase.IDLE:
        yield "⚪ I'm not in a voice channel, and nobody has asked me to join one."
        if guild is not None and guild.failure is not None:
            yield _last_failure(guild.failure)
        return
    wanted, since = f"<#{guild.wanted}>", _duration(guild.phase_s)
    match guild.phase:
        case VoicePhase.CONNECTED:
            yield f"🟢 I'm in <#{guild.connected_to}>, connected for {since}."
        case VoicePhase.CONNECTING:
            attempt = f" (attempt {guild.attempt})" if guild.attempt else ""
            yield f"🟡 I've been connecting to {wanted} for {since}{attempt}."
        case VoicePhase.RESUMING:
            yield (
                f"🟡 Reconnecting the control connection to {wanted} (lost {since} ago); still receiving audio."
            )
        case VoicePhase.WAITING:
            at_latest = (
                "" if guild.next_try_s is None else f", and in {_duration(guild.next_try_s)} at the latest"
            )
            yield (
                f"🔴 I haven't been able to join {wanted} for {since}. I'll try again when somebody joins or "
                f"leaves a voice channel{at_latest}."
            )
    if guild.nobody_to_hear:
        yield replies.NOBODY_TO_HEAR
    if guild.undecryptable:
        heard = any(one.heard for one in guild.coverage if one.user_id not in guild.undecryptable)
        others = (
            ", though I can hear others. That's a fault of their Discord client; rejoining"
            if heard
            else ". Rejoining"
        )
        yield f"🔒 I can't decrypt {_people(guild.undecryptable)}{others} the channel may help."
    if guild.deafened:
        yield "🔇 A moderator has deafened me, so Discord sends me no sound. Undeafen me to let me hear again."
    if guild.failure is not None:
        yield _last_failure(guild.failure)


def _last_failure(failure: Failure) -> str:
    return f"**Last failure:** {clip(explain(failure).summary, SENTENCE_MAX)}"


def _people(user_ids: Sequence[int]) -> str:
    more = len(user_ids) - LINES_MAX
    others = [count(more, "more person", "more people")] if more > 0 else []
    return ", ".join([*(f"<@{user_id}>" for user_id in user_ids[:LINES_MAX]), *others])


def _connection(guild: GuildVoiceStatus) -> Iterable[str]:
    yield f"Voice server `{guild.endpoint}`" + (
        "" if guild.latency_s is None else f", latency {guild.latency_s * 1000:.0f} ms"
    )
    end_to_end = f"DAVE version {guild.dave_version}" if guild.dave_version else "none"
    yield f"Transport encryption `{guild.mode or 'not negotiated yet'}`; end-to-end encryption {end_to_end}"


def _speakers(guild: GuildVoiceStatus) -> Iterable[str]:
    by_sound = sorted(guild.coverage, key=lambda one: -one.received)
    for one in by_sound[:LINES_MAX]:
        who = "Unknown speaker" if one.user_id == UNKNOWN else f"<@{one.user_id}>"
        yield f"{who}: {count(one.heard, 'packet')}, {_lost(one)}"
    if by_sound[LINES_MAX:]:
        yield f"and {count(len(by_sound) - LINES_MAX, 'more person', 'more people')}"
    unstored = sum(one.unstored for one in guild.coverage)
    if guild.recording and unstored:
        yield f"{count(unstored, 'packet')} of these could not be written to disk"


def _lost(coverage: Coverage) -> str:
    dropped = coverage.outcomes[Outcome.UNDECRYPTABLE] + coverage.outcomes[Outcome.HELD_TOO_LONG]
    unreadable = f", {dropped:,} could not be decrypted" if dropped else ""
    return f"{coverage.lost or 'none'} lost on the way{unreadable}"


def _connecting(totals: VoiceTotals) -> Iterable[str]:
    rate = "" if totals.success_rate is None else f" ({totals.success_rate:.0%} of those completed)"
    yield f"{totals.established:,} of {count(totals.attempts, 'attempt')} succeeded{rate}"
    yield f"{count(totals.retries, 'retry', 'retries')}, {count(totals.rounds_failed, 'failed round')}"
    if totals.timeouts:
        yield f"Timeouts: {ranked(totals.timeouts)}"
    failed = f", {totals.resumes_failed:,} failed" if totals.resumes_failed else ""
    yield f"{count(totals.resumes, 'session')} resumed{failed}"
    yield f"Disconnected for {_duration(totals.disconnected_s)}"
    if totals.first_packet_s:
        yield (
            f"First sound {median(totals.first_packet_s):.1f} s after the start of an attempt (median), "
            f"{max(totals.first_packet_s):.1f} s at most"
        )


def _closes(totals: VoiceTotals, now_s: float) -> Iterable[str]:
    latest = sorted(totals.close_codes, key=lambda code: -totals.last_close_ns[code])
    for code in latest[:LINES_MAX]:
        ago = _duration(now_s - totals.last_close_ns[code] / 1e9)
        yield f"**{code}**, {close_code_meaning(code)}: {totals.close_codes[code]:,}×, last {ago} ago"
    if latest[LINES_MAX:]:
        yield f"and {count(len(latest) - LINES_MAX, 'more code')}"


def _sound(totals: VoiceTotals) -> Iterable[str]:
    dropped = {outcome.value: n for outcome, n in totals.packets.items() if outcome is not Outcome.HEARD}
    heard = count(totals.packets[Outcome.HEARD], "packet")
    yield f"{heard} heard, {totals.stored:,} of them stored; {totals.lost:,} lost on the way"
    yield f"Dropped: {ranked(dropped)}"
    yield (
        f"DAVE: {count(totals.dave_invalid, 'invalid message')}, "
        f"{count(totals.dave_recoveries, 'recovery', 'recoveries')}"
    )
    failures = {
        "undecryptable run": totals.undecryptable_runs,
        "malformed message": totals.malformed_messages,
        "UDP error": totals.udp_errors,
        "dead UDP path": totals.dead_paths,
    }
    if any(failures.values()):
        yield "Other failures: " + ", ".join(count(n, what) for what, n in failures.items() if n)


def _duration(seconds: float) -> str:
    return duration(round(max(seconds, 0.0) * 1e9))
