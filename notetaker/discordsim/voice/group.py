"""The DAVE group of one channel as the voice gateway sees it: its members, the proposals, the winning commit.

A pure state machine after the DAVE whitepaper 1.1, "Group Key Exchange": every method returns the messages to send,
and takes the time as an argument where it matters. Messages that a client should not have sent are counted in
``ignored``.
"""

import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from notetaker.discordsim.voice.mls import (
    Commit,
    ExternalSender,
    KeyPackage,
    MlsError,
    Proposal,
    build_welcome,
    split_welcome,
    vector,
)
from notetaker.discordsim.voice.transitions import Transitions

PROTOCOL_VERSION = 1


class DaveOp(IntEnum):
    PREPARE_TRANSITION = 21
    EXECUTE_TRANSITION = 22
    TRANSITION_READY = 23
    PREPARE_EPOCH = 24
    EXTERNAL_SENDER = 25
    KEY_PACKAGE = 26
    PROPOSALS = 27
    COMMIT_WELCOME = 28
    ANNOUNCE_COMMIT = 29
    WELCOME = 30
    INVALID_COMMIT_WELCOME = 31


@dataclass(frozen=True)
class Send:
    """One message for one user: ``body`` is bytes for a binary operation, a dict for a JSON one."""

    user_id: int
    op: DaveOp
    body: bytes | dict[str, int]


@dataclass(frozen=True)
class _Outstanding:
    """A proposal of this epoch that no commit has covered yet: an Add of a user, or a Remove of a leaf."""

    proposal: Proposal
    adds: int | None = None
    removes: int | None = None


class DaveGroup:
    """Users ``join`` with a websocket, are pending until a commit adds their key package, and ``leave``."""

    def __init__(self, channel_id: int, external_sender: ExternalSender) -> None:
        self.epoch = 0
        """0: no group is established."""
        self.version = PROTOCOL_VERSION
        """0: no end-to-end encryption, and no group."""
        self.ignored: Counter[str] = Counter()
        self._group_id = channel_id.to_bytes(8)
        self._sender = external_sender
        self._users: list[int] = []
        self._packages: dict[int, KeyPackage] = {}
        """Key packages of pending users, until their welcome is sent."""
        self._leaves: list[int | None] = []
        self._stale: set[int] = set()
        """Leaves whose Remove is outstanding."""
        self._signature_keys: dict[int, bytes] = {}
        self._outstanding: dict[bytes, _Outstanding] = {}
        self._transitions = Transitions()

    @property
    def members(self) -> list[int]:
        """The users of the established group, by leaf."""
        return [
            user for leaf, user in enumerate(self._leaves) if user is not None and leaf not in self._stale
        ]

    def join(self, user_id: int) -> list[Send]:
        self._users.append(user_id)
        return [Send(user_id, DaveOp.EXTERNAL_SENDER, self._sender.package)] if self.version else []

    def leave(self, user_id: int) -> list[Send]:
        """Remove a user who has left."""
        self._users.remove(user_id)
        return self.sever(user_id)

    def sever(self, user_id: int) -> list[Send]:
        """Remove a user whose websocket is gone, and reset a sole remaining member ("Sole member reset").

        The user may resume its session, and is pending then until it sends a new key package.
        """
        self._transitions.stop_waiting_for(user_id)
        sends = self._withdraw_key_package(user_id)
        leaf = self._retire(user_id)
        if self.epoch and len(self.members) == 1:
            sends += self._reset_sole_member(self.members[0])
        elif leaf is not None:
            sends += self._propose_remove(leaf)
        return sends + self._execute_ready()

    def receive_key_package(self, user_id: int, data: bytes) -> list[Send]:
        """Handle op 26. A pending user may replace its key package; a member's is ignored."""
        if user_id in self.members or not self.version:
            self.ignored["key package of a member" if self.version else "key package without DAVE"] += 1
            return []
        try:
            package = KeyPackage.parse(data, user_id)
        except MlsError:
            self.ignored["invalid key package"] += 1
            return []
        sends = self._withdraw_key_package(user_id)
        return sends + self._propose_add(user_id, package)

    def receive_commit(self, user_id: int, data: bytes, now: float) -> list[Send]:
        """Handle op 28. The first valid commit of an epoch wins ("Voice Gateway Commit Validity")."""
        try:
            commit, welcome = Commit.parse(data)
            committed = self._check(user_id, commit)
            welcomes = self._welcomes(committed, welcome)
        except MlsError as error:
            self.ignored[str(error)] += 1
            return []
        announced_to = self.members if self.epoch else [user_id]
        self._apply(user_id, committed)
        return self._begin_transition(announced_to, commit, welcomes, now) + self._propose_waiting()

    def receive_transition_ready(self, user_id: int, transition_id: int) -> list[Send]:
        """Handle op 23."""
        if not self._transitions.ready(user_id, transition_id):
            self.ignored["transition ready"] += 1
            return []
        return self._execute_ready()

    def receive_invalid_commit(self, user_id: int) -> list[Send]:
        """Handle op 31: the user is pending again; it has reset itself and will send a new key package."""
        self._transitions.stop_waiting_for(user_id)
        sends = self._withdraw_key_package(user_id)
        leaf = self._retire(user_id)
        if leaf is not None:
            sends += self._propose_remove(leaf)
        return sends + self._execute_ready()

    @property
    def deadline(self) -> float | None:
        """When to call ``handle_timeout``."""
        return self._transitions.deadline

    def handle_timeout(self, now: float) -> list[Send]:
        """Execute transitions that are due although a member is not ready."""
        self._transitions.expire(now)
        return self._execute_ready()

    # Versions

    def downgrade(self, now: float) -> list[Send]:
        """Change to version 0 and drop the group ("Downgrade to Transport-Only Encryption")."""
        if not self.version:
            return []
        self.version = 0
        self._packages.clear()
        self._forget()
        number = self._transitions.begin(self._users, now)
        body = {"protocol_version": 0, "transition_id": number}
        return [Send(user, DaveOp.PREPARE_TRANSITION, body) for user in self._users]

    def upgrade(self) -> list[Send]:
        """Change back to version 1 and form a new group ("Upgrade from Transport-Only Encryption")."""
        if self.version:
            return []
        self.version = PROTOCOL_VERSION
        body = {"protocol_version": self.version, "epoch": 1}
        return [Send(user, DaveOp.PREPARE_EPOCH, body) for user in self._users] + [
            Send(user, DaveOp.EXTERNAL_SENDER, self._sender.package) for user in self._users
        ]

    # Proposals

    # davey, and with it most libraries, sends a welcome only if the *last* op 27 it read has an Add in it. So only
    # another Add may follow an outstanding Add: Removes are delayed to the next epoch (whitepaper, "Member Remove"),
    # and when one Add is revoked, the others are revoked too and proposed again.

    def _propose_add(self, user_id: int, package: KeyPackage) -> list[Send]:
        """Propose a user to the members; without a group, all pending users to each other."""
        self._packages[user_id] = package
        if self._delayed_removes() and user_id in self._leaves:
            return []  # no user may be in the group twice: its old leaf must go first
        in_flight = list(self._outstanding.values())
        proposal = self._sender.propose_add(self._group_id, self.epoch, package.data)
        sends = self._propose(_Outstanding(proposal, adds=user_id))
        if not self.epoch and in_flight:
            sends.append(_append(user_id, in_flight))
        return sends

    def _propose_remove(self, leaf: int) -> list[Send]:
        if not self.members:
            return self._forget()
        if any(known.adds is not None for known in self._outstanding.values()):
            return []
        proposal = self._sender.propose_remove(self._group_id, self.epoch, leaf)
        return self._propose(_Outstanding(proposal, removes=leaf))

    def _delayed_removes(self) -> list[int]:
        return sorted(self._stale - {known.removes for known in self._outstanding.values()})

    def _propose_waiting(self) -> list[Send]:
        """Propose the delayed Removes, and an Add for every key package. No Add may be outstanding."""
        sends = []
        for leaf in self._delayed_removes():
            sends += self._propose_remove(leaf)
        waiting, self._packages = self._packages, {}
        for user_id, package in waiting.items():
            sends += self._propose_add(user_id, package)
        return sends

    def _propose(self, outstanding: _Outstanding) -> list[Send]:
        self._outstanding[outstanding.proposal.reference] = outstanding
        return [_append(user, [outstanding]) for user in self._audience(outstanding)]

    def _audience(self, outstanding: _Outstanding) -> list[int]:
        """Return who commits this proposal: the members, or without a group every other pending user."""
        return self.members if self.epoch else [user for user in self._packages if user != outstanding.adds]

    def _withdraw_key_package(self, user_id: int) -> list[Send]:
        """Forget a pending user's key package, and revoke the Add that carried it."""
        self._packages.pop(user_id, None)
        adds = [known for known in self._outstanding.values() if known.adds is not None]
        if not any(known.adds == user_id for known in adds):
            return []
        sends = []
        for known in adds:
            del self._outstanding[known.proposal.reference]
            references = vector(vector(known.proposal.reference))
            sends += [Send(user, DaveOp.PROPOSALS, b"\1" + references) for user in self._audience(known)]
        return sends + self._propose_waiting()

    def _retire(self, user_id: int) -> int | None:
        """Mark a member's leaf as stale and return it; None if the user is not a member."""
        if user_id not in self.members:
            return None
        leaf = next(i for i in range(len(self._leaves)) if self._owns(user_id, i))
        self._stale.add(leaf)
        del self._signature_keys[user_id]
        return leaf

    def _reset_sole_member(self, user_id: int) -> list[Send]:
        version = PROTOCOL_VERSION
        return [
            Send(user_id, DaveOp.PREPARE_EPOCH, {"protocol_version": version, "epoch": 1}),
            Send(user_id, DaveOp.PREPARE_TRANSITION, {"protocol_version": version, "transition_id": 0}),
            *self._forget(),
        ]

    def _forget(self) -> list[Send]:
        """Drop the group. Users still pending form the next one from the key packages they sent."""
        self.epoch = 0
        self._leaves.clear()
        self._stale.clear()
        self._signature_keys.clear()
        self._outstanding.clear()
        return self._propose_waiting()

    # Commits

    def _check(self, user_id: int, commit: Commit) -> list[_Outstanding]:
        """Return the proposals that a commit covers, in its order. Raises MlsError if it is not valid."""
        if commit.group_id != self._group_id or commit.epoch != self.epoch:
            raise MlsError("commit for another group or epoch")
        if self.epoch:
            if user_id not in self.members or not self._owns(user_id, commit.sender_leaf):
                raise MlsError("commit from another's leaf")
            signature_key = self._signature_keys[user_id]
        else:
            if user_id not in self._packages or commit.sender_leaf != 0:
                raise MlsError("commit from another's leaf")
            signature_key = self._packages[user_id].leaf.signature_key
        wanted = {
            reference for reference, known in self._outstanding.items() if self.epoch or known.adds != user_id
        }
        if not wanted or set(commit.references) != wanted or len(commit.references) != len(wanted):
            raise MlsError("commit does not cover exactly the outstanding proposals")
        leaf = commit.path_leaf
        if leaf and (leaf.identity != user_id.to_bytes(8) or leaf.signature_key != signature_key):
            raise MlsError("commit changes the committer's identity")
        return [self._outstanding[reference] for reference in commit.references]

    def _owns(self, user_id: int, leaf: int) -> bool:
        return leaf < len(self._leaves) and self._leaves[leaf] == user_id and leaf not in self._stale

    def _welcomes(self, committed: Iterable[_Outstanding], welcome: bytes) -> dict[int, bytes]:
        """Return each added user's own welcome. Raises MlsError if one is missing."""
        added = [known.adds for known in committed if known.adds is not None]
        if not added:
            return {}
        secrets, group_info = split_welcome(welcome)
        if set(secrets) != {self._packages[user].reference for user in added}:
            raise MlsError("welcome is not for exactly the added users")
        return {user: build_welcome(secrets[self._packages[user].reference], group_info) for user in added}

    def _apply(self, committer: int, committed: Iterable[_Outstanding]) -> None:
        """Begin the next epoch. An added user takes the leftmost blank leaf (RFC 9420 section 7.7)."""
        if not self.epoch:
            self._leaves = [committer]
            self._signature_keys[committer] = self._packages.pop(committer).leaf.signature_key
        for known in committed:
            if known.removes is not None:
                self._leaves[known.removes] = None
                self._stale.discard(known.removes)
        for known in committed:
            if known.adds is not None:
                self._signature_keys[known.adds] = self._packages.pop(known.adds).leaf.signature_key
                if None in self._leaves:
                    self._leaves[self._leaves.index(None)] = known.adds
                else:
                    self._leaves.append(known.adds)
        self._outstanding.clear()
        self.epoch += 1

    # Transitions

    def _begin_transition(
        self, announced_to: list[int], commit: Commit, welcomes: dict[int, bytes], now: float
    ) -> list[Send]:
        number = self._transitions.begin([*announced_to, *welcomes], now)
        prefix = struct.pack(">H", number)
        return [Send(user, DaveOp.ANNOUNCE_COMMIT, prefix + commit.data) for user in announced_to] + [
            Send(user, DaveOp.WELCOME, prefix + welcome) for user, welcome in welcomes.items()
        ]

    def _execute_ready(self) -> list[Send]:
        return [
            Send(user, DaveOp.EXECUTE_TRANSITION, {"transition_id": number})
            for number, recipients in self._transitions.take_ready()
            for user in recipients
            if user in self._users
        ]


def _append(user_id: int, outstanding: Iterable[_Outstanding]) -> Send:
    messages = b"".join(known.proposal.message for known in outstanding)
    return Send(user_id, DaveOp.PROPOSALS, b"\0" + vector(messages))
