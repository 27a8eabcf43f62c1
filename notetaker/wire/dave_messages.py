"""Parses the voice gateway's DAVE messages for the group (Discord docs, Opcodes and Status Codes)."""

from collections.abc import Callable
from typing import Any

from notetaker.wire.dave import DaveGroup, Outgoing
from notetaker.wire.messages import filled, uint
from notetaker.wire.opcodes import Op

Handler = Callable[[DaveGroup, Any], list[Outgoing]]
"""Takes the JSON ``d`` or the binary body of a message and returns the messages to send.

Raises KeyError, TypeError, ValueError or AttributeError when the message is malformed.
"""


def _prepare_transition(group: DaveGroup, data: Any) -> list[Outgoing]:
    return group.prepare_transition(uint(data["transition_id"], 16), uint(data["protocol_version"], 16))


def _execute_transition(group: DaveGroup, data: Any) -> list[Outgoing]:
    return group.execute_transition(uint(data["transition_id"], 16))


def _prepare_epoch(group: DaveGroup, data: Any) -> list[Outgoing]:
    return group.prepare_epoch(uint(data["protocol_version"], 16), uint(data["epoch"], 64))


def _external_sender(group: DaveGroup, body: bytes) -> list[Outgoing]:
    return group.external_sender(filled(body))


def _proposals(group: DaveGroup, body: bytes) -> list[Outgoing]:
    return group.proposals(filled(body))


def _announce_commit(group: DaveGroup, body: bytes) -> list[Outgoing]:
    return group.announce_commit(int.from_bytes(body[:2], "big"), filled(body[2:]))


def _welcome(group: DaveGroup, body: bytes) -> list[Outgoing]:
    return group.welcome(int.from_bytes(body[:2], "big"), filled(body[2:]))


HANDLERS: dict[int, Handler] = {
    Op.DAVE_PREPARE_TRANSITION: _prepare_transition,
    Op.DAVE_EXECUTE_TRANSITION: _execute_transition,
    Op.DAVE_PREPARE_EPOCH: _prepare_epoch,
    Op.MLS_EXTERNAL_SENDER: _external_sender,
    Op.MLS_PROPOSALS: _proposals,
    Op.MLS_ANNOUNCE_COMMIT: _announce_commit,
    Op.MLS_WELCOME: _welcome,
}
