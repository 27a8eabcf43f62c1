"""The sending half of DAVE for a speaker, as a protocol and with davey, an implementation in Rust.

A speaker hears nobody, so it needs no decryptors. davey's errors are harmless or not after the DAVE whitepaper,
"Recovery from Invalid Commit or Welcome".
"""

from collections.abc import Callable, Collection
from typing import Protocol

import davey

from notetaker.discordsim.voice.group import DaveOp

Reply = tuple[int, bytes | dict[str, int]]
"""Opcode and body to send: binary, or JSON."""

HARMLESS = ("PendingGroup", "WrongEpoch", "AlreadyInGroup", "UnexpectedUser")
"""Names in davey's error texts for messages that do not fit the client's state."""


class DaveSender(Protocol):
    """The sending half of DAVE for one stay in a channel, with any library."""

    @property
    def ready(self) -> bool:
        """Whether the group can decrypt what ``encrypt`` returns now."""

    @property
    def members(self) -> list[int]:
        """User ids of the group, its own included."""

    def encrypt(self, frame: bytes) -> bytes: ...

    def key_package(self) -> Reply: ...

    def receive_json(self, op: int, body: dict[str, int]) -> list[Reply]:
        """Handle ops 21, 22 and 24."""

    def receive_binary(self, op: int, body: bytes, known_users: Collection[int]) -> list[Reply]:
        """Handle any other op. ``body`` is without sequence number and opcode."""


MakeDave = Callable[[int, int, int], DaveSender]
"""Takes user id, channel id and protocol version."""


class SpeakerDave:
    """DAVE with davey. It uses a new key from the commit on, so op 22 matters only for leaving DAVE and returning."""

    def __init__(self, user_id: int, channel_id: int, version: int) -> None:
        self.version = version
        self._user_id = user_id
        self._channel_id = channel_id
        self._session = davey.DaveSession(version, user_id, channel_id)
        self._downgrade: int | None = None
        """The announced transition to version 0."""
        self._commit: int | None = None
        """The transition of the last commit."""
        self._in_the_clear = False

    @property
    def ready(self) -> bool:
        return self._in_the_clear or self._session.ready

    @property
    def members(self) -> list[int]:
        return [int(user_id) for user_id in self._session.get_user_ids()]

    def encrypt(self, frame: bytes) -> bytes:
        return frame if self._in_the_clear else self._session.encrypt_opus(frame)

    def key_package(self) -> Reply:
        return DaveOp.KEY_PACKAGE, self._session.get_serialized_key_package()

    def receive_json(self, op: int, body: dict[str, int]) -> list[Reply]:
        if op == DaveOp.PREPARE_EPOCH and body["epoch"] == 1:
            return self._start_again()
        if op == DaveOp.EXECUTE_TRANSITION:
            if body["transition_id"] == self._downgrade:
                self._in_the_clear = True
            elif body["transition_id"] == self._commit:
                self._in_the_clear = False
        elif op == DaveOp.PREPARE_TRANSITION and body["transition_id"] != 0:
            if body["protocol_version"] == 0:
                self._downgrade = body["transition_id"]
            return [(DaveOp.TRANSITION_READY, {"transition_id": body["transition_id"]})]
        return []

    def receive_binary(self, op: int, body: bytes, known_users: Collection[int]) -> list[Reply]:
        try:
            if op == DaveOp.EXTERNAL_SENDER:
                self._session.set_external_sender(body)
            elif op == DaveOp.PROPOSALS:
                return self._propose(body, known_users)
            elif op in (DaveOp.ANNOUNCE_COMMIT, DaveOp.WELCOME):
                return self._transition(op, int.from_bytes(body[:2]), body[2:])
        except ValueError:
            pass  # the only exception of davey, here for a message that it refuses without harm
        return []

    def _propose(self, body: bytes, known_users: Collection[int]) -> list[Reply]:
        kinds = davey.ProposalsOperationType
        kind = kinds.append if body[0] == 0 else kinds.revoke
        made = self._session.process_proposals(kind, body[1:], list(known_users))
        return [] if made is None else [(DaveOp.COMMIT_WELCOME, made.commit + (made.welcome or b""))]

    def _transition(self, op: int, transition_id: int, message: bytes) -> list[Reply]:
        try:
            if op == DaveOp.WELCOME:
                self._session.process_welcome(message)
            else:
                self._session.process_commit(message)
        except ValueError as error:
            if any(name in str(error) for name in HARMLESS):
                raise
            return [(DaveOp.INVALID_COMMIT_WELCOME, {"transition_id": transition_id}), *self._start_again()]
        self._commit = transition_id
        return [] if transition_id == 0 else [(DaveOp.TRANSITION_READY, {"transition_id": transition_id})]

    def _start_again(self) -> list[Reply]:
        self._session.reinit(self.version, self._user_id, self._channel_id)
        return [self.key_package()]
