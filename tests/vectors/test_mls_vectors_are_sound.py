"""The MLS messages of DAVE are what their vectors say, down to the signatures that can be recomputed."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from tests.vectors.files import Vector, load


class Tls:
    """Reads the TLS presentation language of RFC 9420; runs out with an IndexError."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise IndexError(size)
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def length(self) -> int:
        size = 1 << (self.take(1)[0] >> 6)
        self.at -= 1
        return self.number(size) & ((1 << (8 * size - 2)) - 1)

    def vector(self) -> bytes:
        return self.take(self.length())

    def p256(self) -> ec.EllipticCurvePublicKey:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.vector())


def verify(key: ec.EllipticCurvePublicKey, label: str, content: bytes, signature: bytes) -> None:
    """SignWithLabel of RFC 9420, section 5.1.2."""
    signed = b"".join(mls_vector(part) for part in (b"MLS 1.0 " + label.encode(), content))
    key.verify(signature, signed, ec.ECDSA(SHA256()))


def mls_vector(data: bytes) -> bytes:
    size = len(data)
    return (size.to_bytes(1, "big") if size < 64 else (0x4000 | size).to_bytes(2, "big")) + data


def read_framed_content(tls: Tls, vector: Vector) -> None:
    """The FramedContent of a PublicMessage up to the proposal or commit itself."""
    assert (tls.number(2), tls.number(2)) == (1, 1)
    assert (tls.vector().hex(), tls.number(8)) == (vector["group_id"], vector["epoch"])
    assert tls.number(1) == {"member": 1, "external": 2}[vector["sender_type"]]
    assert (tls.number(4), tls.vector()) == (vector["sender_index"], b"")


def dave_message(name: str) -> Vector:
    found: Vector = next(v for v in load("dave_mls_messages.json")["vectors"] if v["id"] == name)
    return found


@pytest.mark.parametrize("name", ["external sender", "external sender, live"])
def test_external_sender(name: str) -> None:
    vector = dave_message(name)
    tls = Tls(bytes.fromhex(vector["body"]))
    tls.p256()
    assert (tls.number(2), tls.vector().hex()) == (vector["credential_type"], vector["identity"])
    assert tls.at == len(tls.data) == 71


def test_proposal_is_signed_by_the_external_sender_and_revoked_by_its_reference() -> None:
    vector = dave_message("proposals append, one add")
    outer = Tls(bytes.fromhex(vector["body"]))
    assert outer.number(1) == vector["operation"]
    message = outer.vector()
    assert outer.at == len(outer.data)
    tls = Tls(message)
    read_framed_content(tls, vector)
    assert (tls.number(1), tls.number(2)) == (2, vector["proposal_type"])
    package = tls.at
    assert (tls.number(2), tls.number(2)) == (1, vector["ciphersuite"])
    tls.p256()
    leaf = tls.at
    tls.p256()
    member = tls.p256()
    assert (tls.number(2), int.from_bytes(tls.vector(), "big")) == (1, vector["user_id"])
    assert [tls.vector().hex() for _ in range(5)] == ["0001", "0002", "", "", "0001"]
    assert (tls.number(1), tls.number(8), tls.number(8), tls.vector()) == (1, 0, 2**64 - 1, b"")
    verify(member, "LeafNodeTBS", message[leaf : tls.at], tls.vector())
    assert tls.vector() == b""
    verify(member, "KeyPackageTBS", message[package : tls.at], tls.vector())
    sender = Tls(bytes.fromhex(vector["external_sender"])).p256()
    signed = tls.at
    signature = tls.vector()
    assert tls.at == len(message)
    verify(sender, "FramedContentTBS", message[:signed], signature)
    with pytest.raises(InvalidSignature):
        verify(member, "FramedContentTBS", message[:signed], signature)
    reference = hashlib.sha256(
        mls_vector(b"MLS 1.0 Proposal Reference") + mls_vector(message[2:])
    ).hexdigest()
    revoked = dave_message("proposals revoke")
    assert revoked["proposal_refs"] == [reference]
    assert revoked["body"] == "01" + mls_vector(mls_vector(bytes.fromhex(reference))).hex()


@pytest.mark.parametrize("epoch", [0, 1])
def test_live_proposals_open_as_described_and_are_cut(epoch: int) -> None:
    vector = dave_message(f"proposals append in epoch {epoch}, live")
    tls = Tls(bytes.fromhex(vector["body"]))
    assert tls.number(1) == vector["operation"]
    assert 1 + 2 + tls.length() == vector["total_length"]
    read_framed_content(tls, vector)
    assert (tls.number(1), tls.number(2)) == (2, vector["proposal_type"])
    assert (tls.number(2), tls.number(2)) == (1, vector["ciphersuite"])
    tls.p256()
    tls.p256()
    if "user_id" in vector:
        tls.p256()
        assert (tls.number(2), int.from_bytes(tls.vector(), "big")) == (1, vector["user_id"])
    assert not vector["complete"]


def test_live_commit() -> None:
    vector = dave_message("commit, live")
    tls = Tls(bytes.fromhex(vector["body"]))
    read_framed_content(tls, vector)
    assert tls.number(1) == 3
    proposals = Tls(tls.vector())
    assert (proposals.number(1), proposals.vector().hex()) == (2, vector["proposal_refs"][0])
    assert proposals.at == len(proposals.data)
    assert bool(tls.number(1)) == vector["has_path"]
    assert len(tls.vector()) == vector["signature_length"]
    assert tls.vector().hex() == vector["confirmation_tag"]
    assert tls.vector().hex() == vector["membership_tag"]
    assert tls.at == len(tls.data) == 203


@pytest.mark.parametrize("name", ["welcome after that commit, live", "welcome, live"])
def test_live_welcome_has_one_new_member(name: str) -> None:
    vector = dave_message(name)
    tls = Tls(bytes.fromhex(vector["body"]))
    assert tls.number(2) == vector["ciphersuite"]
    secrets = Tls(tls.vector())
    assert secrets.vector().hex() == vector["new_members"][0]
    secrets.p256()
    assert len(secrets.vector()) == 51
    assert secrets.at == len(secrets.data)
    with pytest.raises(IndexError):
        tls.vector()


def test_mls_vector_lengths() -> None:
    document = load("mls_vector_lengths.json")
    for vector in document["vectors"]:
        tls = Tls(bytes.fromhex(vector["header"]))
        assert (tls.length(), tls.at) == (vector["length"], len(tls.data))
    assert Tls(bytes.fromhex(document["invalid"][0])).length() == 37
