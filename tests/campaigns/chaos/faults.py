"""What can go wrong: a class for every row of the table, one or more variants in each."""

from __future__ import annotations

import asyncio
from typing import Any

from notetaker.model.failure import CLOSE_CODES, Failure, Rung, Step
from tests.campaigns.chaos import neighbours
from tests.campaigns.chaos.fault import Expect, Fault, Strike, once
from tests.campaigns.chaos.room import Room

UNDOCUMENTED = 4999
CODES = [*CLOSE_CODES, UNDOCUMENTED]
STEPS = ("hello", "identify", "select", "heartbeat")
LOST_SESSION = 4006
WAYS = {"both": "", "to_user": " towards us", "from_user": " from us"}
COOL_DOWN_S = 50.0
"""Somewhat less than the minute that Discord wants us to wait after 4021."""


def _handshake(kind: str, **fields: Any) -> Strike:
    """A fault that waits for the next handshake, which comes at once."""

    async def strike(room: Room) -> None:
        if fields.get("step") == "hello":
            others = {name: value for name, value in fields.items() if name != "step"}
            await room.fault_at_hello(kind, LOST_SESSION, **others)
            return
        await room.fault(kind, **fields)
        if fields.get("step") == "resume":
            await room.fault("voice_reset")
        else:
            await room.fault("voice_close", code=LOST_SESSION)

    return strike


def _lasting(seconds: float, kind: str, **fields: Any) -> Strike:
    async def strike(room: Room) -> None:
        await room.fault(kind, seconds=seconds, **fields)
        await asyncio.sleep(seconds)

    return strike


def _mid_session(code: int) -> Fault:
    rung = Failure(Step.ESTABLISHED, code).rung
    return Fault(
        f"closed with {code}",
        "",
        once("voice_reset") if code == 1006 else once("voice_close", code=code),
        Expect.ENDED if rung is Rung.STOP else Expect.RECOVERED,
        lossless=rung is Rung.RESUME,
        at_most_s=3.0 if rung is Rung.NEW_SESSION else None,
        at_least_s=COOL_DOWN_S if rung is Rung.COOL_DOWN else 0.0,
        within_s=120.0 if rung is Rung.COOL_DOWN else 45.0,
        takes_s=75.0 if rung is Rung.COOL_DOWN else 5.0,
    )


def _in_handshake(code: int, step: str) -> Fault:
    rung = Failure(Step.IDENTIFY, code).rung
    return Fault(
        f"closed in the handshake, at {step}",
        str(code),
        _handshake("close_at", step=step, code=code),
        Expect.ENDED if rung is Rung.STOP else Expect.RECOVERED,
        at_least_s=COOL_DOWN_S if rung is Rung.COOL_DOWN else 0.0,
        within_s=120.0 if rung is Rung.COOL_DOWN else 60.0,
        takes_s=75.0 if rung is Rung.COOL_DOWN else 9.0,
    )


def _silent(step: str) -> Fault:
    return Fault(
        "silence in the handshake",
        f"at {step}",
        _handshake("silent_at", step=step),
        within_s=60.0,
        takes_s=20.0,
    )


def _blackhole(seconds: float, direction: str = "both", **expected: Any) -> Fault:
    strike = _lasting(seconds, "udp_blackhole", direction=direction)
    name = f"UDP black hole{WAYS[direction]}, {seconds:.0f} s"
    return Fault(name, "", strike, takes_s=seconds + 5.0, **expected)


def _events(mode: str, takes_s: float = 5.0) -> Fault:
    strike = _handshake("voice_events", mode=mode)
    return Fault(f"events: {mode.replace('_', ' ')}", "", strike, within_s=60.0, takes_s=takes_s)


async def _null_endpoint(room: Room) -> None:
    await room.fault("null_endpoint", seconds=3.0)
    await asyncio.sleep(3.0)


async def _move(room: Room) -> None:
    """Together with everybody else, a moment before them."""
    target = room.next_channel()
    guild_id, user_id = str(room.site.guild.id), str(room.bot_id)
    await room.sim("move", guild_id=guild_id, user_id=user_id, channel_id=str(target))
    await room.go_to(target)


async def _kick(room: Room) -> None:
    await room.sim("disconnect", guild_id=str(room.site.guild.id), user_id=str(room.bot_id))


async def _delete_channel(room: Room) -> None:
    gone = room.channel_id
    await room.sim("channel/delete", guild_id=str(room.site.guild.id), channel_id=str(gone))
    await room.go_to(room.next_channel())


async def _full(room: Room) -> None:
    """No place for the bot when it wants to come back; later there is one."""
    guild_id, channel_id = str(room.site.guild.id), str(room.channel_id)
    limit = len(room.talkers)
    await room.sim("channel", guild_id=guild_id, channel_id=channel_id, user_limit=limit)
    try:
        await room.fault("voice_close", code=LOST_SESSION)
        await asyncio.sleep(4.0)
    finally:
        await room.sim("channel", guild_id=guild_id, channel_id=channel_id, user_limit=0)


def _moderator(flag: str) -> Strike:
    async def strike(room: Room) -> None:
        ids = {"guild_id": str(room.site.guild.id), "user_id": str(room.bot_id)}
        await room.sim("voice_state", **ids, **{flag: True})
        await asyncio.sleep(3.0)
        await room.sim("voice_state", **ids, **{flag: False})

    return strike


async def _invalid_commit(room: Room) -> None:
    """Somebody comes and goes: two commits."""
    await room.fault("dave_invalid_commit", times=1)
    async with room.guest():
        await asyncio.sleep(2.0)


async def _down_and_up(room: Room) -> None:
    ids = {"guild_id": str(room.site.guild.id), "channel_id": str(room.channel_id)}
    await room.sim("faults", kind="dave_downgrade", **ids)
    await asyncio.sleep(3.0)
    await room.sim("faults", kind="dave_upgrade", **ids)
    await asyncio.sleep(1.0)


async def _guests(room: Room) -> None:
    """Every coming and going is a new key for everybody."""
    for _ in range(3):
        async with room.guest():
            await asyncio.sleep(0.5)


def catalogue() -> dict[str, list[Fault]]:
    """Every fault that one guild can have for itself, by class."""
    faults = [
        *(_mid_session(code) for code in CODES),
        *(_in_handshake(code, step) for code in CODES for step in STEPS),
        *(_silent(step) for step in STEPS),
        Fault(
            "a whole round fails",
            "4006",
            _handshake("close_at", step="identify", code=LOST_SESSION, times=3),
            says=True,
            within_s=60.0,
            takes_s=25.0,
        ),
        Fault("resume refused", "4006", _handshake("close_at", step="resume", code=4006), at_most_s=5.0),
        Fault("resume refused", "4009", _handshake("close_at", step="resume", code=4009), at_most_s=5.0),
        Fault("resume unanswered", "", _handshake("silent_at", step="resume"), lossless=True, takes_s=9.0),
        Fault("voice websocket stalls", "", _lasting(25.0, "voice_stall"), lossless=True, takes_s=30.0),
        _blackhole(2.0, at_most_s=3.0),
        _blackhole(10.0, says=True, at_most_s=15.0),
        _blackhole(40.0, says=True, at_most_s=55.0),
        _blackhole(6.0, "to_user", says=True, at_most_s=9.0),
        _blackhole(10.0, "from_user", lossless=True),
        Fault("NAT rebinding", "", once("nat_rebind"), says=True, at_most_s=5.0, takes_s=7.0),
        Fault("IP discovery unanswered", "", _handshake("discovery_lost", times=2)),
        Fault("IP discovery answered twice", "", _handshake("discovery_twice", times=1)),
        _events("server_first"),
        _events("duplicate"),
        _events("stale_server"),
        _events("no_state", 20.0),
        _events("no_server", 20.0),
        _events("none", 20.0),
        Fault("endpoint null", "", _null_endpoint, takes_s=8.0),
        Fault("migration", "", once("migrate"), at_most_s=1.0),
        Fault("migration with 4014", "", once("migrate", close_code=4014), at_most_s=3.0),
        Fault("migration with 4022", "", once("migrate", close_code=4022), at_most_s=3.0),
        Fault("moved by a moderator", "", _move),
        Fault("kicked", "", _kick, Expect.ENDED),
        Fault("channel deleted", "", _delete_channel, Expect.ENDED),
        Fault("channel full", "", _full, within_s=90.0, takes_s=25.0),
        Fault("deafened by a moderator", "", _moderator("deaf"), says=True),
        Fault("muted by a moderator", "", _moderator("mute"), lossless=True),
        Fault("server asks for a heartbeat", "", once("server_heartbeat"), lossless=True),
        Fault("DAVE: invalid commit", "", _invalid_commit, takes_s=8.0),
        Fault("DAVE: invalid welcome", "", _handshake("dave_invalid_welcome", times=1), takes_s=8.0),
        Fault("DAVE: unknown transition", "", once("dave_unknown_transition"), lossless=True),
        Fault("DAVE: down to 0 and up to 1", "", _down_and_up, lossless=True, takes_s=8.0),
        Fault("DAVE: damaged frames", "10", once("dave_corrupt", packets=10)),
        Fault("DAVE: damaged frames", "60", once("dave_corrupt", packets=60)),
        Fault("DAVE: people come and go", "", _guests, lossless=True, takes_s=8.0),
        *neighbours.faults(),
    ]
    classes: dict[str, list[Fault]] = {}
    for fault in faults:
        classes.setdefault(fault.name, []).append(fault)
    return classes
