"""The control API: POST /sim/faults {"kind": K, ...} makes something go wrong.

Each function below is a kind of fault: its name is the kind, its parameters after ``hub`` are the fields. ``user_id``
is the victim; without ``guild_id`` it is struck in all guilds. A fault waits for its moment and strikes ``times``
times, or it strikes at once, which is an error if there is nothing to strike. Either is published as an event:
{"event": "fault", "kind": K, "state": "armed" or "struck", ...}.

To add a fault, write a function, and decorate it with ``waits`` or ``strikes``.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, create_model

from notetaker.discordsim.control.body import (
    Code,
    Flag,
    Id,
    Seconds,
    Times,
    body_of,
    guild_of,
    parse,
    voice_channel_of,
)
from notetaker.discordsim.gateway.voice_states import Answer
from notetaker.discordsim.http import no_content
from notetaker.discordsim.hub import Hub, hub_of
from notetaker.discordsim.messages.command_usage import UsageError
from notetaker.discordsim.voice.faults import Clock, Damage, Direction, Probe, Step

routes = web.RouteTableDef()

Inject = TypeVar("Inject", bound=Callable[..., None])


@dataclass(frozen=True)
class Fault:
    inject: Callable[..., None]
    fields: type[BaseModel]
    state: str


FAULTS: dict[str, Fault] = {}
"""All faults by kind."""


@routes.post("/sim/faults")
async def inject_fault(request: web.Request) -> web.Response:
    hub, body = hub_of(request), await body_of(request)
    kind = str(body.get("kind"))
    fault = FAULTS.get(kind)
    if fault is None:
        raise UsageError(f"There is no fault of kind {kind}; there are {', '.join(FAULTS)}.")
    fields = parse(fault.fields, body)
    fault.inject(hub, **dict(fields))
    given = fields.model_dump(exclude_unset=True)
    details = {name: str(value) if name.endswith("_id") and value else value for name, value in given.items()}
    hub.events.publish("fault", kind=kind, **details, state=fault.state)
    return no_content()


def _register(inject: Inject, state: str) -> Inject:
    fields: dict[str, Any] = {
        name: (parameter.annotation, ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in inspect.signature(inject).parameters.items()
        if name != "hub"
    }
    FAULTS[inject.__name__] = Fault(inject, create_model(inject.__name__, **fields), state)
    return inject


def waits(inject: Inject) -> Inject:
    return _register(inject, "armed")


def strikes(inject: Inject) -> Inject:
    return _register(inject, "struck")


def _require(struck: bool | int, what: str) -> None:
    if not struck:
        raise UsageError(f"This user has no {what}.")


# Handshakes of the voice gateway


@waits
def refuse_identify(
    hub: Hub, user_id: Id, code: Code = 4006, times: Times = 1, guild_id: Id | None = None
) -> None:
    """Refuse the next identifies."""
    hub.faults.refuse_identify(user_id, code, times, guild_id)


@waits
def close_at(
    hub: Hub, user_id: Id, step: Step, code: Code, times: Times = 1, guild_id: Id | None = None
) -> None:
    """Close the next handshakes at a step."""
    hub.faults.close_at(user_id, step, code, times, guild_id)


@waits
def silent_at(hub: Hub, user_id: Id, step: Step, times: Times = 1, guild_id: Id | None = None) -> None:
    """Say nothing more from a step of the next handshakes on."""
    hub.faults.silent_at(user_id, step, times, guild_id)


@waits
def discovery_lost(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """Leave IP discovery unanswered."""
    hub.faults.damage(Damage.DISCOVERY_LOST, user_id, times, guild_id)


@waits
def discovery_twice(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """Answer IP discovery twice."""
    hub.faults.damage(Damage.DISCOVERY_TWICE, user_id, times, guild_id)


@waits
def region_broken(hub: Hub, region: str | None, code: Code | None = 4006) -> None:
    """Refuse all identifies in a region (null: the automatic one), or with code null no longer."""
    if code is None:
        hub.faults.broken_regions.pop(region, None)
    else:
        hub.faults.broken_regions[region] = code


# Voice connections


@strikes
def voice_close(hub: Hub, user_id: Id, code: Code, guild_id: Id | None = None) -> None:
    """Close the voice websocket. Codes in ``voice.protocol.RESUMABLE`` leave the session alive."""
    _require(hub.voice.hang_up(user_id, code, guild_id), "voice websocket")


@strikes
def voice_reset(hub: Hub, user_id: Id, guild_id: Id | None = None) -> None:
    """Reset the TCP connection of the voice websocket."""
    _require(hub.voice.cut(user_id, guild_id), "voice websocket")


@strikes
def voice_stall(hub: Hub, user_id: Id, seconds: Seconds, guild_id: Id | None = None) -> None:
    """Neither read nor write the voice websocket."""
    _require(hub.voice.stall(user_id, seconds, guild_id), "voice websocket")


@strikes
def server_heartbeat(hub: Hub, user_id: Id, guild_id: Id | None = None) -> None:
    """Send op 3 on the voice websocket."""
    _require(hub.voice.ask_for_heartbeat(user_id, guild_id), "voice websocket")


@strikes
def udp_blackhole(
    hub: Hub,
    user_id: Id,
    seconds: Seconds,
    direction: Direction = Direction.BOTH,
    guild_id: Id | None = None,
) -> None:
    """Let no datagram through."""
    hub.faults.blackhole(user_id, seconds, guild_id, direction)


@strikes
def udp_ignore(hub: Hub, user_id: Id, probe: Probe, ignored: Flag = True, guild_id: Id | None = None) -> None:
    """Leave keepalives, pings or repeated IP discoveries unanswered from now on, or no longer."""
    hub.faults.ignore(user_id, probe, guild_id, ignored=ignored)


@strikes
def nat_rebind(hub: Hub, user_id: Id, guild_id: Id | None = None) -> None:
    """Give the user's datagrams another port; audio still goes to the one in op 1."""
    _require(hub.voice.rebind(user_id, guild_id), "voice session that has selected a protocol")


# Who is speaking


@waits
def speaking_lost(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """Do not tell the user who speaks (op 5)."""
    hub.faults.damage(Damage.SPEAKING_LOST, user_id, times, guild_id)


@waits
def speaking_late(
    hub: Hub, user_id: Id, seconds: Seconds, times: Times = 1, guild_id: Id | None = None
) -> None:
    """Tell the user late who speaks."""
    hub.faults.damage(Damage.SPEAKING_LATE, user_id, times, guild_id, seconds)


@waits
def speaking_as_video(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """Tell the user who speaks by op 12 in place of op 5."""
    hub.faults.damage(Damage.SPEAKING_AS_VIDEO, user_id, times, guild_id)


@waits
def left_late(hub: Hub, user_id: Id, seconds: Seconds, times: Times = 1, guild_id: Id | None = None) -> None:
    """When the user leaves, tell the others late (op 13)."""
    hub.faults.damage(Damage.LEFT_LATE, user_id, times, guild_id, seconds)


@waits
def ssrc_reused(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """When the user leaves, give the SSRC to the next one to come into that guild."""
    hub.faults.damage(Damage.SSRC_REUSED, user_id, times, guild_id)


@waits
def replay_overlap(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """In a resume, also send messages again that the user has seen."""
    hub.faults.damage(Damage.REPLAY_OVERLAP, user_id, times, guild_id)


@strikes
def stream_restart(hub: Hub, user_id: Id, guild_id: Id | None = None) -> None:
    """Let the user's audio go on at any other sequence number and timestamp, on the same SSRC."""
    _require(hub.voice.restart_stream(user_id, guild_id), "stream that somebody receives")


@strikes
def udp_clog(hub: Hub, user_id: Id, seconds: Seconds, guild_id: Id | None = None) -> None:
    """Hold back what the user says, then let it come all at once."""
    hub.faults.clog(user_id, seconds, guild_id)


@strikes
def odd_clock(hub: Hub, user_id: Id, clock: Clock, seconds: Seconds, guild_id: Id | None = None) -> None:
    """Give the user's packets strange RTP timestamps."""
    hub.faults.set_clock(user_id, clock, seconds, guild_id)


# Voice servers, as the main gateway announces them


@waits
def voice_events(hub: Hub, user_id: Id, mode: Answer, times: Times = 1, guild_id: Id | None = None) -> None:
    """Answer op 4 in an unusual way."""
    hub.voice_states.answer_with(mode, user_id, times, guild_id)


@strikes
def migrate(hub: Hub, user_id: Id, guild_id: Id, close_code: Code | None = None) -> None:
    """Announce another voice server, closing the old websocket first if there is a code."""
    struck = hub.voice_states.migrate(guild_of(hub, guild_id).id, user_id, close_code)
    _require(struck, "place in a voice channel of that guild")


@strikes
def null_endpoint(hub: Hub, user_id: Id, guild_id: Id, seconds: Seconds) -> None:
    """Announce that there is no voice server, and later another one."""
    struck = hub.voice_states.lose_server(guild_of(hub, guild_id).id, user_id, seconds)
    _require(struck, "place in a voice channel of that guild")


# End-to-end encryption


@waits
def dave_invalid_commit(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """Damage commits announced to the user (op 29)."""
    hub.faults.damage(Damage.COMMIT, user_id, times, guild_id)


@waits
def dave_invalid_welcome(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """Damage welcomes (op 30)."""
    hub.faults.damage(Damage.WELCOME, user_id, times, guild_id)


@waits
def dave_corrupt(hub: Hub, user_id: Id, packets: Times = 1, guild_id: Id | None = None) -> None:
    """Damage audio forwarded to the user, so that it cannot be decrypted."""
    hub.faults.damage(Damage.AUDIO, user_id, packets, guild_id)


@waits
def dave_no_key_package(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """Lose the key packages that the user sends (op 26), so that it is in no group."""
    hub.faults.damage(Damage.KEY_PACKAGE, user_id, times, guild_id)


@waits
def dave_never_ready(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """Lose the user's op 23, so that transitions are executed (op 22) only after the server's timeout."""
    hub.faults.damage(Damage.READY, user_id, times, guild_id)


@waits
def dave_severed(hub: Hub, user_id: Id, times: Times = 1, guild_id: Id | None = None) -> None:
    """Remove the user from the group when its voice websocket breaks, although it may be resumed."""
    hub.faults.damage(Damage.SEVERED, user_id, times, guild_id)


@strikes
def dave_broken_sender(hub: Hub, user_id: Id, seconds: Seconds, guild_id: Id | None = None) -> None:
    """Let nobody decrypt what the user sends, as if its client sealed with a wrong key."""
    hub.faults.break_sender(user_id, seconds, guild_id)


@strikes
def dave_downgrade(hub: Hub, guild_id: Id, channel_id: Id) -> None:
    """Stop using DAVE in a channel."""
    _change_dave(hub, guild_id, channel_id, dave=False)


@strikes
def dave_upgrade(hub: Hub, guild_id: Id, channel_id: Id) -> None:
    """Use DAVE in a channel again, in a new group."""
    _change_dave(hub, guild_id, channel_id, dave=True)


def _change_dave(hub: Hub, guild_id: int, channel_id: int, *, dave: bool) -> None:
    channel = voice_channel_of(hub, guild_id, channel_id)
    if not hub.voice.change_version(guild_id, channel.id, dave=dave):
        raise UsageError("There is nobody in this channel, or nothing to change.")


@strikes
def dave_unknown_transition(hub: Hub, user_id: Id, guild_id: Id) -> None:
    """Send op 22 with an id that was never announced."""
    struck = hub.voice.execute_unknown_transition(guild_of(hub, guild_id).id, user_id)
    _require(struck, "voice session in that guild")


# The main gateway, and everything


@strikes
def gateway_close(hub: Hub, user_id: Id, code: Code = 4000) -> None:
    """Close the main gateway connection."""
    _require(hub.gateway.hang_up(user_id, code), "gateway connection")


@strikes
def gateway_reconnect(hub: Hub, user_id: Id) -> None:
    """Ask the client to reconnect (op 7)."""
    _require(hub.gateway.ask_to_reconnect(user_id), "gateway connection")


@strikes
def gateway_invalidate(hub: Hub, user_id: Id) -> None:
    """End the session (op 9)."""
    _require(hub.gateway.invalidate(user_id), "gateway connection")


@strikes
def gateway_stall(hub: Hub, user_id: Id, seconds: Seconds) -> None:
    """Neither read nor write the main gateway connection."""
    _require(hub.gateway.stall(user_id, seconds), "gateway connection")


@strikes
def guild_outage(hub: Hub, guild_id: Id, seconds: Seconds) -> None:
    """Send GUILD_DELETE with ``unavailable``, and nothing of the guild until GUILD_CREATE comes in the end."""
    hub.membership.outage(guild_of(hub, guild_id), seconds)


@strikes
def outage(hub: Hub, seconds: Seconds) -> None:
    """Answer REST with 503, reset all websockets, and let no datagram through."""
    hub.voice.outage(seconds)
    hub.gateway.cut()
