"""What a trace keeps of a message on the voice websocket: its opcode, and the fields that do no harm."""

import hashlib
from typing import Any

from notetaker.wire.messages import parse_text
from notetaker.wire.opcodes import Op

HARMLESS = frozenset({
    "audio_codec", "channel_id", "dave_protocol_version", "epoch", "heartbeat_interval", "ip",
    "max_dave_protocol_version", "mode", "modes", "port", "protocol", "protocol_version", "seq_ack", "server_id",
    "speaking", "ssrc", "t", "transition_id", "user_id", "user_ids", "v",
})  # fmt: skip
"""Any other field is left out; among them ``address``, which is where the bot's host can be reached."""
SECRET = frozenset({"media_session_id", "secret_key", "session_id", "token"})
"""Kept as fingerprints."""
NESTED = "data"
"""SELECT_PROTOCOL has port and mode one level down."""
NAMES = {int(op): op.name for op in Op} | {
    12: "VIDEO",
    14: "SESSION_UPDATE",
    15: "MEDIA_SINK_WANTS",
    16: "VOICE_BACKEND_VERSION",
    18: "CLIENT_FLAGS",
    20: "CLIENT_PLATFORM",
}
"""Those that we do not use are listed by discord-userdoccers (Voice Opcodes)."""

MAX_TEXT = 100
MAX_ITEMS = 20


def fingerprint(secret: str) -> str:
    """The first 8 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()[:8]


def facts(message: str | bytes, *, ours: bool) -> dict[str, Any]:
    """``op``, its ``name``, and ``d`` with fields of a JSON message or ``bytes`` of a binary one, as JSON values.

    A message that cannot be read has ``bytes`` or ``characters`` only.
    """
    if isinstance(message, bytes):
        at = 0 if ours else 2  # the server's begin with a sequence number
        op = _op(message[at]) if len(message) > at else {}
        return {**op, "bytes": len(message)}
    parsed = parse_text(message)
    if parsed is None:
        return {"characters": len(message)}
    return {**_op(parsed.op), "d": _fields(parsed.data)}


def _op(op: int) -> dict[str, Any]:
    return {"op": _number(op), "name": NAMES.get(op)}


def _fields(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        return {}
    nested = data.get(NESTED)
    flat = data | nested if isinstance(nested, dict) else data
    kept: dict[str, Any] = {}
    for name, value in flat.items():
        if name in SECRET:
            kept[name] = _secret(value)
        elif name in HARMLESS:
            kept[name] = _value(value)
    return kept


def _secret(value: Any) -> str:
    """A key is a list of numbers."""
    items = value if isinstance(value, list) else [value]
    return fingerprint(",".join(item if isinstance(item, str) else str(_scalar(item)) for item in items))


def _value(value: Any) -> Any:
    """A JSON value of a bounded size: the server may send anything."""
    if isinstance(value, list):
        more = [f"and {len(value) - MAX_ITEMS} more"] if len(value) > MAX_ITEMS else []
        return [_scalar(item) for item in value[:MAX_ITEMS]] + more
    return _scalar(value)


def _scalar(value: Any) -> str | int | float | bool | None:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, int | float):
        return _number(value)
    return None


def _number(value: float) -> float | str:
    """JSON has no infinity, and no reader shall choke on a number of a thousand digits."""
    return value if abs(value) < 2**64 else str(value)[:MAX_TEXT]
