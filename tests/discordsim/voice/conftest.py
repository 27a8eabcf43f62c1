"""A voice server on 127.0.0.1, and tickets to it."""

import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme

from notetaker.discordsim.speaker.link import VoicePlace
from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.server import VoiceServer

GUILD = 41771983423143937
CHANNEL = 81384788765712384


class House:
    """The voice server under test, used as the main gateway uses it."""

    def __init__(self, server: VoiceServer, faults: Faults, client_tls: ssl.SSLContext) -> None:
        self.server = server
        self.faults = faults
        self.client_tls = client_tls
        self.events: list[dict[str, object]] = []

    def place(self, user_id: int, channel_id: int = CHANNEL, *, e2ee: bool = True) -> VoicePlace:
        session_id = f"session-{user_id}"
        token = self.server.allocate(
            guild_id=GUILD, channel_id=channel_id, user_id=user_id, session_id=session_id, e2ee=e2ee
        )
        return VoicePlace(GUILD, channel_id, user_id, session_id, self.server.endpoint, token)

    def closes(self) -> list[tuple[object, object]]:
        return [(e["user_id"], e["code"]) for e in self.events if e["event"] == "voice_close"]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(ca_file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file))


@pytest.fixture
def faults() -> Iterator[Faults]:
    """Faults that make a short test meet every kind of packet."""
    yield Faults(seed=7, padding_chance=0.3, padding_burst_chance=0.05, padding_burst_packets=(2, 6))


@pytest.fixture
async def house(
    faults: Faults, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> AsyncIterator[House]:
    events: list[dict[str, object]] = []
    server = VoiceServer(ssl_context=server_tls, faults=faults, on_event=events.append)
    await server.start()
    house = House(server, faults, client_tls)
    house.events = events
    yield house
    await server.stop()
