"""DAVE, Discord's end-to-end encryption: the MLS group we are in, and each speaker's key (DAVE whitepaper 1.1).

A receiver that must not lose a frame keeps these rules:

- Receivers are prepared as soon as a transition is announced, and the old keys stay valid for ten seconds;
  executing a transition concerns senders only, and we send nothing that is encrypted.
- Decryptors outlive the MLS session: when a commit cannot be processed, the session is restarted while what was
  readable stays readable.
- A commit that is ignored because we are not a member yet is no error (libdave says ``ignored``). Clients that
  treat it as one reset in mid-speech.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import dave

from notetaker.wire.opcodes import Op

KEY_EXPIRY_S = 10.0
"""How long frames under an old key are accepted (DAVE whitepaper, Sender key rotation)."""
TRANSITION_S = 5.0
"""Upper bound for the time from an announcement to opcode 22, for which the voice server waits some two seconds until
every member is ready (DAVE whitepaper, "Member Remove"; discord.js, DAVESession.ts: about three)."""
IN_FLIGHT_S = 0.5
"""How long after a transition frames with the keys of before may still arrive."""
IMMEDIATE = 0
"""Id of a transition that is executed at once, without opcodes 23 and 22."""

MAX_RECOVERIES = 5
"""Most opcodes 31 in a row without a commit or welcome that works; more would only get us rate limited."""
MAX_USERS = 10_000
"""More than any encrypted call has. Every proposal is checked against all of them."""
MAX_VERSION: int = dave.get_max_supported_protocol_version()
_AUDIO = dave.MediaType.audio
Outgoing = tuple[Op, bytes | dict[str, int]]
"""An opcode with its binary body or its JSON ``d``."""


class DaveGroup:
    """Our membership in one channel's group. Methods that take a message return the messages to send."""

    def __init__(self, user_id: int, channel_id: int) -> None:
        self._user_id = user_id
        self._channel_id = channel_id
        self._session = dave.Session()
        self._external_sender: bytes | None = None
        self._decryptors: dict[int, dave.Decryptor] = {}
        self._keyed: set[int] = set()
        self._users: set[int] = {user_id}  # who are present
        self._met: set[int] = {user_id}  # who were at some time
        self._members: set[int] = set()
        self._pending_versions: dict[int, int] = {}
        self._accepts_plain = True
        self._transition_id = IMMEDIATE  # the last one
        self._failed = 0  # commits and welcomes, in a row
        self._recovery_wanted = False
        self._recovered_at = -inf
        self.version = 0
        """Protocol version in use; 0: not encrypted end to end."""
        self.epochs = 0
        """Commits and welcomes processed; each brings a new set of keys."""
        self.executed = False
        """A transition of a group that we are in has been executed: the others use keys that we have."""
        self.invalid_commits = 0
        """Commits and welcomes that could not be processed."""
        self.recoveries = 0
        """Number of opcodes 31 sent, each a request to be added again."""
        self.undecryptable_runs = 0
        """How often many frames in a row could not be decrypted although there was a key."""
        self.generation = 0
        """Grows whenever a frame that could not be decrypted may be worth another try."""

    # Messages of the voice gateway

    def user_connected(self, user_ids: Iterable[int]) -> None:
        """Opcodes 11, 5 and 12: note that these users are in the channel. Only they may be added to the group.

        Raises ``ValueError`` when there would be more than ``MAX_USERS``.
        """
        users = self._users.union(user_ids)
        if len(users) > MAX_USERS:
            raise ValueError(f"{len(users)} users in one channel")
        self._users = users
        self._met |= users
        if len(self._met) > MAX_USERS:
            self._met = set(users)

    def user_disconnected(self, user_id: int) -> None:
        """Opcode 13. The decryptor stays, because late packets of theirs are still to come.

        They may still be added, too: the opcode may come late, when they are back already.
        """
        self._users.discard(user_id)

    def session_description(self, version: int) -> list[Outgoing]:
        """Opcode 4: start with the version that the channel uses."""
        self.version = min(version, MAX_VERSION)
        self._accepts_plain = version == 0
        return self._new_session() if version else []

    def external_sender(self, package: bytes) -> list[Outgoing]:
        """Opcode 25: the key of the voice server, the only one who may propose members. May precede opcode 4."""
        self._external_sender = package
        self._session.set_external_sender(package)
        return []

    def proposals(self, body: bytes) -> list[Outgoing]:
        """Opcode 27: answer with our commit, if there is something to commit."""
        commit = self._session.process_proposals(body, {str(user) for user in self._met})
        return [(Op.MLS_COMMIT_WELCOME, commit)] if commit else []

    def announce_commit(self, transition_id: int, commit: bytes) -> list[Outgoing]:
        """Opcode 29: process the commit that won."""
        self._transition_id = transition_id
        result = self._session.process_commit(commit)
        if result is dave.RejectType.ignored:
            return []
        if result is dave.RejectType.failed:
            return self._failed_to_process()
        return self._prepared(transition_id, result)

    def welcome(self, transition_id: int, welcome: bytes) -> list[Outgoing]:
        """Opcode 30: join the group."""
        self._transition_id = transition_id
        roster = self._session.process_welcome(welcome, {str(user) for user in self._met})
        if roster is None:
            return self._failed_to_process()
        return self._prepared(transition_id, roster)

    def prepare_transition(self, transition_id: int, version: int) -> list[Outgoing]:
        """Opcode 21: prepare a change of version. A downgrade accepts plain frames from now on."""
        self._transition_id = transition_id
        self._pending_versions[transition_id] = version
        if version == 0:
            self._accept_plain()
        if transition_id == IMMEDIATE:
            return self.execute_transition(transition_id)
        return [(Op.DAVE_TRANSITION_READY, {"transition_id": transition_id})]

    def execute_transition(self, transition_id: int) -> list[Outgoing]:
        """Opcode 22. Ignore ids that we never prepared, which do occur (Discord.Net#3269)."""
        version = self._pending_versions.pop(transition_id, None)
        if version is not None:
            self.version = min(version, MAX_VERSION)
            self.executed |= self.epochs > 0
            if version > 0:
                self._refuse_plain()
            else:
                self.generation += 1  # what nobody claims is plain now
        return []

    def prepare_epoch(self, version: int, epoch: int) -> list[Outgoing]:
        """Opcode 24: epoch 1 means that the group is created again, with new key packages.

        On an upgrade from version 0, plain frames are sent until the new group's first transition is executed.
        """
        self.version = min(version, MAX_VERSION)
        if epoch == 1:
            return self._new_session()
        self._session.set_protocol_version(self.version)
        return []

    def recover(self, now: float) -> list[Outgoing]:
        """Opcode 31: ask to be removed and added again. What can be decrypted stays so meanwhile."""
        self.recoveries += 1
        self._recovered_at = now
        self._recovery_wanted = False
        return [
            (Op.MLS_INVALID_COMMIT_WELCOME, {"transition_id": self._transition_id}),
            *self._new_session(),
        ]

    @property
    def recovery_due(self) -> float | None:
        """When to ``recover`` from a commit or welcome that could not be processed.

        The pause since the last opcode 31 doubles with every failure, lest they come in bursts.
        """
        return self._recovered_at + 0.5 * 2.0**self._failed if self._recovery_wanted else None

    @property
    def beyond_recovery(self) -> bool:
        """True when too many commits and welcomes in a row have failed to try again."""
        return self._failed > MAX_RECOVERIES

    # For the receiver

    def can_hear(self, *, sure: bool) -> bool:
        """Return whether frames sent from now on can be decrypted, or nobody else is there, for ``sure``.

        Until a welcome's transition is executed, the others may still use keys that we never had.
        """
        return self.version == 0 or (sure and not self.others) or self.executed or self.decrypted() > 0

    @property
    def nobody_to_hear(self) -> bool:
        """True when others are there, and none of them is in the group with us."""
        return self.version > 0 and bool(self.others) and not self.has_others

    @property
    def has_others(self) -> bool:
        """True when somebody in the channel is in the group with us."""
        return not self.others.isdisjoint(self._members)

    @property
    def others(self) -> frozenset[int]:
        """The other users in the channel."""
        return frozenset(self._users - {self._user_id})

    @property
    def in_transition(self) -> bool:
        """True from the announcement of the last transition until it is executed."""
        return self._transition_id in self._pending_versions

    def decrypt(self, user_id: int, frame: bytes) -> bytes | None:
        """Return the Opus payload, or None without a key for it (yet). Silence injected by the server passes."""
        decryptor = self._decryptors.get(user_id)
        if decryptor is None:
            if self._accepts_plain:
                return frame
            decryptor = self._decryptor(user_id)
        return decryptor.decrypt(_AUDIO, frame)

    def has_key(self, user_id: int) -> bool:
        """True if this speaker ever had a key: a frame that fails is then undecryptable, not just early."""
        return user_id in self._keyed

    @property
    def keyed(self) -> frozenset[int]:
        """The users who ever had a key."""
        return frozenset(self._keyed)

    def is_plain(self, frame: bytes) -> bool:
        """Return whether a frame can be used without knowing whose it is: it is, and may be, unencrypted."""
        may_be_encrypted = self.version > 0 or bool(self._keyed)
        return self._accepts_plain and not (may_be_encrypted and is_encrypted(frame))

    def opens(self, user_id: int, frame: bytes) -> bool:
        """Return whether the newest key of this user opens a frame, which is not silence.

        The user's own decryptor is left out of it: it counts failures, and opens no frame twice.
        """
        ratchet = self._session.get_key_ratchet(str(user_id))
        if ratchet is None:
            return False
        decryptor = dave.Decryptor()
        decryptor.transition_to_key_ratchet(ratchet, KEY_EXPIRY_S)
        return decryptor.decrypt(_AUDIO, frame) is not None

    def decrypted(self, user_id: int | None = None) -> int:
        """Count the decrypted frames of this speaker, or of all, without the silence injected by the server."""
        decryptors = self._decryptors
        asked = decryptors.values() if user_id is None else filter(None, [decryptors.get(user_id)])
        stats = [decryptor.get_stats(_AUDIO) for decryptor in asked]
        return sum(one.decrypt_success_count + one.passthrough_count for one in stats)

    # Inside

    def _new_session(self) -> list[Outgoing]:
        self._session.reset()
        self._session.init(self.version, self._channel_id, str(self._user_id))
        if self._external_sender is not None:
            self._session.set_external_sender(self._external_sender)
        package = self._session.get_marshalled_key_package()
        return [(Op.MLS_KEY_PACKAGE, package)] if package else []

    def _failed_to_process(self) -> list[Outgoing]:
        self.invalid_commits += 1
        if not self._recovery_wanted:  # what follows meanwhile cannot be processed either
            self._failed += 1
            self._recovery_wanted = not self.beyond_recovery
        return []

    def _prepared(self, transition_id: int, changes: Mapping[int, Sequence[int]]) -> list[Outgoing]:
        """``changes`` since the last epoch that libdave knew: the key of each new member, and none of who is gone."""
        self._members = {user for user in self._members | changes.keys() if changes.get(user, True)}
        self.epochs += 1
        self.generation += 1
        self._failed = 0
        self._recovery_wanted = False
        for user_id in self._members - {self._user_id}:  # libdave has a ratchet for anyone, member or not
            ratchet = self._session.get_key_ratchet(str(user_id))
            if ratchet is not None:
                self._decryptor(user_id).transition_to_key_ratchet(ratchet, KEY_EXPIRY_S)
                self._keyed.add(user_id)
        self._pending_versions[transition_id] = self.version
        if transition_id == IMMEDIATE:
            return self.execute_transition(transition_id)
        return [(Op.DAVE_TRANSITION_READY, {"transition_id": transition_id})]

    def _decryptor(self, user_id: int) -> dave.Decryptor:
        decryptor = self._decryptors.get(user_id)
        if decryptor is None:
            decryptor = self._decryptors[user_id] = dave.Decryptor()
            if self._accepts_plain:
                decryptor.transition_to_passthrough_mode(True)
        return decryptor

    def _accept_plain(self) -> None:
        self._accepts_plain = True
        self.generation += 1
        for decryptor in self._decryptors.values():
            decryptor.transition_to_passthrough_mode(True)

    def _refuse_plain(self) -> None:
        """Refuse plain frames from now on, except those still in flight."""
        if not self._accepts_plain:
            return
        for user_id in (self._users | self._decryptors.keys()) - {self._user_id}:
            self._decryptor(user_id).transition_to_passthrough_mode(False, KEY_EXPIRY_S)
        self._accepts_plain = False


def is_encrypted(frame: bytes) -> bool:
    """Return True if this looks like a DAVE frame: a marker ends it (DAVE whitepaper, Payload Format)."""
    return frame.endswith(b"\xfa\xfa")
