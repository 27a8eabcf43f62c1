"""DAVE clients for the tests: the two public implementations behind one small interface."""

from collections.abc import Iterable
from typing import Protocol

import dave
import davey

Reply = tuple[int, bytes | dict[str, int]]

PREPARE_TRANSITION = 21
READY = 23
KEY_PACKAGE = 26
COMMIT_WELCOME = 28
INVALID = 31


class Member(Protocol):
    """``receive`` takes the body of a DAVE operation without its sequence number and opcode."""

    user_id: int

    def start(self) -> list[Reply]: ...

    def receive(self, op: int, body: bytes | dict[str, int], known_users: Iterable[int]) -> list[Reply]: ...

    @property
    def established(self) -> bool: ...

    def encrypt(self, frame: bytes) -> bytes: ...

    def decrypt(self, user_id: int, frame: bytes) -> bytes | None: ...


def answer_to_downgrade(op: int, body: dict[str, int]) -> list[Reply]:
    """A member is always ready to hear what is not encrypted: see ``Listener``."""
    if op == PREPARE_TRANSITION and body["transition_id"]:
        return [(READY, {"transition_id": body["transition_id"]})]
    return []


class DaveyMember:
    """The Rust implementation (OpenMLS) that py-cord and discord.py use."""

    def __init__(self, user_id: int, channel_id: int) -> None:
        self.user_id = user_id
        self.channel_id = channel_id
        self.session = davey.DaveSession(1, user_id, channel_id)

    def start(self) -> list[Reply]:
        return [(KEY_PACKAGE, self.session.get_serialized_key_package())]

    def receive(self, op: int, body: bytes | dict[str, int], known_users: Iterable[int]) -> list[Reply]:
        if isinstance(body, dict):
            if op == 24 and body["epoch"] == 1:
                self.session.reinit(1, self.user_id, self.channel_id)
                return self.start()
            return answer_to_downgrade(op, body)
        if op == 25:
            self.session.set_external_sender(body)
        elif op == 27:
            kind = (
                davey.ProposalsOperationType.append if body[0] == 0 else davey.ProposalsOperationType.revoke
            )
            try:
                made = self.session.process_proposals(kind, body[1:], [*known_users, self.user_id])
            except ValueError as error:
                # It was sent before this client started again.
                assert "WrongEpoch" in str(error) or "ProposalNotFound" in str(error), error
                return []
            if made is not None:
                return [(COMMIT_WELCOME, made.commit + (made.welcome or b""))]
        elif op in (29, 30):
            transition_id = int.from_bytes(body[:2])
            try:
                if op == 29:
                    self.session.process_commit(body[2:])
                else:
                    self.session.process_welcome(body[2:])
            except ValueError as error:
                if "PendingGroup" in str(error):  # the same
                    return []
                self.session.reinit(1, self.user_id, self.channel_id)
                return [(INVALID, {"transition_id": transition_id}), *self.start()]
            return [(READY, {"transition_id": transition_id})]
        return []

    @property
    def established(self) -> bool:
        return bool(self.session.ready)

    def encrypt(self, frame: bytes) -> bytes:
        return self.session.encrypt_opus(frame)

    def decrypt(self, user_id: int, frame: bytes) -> bytes | None:
        try:
            return self.session.decrypt(user_id, davey.MediaType.audio, frame)
        except ValueError:
            return None


class LibdaveMember:
    """Discord's own C++ implementation, as disnake and nextcord use it."""

    SSRC = 1

    def __init__(self, user_id: int, channel_id: int) -> None:
        self.user_id = user_id
        self.channel_id = channel_id
        self.session = dave.Session()
        self.session.init(1, channel_id, str(user_id))
        self.encryptor = dave.Encryptor()
        self.encryptor.assign_ssrc_to_codec(self.SSRC, dave.Codec.opus)
        self.decryptors: dict[int, dave.Decryptor] = {}
        self._roster: dict[int, list[int]] = {}

    def start(self) -> list[Reply]:
        package = self.session.get_marshalled_key_package()
        assert package is not None
        return [(KEY_PACKAGE, package)]

    def receive(self, op: int, body: bytes | dict[str, int], known_users: Iterable[int]) -> list[Reply]:
        recognised = {str(user) for user in known_users} | {str(self.user_id)}
        if isinstance(body, dict):
            if op == 24 and body["epoch"] == 1:
                self.session.init(1, self.channel_id, str(self.user_id))
                return self.start()
            if op == 22 and self.session.has_established_group():
                self.encryptor.set_key_ratchet(self.session.get_key_ratchet(str(self.user_id)))
            return answer_to_downgrade(op, body)
        if op == 25:
            self.session.set_external_sender(body)
        elif op == 27:
            made = self.session.process_proposals(body, recognised)
            if made is not None:
                return [(COMMIT_WELCOME, made)]
        elif op in (29, 30):
            transition_id = int.from_bytes(body[:2])
            result: object
            if op == 29:
                result = self.session.process_commit(body[2:])
            else:
                result = self.session.process_welcome(body[2:], recognised)
            if result is dave.RejectType.ignored:
                return []
            if not isinstance(result, dict):
                self.session.init(1, self.channel_id, str(self.user_id))
                return [(INVALID, {"transition_id": transition_id}), *self.start()]
            self._roster.update(result)
            self._prepare_receivers()
            return [(READY, {"transition_id": transition_id})]
        return []

    def _prepare_receivers(self) -> None:
        for user_id, key in self._roster.items():
            ratchet = self.session.get_key_ratchet(str(user_id)) if key else None
            if ratchet is not None and user_id != self.user_id:
                self.decryptors.setdefault(user_id, dave.Decryptor()).transition_to_key_ratchet(ratchet)

    @property
    def established(self) -> bool:
        return bool(self.session.has_established_group() and self.encryptor.has_key_ratchet())

    def encrypt(self, frame: bytes) -> bytes:
        sealed = self.encryptor.encrypt(dave.MediaType.audio, self.SSRC, frame)
        assert sealed is not None
        return sealed

    def decrypt(self, user_id: int, frame: bytes) -> bytes | None:
        decryptor = self.decryptors.get(user_id)
        return None if decryptor is None else decryptor.decrypt(dave.MediaType.audio, frame)
