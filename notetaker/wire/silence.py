"""The silence with which we open the path for sound."""

from notetaker.wire.commands import SendDatagram
from notetaker.wire.rtp import FRAME_TICKS, SILENCE, pack_header
from notetaker.wire.transport import TransportCipher

FRAMES = 5
"""One is not always enough (api-docs#808, serenity#306)."""


class Silence:
    """The RTP stream of a client that never speaks."""

    def __init__(self, ssrc: int, cipher: TransportCipher) -> None:
        self._ssrc = ssrc
        self._cipher = cipher
        self._sent = 0

    def next_frames(self) -> list[SendDatagram]:
        numbers = range(self._sent, self._sent + FRAMES)
        self._sent += FRAMES
        headers = [pack_header(number, number * FRAME_TICKS, self._ssrc) for number in numbers]
        return [SendDatagram(self._cipher.seal(header, SILENCE)) for header in headers]
