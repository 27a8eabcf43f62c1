"""Reading MLS: both DAVE libraries' messages are understood, broken ones refused."""

import davey
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.discordsim.voice.group import DaveGroup
from notetaker.discordsim.voice.mls import (
    Commit,
    ExternalSender,
    KeyPackage,
    MlsError,
    Reader,
    split_welcome,
    vector,
)
from tests.discordsim.voice.members import DaveyMember, LibdaveMember

CHANNEL = 81384788765712384


@pytest.fixture(scope="module", params=[DaveyMember, LibdaveMember])
def key_package(request: pytest.FixtureRequest) -> bytes:
    ((_, body),) = request.param(7, CHANNEL).start()
    assert isinstance(body, bytes)
    return body


@pytest.fixture(scope="module", params=["d", "l"])
def commit_welcome(request: pytest.FixtureRequest) -> bytes:
    """Return an op 28 body of each library that adds one user."""
    sender = ExternalSender()
    make = DaveyMember if request.param == "d" else LibdaveMember
    first, second = make(7, CHANNEL), DaveyMember(8, CHANNEL)
    first.receive(25, sender.package, [7, 8])
    first.start()
    ((_, package),) = second.start()
    assert isinstance(package, bytes)
    proposal = sender.propose_add(CHANNEL.to_bytes(8), 0, package)
    ((_, body),) = first.receive(27, b"\0" + vector(proposal.message), [7, 8])
    assert isinstance(body, bytes)
    return body


def test_op_25_has_the_shape_seen_live() -> None:
    """Discord.Net#3251: 71 bytes, an uncompressed point, a basic credential, identity of one zero byte."""
    package = ExternalSender().package
    assert len(package) == 71
    assert package[:3] == bytes.fromhex("404104")
    assert package[-4:] == bytes.fromhex("00010100")


# RFC 9420 section 2.1.2 takes its header from RFC 9000 section 16, whose appendix A.1 has these examples.
@pytest.mark.parametrize(("header", "size"), [("25", 37), ("7bbd", 15293), ("9d7f3e7d", 494878333)])
def test_vector_headers_of_the_rfc(header: str, size: int) -> None:
    if size < 1 << 16:
        assert vector(bytes(size))[: len(header) // 2].hex() == header
    with pytest.raises(MlsError, match=f"{size} bytes wanted"):
        Reader(bytes.fromhex(header)).vector()


@pytest.mark.parametrize("size", [0, 63, 64, 16383, 16384])
def test_vectors_are_read_as_they_are_written(size: int) -> None:
    reader = Reader(vector(bytes(size)) + b"!")
    assert reader.vector() == bytes(size)
    assert reader.take(1) == b"!"
    assert reader.at_end


def test_a_key_package_is_its_owners_alone(key_package: bytes) -> None:
    assert KeyPackage.parse(key_package, 7).data == key_package
    with pytest.raises(MlsError, match="names another user"):
        KeyPackage.parse(key_package, 8)


def test_a_key_package_cut_short_or_changed_anywhere_is_refused(key_package: bytes) -> None:
    for size in range(len(key_package)):
        with pytest.raises(MlsError):
            KeyPackage.parse(key_package[:size], 7)
    for at in range(len(key_package)):
        changed = bytearray(key_package)
        changed[at] ^= 1
        with pytest.raises(MlsError):
            KeyPackage.parse(bytes(changed), 7)
    with pytest.raises(MlsError, match="bytes follow"):
        KeyPackage.parse(key_package + b"\0", 7)


def test_commit_and_welcome_are_told_apart(commit_welcome: bytes) -> None:
    commit, welcome = Commit.parse(commit_welcome)
    assert commit.data + welcome == commit_welcome
    assert (commit.group_id, commit.epoch, commit.sender_leaf) == (CHANNEL.to_bytes(8), 0, 0)
    assert len(commit.references) == 1
    secrets, _ = split_welcome(welcome)
    assert len(secrets) == 1


def test_a_commit_cut_short_is_refused(commit_welcome: bytes) -> None:
    commit, welcome = Commit.parse(commit_welcome)
    for size in range(len(commit.data)):
        with pytest.raises(MlsError):
            Commit.parse(commit.data[:size])
    for size in range(len(welcome)):
        with pytest.raises(MlsError):
            split_welcome(welcome[:size])


def test_a_commit_without_its_welcome_is_not_taken(commit_welcome: bytes) -> None:
    """Neither is one with a welcome for other people."""
    group, first, second = established_but_for_the_commit()
    commit, welcome = Commit.parse(first)
    _, foreign = Commit.parse(commit_welcome)
    assert group.receive_commit(7, commit.data, 0.0) == []
    assert group.receive_commit(7, commit.data + foreign, 0.0) == []
    assert group.receive_commit(8, first, 0.0) == [], "another user sends it"
    assert sum(group.ignored.values()) == 3
    assert [send.op for send in group.receive_commit(7, commit.data + welcome, 0.0)] == [29, 30]
    assert group.receive_commit(8, second, 0.0) == [], "the first valid commit has won"


def established_but_for_the_commit() -> tuple[DaveGroup, bytes, bytes]:
    """A group of 7 and 8, and the op 28 body of each."""
    group = DaveGroup(CHANNEL, ExternalSender())
    members = {7: DaveyMember(7, CHANNEL), 8: DaveyMember(8, CHANNEL)}
    bodies = {}
    for user_id, member in members.items():
        for send in group.join(user_id):
            member.receive(send.op, send.body, members)
        ((_, package),) = member.start()
        assert isinstance(package, bytes)
        for send in group.receive_key_package(user_id, package):
            ((_, body),) = members[send.user_id].receive(send.op, send.body, members)
            bodies[send.user_id] = body
    first, second = bodies[7], bodies[8]
    assert isinstance(first, bytes) and isinstance(second, bytes)
    return group, first, second


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_and_raise_nothing_else(data: bytes) -> None:
    for parse in (Commit.parse, split_welcome, lambda data: KeyPackage.parse(data, 7)):
        with pytest.raises(MlsError):
            parse(data)
    group = DaveGroup(CHANNEL, ExternalSender())
    group.join(7)
    assert group.receive_key_package(7, data) == []
    assert group.receive_commit(7, data, 0.0) == []
    assert sum(group.ignored.values()) == 2


def test_an_unsigned_proposal_of_somebody_else_is_refused_by_the_libraries() -> None:
    """Both libraries check the signature, and refuse another sender's proposal."""
    member = DaveyMember(7, CHANNEL)
    member.receive(25, ExternalSender().package, [7, 8])
    ((_, package),) = DaveyMember(8, CHANNEL).start()
    assert isinstance(package, bytes)
    forged = ExternalSender().propose_add(CHANNEL.to_bytes(8), 0, package)
    with pytest.raises(ValueError, match="process proposals"):
        member.session.process_proposals(davey.ProposalsOperationType.append, vector(forged.message), [7, 8])
