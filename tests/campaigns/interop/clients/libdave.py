"""The sending half of DAVE with dave.py, the binding of Discord's own libdave, in the place of `SpeakerDave`."""

from __future__ import annotations

from collections.abc import Collection

import dave

from notetaker.discordsim.speaker.dave import Reply
from notetaker.discordsim.voice.group import DaveOp

SSRC = 1
"""libdave asks for one to look the codec up; it goes nowhere else."""


class LibdaveSpeaker:
    """Unlike davey, it goes on with the old key until the transition is executed (op 22)."""

    def __init__(self, user_id: int, channel_id: int, version: int) -> None:
        self.version = version
        self._user_id = user_id
        self._channel_id = channel_id
        self._session = dave.Session()
        self._session.init(version, channel_id, str(user_id))
        self._encryptor = dave.Encryptor()
        self._encryptor.assign_ssrc_to_codec(SSRC, dave.Codec.opus)
        self._roster: dict[int, list[int]] = {}

    @property
    def ready(self) -> bool:
        return self._session.has_established_group() and self._encryptor.has_key_ratchet()

    @property
    def members(self) -> list[int]:
        return list(self._roster)

    def encrypt(self, frame: bytes) -> bytes:
        sealed = self._encryptor.encrypt(dave.MediaType.audio, SSRC, frame)
        if sealed is None:
            raise ValueError("libdave does not encrypt")
        return sealed

    def key_package(self) -> Reply:
        package = self._session.get_marshalled_key_package()
        assert package is not None
        return DaveOp.KEY_PACKAGE, package

    def receive_json(self, op: int, body: dict[str, int]) -> list[Reply]:
        if op == DaveOp.PREPARE_EPOCH and body["epoch"] == 1:
            return self._start_again()
        if op == DaveOp.EXECUTE_TRANSITION and self._session.has_established_group():
            self._switch_key()
        if op == DaveOp.PREPARE_TRANSITION and body["transition_id"] != 0:
            return [(DaveOp.TRANSITION_READY, {"transition_id": body["transition_id"]})]
        return []

    def receive_binary(self, op: int, body: bytes, known_users: Collection[int]) -> list[Reply]:
        recognised = {str(user_id) for user_id in known_users}
        if op == DaveOp.EXTERNAL_SENDER:
            self._session.set_external_sender(body)
        elif op == DaveOp.PROPOSALS:
            made = self._session.process_proposals(body, recognised)
            return [] if made is None else [(DaveOp.COMMIT_WELCOME, made)]
        elif op == DaveOp.ANNOUNCE_COMMIT:
            return self._transition(int.from_bytes(body[:2]), self._session.process_commit(body[2:]))
        elif op == DaveOp.WELCOME:
            changes = self._session.process_welcome(body[2:], recognised)
            return self._transition(int.from_bytes(body[:2]), changes)
        return []

    def _transition(
        self, transition_id: int, changes: dict[int, list[int]] | dave.RejectType | None
    ) -> list[Reply]:
        if changes is dave.RejectType.ignored:
            return []
        if not isinstance(changes, dict):
            return [(DaveOp.INVALID_COMMIT_WELCOME, {"transition_id": transition_id}), *self._start_again()]
        self._roster.update(changes)
        self._roster = {user_id: key for user_id, key in self._roster.items() if key}
        if transition_id == 0:
            self._switch_key()
            return []
        return [(DaveOp.TRANSITION_READY, {"transition_id": transition_id})]

    def _switch_key(self) -> None:
        self._encryptor.set_key_ratchet(self._session.get_key_ratchet(str(self._user_id)))

    def _start_again(self) -> list[Reply]:
        self._roster.clear()
        self._session.init(self.version, self._channel_id, str(self._user_id))
        return [self.key_package()]
