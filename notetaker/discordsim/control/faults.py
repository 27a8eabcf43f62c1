"""The control API: POST /sim/faults {"kind": K, ...} makes something go wrong.

`user_id` is the victim. With `guild_id` only that guild's voice is hurt, without it that of all guilds. A fault that
waits for its moment strikes `times` times (1); one that strikes at once is refused if there is nothing to strike. All
are told as events: {"event": "fault", "kind": K, "state": "armed" or "struck", ...}. Ids are strings or integers.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from notetaker.discordsim.control.body import (
    body_of,
    choice_of,
    guild_of,
    id_of,
    integer_of,
    seconds_of,
    voice_channel_of,
)
from notetaker.discordsim.gateway.voice_states import ANSWERS
from notetaker.discordsim.hub import Hub, hub_of, no_content
from notetaker.discordsim.messages.usage import UsageError
from notetaker.discordsim.voice.faults import Step
from notetaker.discordsim.world.entities import Json

routes = web.RouteTableDef()

FIELDS = {
    *("kind", "user_id", "guild_id", "channel_id", "times", "step", "code", "mode", "seconds", "region"),
    *("close_code", "packets"),
}


def _victim(body: Json) -> tuple[int, int | None]:
    return id_of(body, "user_id"), id_of(body, "guild_id") if body.get("guild_id") is not None else None


def _times(body: Json, name: str = "times") -> int:
    return integer_of(body, name, 1, lowest=1, highest=1_000_000)


def _code(body: Json, default: int | None = None) -> int:
    """A close code of a websocket; 1006 is a TCP reset (RFC 6455 section 7.4)."""
    return integer_of(body, "code", default, lowest=1000, highest=4999)


def _struck(struck: bool | int, what: str) -> None:
    if not struck:
        raise UsageError(f"This user has no {what}.")


# Those that wait


def _refuse_identify(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    hub.faults.refuse_identify(user_id, _code(body, 4006), _times(body), guild_id)


def _close_at(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    step = Step(choice_of(body, "step", list(Step)))
    hub.faults.close_at(user_id, step, _code(body), _times(body), guild_id)


def _silent_at(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    hub.faults.silent_at(user_id, Step(choice_of(body, "step", list(Step))), _times(body), guild_id)


def _discovery_lost(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    hub.faults.lose_discovery(user_id, _times(body), guild_id)


def _discovery_twice(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    hub.faults.double_discovery(user_id, _times(body), guild_id)


def _region_broken(hub: Hub, body: Json) -> None:
    if "region" not in body or not isinstance(body["region"], str | None):
        raise UsageError("The field region must be the name of a region, or null for the automatic one.")
    if body.get("code", 4006) is None:
        hub.faults.broken_regions.pop(body["region"], None)
    else:
        hub.faults.broken_regions[body["region"]] = _code(body, 4006)


def _voice_events(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    hub.voice_states.answer_with(choice_of(body, "mode", list(ANSWERS)), user_id, _times(body), guild_id)


def _dave_invalid_commit(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    hub.faults.damage_commit(user_id, _times(body), guild_id)


def _dave_invalid_welcome(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    hub.faults.damage_welcome(user_id, _times(body), guild_id)


def _dave_corrupt(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    hub.faults.damage_audio(user_id, _times(body, "packets"), guild_id)


WAITING: dict[str, Callable[[Hub, Json], None]] = {
    "refuse_identify": _refuse_identify,
    "close_at": _close_at,
    "silent_at": _silent_at,
    "discovery_lost": _discovery_lost,
    "discovery_twice": _discovery_twice,
    "region_broken": _region_broken,
    "voice_events": _voice_events,
    "dave_invalid_commit": _dave_invalid_commit,
    "dave_invalid_welcome": _dave_invalid_welcome,
    "dave_corrupt": _dave_corrupt,
}
"""refuse_identify  user_id, guild_id?, code (4006), times  the next identifies are refused
close_at         user_id, guild_id?, step, code, times   handshakes end at a step of `voice.faults.Step`
silent_at        user_id, guild_id?, step, times         ... or are left hanging there
discovery_lost   user_id, guild_id?, times               IP discovery is not answered
discovery_twice  user_id, guild_id?, times               ... or is answered twice
region_broken    region, code (4006)                     identifies in a region are refused; code null: no more
voice_events     user_id, guild_id?, mode, times         op 4 is answered in one of `voicestates.ANSWERS`
dave_invalid_commit   user_id, guild_id?, times          commits announced to the user (op 29) are damaged
dave_invalid_welcome  user_id, guild_id?, times          ... or its welcomes (op 30)
dave_corrupt          user_id, guild_id?, packets        audio forwarded to the user cannot be decrypted
"""

# Those that strike at once


def _gateway(action: str) -> Callable[[Hub, Json], None]:
    def hurt(hub: Hub, body: Json) -> None:
        struck = hub.gateway.disturb(id_of(body, "user_id"), action, _code(body, 4000))
        _struck(struck, "gateway connection")

    return hurt


def _gateway_stall(hub: Hub, body: Json) -> None:
    _struck(hub.gateway.stall(id_of(body, "user_id"), seconds_of(body)), "gateway connection")


def _voice_close(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    _struck(hub.voice.hang_up(user_id, _code(body), guild_id), "voice websocket")


def _voice_reset(hub: Hub, body: Json) -> None:
    _struck(hub.voice.cut(*_victim(body)), "voice websocket")


def _voice_stall(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    _struck(hub.voice.stall(user_id, seconds_of(body), guild_id), "voice websocket")


def _server_heartbeat(hub: Hub, body: Json) -> None:
    _struck(hub.voice.ask_for_heartbeat(*_victim(body)), "voice websocket")


def _udp_blackhole(hub: Hub, body: Json) -> None:
    user_id, guild_id = _victim(body)
    hub.faults.blackhole(user_id, seconds_of(body), guild_id)


def _migrate(hub: Hub, body: Json) -> None:
    code = None if body.get("close_code") is None else _code({"code": body["close_code"]})
    struck = hub.voice_states.migrate(guild_of(hub, body).id, id_of(body, "user_id"), code)
    _struck(struck, "place in a voice channel of that guild")


def _null_endpoint(hub: Hub, body: Json) -> None:
    guild = guild_of(hub, body)
    struck = hub.voice_states.lose_server(guild.id, id_of(body, "user_id"), seconds_of(body))
    _struck(struck, "place in a voice channel of that guild")


def _outage(hub: Hub, body: Json) -> None:
    hub.voice.outage(seconds_of(body))
    hub.gateway.cut()


def _dave_version(*, dave: bool) -> Callable[[Hub, Json], None]:
    def change(hub: Hub, body: Json) -> None:
        channel = voice_channel_of(hub, body)
        if not hub.voice.change_version(channel.guild_id, channel.id, dave=dave):
            raise UsageError("There is nobody in this channel, or nothing to change.")

    return change


def _dave_unknown_transition(hub: Hub, body: Json) -> None:
    struck = hub.voice.execute_unknown_transition(guild_of(hub, body).id, id_of(body, "user_id"))
    _struck(struck, "voice session in that guild")


IMMEDIATE: dict[str, Callable[[Hub, Json], None]] = {
    "gateway_close": _gateway("close"),
    "gateway_reconnect": _gateway("reconnect"),
    "gateway_invalidate": _gateway("invalidate"),
    "gateway_stall": _gateway_stall,
    "voice_close": _voice_close,
    "voice_reset": _voice_reset,
    "voice_stall": _voice_stall,
    "server_heartbeat": _server_heartbeat,
    "udp_blackhole": _udp_blackhole,
    "migrate": _migrate,
    "null_endpoint": _null_endpoint,
    "dave_downgrade": _dave_version(dave=False),
    "dave_upgrade": _dave_version(dave=True),
    "dave_unknown_transition": _dave_unknown_transition,
    "outage": _outage,
}
"""gateway_close      user_id, code (4000)          main gateway: closed; 1006 is a TCP reset
gateway_reconnect  user_id                       ... asked to reconnect (op 7)
gateway_invalidate user_id                       ... its session ended (op 9)
gateway_stall      user_id, seconds              ... neither read nor written
voice_close        user_id, guild_id?, code      `session.RESUMABLE`: codes that leave the session alive
voice_reset        user_id, guild_id?            TCP reset
voice_stall        user_id, guild_id?, seconds   the websocket is neither read nor written
server_heartbeat   user_id, guild_id?            the server sends op 3
udp_blackhole      user_id, guild_id?, seconds   no datagram gets through
migrate            user_id, guild_id, close_code?  another voice server, the old websocket closed first with a code
null_endpoint      user_id, guild_id, seconds    no voice server, then another one
dave_downgrade     guild_id, channel_id          the channel goes on without end-to-end encryption
dave_upgrade       guild_id, channel_id          ... and with it again, in a new group
dave_unknown_transition  user_id, guild_id       op 22 with an id that nobody was told of
outage             seconds                       REST answers 503, no websocket lives, no datagram gets through
"""


@routes.post("/sim/faults")
async def inject_fault(request: web.Request) -> web.Response:
    hub, body = hub_of(request), await body_of(request)
    kind = str(body.get("kind"))
    fault = (WAITING | IMMEDIATE).get(kind)
    if fault is None:
        raise UsageError(f"There is no fault of kind {kind}; there are {', '.join(WAITING | IMMEDIATE)}.")
    fault(hub, body)
    details = {name: str(body[name]) if name.endswith("_id") else body[name] for name in FIELDS & body.keys()}
    hub.events.publish("fault", **details, state="armed" if kind in WAITING else "struck")
    return no_content()
