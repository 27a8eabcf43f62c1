"""What a voice session asks of its shell."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SendText:
    """Send a text frame on the voice websocket."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendBinary:
    """Send a binary frame on the voice websocket."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenUdp:
    """Open a UDP socket to the voice server."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class SendDatagram:
    """Send a datagram to the voice server."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Open a new websocket to the same endpoint in place of the lost one. UDP and keys stay as they are."""

    delay_s: float


Command = SendText | SendBinary | OpenUdp | SendDatagram | Reconnect
