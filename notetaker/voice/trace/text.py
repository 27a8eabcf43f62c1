"""Formats a line of a trace the way ``curl -v`` does: ``*`` for what happens, ``>`` for sent, ``<`` for received."""

from collections.abc import Mapping
from typing import Any

from notetaker.model.printable import printable

SUFFIX = ".jsonl"
"""Suffix of trace files."""

SIGNS = {"sent": ">", "op 4": ">", "received": "<", "VOICE_STATE_UPDATE": "<", "VOICE_SERVER_UPDATE": "<"}
OPENING = ("t", "event", "op", "name", "d")
MAIN_GATEWAY = ("op 4", "VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE")
"""Events of the main gateway; the voice websocket has an opcode 4 of its own."""


def described(line: Mapping[str, Any]) -> tuple[str, str]:
    """Return the sign and the text of a line, safe to print on a terminal."""
    event, fields = str(line.get("event")), line.get("d")
    if event == "end":
        return "*", printable(f"outcome: {line.get('outcome')}")
    subject = f"op {line['op']}" if "op" in line else event
    head = " ".join(str(part) for part in (subject, line.get("name")) if part is not None)
    if event in MAIN_GATEWAY:
        head = f"main gateway: {head}"
    facts = {name: value for name, value in line.items() if name not in OPENING}
    facts |= fields if isinstance(fields, dict) else {}
    text = "  ".join([head, " ".join(f"{name}={_shown(value)}" for name, value in facts.items())])
    return SIGNS.get(event, "*"), printable(text.rstrip())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_shown(item) for item in value)
    return "none" if value is None else str(value)
