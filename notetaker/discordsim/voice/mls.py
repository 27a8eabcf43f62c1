"""The part of MLS (RFC 9420) that a DAVE delivery service needs: reading key packages and commits, signing proposals.

The ciphersuite is always 2 (DHKEMP256_AES128GCM_SHA256_P256). Vectors have the variable-size length headers of
RFC 9420 section 2.1.2. Hostile bytes raise ``MlsError`` and nothing else.
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

MLS_1_0 = 1
CIPHERSUITE = 2
PUBLIC_MESSAGE = 1
SENDER_MEMBER, SENDER_EXTERNAL = 1, 2
CONTENT_PROPOSAL, CONTENT_COMMIT = 2, 3
PROPOSAL_ADD, PROPOSAL_REMOVE = 1, 3
CREDENTIAL_BASIC = 1
LEAF_KEY_PACKAGE, LEAF_UPDATE, LEAF_COMMIT = 1, 2, 3
WHOLE_LIFETIME = (0, 2**64 - 1)


class MlsError(ValueError):
    """These bytes are not the expected MLS structure, or their signature is wrong."""


def vector(data: bytes) -> bytes:
    """Return ``data`` after its length header (RFC 9420 section 2.1.2)."""
    size = len(data)
    if size < 1 << 6:
        return bytes([size]) + data
    if size < 1 << 14:
        return struct.pack(">H", size | 0x4000) + data
    return struct.pack(">I", size | 0x8000_0000) + data


class Reader:
    """Reads big-endian integers and vectors from the front of ``data``. Raises MlsError where it ends early."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    @property
    def at_end(self) -> bool:
        return self.position == len(self.data)

    def take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self.data):
            raise MlsError(f"{size} bytes wanted at {self.position} of {len(self.data)}")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def integer(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def vector(self) -> bytes:
        first = self.integer(1)
        match first >> 6:
            case 0:
                return self.take(first)
            case 1:
                return self.take((first & 0x3F) << 8 | self.integer(1))
            case 2:
                return self.take((first & 0x3F) << 24 | self.integer(3))
            case _:
                raise MlsError("a vector's length header starts with the invalid prefix 11")

    def expect(self, size: int, value: int, what: str) -> None:
        if (found := self.integer(size)) != value:
            raise MlsError(f"{what} is {found}, not {value}")


def reference(label: str, value: bytes) -> bytes:
    """Return the RefHash of RFC 9420 section 5.2, 32 bytes."""
    return hashlib.sha256(vector(label.encode()) + vector(value)).digest()


def _verify(public_key: bytes, label: str, content: bytes, signature: bytes) -> None:
    """Verify a signature (VerifyWithLabel, RFC 9420 section 5.1.2, with ECDSA P-256). Raises MlsError."""
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
        key.verify(signature, _labelled(label, content), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise MlsError(f"the signature of {label} does not hold") from error


def _labelled(label: str, content: bytes) -> bytes:
    return vector(b"MLS 1.0 " + label.encode()) + vector(content)


@dataclass(frozen=True)
class Leaf:
    identity: bytes
    signature_key: bytes
    source: int
    lifetime: tuple[int, int] | None


def _read_leaf(reader: Reader) -> Leaf:
    """Read a LeafNode (RFC 9420 section 7.2), verifying the signature of one from a key package."""
    start = reader.position
    reader.vector()  # encryption_key
    signature_key = reader.vector()
    reader.expect(2, CREDENTIAL_BASIC, "the credential type")
    identity = reader.vector()
    for _ in range(5):  # capabilities: versions, ciphersuites, extensions, proposals, credentials
        reader.vector()
    source = reader.integer(1)
    lifetime = None
    if source == LEAF_KEY_PACKAGE:
        lifetime = (reader.integer(8), reader.integer(8))
    elif source == LEAF_COMMIT:
        reader.vector()  # parent_hash
    elif source != LEAF_UPDATE:
        raise MlsError(f"{source} is no leaf node source")
    reader.vector()  # extensions
    signed = reader.data[start : reader.position]
    signature = reader.vector()
    if source == LEAF_KEY_PACKAGE:
        _verify(signature_key, "LeafNodeTBS", signed, signature)
    return Leaf(identity, signature_key, source, lifetime)


@dataclass(frozen=True)
class KeyPackage:
    """A client's bare KeyPackage (RFC 9420 section 10), both of its signatures verified."""

    data: bytes
    leaf: Leaf

    @classmethod
    def parse(cls, data: bytes, user_id: int) -> Self:
        """Raise MlsError unless it is this user's and valid for DAVE (whitepaper, "Key Packages - Validation")."""
        reader = Reader(data)
        reader.expect(2, MLS_1_0, "the MLS version")
        reader.expect(2, CIPHERSUITE, "the ciphersuite")
        reader.vector()  # init_key
        leaf = _read_leaf(reader)
        reader.vector()  # extensions
        signed = data[: reader.position]
        _verify(leaf.signature_key, "KeyPackageTBS", signed, reader.vector())
        if not reader.at_end:
            raise MlsError("bytes follow the key package")
        if leaf.source != LEAF_KEY_PACKAGE or leaf.lifetime != WHOLE_LIFETIME:
            raise MlsError("the key package's lifetime is not 0 to 2^64-1")
        if leaf.identity != user_id.to_bytes(8):
            raise MlsError("the key package names another user")
        return cls(data, leaf)

    @property
    def reference(self) -> bytes:
        return reference("MLS 1.0 KeyPackage Reference", self.data)


@dataclass(frozen=True)
class Commit:
    """What the delivery service reads of a commit (RFC 9420 section 12.4)."""

    data: bytes
    """The whole MLSMessage."""
    group_id: bytes
    epoch: int
    sender_leaf: int
    references: tuple[bytes, ...]
    """References of the proposals that it commits."""
    path_leaf: Leaf | None
    """The committer's new leaf, when the commit has a path."""

    @classmethod
    def parse(cls, data: bytes) -> tuple[Self, bytes]:
        """Return the commit at the front of an op 28 body, and the rest: a bare Welcome, or nothing."""
        reader = Reader(data)
        reader.expect(2, MLS_1_0, "the MLS version")
        reader.expect(2, PUBLIC_MESSAGE, "the wire format")
        group_id = reader.vector()
        epoch = reader.integer(8)
        reader.expect(1, SENDER_MEMBER, "the sender type")
        sender_leaf = reader.integer(4)
        reader.vector()  # authenticated_data
        reader.expect(1, CONTENT_COMMIT, "the content type")
        proposals = Reader(reader.vector())
        references = []
        while not proposals.at_end:
            proposals.expect(1, 2, "the kind of a committed proposal (2: by reference)")
            references.append(proposals.vector())
        path_leaf = None
        if reader.integer(1):
            path_leaf = _read_leaf(reader)
            reader.vector()  # the path's nodes
        reader.vector()  # signature
        reader.vector()  # confirmation_tag
        reader.vector()  # membership_tag
        end = reader.position
        return cls(data[:end], group_id, epoch, sender_leaf, tuple(references), path_leaf), data[end:]


def split_welcome(data: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """Return a Welcome's secrets by key package reference, and its group info vector (RFC 9420 section 12.4.3.1)."""
    reader = Reader(data)
    reader.expect(2, CIPHERSUITE, "the welcome's ciphersuite")
    secrets = Reader(reader.vector())
    by_reference = {}
    while not secrets.at_end:
        start = secrets.position
        key_package = secrets.vector()
        secrets.vector()  # kem_output
        secrets.vector()  # ciphertext
        by_reference[key_package] = secrets.data[start : secrets.position]
    group_info = vector(reader.vector())
    if not reader.at_end:
        raise MlsError("bytes follow the welcome")
    return by_reference, group_info


def build_welcome(secrets: bytes, group_info: bytes) -> bytes:
    """Return a Welcome with one member's secrets, trimmed as Discord does (DAVE whitepaper, opcode 30)."""
    return struct.pack(">H", CIPHERSUITE) + vector(secrets) + group_info


@dataclass(frozen=True)
class Proposal:
    """A signed proposal of the external sender: the MLSMessage, and the reference that commits use for it."""

    message: bytes
    reference: bytes


class ExternalSender:
    """The voice gateway's identity in every group, which makes all proposals (DAVE whitepaper, "External Sender")."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def package(self) -> bytes:
        """The body of op 25: public key and a basic credential of one zero byte, as seen live (Discord.Net#3251)."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return vector(point) + struct.pack(">H", CREDENTIAL_BASIC) + vector(b"\0")

    def propose_add(self, group_id: bytes, epoch: int, key_package: bytes) -> Proposal:
        return self._propose(group_id, epoch, struct.pack(">H", PROPOSAL_ADD) + key_package)

    def propose_remove(self, group_id: bytes, epoch: int, leaf: int) -> Proposal:
        return self._propose(group_id, epoch, struct.pack(">HI", PROPOSAL_REMOVE, leaf))

    def _propose(self, group_id: bytes, epoch: int, proposal: bytes) -> Proposal:
        """Return a PublicMessage of an external sender: no group context, no membership tag (sections 6.1, 6.2)."""
        content = (
            vector(group_id)
            + struct.pack(">QBI", epoch, SENDER_EXTERNAL, 0)
            + vector(b"")
            + bytes([CONTENT_PROPOSAL])
            + proposal
        )
        signed = struct.pack(">HH", MLS_1_0, PUBLIC_MESSAGE) + content
        signature = self._key.sign(_labelled("FramedContentTBS", signed), ec.ECDSA(hashes.SHA256()))
        authenticated = struct.pack(">H", PUBLIC_MESSAGE) + content + vector(signature)
        return Proposal(
            struct.pack(">H", MLS_1_0) + authenticated,
            reference("MLS 1.0 Proposal Reference", authenticated),
        )
