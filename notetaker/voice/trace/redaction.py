"""What a trace keeps of a message on the voice websocket: its opcode and its harmless fields."""

import hashlib
from typing import Any

from notetaker.wire.messages import parse_text
from notetaker.wire.opcodes import Op

HARMLESS = frozenset({
    "audio_codec", "channel_id", "dave_protocol_version", "epoch", "heartbeat_interval", "ip",
    "max_dave_protocol_version", "mode", "modes", "port", "protocol", "protocol_version", "seq_ack", "server_id",
    "speaking", "ssrc", "t", "transition_id", "user_id", "user_ids", "v",
})  # fmt: skip
"""All other fields are left out, among them ``address``, which is that of the bot's host."""
SECRET = frozenset({"media_session_id", "secret_key", "session_id", "token"})
"""Fields that are kept as fingerprints."""
NESTED = "data"
"""Field in which SELECT_PROTOCOL nests port and mode."""
NAMES = {int(op): op.name for op in Op} | {
    12: "VIDEO",
    14: "SESSION_UPDATE",
    15: "MEDIA_SINK_WANTS",
    16: "VOICE_BACKEND_VERSION",
    18: "CLIENT_FLAGS",
    20: "CLIENT_PLATFORM",
}
"""Names of opcodes. Those that we do not use are from discord-userdoccers (Voice Opcodes)."""

MAX_TEXT = 100
MAX_ITEMS = 20


def fingerprint(secret: str) -> str:
    """Return the first 8 hexadecimal digits of the secret's SHA-256."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()[:8]


def facts(message: str | bytes, *, ours: bool) -> dict[str, Any]:
    """Return ``op``, ``name``, and the fields ``d`` of a JSON message or ``bytes`` of a binary one, as JSON values.

    An unreadable message has ``bytes`` or ``characters`` only.
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
    """Return the fingerprint of a string, or of a key, which is a list of numbers."""
    items = value if isinstance(value, list) else [value]
    return fingerprint(",".join(item if isinstance(item, str) else str(_scalar(item)) for item in items))


def _value(value: Any) -> Any:
    """Return a JSON value of bounded size: the server may send anything."""
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
    """Return numbers that every JSON reader can take as they are, and others as text."""
    return value if abs(value) < 2**64 else str(value)[:MAX_TEXT]
