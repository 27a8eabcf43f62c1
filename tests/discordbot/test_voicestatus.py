"""The embed must be sendable (Discord docs, Embed Limits) and must say what there is to know."""

from collections import Counter
from dataclasses import replace

import discord
import pytest

from notetaker.discordbot.voicestatus import VoiceStatusCommand, embed
from notetaker.model.failure import CLOSE_CODES, Failure, Step
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.voice_status import GuildVoiceStatus, VoicePhase, VoiceStatus, VoiceTotals
from tests.status.examples import (
    ADA,
    CONNECTED,
    LOUNGE,
    NOW_NS,
    OFFICE,
    PROBLEM,
    QUIET,
    STAGE,
    STANDUP,
    WAITING,
    voice,
)

NOW_S = NOW_NS / 1e9


def described(guild: GuildVoiceStatus) -> str:
    return str(embed(voice(guild), guild.guild_id, NOW_S).description)


def fields(status: VoiceStatus, guild_id: int = OFFICE) -> dict[str, str]:
    return {str(field.name): str(field.value) for field in embed(status, guild_id, NOW_S).fields}


def test_each_phase_is_told_in_a_sentence() -> None:
    assert described(CONNECTED) == f"🟢 I'm in <#{STANDUP}>, connected for 12 min 5 s."
    assert described(replace(CONNECTED, phase=VoicePhase.CONNECTING, connected_to=None, attempt=2)) == (
        f"🟡 I've been connecting to <#{STANDUP}> for 12 min 5 s (attempt 2)."
    )
    assert described(replace(CONNECTED, phase=VoicePhase.RESUMING)) == (
        f"🟡 Reconnecting the control connection to <#{STANDUP}> (lost 12 min 5 s ago); still receiving audio."
    )
    assert described(WAITING) == (
        f"🔴 I haven't been able to join <#{STAGE}> for 12 s. I'll try again when somebody joins or leaves a voice "
        f"channel, and in 48 s at the latest.\n**Last failure:** {PROBLEM}"
    )
    idle = replace(CONNECTED, phase=VoicePhase.IDLE, wanted=None, connected_to=None)
    assert described(idle) == "⚪ I'm not in a voice channel, and nobody has asked me to join one."
    assert embed(QUIET, OFFICE, NOW_S).description == described(idle)


def test_a_server_sees_itself_and_no_other() -> None:
    shown = str(embed(voice(CONNECTED, WAITING), OFFICE, NOW_S).to_dict())
    assert str(STANDUP) in shown
    assert str(STAGE) not in shown
    assert PROBLEM not in shown
    shown = str(embed(voice(CONNECTED, WAITING), LOUNGE, NOW_S).to_dict())
    assert str(STAGE) in shown
    assert str(STANDUP) not in shown
    assert str(ADA) not in shown


def test_who_deafened_the_bot_is_told_what_it_means() -> None:
    assert "A moderator has deafened me, so Discord sends me no sound" in described(
        replace(CONNECTED, deafened=True)
    )


def test_who_cannot_be_heard_is_named_and_told_why() -> None:
    assert "Nobody to hear yet" in described(replace(CONNECTED, nobody_to_hear=True))
    assert f"I can't decrypt <@{ADA}>, <@7>, though" in described(replace(CONNECTED, undecryptable=(ADA, 7)))
    many = described(replace(CONNECTED, undecryptable=tuple(range(1, 20))))
    assert "<@7>, 12 more people, though" in many
    alone = described(
        replace(
            CONNECTED,
            undecryptable=(ADA, 7),
            coverage=(Coverage(ADA, Counter({Outcome.HEARD: 9})), Coverage(5)),
        )
    )
    assert alone.endswith(f"I can't decrypt <@{ADA}>, <@7>. Rejoining the channel may help.")


def test_the_connection_and_its_encryption() -> None:
    assert fields(voice(CONNECTED))["Connection"] == (
        "Voice server `c-fra05-0123abcd.discord.media:2087`, latency 23 ms\n"
        "Transport encryption `aead_aes256_gcm_rtpsize`; end-to-end encryption DAVE version 1"
    )
    assert fields(voice(replace(CONNECTED, dave_version=0)))["Connection"].endswith("encryption none")
    assert "Connection" not in fields(voice(WAITING), LOUNGE)


def test_what_was_heard_of_each_speaker() -> None:
    assert fields(voice(CONNECTED))["Heard in this recording"] == (
        f"<@{ADA}>: 1,200 packets, 3 lost on the way\n"
        f"<@{ADA + 1}>: 50 packets, none lost on the way, 2 could not be decrypted\n"
        "1 packet of these could not be written to disk"
    )


def test_what_is_not_recorded_is_said_so() -> None:
    shown = fields(
        voice(replace(CONNECTED, recording=False, coverage=(Coverage(ADA, Counter({Outcome.HEARD: 9})),)))
    )
    assert "Heard in this recording" not in shown
    assert shown["Heard, but not recorded"] == f"<@{ADA}>: 9 packets, none lost on the way"


def test_the_totals() -> None:
    shown = fields(voice(CONNECTED))
    assert shown["Connections in all servers since I started"].splitlines() == [
        "9 of 13 attempts succeeded (75% of those completed)",
        "2 retries, 1 failed round",
        "Timeouts: 1 credentials",
        "5 sessions resumed, 1 failed",
        "Disconnected for 7 s",
        "First sound 1.4 s after the start of an attempt (median), 70.0 s at most",
    ]
    assert shown["Closed by Discord"].splitlines() == [
        "**4006**, the voice session is no longer valid: 3×, last 3 min ago",
        "**1006**, the connection was cut without a close code: 1×, last 2 h ago",
    ]
    assert shown["Sound in all servers since I started"].splitlines() == [
        "1,234,567 packets heard, 1,200,000 of them stored; 17 lost on the way",
        "Dropped: 4 duplicate, 1 bad auth",
        "DAVE: 1 invalid message, 2 recoveries",
        "Other failures: 1 undecryptable run, 6 UDP errors, 2 dead UDP paths",
    ]


def test_a_bot_that_has_only_just_begun() -> None:
    shown = fields(QUIET)
    assert list(shown) == [
        "Connections in all servers since I started",
        "Sound in all servers since I started",
    ]
    assert "Other failures" not in shown["Sound in all servers since I started"]
    assert "0 of 0 attempts succeeded" in shown["Connections in all servers since I started"]


def test_a_second_bot_with_the_token_is_told_before_the_figures() -> None:
    shown = fields(voice(CONNECTED, duplicate="Another process is in voice with this token."))
    assert next(iter(shown.items())) == (
        "⚠️ Another bot uses my token",
        "Another process is in voice with this token.",
    )


def test_the_worst_day_still_fits_into_an_embed() -> None:
    many = 10**12
    steps = Counter({f"STEP {number}": many for number in range(9)})
    bad = VoiceTotals(
        attempts=many,
        failures=steps,
        timeouts=steps,
        close_codes=Counter(dict.fromkeys([*CLOSE_CODES, *range(3000, 5000)], many)),
        packets=Counter(dict.fromkeys(Outcome, many)),
        first_packet_s=[1e5] * 1000,
        disconnected_s=1e9,
    )
    bad.last_close_ns = dict.fromkeys(bad.close_codes, 0)
    people = tuple(Coverage(2**64 - n, Counter(dict.fromkeys(Outcome, many)), lost=many) for n in range(100))
    worst = replace(
        CONNECTED,
        wanted=2**64,
        failure=Failure(Step.ENDED, detail="x" * 5000),
        deafened=True,
        nobody_to_hear=True,
        undecryptable=tuple(person.user_id for person in people),
        coverage=people,
        endpoint="e" * 253,
    )
    shown = embed(VoiceStatus((worst,), bad, "y" * 5000), OFFICE, NOW_S)
    assert len(shown) <= 6000
    assert len(shown.description or "") <= 4096
    assert len(shown.fields) <= 25
    for field in shown.fields:
        assert 0 < len(field.name) <= 256
        assert 0 < len(field.value) <= 1024, field.name


@pytest.mark.parametrize("phase", VoicePhase)
def test_every_phase_has_a_colour_and_a_sentence(phase: VoicePhase) -> None:
    shown = embed(voice(replace(CONNECTED, phase=phase)), OFFICE, NOW_S)
    assert shown.colour is not None
    assert shown.description


def test_it_is_for_those_who_manage_the_server() -> None:
    [command] = VoiceStatusCommand.__cog_commands__
    assert command.name == "voicestatus"
    assert command.default_member_permissions == discord.Permissions(manage_guild=True)
